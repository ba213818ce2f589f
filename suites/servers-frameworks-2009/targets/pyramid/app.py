"""One document through Pyramid on waitress: app.py PORT FOLDER."""

import logging
import os
import sys

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import FileResponse
from waitress import serve

FOLDER = sys.argv[2]


def document(request):
    path = os.path.join(FOLDER, request.matchdict["name"])
    try:
        return FileResponse(path, request=request, content_type="application/octet-stream")
    except OSError:
        raise HTTPNotFound() from None


# A line for every request that has to wait for a thread would be an access log; nobody else writes one.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
with Configurator() as config:
    config.add_route("document", "/{name}")
    config.add_view(document, route_name="document", request_method="GET")
    app = config.make_wsgi_app()
serve(app, host="127.0.0.1", port=int(sys.argv[1]))
