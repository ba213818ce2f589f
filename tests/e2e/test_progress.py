"""--progress: what is told while it is measured, to people and to programs."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess

import jsonschema
import pytest

from conftest import ASSAY, FIXTURES, LIMIT_S, environment, own_server
from test_screen import ESCAPE, in_terminal

RUNNER = pathlib.Path(ASSAY).resolve().parent / "assay-runner-cpython"
KINDS = ["run_start", "trial_start", "trial_end", "run_end"]


@pytest.fixture
def events(assay):
    """The events of a run, each as the schema has it; what else is on standard error is no JSON."""
    schema = jsonschema.Draft202012Validator(json.loads(assay("schema", "progress").out))

    def read(text):
        found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        for event in found:
            schema.validate(event)
        assert [event["t_ns"] for event in found] == sorted(event["t_ns"] for event in found)
        return found

    return read


def kinds(found):
    return [event["type"] for event in found if event["type"] != "progress"]


def test_a_load_is_told_as_events(assay, server, events):
    done = assay(server.url, "-d", "300ms", "--progress=json", "-j")
    found = events(done.err)
    assert kinds(found) == KINDS
    assert found[0]["what"] == "load" and found[0]["trials"] == 1
    end = found[-2]
    record = done.json
    assert (end["ok"], end["failed"]) == (record["requests"]["ok"], 0)
    assert end["throughput_per_sec"] == pytest.approx(record["throughput_per_sec"], rel=1e-4)
    assert end["verdict"] == record["verdict"]["overall"]
    assert found[-1]["run"] == assay("list", "-j").json[0]["id"]
    assert found[-1]["exit_code"] == 0
    assert all(line.startswith("{") for line in done.err.splitlines())


def test_a_suite_is_told_as_events_trial_by_trial(assay, suite, events):
    folder = suite([own_server("a"), own_server("b")], blocks=2)
    done = assay("run", folder, "--progress=json", "-qq")
    assert done.code == 0, done.err
    assert done.out == ""
    found = events(done.err)
    assert kinds(found) == ["run_start", *4 * ["trial_start", "trial_end"], "run_end"]
    ends = [event for event in found if event["type"] == "trial_end"]
    assert [event["trial"] for event in ends] == [1, 2, 3, 4]
    assert {event["target"] for event in ends} == {"a", "b"}
    assert {event["trials"] for event in ends} == {4}
    assert {event["state"] for event in ends} == {"done"}


def test_pairs_of_versions_are_told_as_events(assay, suite, events):
    folder = suite([own_server("app")], loads=[{"name": "one", "connections": 1, "requests": 20}])
    done = assay("ci", "--base-cmd", own_server()["start"], "--pairs", "1", "--gate", "off", "--progress=json", folder)
    assert done.code == 0, done.err
    found = events(done.err)
    assert kinds(found) == ["run_start", *3 * ["trial_start", "trial_end"], "run_end"]
    assert "pair" not in "".join(line for line in done.err.splitlines() if not line.startswith("{"))
    assert {event["target"] for event in found if event["type"] == "trial_end"} == {"app@base", "app@head"}


@pytest.mark.skipif(not RUNNER.exists(), reason="built without python3-dev")
def test_calls_in_process_are_told_as_events(assay, events):
    done = assay("inproc", "--folder", FIXTURES / "inproc", "--processes", "1", "--calls", "200", "odd_app:good",
                 "--progress=json")
    assert done.code == 0, done.err
    found = events(done.err)
    assert kinds(found) == ["run_start", "run_end"]
    assert found[1]["type"] == "progress" and found[1]["trial"] is None


def test_a_run_that_fails_ends_with_its_exit_code(assay, events):
    done = assay("http://127.0.0.1:1/", "-d", "100ms", "--progress=json")
    assert done.code == 1
    assert events(done.err)[-1]["exit_code"] == 1


def test_who_asks_gets_an_event_and_who_stops_it_the_end(start, server, events):
    child = start(server.url, "-d", "60s", "--warmup", "0", "--progress=json")
    lines = [child.stderr.readline()]  # signals are caught by then
    child.send_signal(signal.SIGUSR1)
    while '"progress"' not in lines[-1]:
        lines.append(child.stderr.readline())
    child.send_signal(signal.SIGINT)
    assert child.wait(LIMIT_S) == 130
    lines += child.stderr.readlines()
    assert all(line.startswith("{") for line in lines), lines
    found = events("".join(lines))
    assert kinds(found) == KINDS
    assert found[-2]["partial"] and found[-1]["exit_code"] == 130


def run_with(descriptor, arguments, cwd, **more):
    return subprocess.run([ASSAY, *arguments, "--progress=json", f"--progress-fd={descriptor}"], cwd=cwd,
                          pass_fds=[descriptor], capture_output=True, text=True, timeout=LIMIT_S, check=False,
                          env=environment(**more))


def test_events_go_to_the_descriptor_that_is_named(server, tmp_path, events):
    with (tmp_path / "events.jsonl").open("w+") as file:
        done = run_with(file.fileno(), [server.url, "-n", "10"], tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert done.stdout.startswith("RESULT")
        file.seek(0)
        assert kinds(events(file.read())) == KINDS


@pytest.mark.parametrize("what", ["closed", "full"])
def test_a_reader_that_does_not_read_stops_nothing(server, tmp_path, what):
    ours, theirs = os.pipe()
    if what == "closed":
        os.close(ours)
    else:
        os.set_blocking(theirs, False)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(theirs, bytes(4096))
        os.set_blocking(theirs, True)
    done = run_with(theirs, [server.url, "-n", "10"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("RESULT")
    os.close(theirs)


APP = """
import os
with open({note!r}, "w") as file:
    print(*os.listdir("/proc/self/fd"), file=file)

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.skipif(not RUNNER.exists(), reason="built without python3-dev")
def test_what_is_measured_does_not_get_the_descriptor(tmp_path):
    note = tmp_path / "descriptors"
    (tmp_path / "nosy.py").write_text(APP.format(note=str(note)))
    with (tmp_path / "events.jsonl").open("w") as file:
        descriptor = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, 60)
        done = run_with(descriptor, ["inproc", "nosy:app", "--processes", "1", "-n", "20", "-qq"], tmp_path)
        os.close(descriptor)
    assert done.returncode == 0, done.stderr
    assert str(descriptor) not in note.read_text().split()


