"""The socket that gevent's servers are given here."""

import socket


def listener(port, nodelay=True):
    """500 may wait in its queue, as for every server of this suite.

    gevent's WSGI server sends head and body of an answer in two pieces. On a connection that is kept
    Nagle's algorithm holds the second one back until the client's kernel acknowledges the first, which
    takes its time: 40 ms. TCP_NODELAY, which Tornado sets by itself, is inherited by what is accepted.
    """
    listening = socket.create_server(("127.0.0.1", port), backlog=500)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
    listening.setblocking(False)
    return listening
