"""verify.py URL -- does the server keep the contract of the study, with parameters nobody could foresee?

GET /TXT/N is n lines "I: TXT", text/plain; anything else is 404; other methods are 404 or 405. HEAD may also
be what HTTP means it to be, the answer to GET without its body: web.py makes that of it by itself.
Exit: 0 it does, 1 not (and says what it did).
"""

import http.client
import random
import string
import sys
from urllib.parse import urlsplit

address = urlsplit(sys.argv[1]).netloc


def ask(method, path):
    """Status, media type and body of one answer, on a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request(method, path, headers={"Connection": "close"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, (answer.getheader("Content-Type") or "").split(";")[0].strip(), body


def complain(method, path, text):
    sys.exit(f"{method} {path}: {text}")


def check_lines(txt, n):
    path = f"/{txt}/{n}"
    status, media_type, body = ask("GET", path)
    if status != 200:
        complain("GET", path, f"status {status}, not 200")
    if media_type != "text/plain":
        complain("GET", path, f"Content-Type {media_type!r}, not text/plain")
    if body != "".join(f"{i}: {txt}\n" for i in range(n)).encode():
        complain("GET", path, f"{len(body)} bytes that are not the {n} lines: {body[:60]!r}")


def check_refused(method, path, right):
    status, _, _ = ask(method, path)
    if status not in right:
        complain(method, path, f"status {status}, not {' or '.join(map(str, right))}")


def random_text():
    # Not "." or "..", which have a meaning of their own in a path.
    letters = string.ascii_letters + string.digits + "-_.~"
    return "t" + "".join(random.choices(letters, k=random.randint(0, 30)))


def main():
    for n in (0, 1, 100, random.randint(2, 99), random.randint(101, 2000)):
        check_lines(random_text(), n)
    txt, n = random_text(), random.randint(0, 1000)
    for path in ("/", f"/{txt}", f"/{txt}/", f"/{txt}/{n}x", f"/{txt}/-{n}", f"/{txt}/+{n}", f"/{txt}/{n}.0",
                 f"/{txt}/{n}/", f"/{txt}/{txt}/{n}", f"/{txt}//{n}", f"/{txt}/{n}%0A"):
        check_refused("GET", path, [404])
    # cheroot takes what follows two slashes for the name of a host, and refuses it before web.py sees it.
    check_refused("GET", f"//{n}", [400, 404])
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        check_refused(method, f"/{txt}/{n}", [404, 405])
    check_refused("HEAD", f"/{txt}/{n}", [200, 404, 405])
    check_refused("HEAD", f"/{txt}/{n}x", [404, 405])


main()
