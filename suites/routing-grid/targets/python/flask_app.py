"""Flask."""

from flask import Flask

import grid

app = Flask(__name__, static_folder=None)


def static(text):
    return lambda: text


def localised(feature):
    return lambda locale: grid.localised(locale, feature)


def dynamic(feature):
    return lambda user, repo: grid.dynamic(user, repo, feature)


for path, text in grid.STATIC:
    app.add_url_rule(path, endpoint=path, view_func=static(text))
for feature in grid.FEATURES:
    app.add_url_rule(f"/<any(en, ru):locale>/feature{feature}", endpoint=f"localised {feature}",
                     view_func=localised(feature))
for feature in grid.FEATURES:
    app.add_url_rule(f"/<user>/<repo>/feature{feature}", endpoint=f"dynamic {feature}",
                     view_func=dynamic(feature))
