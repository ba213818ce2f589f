"""WebOb's wsgify. Bobo, in whose place it stands, is a thin router upon it."""

from webob import Response
from webob.dec import wsgify
from webob.exc import HTTPNotFound


@wsgify
def app(request):
    if request.path_info != "/welcome":
        return HTTPNotFound()
    return Response("Hello World!")
