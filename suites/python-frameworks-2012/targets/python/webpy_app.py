"""web.py."""

import web

web.config.debug = False


class Welcome:
    def GET(self):
        web.header("Content-Type", "text/plain")
        # web.py gives no length by itself, and gunicorn would then send chunks where all the
        # others send 12 bytes.
        web.header("Content-Length", "12")
        return "Hello World!"


app = web.application(("/welcome", "Welcome"), globals(), autoreload=False).wsgifunc()
