"""Tornado behind ASGI: its handlers without its server. (Since version 6 it no longer speaks WSGI.)"""

import asyncio

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine


class Answer(HTTPConnection):
    """Stands where the connection is otherwise, and keeps what a handler writes to it."""

    def __init__(self, loop):
        self.loop = loop
        self.done = loop.create_future()
        self.start_line = None
        self.headers = None
        self.body = []

    def set_close_callback(self, callback):
        pass

    def write_headers(self, start_line, headers, chunk=None):
        self.start_line = start_line
        self.headers = headers
        return self.write(chunk)

    def write(self, chunk):
        if chunk:
            self.body.append(chunk)
        written = self.loop.create_future()
        written.set_result(None)
        return written

    def finish(self):
        self.done.set_result(None)


def asgi(application):
    """The ASGI callable for a tornado.web.Application, which is called as Tornado's server calls it.
    Bodies of requests are not passed on: nobody sends one here."""

    async def app(scope, receive, send):
        answer = Answer(asyncio.get_running_loop())
        delegate = application.start_request(None, answer)
        headers = HTTPHeaders()
        for name, value in scope["headers"]:
            headers.add(name.decode("latin-1"), value.decode("latin-1"))
        delegate.headers_received(RequestStartLine(scope["method"], scope["path"], "HTTP/1.1"), headers)
        delegate.finish()
        await answer.done
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1"))
                  for name, value in answer.headers.get_all()]
        await send({"type": "http.response.start", "status": answer.start_line.code, "headers": fields})
        await send({"type": "http.response.body", "body": b"".join(answer.body)})

    return app
