"""Tornado's routing and handlers, behind ASGI."""

from tornado.web import Application, RequestHandler

import grid
from tornado_asgi import asgi


class Page(RequestHandler):
    def compute_etag(self):
        return None  # otherwise a SHA-1 of each answer

    def initialize(self, answer):
        self.answer = answer

    def get(self, **found):
        self.write(self.answer(**found))


def static(text):
    return {"answer": lambda: text}


def localised(feature):
    return {"answer": lambda locale: grid.localised(locale, feature)}


def dynamic(feature):
    return {"answer": lambda user, repo: grid.dynamic(user, repo, feature)}


application = Application(
    [(path, Page, static(text)) for path, text in grid.STATIC]
    + [(f"/(?P<locale>en|ru)/feature{feature}", Page, localised(feature)) for feature in grid.FEATURES]
    + [(f"/(?P<user>[^/]+)/(?P<repo>[^/]+)/feature{feature}", Page, dynamic(feature)) for feature in grid.FEATURES],
    log_function=lambda handler: None)
app = asgi(application)
