#!/usr/bin/pypy3
"""driver.py -- the in-process runner for PyPy, which runs it: build/assay-runner-pypy.

Speaks the protocol of plugins/runner/runner.h by itself, one line of JSON a command on descriptor 3 and
one an answer on descriptor 4, because PyPy is embedded at the price of its speed. It needs nothing but
PyPy and its library: Python 3.9. WSGI (PEP 3333) and ASGI 3 applications, "module:name".

What PyPy cannot tell is null: allocations, instructions. Its collector can be told to leave out major
collections (gc "off"); the nursery is collected always, and nothing can be frozen.

An ASGI application is awaited by a task of the driver's that goes on from call to call: it sees a running
loop and a current task as in a server, and no loop turns unless the application itself waits.
"""

import asyncio
import base64
import codecs
import gc
import importlib
import inspect
import io
import json
import os
import platform
import signal
import sys
import time
import traceback
import urllib.parse
from importlib import metadata

COMMANDS_FD = 3
ANSWERS_FD = 4
COUNT_MAX = {"batches": 10000, "points": 10000, "calls": 10**12}
PROFILES = 5
SHOWN_MAX = 200  # of a body, in a sentence
SERVER = ("127.0.0.1", 8080)
CLIENT = ("127.0.0.1", 50000)  # nobody listens there; applications only print it
HELLO = b"Hello World!"
FAILURES = (Exception, SystemExit, asyncio.CancelledError)  # of an application; the last two are no Exception


class Refused(Exception):
    """Something that the reader of an answer has to know: its text is the "error"."""


# ---- the floor: what a call costs when no framework is in between ----


def floor_wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [HELLO]


async def floor_asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"12")]})
    await send({"type": "http.response.body", "body": HELLO})


# ---- a case: the request, prepared, and the answer that is right ----


def body_of(entry):
    """The bytes of "body" or "body_base64"; None where neither is there."""
    if entry.get("body_base64") is not None:
        return base64.b64decode(entry["body_base64"])
    return entry["body"].encode() if entry.get("body") is not None else None


def shown(body):
    # Half a character at the cut is left out.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(body[:SHOWN_MAX], len(body) <= SHOWN_MAX)
    return f"{text!r} ({len(body)} B)"


