"""Falcon. Its router wants one name for one place, so "user" is what the others call "locale" too."""

import falcon

import grid


class Static:
    def __init__(self, text):
        self.text = text

    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = self.text


class Localised:
    def __init__(self, feature):
        self.feature = feature

    def on_get(self, request, response, user):
        if user not in grid.LOCALES:
            raise falcon.HTTPNotFound()
        response.content_type = falcon.MEDIA_TEXT
        response.text = grid.localised(user, self.feature)


class Dynamic:
    def __init__(self, feature):
        self.feature = feature

    def on_get(self, request, response, user, repo):
        response.content_type = falcon.MEDIA_TEXT
        response.text = grid.dynamic(user, repo, self.feature)


app = falcon.App()
for path, text in grid.STATIC:
    app.add_route(path, Static(text))
for feature in grid.FEATURES:
    app.add_route(f"/{{user}}/feature{feature}", Localised(feature))
for feature in grid.FEATURES:
    app.add_route(f"/{{user}}/{{repo}}/feature{feature}", Dynamic(feature))
