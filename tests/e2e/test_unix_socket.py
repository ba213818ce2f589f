"""Load over Unix sockets: by hand, and in suites with an `address:`."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import threading

import jsonschema
import pytest

from conftest import ASSAY, HELLO, LIMIT_S, ROOT, until
from test_books import sent_in_all

LOADS = {
    "closed": ["-c", "8", "-d", "300ms", "--warmup", "50ms"],
    "by count": ["-c", "4", "-n", "1000"],
    "open": ["-c", "8", "-r", "2000", "-d", "300ms"],
    "a connection a request": ["-c", "4", "--close", "-n", "200"],
    "stages": ["--stages", "100n:2c,100n:4c"],
}


@pytest.fixture
def unix_server(start, tmp_path):
    """Our own server on a socket: unix_server() -> (its path, a function that gives what it counted)."""

    def run(*flags):
        path = tmp_path / "server.sock"
        child = start("server", "--unix-socket", path, "--body", HELLO, *flags)
        line = child.stdout.readline()
        assert line == f"listening on unix:{path}\n", line + child.stderr.read()

        def stop():
            child.send_signal(signal.SIGTERM)
            out, err = child.communicate(timeout=LIMIT_S)
            assert child.returncode == 0, err
            return json.loads(out.splitlines()[-1])

        return path, stop

    return run


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("flags", LOADS.values(), ids=LOADS.keys())
def test_the_server_counts_what_the_client_says_it_sent(assay, unix_server, ring, flags, threads):
    path, stop = unix_server("--threads", threads)
    done = assay("http://example.test/x", "--unix-socket", path, *flags, "--ring", ring, "-j")
    assert done.code == 0, done.err
    trials = done.json.get("trials", [done.json])
    counted = stop()
    assert counted["requests"] == sum(sent_in_all(t["requests"]) for t in trials)
    assert not path.exists()
    for trial in trials:
        assert trial["requests"]["ok"] > 0
        assert sum(trial["requests"]["failed"].values()) == 0
        assert trial["load"]["ring"] == ring
        assert trial["target"]["address"] == f"unix:{path}"
        assert trial["target"]["url"] == "http://example.test/x"
        assert trial["server"]["processes"] == 1  # found by the socket, though assay did not start it


def test_the_url_gives_host_and_path(assay, tmp_path):
    path, heard = tmp_path / "one.sock", []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer():
            with contextlib.suppress(OSError):  # the listener is closed at the end of the test
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        while data := connection.recv(4096):
                            heard.append(data)
                            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        threading.Thread(target=answer, daemon=True).start()
        done = assay("http://example.test:81/a?b", "--unix-socket", path, "-n", "1", "-c", "1")
    assert done.code == 0, done.err
    assert heard and all(b"GET /a?b HTTP/1.1\r\nHost: example.test:81\r\n" in data for data in heard)


def test_connects_that_fail_are_named(assay, tmp_path, ring):
    missing = assay("http://localhost/", "--unix-socket", tmp_path / "no.sock", "-n", "1", "--ring", ring)
    assert missing.code == 1
    assert "no.sock" in missing.err and "No such file or directory" in missing.err and "path right" in missing.err
    (tmp_path / "plain").write_text("")
    refused = assay("http://localhost/", "--unix-socket", tmp_path / "plain", "-n", "1", "--ring", ring)
    assert refused.code == 1
    assert "Connection refused" in refused.err


@pytest.mark.parametrize("command", [["http://localhost/", "-n", "1"], ["server"]])
def test_a_path_that_is_too_long_is_refused(assay, command):
    done = assay(*command, "--unix-socket", "/tmp/" + "x" * 110)
    assert done.code == 2
    assert "115 bytes; at most 107 fit" in done.err


def test_the_server_takes_over_a_socket_that_was_left_and_no_other(assay, unix_server, start, tmp_path):
    path, stop = unix_server()
    second = assay("server", "--unix-socket", path)
    assert second.code == 1 and "in use" in second.err
    assert stop()["requests"] == 0
    child = start("server", "--unix-socket", path)
    child.stdout.readline()
    child.kill()
    child.wait()
    assert path.exists()
    _, stop = unix_server()
    stop()
    both = assay("server", "--unix-socket", path, "--port", "0")
    assert both.code == 2 and "exclude" in both.err


# ---- suites ----


def unix_target(name="own", **more):
    return {"name": name, "start": f"{ASSAY} server --unix-socket {{socket}} --body {HELLO}",
            "address": "unix:{socket}", **more}


def trials_of(tmp_path):
    run = json.loads((tmp_path / "run.json").read_text())
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/assay-run-1.json").read_text())).validate(run)
    return run["trials"]


def test_a_target_on_a_socket_is_started_asked_driven_and_tidied_up(assay, suite, tmp_path, ring):
    folder = suite([unix_target(), unix_target("many", instances="3")], blocks=2,
                   loads=[{"name": "kept", "connections": 6, "duration": "150ms"},
                          {"name": "each", "connections": 2, "requests": 50, "keepalive": False}])
    done = assay("run", folder, "-o", "json=run.json", "--ring", ring)
    assert done.code == 0, done.err
    trials = trials_of(tmp_path)
    assert len(trials) == 8
    paths = {t["target"]["address"].removeprefix("unix:") for t in trials}
    assert len(paths) == 8  # a fresh one for each start
    for trial in trials:
        path = trial["target"]["address"].removeprefix("unix:")
        assert re.fullmatch(r"/tmp/assay-\w+/(own|many)", path)
        assert not os.path.exists(path) and not os.path.exists(os.path.dirname(path))
        assert trial["requests"]["ok"] > 0
        assert trial["server"]["cpu_ns_per_request"] is not None


def test_a_back_end_may_be_on_a_socket_of_its_own(assay, suite, tmp_path):
    folder = suite([{"name": "pair", "processes": [
        {"name": "back", "start": f"sh -c 'sleep 0.2; exec {ASSAY} server --unix-socket {{socket}}'"},
        {"name": "front", "start": f"test -S {{back.socket}} && exec {ASSAY} server --port {{port}} --body {HELLO}"}]}])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.out + done.err
    assert trials_of(tmp_path)[0]["server"]["processes"] >= 2


def test_verify_is_asked_with_the_socket(assay, suite, tmp_path):
    folder = suite([unix_target()],
                   workloads=[{"name": "w", "path": "/p", "verify": f"sh -c 'echo $1 >{tmp_path}/asked; test -S ${{1#unix:}}' sh"}])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.out + done.err
    assert (tmp_path / "asked").read_text().strip() == trials_of(tmp_path)[0]["target"]["address"]


def test_an_address_that_grows_too_long_is_the_reason_it_is_not_ranked(assay, suite):
    folder = suite([unix_target("long", address="unix:{dir}/" + "x" * 100)])
    done = assay("run", folder)
    assert done.code == 1
    assert "at most 107 fit" in " ".join(done.out.split())


def test_a_socket_nobody_listens_on_is_the_reason_it_is_not_ranked(assay, suite):
    folder = suite([unix_target("deaf", start="sleep 60", ready_timeout="300ms")])
    done = assay("run", folder)
    assert done.code == 1
    assert "never listened on unix:/tmp/assay-" in done.out


def test_after_kill_9_the_folder_of_the_sockets_is_gone_too(start, suite, tmp_path):
    note = tmp_path / "socket"
    folder = suite([unix_target(start=f"echo {{socket}} >{note}; exec {ASSAY} server --unix-socket {{socket}} --body {HELLO}")],
                   loads=[{"name": "long", "connections": 1, "duration": "60s"}])
    child = start("run", folder, "--no-save")
    path = pathlib.Path(until(lambda: note.exists() and note.read_text().strip(), "the target's start"))
    until(path.exists, "the socket")
    child.kill()
    until(lambda: not path.parent.exists(), "the folder to be gone")


def test_after_kill_9_while_a_target_is_being_stopped_the_folder_is_gone_too(start, suite, tmp_path):
    """Its shell hears that it is to end, says so, and does not."""
    note, asked = tmp_path / "socket", tmp_path / "asked"
    stubborn = (f"trap 'echo >{asked}' TERM; echo {{socket}} >{note}; "
                f"{ASSAY} server --unix-socket {{socket}} --body {HELLO} & while :; do sleep 1; done")
    folder = suite([unix_target(start=stubborn, grace="600s")])
    child = start("run", folder, "--no-save")
    until(asked.exists, "the target's end to be asked for")
    path = pathlib.Path(note.read_text().strip())
    assert path.parent.exists()
    child.kill()
    until(lambda: not path.parent.exists(), "the folder to be gone")


def test_the_ceiling_of_unix_sockets_leaves_no_file_behind(start, unix_server, tmp_path):
    """Not even when it is killed while it measures: its server is there, and no file of it."""
    path, _ = unix_server()
    child = start("http://x/", "--unix-socket", path, "-d", "1s", "--warmup", "0s", "--no-save",
                  ASSAY_NO_CEILING=None)
    name = f"@assay-ceiling-{child.pid}"
    until(lambda: name in pathlib.Path("/proc/net/unix").read_text(), "the ceiling's server")
    child.kill()
    child.wait()
    assert not [entry for entry in os.listdir("/tmp") if f"ceiling-{child.pid}" in entry]
