"""aiohttp, which has no interface but its own server: PORT WORKERS."""

import os
import socket
import sys

from aiohttp import web


async def welcome(request):
    return web.Response(text="Hello World!")


app = web.Application()
app.router.add_get("/welcome", welcome)


def main():
    port, workers = map(int, sys.argv[1:])
    listening = socket.create_server(("127.0.0.1", port), backlog=1024)
    for _ in range(1, workers):
        if os.fork() == 0:
            break
    web.run_app(app, sock=listening, access_log=None, print=None)


if __name__ == "__main__":
    main()
