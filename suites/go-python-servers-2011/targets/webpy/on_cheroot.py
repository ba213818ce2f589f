"""on_cheroot.py PORT -- the web.py application on CherryPy's server, as web.py sets it up: one process
of ten threads, on 127.0.0.1."""

import sys

from web.httpserver import WSGIServer

from app import application

# web.py's runsimple() would add a line of log for each request, which none of the others writes.
server = WSGIServer(("127.0.0.1", int(sys.argv[1])), application)
# cheroot's own backlog is 5, and it keeps 10 connections at most: for 200 users both are too few.
server.request_queue_size = 1024
server.keep_alive_conn_limit = 1024
server.start()
