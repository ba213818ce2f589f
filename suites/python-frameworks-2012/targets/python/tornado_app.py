"""Tornado: on the network its own server (PORT WORKERS), in-process its handlers behind ASGI."""

import asyncio
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.process import fork_processes
from tornado.web import Application, RequestHandler

from tornado_asgi import asgi


class Welcome(RequestHandler):
    def compute_etag(self):
        return None  # otherwise a SHA-1 of each answer

    def get(self):
        self.write("Hello World!")


application = Application([("/welcome", Welcome)], log_function=lambda handler: None)
app = asgi(application)


async def serve(sockets):
    HTTPServer(application).add_sockets(sockets)
    await asyncio.Event().wait()


def main():
    port, workers = map(int, sys.argv[1:])
    sockets = bind_sockets(port, "127.0.0.1", backlog=1024)
    if workers > 1:
        fork_processes(workers)
    asyncio.run(serve(sockets))


if __name__ == "__main__":
    main()
