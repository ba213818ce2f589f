"""Werkzeug's routing and wrappers, without Flask."""

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

import grid


def static(text):
    return lambda: text


def localised(feature):
    return lambda locale: grid.localised(locale, feature)


def dynamic(feature):
    return lambda user, repo: grid.dynamic(user, repo, feature)


urls = Map(
    [Rule(path, endpoint=static(text)) for path, text in grid.STATIC]
    + [Rule(f"/<any(en, ru):locale>/feature{feature}", endpoint=localised(feature))
       for feature in grid.FEATURES]
    + [Rule(f"/<user>/<repo>/feature{feature}", endpoint=dynamic(feature))
       for feature in grid.FEATURES])


@Request.application
def app(request):
    try:
        answer, found = urls.bind_to_environ(request.environ).match()
    except HTTPException as error:
        return error
    return Response(answer(**found))
