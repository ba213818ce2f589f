"""What the end-to-end tests share: the program, its own server, suites, and waiting for things.

Nothing here sleeps for a guessed time. until() asks again and again for the thing itself; its limit is
there so that a broken program fails the test instead of hanging it.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY_BINARY", str(ROOT / "build/assay"))
FAULTY = pathlib.Path(os.environ.get("ASSAY_FAULTY", pathlib.Path(ASSAY).parent / "tests/assay-faulty"))
PYTHON = "/usr/bin/python3"
# Built with the address sanitizer, which has an allocator and signal handlers of its own.
SANITIZED = os.path.exists(ASSAY) and b"__asan_init" in pathlib.Path(ASSAY).read_bytes()
FIXTURES = pathlib.Path(__file__).parent / "fixtures"

LIMIT_S = 60  # nothing here takes as long, unless it hangs; not even where others need the machine
HELLO = "hello"
MARKER = f"assay-test-{os.getpid()}"  # on the command line of every bad server: it is this test's
BAD_SERVER = [PYTHON, "-X", MARKER, str(FIXTURES / "bad_server.py")]

# A shell that runs us in the background lets us ignore Ctrl-C, which our children would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: what computes beside it could change what it finds; tools/check runs it "
                                       "while no other test runs")


def environment(**variables):
    """Ours, less everything that changes what assay prints or where it keeps its record, and without the
    two seconds that a ceiling takes; a test of ceilings says ASSAY_NO_CEILING=None."""
    skip = ("ASSAY_", "PYTHON", "NO_COLOR", "CLICOLOR", "FORCE_COLOR", "CI", "GITHUB_", "COLUMNS", "LC_", "LANG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(skip)}
    kept |= {"LANG": "C.UTF-8", "TERM": "dumb", "ASSAY_NO_CEILING": "1"} | variables
    return {name: value for name, value in kept.items() if value is not None}


def until(condition, what):
    """Waits for the thing itself; returns what it found."""
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    pytest.fail(f"waited {LIMIT_S} s for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_with(marker):
    """The pids whose command line holds this text (zombies have none)."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@dataclasses.dataclass
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def assay(tmp_path):
    """Runs the program in a folder of its own: assay("load", url, "-j") -> Done."""

    def run(*arguments, prefix=(), stdout=subprocess.PIPE, **variables):
        done = subprocess.run([*prefix, ASSAY, *map(str, arguments)], cwd=tmp_path, stdin=subprocess.DEVNULL,
                              stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S * 3,
                              env=environment(XDG_CACHE_HOME=str(tmp_path / "cache"), **variables), check=False)
        return Done(done.returncode, done.stdout or "", done.stderr)

    return run


@pytest.fixture
def start(tmp_path):
    """Starts the program and leaves it running; what still runs at the end of the test is killed."""
    running = []

    def run(*arguments, **variables):
        child = subprocess.Popen([ASSAY, *map(str, arguments)], cwd=tmp_path, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=environment(XDG_CACHE_HOME=str(tmp_path / "cache"), **variables))
        running.append(child)
        return child

    yield run
    for child in running:
        if child.poll() is None:
            child.kill()
        child.communicate()


@dataclasses.dataclass
class Server:
    """A running `assay server`; stop() gives what it counted."""

    child: subprocess.Popen
    url: str

    @property
    def port(self):
        return int(re.search(r":(\d+)", self.url.removeprefix("http://")).group(1))

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        out, err = self.child.communicate(timeout=LIMIT_S)
        assert self.child.returncode == 0, err
        return json.loads(out.splitlines()[-1])


@pytest.fixture
def serve(start):
    """Starts `assay server` with these flags on a free port; returns when it listens."""

    def run(*flags):
        child = start("server", "--port", "0", *flags)
        line = child.stdout.readline()
        match = re.match(r"listening on (http://\S+)$", line)
        assert match, line + child.stderr.read()
        return Server(child, match.group(1).rstrip("/") + "/")

    return run


@pytest.fixture
def server(serve):
    """Our own server, answering a few bytes."""
    return serve("--body", HELLO)


@pytest.fixture
def suite(tmp_path):
    """Writes a small suite into a folder of its own: suite(targets, blocks=1, ...) -> the folder. Its load is a count,
    for which no machine is too busy."""

    def write(targets, *, name="small", blocks=1, workloads=None, loads=None, **more):
        folder = tmp_path / "suite"
        folder.mkdir(exist_ok=True)
        text = {
            "suite": name, "blocks": blocks,
            "workloads": workloads or [{"name": "hello", "path": "/", "expect": {"status": 200, "body": HELLO}}],
            "loads": loads or [{"name": "few", "model": "closed", "connections": 2, "requests": 200}],
            "targets": targets, **more,
        }
        (folder / "suite.yaml").write_text(yaml.safe_dump(text, sort_keys=False))
        return folder

    return write


def ranked(row):
    """First of its ranking; or a row whose figures are not believed, because this machine is busy."""
    return row["rank"] == 1 or (row["trials"] > 0 and row["refused"] is not None)


def own_server(name="own", **more):
    """A target of a suite that works: our own server, ranked like any other."""
    return {"name": name, "start": f"{ASSAY} server --port {{port}} --body {HELLO}", **more}


def bad_server(mode, name=None, **more):
    """A target that misbehaves as told."""
    return {"name": name or mode.replace("_", "-"), "ready_timeout": "1s", "grace": "500ms",
            "start": f"{' '.join(BAD_SERVER)} {mode} {{port}}", **more}


@pytest.fixture(params=["epoll", pytest.param("io_uring", id="needs_io_uring")])
def ring(request, assay, serve):
    """Each ring in turn; skipped where the kernel or the container has no io_uring."""
    if request.param == "io_uring":
        done = assay(serve().url, "--ring", "io_uring", "-n", "1", "-q", "--no-save")
        if done.code != 0:
            pytest.skip(done.err.strip())
    return request.param
