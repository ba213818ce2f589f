"""app.py PORT -- "N: TXT" in n lines from Tornado: one process, on 127.0.0.1."""

import asyncio
import sys

import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self, txt, n):
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("".join(f"{i}: {txt}\n" for i in range(int(n))))


async def main():
    application = tornado.web.Application([(r"/([^/]+)/([0-9]+)", Hello)])
    # Tornado's own backlog is 128, fewer than the users.
    application.listen(int(sys.argv[1]), "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


asyncio.run(main())
