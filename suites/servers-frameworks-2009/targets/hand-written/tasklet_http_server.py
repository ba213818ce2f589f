"""Python's http.server with a tasklet a connection: tasklet_http_server.py PORT FOLDER, under pypy3.

As socketserver's ThreadingMixIn, but for the tasklet. The handler reads and writes as if it could
block; its streams wait for the socket and let the others run.
"""

import io
import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import stackless

from tasklets import READABLE, WRITABLE, patiently, run


class Stream(io.RawIOBase):
    """A socket that does not block, as a file that does."""

    def __init__(self, sock):
        self.sock = sock

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, buffer):
        return patiently(self.sock, READABLE, self.sock.recv_into, buffer)

    def write(self, data):
        unsent = memoryview(data)
        while len(unsent) > 0:
            unsent = unsent[patiently(self.sock, WRITABLE, self.sock.send, unsent):]
        return len(data)


class Handler(SimpleHTTPRequestHandler):
    def setup(self):
        self.connection = self.request
        self.rfile = io.BufferedReader(Stream(self.request))
        self.wfile = Stream(self.request)

    def log_message(self, format, *arguments):
        pass


class Server(HTTPServer):
    request_queue_size = 1024

    def process_request(self, request, client_address):
        request.setblocking(False)
        stackless.tasklet(self.process_in_tasklet)(request, client_address)

    def process_in_tasklet(self, request, client_address):
        try:
            self.finish_request(request, client_address)
        except ConnectionError:
            pass  # it left; nobody waits for the rest
        finally:
            self.shutdown_request(request)

    def accept_for_ever(self):
        self.socket.setblocking(False)
        while True:
            self.process_request(*patiently(self.socket, READABLE, self.get_request))


server = Server(("127.0.0.1", int(sys.argv[1])), partial(Handler, directory=sys.argv[2]))
stackless.tasklet(server.accept_for_ever)()
run()
