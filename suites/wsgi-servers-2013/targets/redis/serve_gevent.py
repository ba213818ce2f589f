"""serve_gevent.py PORT REDIS_PORT blocking|non-blocking

GET /VALUE sets foo to VALUE, gets foo, and answers with what it got. One client, redis-py: patched by
gevent it lets others be served while it waits, unpatched it holds up all of them.
"""

import sys

from gevent import monkey

if sys.argv[3] == "non-blocking":
    monkey.patch_all()

import re  # noqa: E402 -- after the patch, as gevent asks for

import redis  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from listener import listener  # noqa: E402

store = redis.Redis(host="127.0.0.1", port=int(sys.argv[2]))


def app(environ, start_response):
    path = re.fullmatch("/([A-Za-z0-9]+)", environ["PATH_INFO"])
    if path is None or environ["REQUEST_METHOD"] != "GET":
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    store.set("foo", path[1])
    body = store.get("foo")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


WSGIServer(listener(int(sys.argv[1])), app, log=None).serve_forever()
