"""One document from FOLDER, as a WSGI application."""

import os

FOLDER = os.path.join(os.environ["FOLDER"], "documents")


def application(environ, start_response):
    name = environ["PATH_INFO"].lstrip("/")
    try:
        if "/" in name:
            raise FileNotFoundError(name)
        document = open(os.path.join(FOLDER, name), "rb")
    except OSError:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such document\n"]
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(os.fstat(document.fileno()).st_size))])
    return environ["wsgi.file_wrapper"](document)  # mod_wsgi sends it, and closes it
