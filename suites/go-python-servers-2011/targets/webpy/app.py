"""web.py's "N: TXT" in n lines, as a WSGI application for all the servers it runs on."""

import web

web.config.debug = False  # no reloading, no page with a traceback

urls = (r"/([^/]+)/([0-9]+)", "Hello")


class Hello:
    def GET(self, txt, n):
        web.header("Content-Type", "text/plain; charset=utf-8")
        return "".join(f"{i}: {txt}\n" for i in range(int(n)))


application = web.application(urls, globals()).wsgifunc()
