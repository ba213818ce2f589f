"""serve_tornado.py PORT VIRTUOSO_PORT curl|native -- Tornado in front of Virtuoso, JSON passed on."""

import asyncio
import logging
import re
import sys

from tornado.httpclient import AsyncHTTPClient
from tornado.web import Application, HTTPError, RequestHandler

import sparql

CLIENTS = {
    "curl": "tornado.curl_httpclient.CurlAsyncHTTPClient",
    "native": "tornado.simple_httpclient.SimpleAsyncHTTPClient",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Handler(RequestHandler):
    def initialize(self, endpoint):
        self.endpoint = endpoint

    async def pass_on(self, *args, **kwargs):
        try:
            answer = await AsyncHTTPClient().fetch(*args, **kwargs)
        except Exception as error:  # whatever went wrong there, it is not this server's fault
            self.set_status(502)
            self.finish(f"back end: {error}\n")
            return
        self.set_header("Content-Type", sparql.JSON)
        self.finish(answer.body)


class Classes(Handler):
    async def get(self):
        await self.pass_on(f"{self.endpoint}?{sparql.SELECT}")

    async def post(self):
        name = self.request.body.decode("latin-1")
        if not re.fullmatch(sparql.NAME, name):
            raise HTTPError(400)
        await self.pass_on(self.endpoint, method="POST", headers=FORM, body=sparql.insert(name))


class Class(Handler):
    async def delete(self, name):
        await self.pass_on(self.endpoint, method="POST", headers=FORM, body=sparql.delete(name))


async def main(port, virtuoso_port, client):
    AsyncHTTPClient.configure(CLIENTS[client], max_clients=sparql.CLIENTS_MAX)
    endpoint = {"endpoint": f"http://127.0.0.1:{virtuoso_port}/sparql"}
    routes = [("/", Classes, endpoint), (f"/({sparql.NAME})", Class, endpoint)]
    Application(routes).listen(port, "127.0.0.1", backlog=500)
    await asyncio.Event().wait()


logging.getLogger("tornado.access").setLevel(logging.CRITICAL)  # no line a request
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
