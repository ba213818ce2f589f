"""verify.py URL -- is /welcome right, and is everything else missing?

GET /welcome is 200, text/plain or text/html, "Hello World!"; GET of any other path is 404.
Exit: 0 it is so, 1 not (and says what came instead).
"""

import http.client
import random
import string
import sys
from urllib.parse import urlsplit

address = urlsplit(sys.argv[1]).netloc


def ask(path):
    """Status, media type and body of one answer, on a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path, headers={"Connection": "close"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, (answer.getheader("Content-Type") or "").split(";")[0].strip(), body


def word():
    return "".join(random.choices(string.ascii_letters + string.digits + "-_", k=random.randint(1, 20)))


def check_welcome():
    status, media_type, body = ask("/welcome")
    if status != 200:
        sys.exit(f"GET /welcome: status {status}, not 200")
    if media_type not in ("text/plain", "text/html"):
        sys.exit(f"GET /welcome: Content-Type {media_type!r}, not text/plain or text/html")
    if body != b"Hello World!":
        sys.exit(f"GET /welcome: {body[:60]!r}, not b'Hello World!'")


def check_missing(path):
    status, _, body = ask(path)
    if status != 404:
        sys.exit(f"GET {path}: status {status}, not 404: {body[:60]!r}")


def main():
    # Twice: an application may keep something of its first answer.
    check_welcome()
    for path in ("/", "/Welcome", "/welcom", f"/welcome{word()}", f"/{word()}", f"/{word()}/welcome",
                 f"/{word()}/{word()}/{word()}"):
        check_missing(path)
    check_welcome()


main()
