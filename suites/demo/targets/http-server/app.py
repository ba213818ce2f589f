"""Python's own http.server, answering one JSON object on kept connections: app.py PORT."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the class's own default, 1.0, closes after every answer
    wbufsize = -1  # head and body in one write: in two, Nagle's algorithm would wait for an ACK

    def do_GET(self):
        body = json.dumps({"message": "Hello, World!"}, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # the default, 5, refuses connections of a load that comes all at once


Server(("127.0.0.1", int(sys.argv[1])), Hello).serve_forever()
