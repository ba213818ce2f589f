"""serve_gevent.py PORT -- Flask on gevent's WSGI server, a greenlet a connection."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 -- after the patch, as gevent asks for

from gevent.pywsgi import WSGIServer  # noqa: E402

from app import app  # noqa: E402
from listener import listener  # noqa: E402

WSGIServer(listener(int(sys.argv[1])), app, log=None).serve_forever()
