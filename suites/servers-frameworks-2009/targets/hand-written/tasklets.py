"""Tasklets that wait for sockets, on PyPy's `stackless` module.

A tasklet that would block registers its socket and waits on a channel. When no tasklet can run, run()
sleeps in epoll until a socket is ready: there is no tick. The server of 2009 slept 0.1 s at a time
there, and so every request that found it idle took 0.1 s.
"""

import select

import stackless

READABLE, WRITABLE = select.EPOLLIN, select.EPOLLOUT

_epoll = select.epoll()
_waiting = {}  # file descriptor -> the channel its tasklet waits on


def wait(sock, event):
    """Lets others run until `sock` is READABLE or WRITABLE. One tasklet a socket."""
    channel = stackless.channel()
    _waiting[sock.fileno()] = channel
    _epoll.register(sock, event)
    channel.receive()


def patiently(sock, event, call, *arguments):
    """What the call gives on a socket that does not block, as soon as it can."""
    while True:
        try:
            return call(*arguments)
        except BlockingIOError:
            wait(sock, event)


def run():
    """Wakes tasklets, for ever; call it from the main one."""
    while True:
        alone = stackless.getruncount() == 1
        for fd, _ in _epoll.poll(-1 if alone else 0):
            _epoll.unregister(fd)
            _waiting.pop(fd).send(None)
        stackless.schedule()
