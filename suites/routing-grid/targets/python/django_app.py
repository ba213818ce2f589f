"""Django's URL resolver, without middleware."""

import logging

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path, re_path

import grid

settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    LOGGING_CONFIG=None,
    LOGGING={},
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",
    USE_I18N=False,
)

# Without the rest of its configuration a line on stderr for each 404 would be: Python's last resort.
log = logging.getLogger("django.request")
log.addHandler(logging.NullHandler())
log.propagate = False


def static(text):
    return lambda request: HttpResponse(text)


def localised(feature):
    return lambda request, locale: HttpResponse(grid.localised(locale, feature))


def dynamic(feature):
    return lambda request, user, repo: HttpResponse(grid.dynamic(user, repo, feature))


urlpatterns = (
    [path(route[1:], static(text)) for route, text in grid.STATIC]
    + [re_path(rf"^(?P<locale>en|ru)/feature{feature}$", localised(feature)) for feature in grid.FEATURES]
    + [path(f"<user>/<repo>/feature{feature}", dynamic(feature)) for feature in grid.FEATURES])
app = get_wsgi_application()
