"""A server around one select(): select_server.py PORT FOLDER. One answer a connection."""

import select
import socket
import sys

from answer import HEAD_END, HEAD_MAX, answer

READ_BYTES = 65536


class Client:
    """A connection: first its request is collected, then its answer sent."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.sock = sock
        self.request = b""
        self.unsent = None  # until the request is complete

    def fileno(self):  # so that select() takes it as it is
        return self.sock.fileno()

    def read(self, folder):
        """False when there is nothing more to do for it."""
        piece = self.sock.recv(READ_BYTES)
        self.request += piece
        if HEAD_END in self.request:
            self.unsent = memoryview(answer(self.request, folder))
            return self.write()
        return piece != b"" and len(self.request) <= HEAD_MAX

    def write(self):
        self.unsent = self.unsent[self.sock.send(self.unsent):]
        return len(self.unsent) > 0


def go_on(step, *arguments):
    try:
        return step(*arguments)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def accept_all(listener, clients):
    try:
        while True:
            clients.add(Client(listener.accept()[0]))
    except BlockingIOError:
        pass


def serve(listener, folder):
    clients = set()
    while True:
        reading = [client for client in clients if client.unsent is None]
        writing = [client for client in clients if client.unsent is not None]
        readable, writable, _ = select.select([listener] + reading, writing, [])
        done = [client for client in writable if not go_on(client.write)]
        for client in readable:
            if client is listener:
                accept_all(listener, clients)
            elif not go_on(client.read, folder):
                done.append(client)
        for client in done:
            clients.remove(client)
            client.sock.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024) as server:
    server.setblocking(False)
    serve(server, sys.argv[2])
