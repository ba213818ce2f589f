"""on_gevent.py PORT -- the web.py application on gevent's WSGI server: one process, on 127.0.0.1."""

# Before anything that makes a thread-local or a lock, as gevent's documentation asks.
from gevent import monkey

monkey.patch_all()

import socket
import sys

from gevent.pywsgi import WSGIServer

from app import application

# gevent sends head, body and its end in three pieces. On a connection that is kept Nagle's algorithm would
# hold them back until the client's kernel acknowledges the first, which takes its time: 40 ms. TCP_NODELAY,
# which the other servers set by themselves, is inherited by what is accepted.
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
listening.setblocking(False)

# log=None: no line for each request.
WSGIServer(listening, application, log=None).serve_forever()