class Case:
    def __init__(self, entry):
        expect = entry.get("expect", {})
        self.method = entry.get("method", "GET")
        self.path = entry.get("path", "/")
        self.query = entry.get("query", "")
        self.body = body_of(entry) or b""
        self.headers = [(name, value) for name, value in entry.get("headers", ())]
        self.expect_status = expect.get("status", 0)
        self.expect_headers = [(name.lower(), value) for name, value in expect.get("headers", ())]
        self.expect_body = body_of(expect)
        self.name = f"{self.method} {self.path}"

    def unquoted(self, encoding):
        return urllib.parse.unquote_to_bytes(self.path).decode(encoding, "replace")

    def environ(self):
        """PEP 3333: text is bytes decoded as Latin-1."""
        environ = {
            "REQUEST_METHOD": self.method, "SCRIPT_NAME": "", "PATH_INFO": self.unquoted("latin-1"),
            "QUERY_STRING": self.query, "SERVER_NAME": SERVER[0], "SERVER_PORT": str(SERVER[1]),
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": CLIENT[0], "REMOTE_PORT": str(CLIENT[1]),
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": None,
            "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if self.body:
            environ["CONTENT_LENGTH"] = str(len(self.body))
        for name, value in self.headers:
            key = name.upper().replace("-", "_")
            bare = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            environ[key if bare else f"HTTP_{key}"] = value
        return environ

    def scope(self, state):
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        if self.body:
            headers.append((b"content-length", str(len(self.body)).encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "server": SERVER, "client": CLIENT, "scheme": "http", "method": self.method, "root_path": "",
            "path": self.unquoted("utf-8"), "raw_path": self.path.encode("latin-1"),
            "query_string": self.query.encode("latin-1"), "headers": headers,
        }
        if state:
            scope["state"] = state
        return scope

    def wrong(self, status, headers, body):
        """What differs, in a sentence; "" where nothing does. The rules are answer_check()'s (answer.h)."""
        if self.expect_status not in (0, status):
            return f"status {status} instead of {self.expect_status}"
        for name, value in self.expect_headers:
            found = [other for key, other in headers if key.lower() == name]
            if not found:
                return f"header {name} is missing"
            if name == "content-type" and ";" not in value:
                found = [other.partition(";")[0].rstrip(" ") for other in found]
            if value not in found:
                return f"header {name} is not as expected: {found[0]!r} instead of {value!r}"
        if self.expect_body not in (None, body):
            return f"the body is not as expected: {shown(body)} instead of {shown(self.expect_body)}"
        return ""


# ---- WSGI ----


class Exchange:
    """What an application said in one call, through start_response() and write()."""

    __slots__ = ("status", "headers", "chunks")

    def __init__(self):
        self.status = self.headers = None
        self.chunks = []

    def start_response(self, status, headers, exc_info=None):
        if exc_info is not None and any(self.chunks):
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self.headers is not None:
            raise AssertionError("start_response() was called twice")
        self.status = status
        self.headers = headers
        return self.chunks.append

    def drain(self, iterable):
        try:
            for chunk in iterable:
                if self.headers is None and chunk:
                    raise AssertionError("the body came before start_response() was called")
                self.chunks.append(chunk)
        finally:
            if hasattr(iterable, "close"):
                iterable.close()

    def answer(self):
        if self.headers is None:
            raise AssertionError("start_response() was not called")
        return int(self.status[:3]), self.headers, b"".join(self.chunks)


class Wsgi:
    floor = staticmethod(floor_wsgi)
    library = None

    def __init__(self, app, cases):
        self.app = app
        self.prepared = [(case.environ(), case) for case in cases]

    def ask(self, index):
        """One call: (status, headers, body), whatever they are."""
        template, case = self.prepared[index]
        exchange = Exchange()
        environ = template.copy()
        environ["wsgi.input"] = io.BytesIO(case.body)
        exchange.drain(self.app(environ, exchange.start_response))
        return exchange.answer()

    def call(self, calls, tally):
        index = 0
        for _ in range(calls):
            case = self.prepared[index][1]
            try:
                tally.count(case, case.wrong(*self.ask(index)))
            except FAILURES as error:
                tally.count(case, raised(error))
            index = index + 1 if index + 1 < len(self.prepared) else 0

    def close(self):
        pass


# ---- ASGI ----


class Channel:
    """receive() and send() of one call."""

    __slots__ = ("body", "asked", "done", "gone", "status", "headers", "chunks")

    def __init__(self, body):
        self.body = body
        self.asked = self.done = False
        self.gone = None  # an event, as soon as somebody waits for the client to go away
        self.status = self.headers = None
        self.chunks = []

    async def receive(self):
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.done:
            self.gone = self.gone or asyncio.Event()
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        kind = message["type"]
        if self.done:
            raise RuntimeError(f"the answer was complete, but there came {kind!r}")
        if kind == "http.response.start":
            if self.headers is not None:
                raise RuntimeError("a second http.response.start")
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif kind == "http.response.body":
            if self.headers is None:
                raise RuntimeError("http.response.body before http.response.start")
            self.chunks.append(message.get("body", b""))
            self.done = not message.get("more_body", False)
            if self.done and self.gone is not None:
                self.gone.set()
        else:
            raise RuntimeError(f"a message of type {kind!r}, which no answer has")

    def answer(self):
        if not self.done:
            raise RuntimeError("the application returned, but its answer was not complete")
        return self.status, self.headers, b"".join(self.chunks)


class Lifespan:
    """Start-up and shut-down of an application, as far as it knows of such."""

    def __init__(self, loop, app):
        self.loop = loop
        self.inbox = asyncio.Queue()
        self.told = loop.create_future()
        self.state = {}
        self.task = loop.create_task(self.run(app))

    async def run(self, app):
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": self.state}
        try:
            await app(scope, self.inbox.get, self.send)
        except FAILURES:
            pass  # by the specification: the application does not support it
        finally:
            if not self.told.done():
                self.told.set_result({"type": "unsupported"})

    async def send(self, message):
        if not self.told.done():
            self.told.set_result(message)

    def say(self, what):
        self.inbox.put_nowait({"type": what})
        return self.loop.run_until_complete(self.told)

    def start(self):
        message = self.say("lifespan.startup")
        if message["type"] == "lifespan.startup.failed":
            raise Refused(f"the application's start-up failed: {message.get('message', '')}")

    def stop(self):
        if not self.task.done():
            self.told = self.loop.create_future()
            self.say("lifespan.shutdown")


class Asgi:
    floor = staticmethod(floor_asgi)
    library = os.path.join(os.path.dirname(os.__file__), "")  # which turns the loop

    def __init__(self, app, cases):
        self.app = app
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.lifespan = Lifespan(self.loop, app)
        self.lifespan.start()
        self.prepared = [(case.scope(self.lifespan.state), case) for case in cases]

    def open_channel(self, index):
        template, case = self.prepared[index]
        scope = template.copy()
        scope["headers"] = template["headers"].copy()
        scope["asgi"] = template["asgi"].copy()
        if "state" in template:
            scope["state"] = template["state"].copy()
        return scope, Channel(case.body)

    async def ask_in_loop(self, index):
        scope, channel = self.open_channel(index)
        await self.app(scope, channel.receive, channel.send)
        return channel.answer()

    def ask(self, index):
        status, headers, body = self.loop.run_until_complete(self.ask_in_loop(index))
        return status, as_text(headers), body

    async def call_in_loop(self, calls, tally):
        index = 0
        for _ in range(calls):
            case = self.prepared[index][1]
            try:
                status, headers, body = await self.ask_in_loop(index)
                if case.expect_headers:
                    headers = as_text(headers)
                tally.count(case, case.wrong(status, headers, body))
            except FAILURES as error:
                tally.count(case, raised(error))
            if self.loop._ready:  # tasks that the call has left behind: in a server they get on now
                await asyncio.sleep(0)
            index = index + 1 if index + 1 < len(self.prepared) else 0

    def call(self, calls, tally):
        self.loop.run_until_complete(self.call_in_loop(calls, tally))

    def close(self):
        self.lifespan.stop()


def as_text(headers):
    return [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in headers]


# ---- loading ----


def raised(error):
    """An exception of the application in a sentence, with the line where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the application raised {type(error).__name__}: {error} ({place.filename}:{place.lineno})"


def find(name):
    """What "module:name" stands for; the name may have dots, and () behind it has it called."""
    module, _, attribute = name.partition(":")
    if not attribute:
        raise Refused(f"{name!r}: write the application as module:name")
    try:
        found = importlib.import_module(module)
        for part in attribute.replace("()", "").split("."):
            found = getattr(found, part)
        if attribute.endswith("()"):
            found = found()
    except FAILURES as error:
        traceback.print_exc()
        raise Refused(f"loading {name}: {type(error).__name__}: {error}") from None
    if not callable(found):
        raise Refused(f"{name} is no application: it cannot be called")
    return found


def interface_of(app, name):
    """Wsgi or Asgi: as told, else by what the application is."""
    if name not in ("", "wsgi", "asgi"):
        raise Refused(f"interface {name!r}: it is wsgi or asgi")
    coroutine = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))
    return Asgi if name == "asgi" or (not name and coroutine) else Wsgi


def version_of(app):
    """"flask 2.2.2": the package that the application is an instance of; "" for a bare function."""
    name = type(app).__module__.partition(".")[0]
    if inspect.isroutine(app) or name in sys.builtin_module_names:
        return ""
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        version = getattr(sys.modules.get(name), "__version__", None)
        return f"{name} {version}" if version else ""


def set_collector(how):
    if how == "off":
        gc.disable()
    elif how != "on":
        raise Refused(f"gc {how!r}: PyPy's collector can be 'on', or 'off' as far as major collections go")


# ---- the protocol ----


class Tally:
    def __init__(self):
        self.ok = self.failed = 0
        self.first = ""

    def count(self, case, wrong):
        if not wrong:
            self.ok += 1
            return
        self.failed += 1
        if not self.first:
            self.first = f"{case.name}: {wrong}"


class Counter:
    """A profiler that counts calls, those that the driver itself makes or receives not.

    Nor, in a loop, what Python's library (the files in that folder) does by itself: it turns the loop, wakes
    tasks and keeps a list of them. What it does for code of the application's, which is then above it, counts.
    """

    def __init__(self, library):
        self.library = library
        self.calls = 0
        self.functions = set()

    def is_library(self, name):
        return self.library is not None and "-packages/" not in name and name.startswith(("<frozen ", self.library))

    def is_applications(self, frame):
        while frame is not None and self.is_library(frame.f_code.co_filename):
            frame = frame.f_back
        return frame is not None and (frame.f_code.co_filename != __file__ or
                                      frame.f_code in (floor_wsgi.__code__, floor_asgi.__code__))

    def see(self, frame, event, argument):
        if event not in ("call", "c_call") or not self.is_applications(frame):
            return
        self.calls += 1
        # The method and not what it is bound to, which is another one in each call.
        self.functions.add(frame.f_code if event == "call" else getattr(argument, "__func__", argument))


def memory_bytes():
    """In use after full collections: the second one takes what finalizers of the first let go."""
    gc.collect()
    gc.collect()
    return gc.get_stats()._s.total_gc_memory


class Runner:
    """The commands, a method each."""

    def __init__(self):
        self.cases = []
        self.driver = None  # Wsgi or Asgi, as soon as there is an application

    def do_open(self, command):
        if self.driver is not None:
            raise Refused("open: one application a process, and there is one")
        name = command.get("app", "")
        sys.path.insert(0, command.get("folder", "."))
        set_collector(command.get("gc", "on"))
        self.cases = [Case(entry) for entry in command.get("cases", ())]
        if not self.cases:
            raise Refused("open: no case")
        app = find(name) if name else None
        interface = interface_of(app, command.get("interface", ""))
        self.driver = interface(interface.floor if app is None else app, self.cases)
        tally = Tally()
        self.driver.call(len(self.cases), tally)
        if tally.failed:
            raise Refused(tally.first)
        return {"runtime": f"PyPy {'.'.join(map(str, sys.pypy_version_info[:3]))}, "
                           f"Python {platform.python_version()}",
                "version": version_of(app) if name else "", "interface": interface.__name__.lower(),
                "driver": "", "driver_ns": None, "jit": True}

    def do_ask(self, command):
        index = command.get("case", 0)
        if not 0 <= index < len(self.cases):
            raise Refused(f"ask: there is no case {index}")
        try:
            status, headers, body = self.driver.ask(index)
        except FAILURES as error:
            raise Refused(f"{self.cases[index].name}: {raised(error)}") from None
        return {"status": status, "headers": [list(pair) for pair in headers],
                "body_base64": base64.b64encode(body).decode()}

    def do_run(self, command):
        batches, calls = counts(command, "batches", "calls")
        tally = Tally()
        wall_ns, cpu_ns = [], []
        for _ in range(batches):
            cpu, start = time.process_time_ns(), time.perf_counter_ns()
            self.driver.call(calls, tally)
            wall_ns.append(time.perf_counter_ns() - start)
            cpu_ns.append(time.process_time_ns() - cpu)
        return {"wall_ns": wall_ns, "cpu_ns": cpu_ns, "instructions": None, "ok": tally.ok,
                "wrong": tally.failed, "first_wrong": tally.first}

    def profile(self):
        counter = Counter(self.driver.library)
        sys.setprofile(counter.see)
        try:
            self.driver.ask(0)
        finally:
            sys.setprofile(None)
        return counter

    def do_profile(self, _command):
        self.driver.ask(0)  # so that the ones that are looked into are warm
        # Of some, the one with the fewest: a collection that comes in between calls what it finalizes.
        counter = min((self.profile() for _ in range(PROFILES)), key=lambda counter: counter.calls)
        return {"tcalls": counter.calls, "funcs": len(counter.functions), "allocations": None}

    def do_growth(self, command):
        points, calls = counts(command, "points", "calls")
        tally = Tally()
        found = [0] * (points + 1)  # has its size now: a list that grows is growth too
        found[0] = memory_bytes()
        for point in range(points):
            self.driver.call(calls, tally)
            found[point + 1] = memory_bytes()
        if tally.failed:
            raise Refused(tally.first)
        return {"bytes": found}

    def obey(self, line):
        command = json.loads(line)
        name = command.get("cmd", "")
        method = getattr(self, f"do_{name}", None)
        if name == "quit":
            if self.driver is not None:
                self.driver.close()
            return {}
        if method is None:
            raise Refused(f"command {name!r} is not known to this runner")
        if self.driver is None and name != "open":
            raise Refused(f"{name!r} comes before the application was opened")
        return method(command)


def counts(command, *keys):
    for key in keys:
        if not 1 <= command.get(key, 0) <= COUNT_MAX[key]:
            raise Refused(f"{command['cmd']}: {key} is 1 to {COUNT_MAX[key]}")
    return [command[key] for key in keys]


def answer_to(runner, line):
    try:
        return runner.obey(line)
    except Refused as why:
        return {"error": str(why)}
    except FAILURES as error:
        traceback.print_exc()
        return {"error": raised(error)}


def main():
    if sys.implementation.name != "pypy":
        sys.exit("driver.py: this is the runner for PyPy; `assay inproc` has pypy3 run it")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What the application starts must not keep them open behind our end.
    os.set_inheritable(COMMANDS_FD, False)
    os.set_inheritable(ANSWERS_FD, False)
    runner = Runner()
    with open(COMMANDS_FD, encoding="utf-8") as commands, open(ANSWERS_FD, "w", encoding="utf-8") as answers:
        for line in commands:
            answer = answer_to(runner, line)
            sys.stdout.flush()
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
            if answer == {}:
                break


if __name__ == "__main__":
    main()
