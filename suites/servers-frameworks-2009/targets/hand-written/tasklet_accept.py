"""A tasklet that accepts, and one for each connection: tasklet_accept.py PORT FOLDER, under pypy3."""

import socket
import sys

import stackless

from answer import HEAD_END, HEAD_MAX, answer
from tasklets import READABLE, WRITABLE, patiently, run

READ_BYTES = 65536


def read_request(client):
    """Empty when the client left before it had asked."""
    request = b""
    while HEAD_END not in request:
        piece = patiently(client, READABLE, client.recv, READ_BYTES)
        request += piece
        if piece == b"" or len(request) > HEAD_MAX:
            return b""
    return request


def serve(client, folder):
    with client:
        try:
            request = read_request(client)
            unsent = memoryview(answer(request, folder) if request else b"")
            while len(unsent) > 0:
                unsent = unsent[patiently(client, WRITABLE, client.send, unsent):]
        except ConnectionError:
            pass  # it left; nobody waits for the rest


def accept(listener, folder):
    while True:
        client = patiently(listener, READABLE, listener.accept)[0]
        client.setblocking(False)
        stackless.tasklet(serve)(client, folder)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024) as server:
    server.setblocking(False)
    stackless.tasklet(accept)(server, sys.argv[2])
    run()
