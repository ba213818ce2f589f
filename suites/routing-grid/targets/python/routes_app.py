"""Routes behind WebOb: what Pylons was made of."""

from routes import Mapper
from webob import Response
from webob.dec import wsgify
from webob.exc import HTTPNotFound

import grid


def static(text):
    return lambda: text


def localised(feature):
    return lambda locale: grid.localised(locale, feature)


def dynamic(feature):
    return lambda user, repo: grid.dynamic(user, repo, feature)


mapper = Mapper(always_scan=False, register=False)
mapper.minimization = False
answers = {}


def add(pattern, answer):
    mapper.connect(None, pattern, controller=pattern)
    answers[pattern] = answer


for path, text in grid.STATIC:
    add(path, static(text))
for feature in grid.FEATURES:
    add(f"/{{locale:en|ru}}/feature{feature}", localised(feature))
for feature in grid.FEATURES:
    add(f"/{{user}}/{{repo}}/feature{feature}", dynamic(feature))
mapper.create_regs()


@wsgify
def app(request):
    found = mapper.match(request.path_info)
    if not found:
        return HTTPNotFound()
    answer = answers[found.pop("controller")]
    found.pop("action", None)
    return Response(answer(**found))
