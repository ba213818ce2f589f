"""Falcon."""

import falcon


class Welcome:
    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = "Hello World!"


app = falcon.App()
app.add_route("/welcome", Welcome())
