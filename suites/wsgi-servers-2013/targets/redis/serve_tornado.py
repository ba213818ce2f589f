"""serve_tornado.py PORT REDIS_PORT blocking|non-blocking

GET /VALUE sets foo to VALUE, gets foo, and answers with what it got. The blocking client holds up the
whole loop while it waits; the other one lets it serve somebody else.
"""

import asyncio
import logging
import sys

import redis
import redis.asyncio
from tornado.web import Application, RequestHandler


class Blocking(RequestHandler):
    def initialize(self, store):
        self.store = store

    def get(self, value):
        self.store.set("foo", value)
        self.set_header("Content-Type", "text/plain")
        self.write(self.store.get("foo"))


class NonBlocking(RequestHandler):
    def initialize(self, store):
        self.store = store

    async def get(self, value):
        await self.store.set("foo", value)
        self.set_header("Content-Type", "text/plain")
        self.write(await self.store.get("foo"))


KINDS = {"blocking": (Blocking, redis.Redis), "non-blocking": (NonBlocking, redis.asyncio.Redis)}


async def main(port, redis_port, kind):
    handler, client = KINDS[kind]
    store = client(host="127.0.0.1", port=redis_port)
    Application([("/([A-Za-z0-9]+)", handler, {"store": store})]).listen(port, "127.0.0.1", backlog=500)
    await asyncio.Event().wait()


logging.getLogger("tornado.access").setLevel(logging.WARNING)  # no line a request
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
