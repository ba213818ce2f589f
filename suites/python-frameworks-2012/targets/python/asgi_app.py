"""The bare ASGI callable: the floor under the ASGI frameworks."""

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"12")]
MISSING = [(b"content-type", b"text/plain"), (b"content-length", b"9")]


async def app(scope, receive, send):
    found = scope["path"] == "/welcome"
    await send({"type": "http.response.start",
                "status": 200 if found else 404,
                "headers": HEADERS if found else MISSING})
    await send({"type": "http.response.body", "body": b"Hello World!" if found else b"Not Found"})
