"""CherryPy, its object dispatch mounted as a WSGI application."""

import cherrypy


class Root:
    @cherrypy.expose
    def welcome(self):
        return b"Hello World!"


# The tools that are on by default. The line of the access log is formatted all the same: no setting
# keeps CherryPy from that.
TOOLS_OFF = {f"tools.{tool}.on": False
             for tool in ("encode", "log_headers", "log_tracebacks", "trailing_slash")}

cherrypy.config.update({"environment": "embedded", "log.screen": False, **TOOLS_OFF})
app = cherrypy.tree.mount(Root(), "/")
