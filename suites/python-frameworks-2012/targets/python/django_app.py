"""Django in one file: no middleware, no applications, no templates."""

import logging

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",
    USE_I18N=False,
)

# Without the rest of its configuration a line on stderr for each 404 would be: Python's last resort.
log = logging.getLogger("django.request")
log.addHandler(logging.NullHandler())
log.propagate = False

# Without its CommonMiddleware Django gives no length, and gunicorn would then send chunks where all
# the others send 12 bytes.
HEADERS = {"Content-Length": "12"}


def welcome(request):
    return HttpResponse("Hello World!", headers=HEADERS)


urlpatterns = [path("welcome", welcome)]
app = get_wsgi_application()
