"""serve_tornado.py PORT -- sockets on Tornado's IOLoop, no HTTP library and no streams."""

import asyncio
import socket
import sys

from tornado.ioloop import IOLoop

from answer import ANSWER, HEAD_END, HEAD_MAX, is_last


class Connection:
    def __init__(self, loop, peer):
        self.loop, self.socket, self.received = loop, peer, b""
        loop.add_handler(peer, self.on_readable, IOLoop.READ)

    def on_readable(self, fd, events):
        try:
            piece = self.socket.recv(4096)
            self.received += piece
            if not piece or not self.answer() or len(self.received) >= HEAD_MAX:
                self.close()
        except BlockingIOError:
            pass  # woken for nothing
        except OSError:
            self.close()  # the client has gone

    def answer(self):
        """Answers every request that is complete. False when that was the last one."""
        head, end, rest = self.received.partition(HEAD_END)
        while end:
            # So short an answer goes out whole, unless the client has stopped reading: BlockingIOError
            # or a short count, and then there is no use in waiting for it.
            if self.socket.send(ANSWER) < len(ANSWER) or is_last(head + b"\r\n"):
                return False
            self.received = rest
            head, end, rest = rest.partition(HEAD_END)
        return True

    def close(self):
        self.loop.remove_handler(self.socket)
        self.socket.close()


def accept(loop, listener):
    try:
        while True:
            peer, _ = listener.accept()
            peer.setblocking(False)
            Connection(loop, peer)
    except BlockingIOError:
        pass  # that was all of them


async def main(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=500)
    listener.setblocking(False)
    loop = IOLoop.current()
    loop.add_handler(listener, lambda fd, events: accept(loop, listener), IOLoop.READ)
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1])))
