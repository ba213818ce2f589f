"""What the hand-written servers share: from a request's head to the whole answer, read from the file."""

import os

HEAD_MAX = 65536  # bytes; a longer head is no request of ours
HEAD_END = b"\r\n\r\n"


def render(status, content_type, body):
    head = (f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    return head.encode() + body


def answer(request, folder):
    """`request`: the bytes up to the empty line. The document is opened anew for every one."""
    words = request.split(b"\r\n", 1)[0].split()
    if len(words) != 3 or not words[1].startswith(b"/"):
        return render("400 Bad Request", "text/plain", b"not a request\n")
    if words[0] != b"GET":
        return render("405 Method Not Allowed", "text/plain", b"only GET\n")
    name = words[1][1:].decode("latin-1")
    try:
        if "/" in name:
            raise FileNotFoundError(name)
        with open(os.path.join(folder, name), "rb") as document:
            return render("200 OK", "application/octet-stream", document.read())
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return render("404 Not Found", "text/plain", b"no such document\n")
