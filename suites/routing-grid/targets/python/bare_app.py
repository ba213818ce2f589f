"""The floor: a dictionary, and a look at the parts of the path, by hand."""

import grid

PAGES = {path: text.encode() for path, text in grid.STATIC}
FEATURES = {f"feature{feature}": feature for feature in grid.FEATURES}


def find(path):
    """The body for the path, or None."""
    if path in PAGES:
        return PAGES[path]
    _, *words = path.split("/")
    feature = FEATURES.get(words[-1])
    if feature is None:
        return None
    if len(words) == 2 and words[0] in grid.LOCALES:
        return grid.localised(words[0], feature).encode()
    if len(words) == 3 and words[0] and words[1]:
        return grid.dynamic(words[0], words[1], feature).encode()
    return None


def app(environ, start_response):
    body = find(environ["PATH_INFO"])
    status = "200 OK"
    if body is None:
        status, body = "404 Not Found", b"Not Found"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
