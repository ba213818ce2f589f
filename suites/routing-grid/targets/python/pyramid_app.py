"""Pyramid."""

from pyramid.config import Configurator
from pyramid.response import Response

import grid


def static(text):
    return lambda request: Response(text)


def localised(feature):
    return lambda request: Response(grid.localised(request.matchdict["locale"], feature))


def dynamic(feature):
    return lambda request: Response(grid.dynamic(request.matchdict["user"], request.matchdict["repo"], feature))


def add(config, pattern, view):
    config.add_route(pattern, pattern)
    config.add_view(view, route_name=pattern)


with Configurator() as config:
    for path, text in grid.STATIC:
        add(config, path, static(text))
    for feature in grid.FEATURES:
        add(config, f"/{{locale:en|ru}}/feature{feature}", localised(feature))
    for feature in grid.FEATURES:
        add(config, f"/{{user}}/{{repo}}/feature{feature}", dynamic(feature))
    app = config.make_wsgi_app()
