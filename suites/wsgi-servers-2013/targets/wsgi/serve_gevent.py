"""serve_gevent.py PORT nodelay|delay -- a bare WSGI callable on gevent's WSGI server."""

import sys

from gevent.pywsgi import WSGIServer

from listener import listener


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello World!"]


listening = listener(int(sys.argv[1]), nodelay=sys.argv[2] == "nodelay")
WSGIServer(listening, app, log=None).serve_forever()
