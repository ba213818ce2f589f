"""serve_gevent.py PORT VIRTUOSO_PORT requests|urllib3 -- gevent in front of Virtuoso, JSON passed on.

Both clients keep their connections to Virtuoso in a pool, and neither tries again: what fails in the
back fails in front.
"""

from gevent import monkey

monkey.patch_all()

import re  # noqa: E402 -- after the patch, as gevent asks for
import sys  # noqa: E402

from gevent.pywsgi import WSGIServer  # noqa: E402

import sparql  # noqa: E402
from listener import listener  # noqa: E402

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def with_requests(endpoint):
    import requests

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=sparql.CLIENTS_MAX))

    def ask(method, query, form):
        answer = session.request(method, endpoint, params=query, data=form, headers=form and FORM)
        return answer.status_code, answer.content

    return ask


def with_urllib3(endpoint):
    import urllib3

    pool = urllib3.PoolManager(maxsize=sparql.CLIENTS_MAX, retries=False)

    def ask(method, query, form):
        url = f"{endpoint}?{query}" if query else endpoint
        answer = pool.request(method, url, body=form, headers=form and FORM)
        return answer.status, answer.data

    return ask


def query_of(environ):
    """What the request means for the back end: method, query, form. None: nothing."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "GET" and path == "/":
        return "GET", sparql.SELECT, None
    if method == "POST" and path == "/":
        name = environ["wsgi.input"].read().decode("latin-1")
        return ("POST", None, sparql.insert(name)) if re.fullmatch(sparql.NAME, name) else None
    if method == "DELETE" and re.fullmatch(f"/{sparql.NAME}", path):
        return "POST", None, sparql.delete(path[1:])
    return None


def answer_to(query, ask):
    if query is None:
        return "404 Not Found", "text/plain", b""
    try:
        status, body = ask(*query)
    except Exception as error:  # whatever went wrong there, it is not this server's fault
        return "502 Bad Gateway", "text/plain", f"back end: {error}\n".encode()
    if status != 200:
        return "502 Bad Gateway", "text/plain", f"back end: status {status}\n".encode()
    return "200 OK", sparql.JSON, body


def make_app(ask):
    def app(environ, start_response):
        status, kind, body = answer_to(query_of(environ), ask)
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return app


CLIENTS = {"requests": with_requests, "urllib3": with_urllib3}
client = CLIENTS[sys.argv[3]](f"http://127.0.0.1:{int(sys.argv[2])}/sparql")
WSGIServer(listener(int(sys.argv[1])), make_app(client), log=None).serve_forever()
