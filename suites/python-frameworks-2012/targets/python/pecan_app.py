"""Pecan: object dispatch on WebOb. TurboGears' sibling, in its place."""

from pecan import expose, make_app


class Root:
    @expose()
    def welcome(self):
        return "Hello World!"


app = make_app(Root(), debug=False)
