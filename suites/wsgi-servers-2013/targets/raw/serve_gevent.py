"""serve_gevent.py PORT -- sockets under gevent, a greenlet a connection, no HTTP library."""

import sys

from gevent.server import StreamServer

from answer import ANSWER, HEAD_END, HEAD_MAX, is_last


def serve(connection, address):
    received = b""
    while len(received) < HEAD_MAX:
        head, end, rest = received.partition(HEAD_END)
        if not end:
            piece = connection.recv(4096)
            if not piece:
                return
            received += piece
            continue
        connection.sendall(ANSWER)
        if is_last(head + b"\r\n"):
            return
        received = rest


def serve_until_gone(connection, address):
    try:
        serve(connection, address)
    except OSError:
        pass  # the client has gone, and there is nobody left to tell


StreamServer(("127.0.0.1", int(sys.argv[1])), serve_until_gone, backlog=500).serve_forever()
