# An event loop for the ASGI applications that need one: those that wait for something within a call,
# and the start-up (lifespan) of all of them. Run by the runner (embedded in it).
import asyncio
import os

library = os.path.join(os.path.dirname(os.__file__), "")  # of Python's own modules, for the profiler

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


class Watched:
    """Awaits a coroutine, and tells afterwards whether it ever gave the control away."""

    def __init__(self, coroutine):
        self.inner = coroutine.__await__()
        self.suspended = False

    def __await__(self):
        step, value = self.inner.send, None
        while True:
            try:
                future = step(value)
            except StopIteration as end:
                return end.value
            self.suspended = True
            # What is thrown in is the application's to catch: a task of its own may cancel this one.
            try:
                step, value = self.inner.send, (yield future)
            except BaseException as error:
                step, value = self.inner.throw, error


class Call:
    """One request and what came back. What is wrong with a message is left to the runner's checks."""

    __slots__ = ("body", "asked", "done", "disconnected", "status", "headers", "chunks")

    def __init__(self, body):
        self.body = body
        self.asked = self.done = False
        self.disconnected = None  # a future, as soon as somebody waits for it
        self.status = self.headers = None
        self.chunks = []

    async def receive(self):
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.done:
            if self.disconnected is None:
                self.disconnected = loop.create_future()
            await asyncio.shield(self.disconnected)
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.done:
            raise RuntimeError(f"the answer was complete, but there came {message['type']!r}")
        if message["type"] == "http.response.start":
            if self.status is not None:
                raise RuntimeError("a second http.response.start")
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if self.status is None:
                raise RuntimeError("http.response.body before http.response.start")
            self.chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                self.done = True
                if self.disconnected is not None and not self.disconnected.done():
                    self.disconnected.set_result(None)


def answer_of(call):
    if not call.done:
        raise RuntimeError("the application returned, but its answer was not complete")
    return call.status, call.headers, b"".join(call.chunks)


def drive(app, scope, body):
    """One call in a task of its own, as servers make it: (status, headers, body)."""
    call = Call(body)
    loop.run_until_complete(app(scope, call.receive, call.send))
    return answer_of(call)


def pending():
    """What a loop would still have to run: tasks, and callbacks that are due at once or later."""
    return asyncio.all_tasks(loop), len(getattr(loop, "_ready", ())), len(getattr(loop, "_scheduled", ()))


def waits(app, scope, body):
    """Does this call give the control away, or leave work behind? Then it needs a loop."""
    call = Call(body)
    watched = Watched(app(scope, call.receive, call.send))

    async def watch():
        before = pending()
        await watched
        # Not after the loop's next turn: what ends within it would not be seen.
        return pending() != before

    leaves = loop.run_until_complete(watch())
    answer_of(call)
    return watched.suspended or leaves


class Lifespan:
    """Start-up and shut-down of an application, as far as it knows of such."""

    def __init__(self, app):
        self.inbox = asyncio.Queue()
        self.told = loop.create_future()
        self.state = {}
        self.task = loop.create_task(self.run(app))

    async def run(self, app):
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": self.state}
        try:
            await app(scope, self.inbox.get, self.send)
        except BaseException:  # by the specification: it does not support lifespan
            pass
        finally:
            if not self.told.done():
                self.told.set_result(None)

    async def send(self, message):
        if not self.told.done():
            self.told.set_result(message)

    def say(self, what):
        self.inbox.put_nowait({"type": what})
        return loop.run_until_complete(self.told)


lifespan = None


def startup(app):
    """The state that start-up made, for every scope."""
    global lifespan
    lifespan = Lifespan(app)
    answer = lifespan.say("lifespan.startup")
    if answer is not None and answer["type"] == "lifespan.startup.failed":
        raise RuntimeError(f"start-up failed: {answer.get('message', '')}")
    return lifespan.state


def shutdown():
    if lifespan is not None and not lifespan.task.done():
        lifespan.told = loop.create_future()
        lifespan.say("lifespan.shutdown")


def use_directly(yes):
    """Calls without a loop still see one as the running one, as they would in a server."""
    asyncio._set_running_loop(loop if yes else None)
