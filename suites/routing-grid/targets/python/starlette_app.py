"""Starlette, with a convertor of its own for the locale."""

from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import grid


class LocaleConvertor(StringConvertor):
    regex = "en|ru"


register_url_convertor("locale", LocaleConvertor())


def static(text):
    async def answer(request):
        return PlainTextResponse(text)

    return answer


def localised(feature):
    async def answer(request):
        return PlainTextResponse(grid.localised(request.path_params["locale"], feature))

    return answer


def dynamic(feature):
    async def answer(request):
        found = request.path_params
        return PlainTextResponse(grid.dynamic(found["user"], found["repo"], feature))

    return answer


app = Starlette(routes=(
    [Route(path, static(text)) for path, text in grid.STATIC]
    + [Route(f"/{{locale:locale}}/feature{feature}", localised(feature)) for feature in grid.FEATURES]
    + [Route(f"/{{user}}/{{repo}}/feature{feature}", dynamic(feature)) for feature in grid.FEATURES]))
