"""on_gevent.py PORT -- the web.py application on gevent's WSGI server: one process, on 127.0.0.1."""

# Before anything that makes a thread-local or a lock, as gevent's documentation asks.
from gevent import monkey

monkey.patch_all()

import sys

from gevent.pywsgi import WSGIServer

from app import application

# log=None: no line for each request. gevent's own backlog is 256.
WSGIServer(("127.0.0.1", int(sys.argv[1])), application, log=None, backlog=1024).serve_forever()