@pytest.mark.parametrize(("arguments", "words"), [
    (["--progress=loud"], "auto, plain, json or none"),
    (["--progress=json", "--progress-fd=77"], "not open for writing"),
    (["--progress=json", "--progress-fd=1"], "from 2 to"),
    (["--progress=json", "--progress-fd=x"], "no whole number"),
    (["--progress-fd=2"], "add --progress=json"),
])
def test_a_wrong_progress_says_what_is_right(assay, arguments, words):
    done = assay("http://127.0.0.1:1/", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


def test_a_descriptor_for_reading_is_no_place_for_events(assay, tmp_path):
    (tmp_path / "file").touch()
    with (tmp_path / "file").open() as file:
        done = run_with(file.fileno(), ["http://127.0.0.1:1/"], tmp_path)
    assert done.returncode == 2
    assert "not open for writing" in done.stderr


def test_none_is_quiet_and_keeps_the_result(assay, server, suite):
    done = assay(server.url, "-d", "200ms", "--progress=none")
    assert done.out.startswith("RESULT") and done.err == ""
    done = assay("run", suite([own_server()]), "--progress=none")
    assert done.code == 0 and done.err == ""


@pytest.mark.parametrize(("flags", "variables"), [
    (["--progress=plain"], {}),
    ([], {"ASSAY_PROGRESS": "plain"}),
    ([], {"CI": "true"}),
], ids=["plain", "environment", "CI"])
def test_plain_is_lines_on_a_terminal_too(server, tmp_path, flags, variables):
    written = in_terminal([server.url, "-d", "300ms", "--color=never", *flags], tmp_path, **variables)
    assert "measured 0.3s" in written
    assert ESCAPE not in written


def test_auto_repaints_a_terminal(server, tmp_path):
    written = in_terminal([server.url, "-d", "300ms", "--color=never", "--progress=auto"], tmp_path)
    assert ESCAPE in written and "measured" not in written
