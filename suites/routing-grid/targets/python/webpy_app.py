"""web.py: regular expressions, tried one after the other."""

import web

import grid

web.config.debug = False


class Static:
    text = None

    def GET(self):
        return self.text


class Localised:
    feature = None

    def GET(self, locale):
        return grid.localised(locale, self.feature)


class Dynamic:
    feature = None

    def GET(self, user, repo):
        return grid.dynamic(user, repo, self.feature)


urls = []
for path, text in grid.STATIC:
    urls += [path, type("Static", (Static,), {"text": text})]
for feature in grid.FEATURES:
    urls += [f"/(en|ru)/feature{feature}", type("Localised", (Localised,), {"feature": feature})]
for feature in grid.FEATURES:
    urls += [f"/([^/]+)/([^/]+)/feature{feature}", type("Dynamic", (Dynamic,), {"feature": feature})]

app = web.application(tuple(urls), globals(), autoreload=False).wsgifunc()
