"""Python's http.server, one connection after another as in 2009: server.py PORT FOLDER."""

import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        pass


class Server(HTTPServer):
    request_queue_size = 1024  # the default, 5, refuses connections of 20 clients at once


Server(("127.0.0.1", int(sys.argv[1])), partial(Handler, directory=sys.argv[2])).serve_forever()
