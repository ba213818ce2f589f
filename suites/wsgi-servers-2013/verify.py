"""verify.py hello|sparql|redis URL -- is the server at URL right, also where a fixed contract cannot look?

What is asked has a part that nobody knew before, so that no ready answer can be right.
"""

import http.client
import json
import random
import secrets
import socket
import sys
from urllib.parse import urlsplit

TIMEOUT = 10
GRAPH = "http://graph-uri"


def check(condition, what):
    if not condition:
        sys.exit(f"wrong: {what}")


def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    got = answer.read()
    check(answer.status == 200, f"{method} {path}: status {answer.status}, {got[:200]}")
    return got


def read_answer(peer):
    """One answer with the body it announces, and nothing behind it."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = peer.recv(4096)
        check(piece, f"closed after {received!r}")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    check(len(lengths) == 1, f"not one Content-Length in {head!r}")
    announced = int(lengths[0].split(b":")[1])
    while len(body) < announced:
        piece = peer.recv(4096)
        check(piece, f"announced {announced} bytes, sent {body!r}")
        body += piece
    check(len(body) == announced, f"announced {announced} bytes, sent {body!r}")
    return body


def check_hello(host, port):
    """A request of some unknown length in pieces, twice on one connection: it has to be read to its
    end before it is answered, and not a byte more may come than is announced."""
    with socket.create_connection((host, port), TIMEOUT) as peer:
        for _ in range(2):
            padding = "x" * random.randrange(1, 3000)
            request = f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Padding: {padding}\r\n\r\n".encode()
            cut = random.randrange(1, len(request) - 1)
            peer.sendall(request[:cut])
            peer.settimeout(0.1)
            try:
                early = peer.recv(4096)
                check(False, f"answered {early!r} before the request was complete")
            except TimeoutError:
                peer.settimeout(TIMEOUT)
            peer.sendall(request[cut:])
            check(read_answer(peer) == b"Hello World!", "not Hello World!")
        peer.settimeout(0.1)
        try:
            check(not peer.recv(1), "sent more than announced")
        except TimeoutError:
            pass


def classes(connection):
    answer = json.loads(ask(connection, "GET", "/"))
    return {row["class"]["value"] for row in answer["results"]["bindings"]}


def check_sparql(host, port):
    """A class of an unknown name is not there, is inserted, is there, is deleted, is not there."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    name = "Verify" + secrets.token_hex(8)
    before = classes(connection)
    check(f"{GRAPH}/{name}" not in before, f"{name} is there before it was inserted")
    ask(connection, "POST", "/", name)
    check(classes(connection) == before | {f"{GRAPH}/{name}"}, f"{name} was not inserted")
    ask(connection, "DELETE", f"/{name}")
    check(classes(connection) == before, f"{name} was not deleted")


def check_redis(host, port):
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    for _ in range(5):
        value = secrets.token_hex(random.randrange(1, 40))
        got = ask(connection, "GET", f"/{value}")
        check(got == value.encode(), f"set foo to {value}, got {got!r}")


CHECKS = {"hello": check_hello, "sparql": check_sparql, "redis": check_redis}
url = urlsplit(sys.argv[2])
CHECKS[sys.argv[1]](url.hostname, url.port)
