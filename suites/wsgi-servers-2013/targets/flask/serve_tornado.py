"""serve_tornado.py PORT -- Flask in Tornado's WSGIContainer, which runs one request at a time."""

import asyncio
import logging
import sys

from tornado.httpserver import HTTPServer
from tornado.wsgi import WSGIContainer

from app import app


async def main(port):
    HTTPServer(WSGIContainer(app)).listen(port, "127.0.0.1", backlog=500)
    await asyncio.Event().wait()


logging.getLogger("tornado.access").setLevel(logging.WARNING)  # no line a request
asyncio.run(main(int(sys.argv[1])))
