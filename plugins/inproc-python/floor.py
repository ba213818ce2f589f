# The floor of `assay inproc` on CPython: what a call costs when no framework is in between.
# Run by the runner (embedded in it) in a module of its own.


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello World!"]


async def asgi(scope, receive, send):
    await send({
        "type": "http.response.start", "status": 200,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"12")],
    })
    await send({"type": "http.response.body", "body": b"Hello World!"})
