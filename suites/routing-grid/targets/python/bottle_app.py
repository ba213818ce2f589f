"""Bottle."""

from bottle import Bottle

import grid

app = Bottle()

for path, text in grid.STATIC:
    app.route(path, callback=lambda text=text: text)
for feature in grid.FEATURES:
    app.route(f"/<locale:re:en|ru>/feature{feature}",
              callback=lambda locale, feature=feature: grid.localised(locale, feature))
for feature in grid.FEATURES:
    app.route(f"/<user>/<repo>/feature{feature}",
              callback=lambda user, repo, feature=feature: grid.dynamic(user, repo, feature))
