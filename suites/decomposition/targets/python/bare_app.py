"""The bare WSGI callable."""

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "12")]
MISSING = [("Content-Type", "text/plain"), ("Content-Length", "9")]


def app(environ, start_response):
    if environ["PATH_INFO"] != "/welcome":
        start_response("404 Not Found", MISSING)
        return [b"Not Found"]
    start_response("200 OK", HEADERS)
    return [b"Hello World!"]
