"""Services of a target: filled, measured apart from the front, stopped with it."""

import json

import jsonschema

from conftest import ASSAY, HELLO, PYTHON, ROOT, processes_with

# Busy a tenth of the time, in a child of its own: what the service uses is in its whole tree.
BUSY = """import os, time
if os.fork() == 0:
    while True:
        begin = time.perf_counter()
        while time.perf_counter() - begin < 0.003: pass
        time.sleep(0.02)
os.wait()"""


def pair(tmp_path, back, **more):
    (tmp_path / "busy.py").write_text(BUSY)
    return {"name": "pair", "processes": [
        {"name": "back", "role": "service", **back},
        {"name": "front", "start": f"{ASSAY} server --port {{port}} --body {HELLO}", **more}]}


def test_what_a_service_uses_is_not_the_fronts(assay, suite, tmp_path):
    folder = suite([pair(tmp_path, {"start": f"{PYTHON} {tmp_path}/busy.py"})],
                   loads=[{"name": "slow", "model": "open", "rate": 20, "connections": 1, "duration": "1s"}])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.out + done.err
    run = json.loads((tmp_path / "run.json").read_text())
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/assay-run-1.json").read_text())).validate(run)
    trial = run["trials"][0]
    service, = trial["services"]
    assert (service["name"], service["processes"], trial["server"]["processes"]) == ("back", 2, 1)
    used = service["cpu_user_ns"] + service["cpu_system_ns"]
    assert used > 30e6  # of about 130 ms
    assert trial["server"]["cpu_user_ns"] + trial["server"]["cpu_system_ns"] < used / 2
    assert service["cpu_ns_per_request"] == used / trial["requests"]["ok_in_window"]
    assert service["rss_bytes_peak"] > 4e6
    assert "service CPU" in done.out
    assert "service CPU" in assay("show", "last").out
    assert processes_with(f"{tmp_path}/busy.py") == []


def test_after_runs_once_when_its_process_is_ready_and_before_the_next_starts(assay, suite, tmp_path):
    log = tmp_path / "log"
    target = pair(tmp_path, {"start": f"{ASSAY} server --port {{port}}", "instances": "2",
                             "after": f"echo filled {{port}} of {{ports}} $NAME >>{log}"},
                  start=f"echo front >>{log}; exec {ASSAY} server --port {{port}} --body {HELLO}")
    folder = suite([target | {"env": ["NAME=x"]}], blocks=2)
    done = assay("run", folder)
    assert done.code == 0, done.out + done.err
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["filled", "front"] * 2
    assert len(lines[0].split()) == 6 and lines[0].split()[1] == lines[0].split()[3] and lines[0].endswith(" x")


def test_the_front_too_may_be_filled_before_it_is_asked_for_the_answer(assay, suite, tmp_path):
    page = tmp_path / "page"
    folder = suite([{"name": "filled", "processes": [
        {"name": "front", "start": f"{PYTHON} -m http.server -d {page} {{port}}", "after": f"printf {HELLO} >{page}/x"}]}],
        workloads=[{"name": "w", "path": "/x", "expect": {"status": 200, "body": HELLO}}])
    page.mkdir()
    done = assay("run", folder)
    assert done.code == 0, done.out + done.err


def test_a_service_that_cannot_be_filled_fails_the_start_with_its_last_lines(assay, suite, tmp_path):
    folder = suite([pair(tmp_path, {"start": f"{ASSAY} server --port {{port}}",
                                    "after": "echo no such table; exit 3"})])
    done = assay("run", folder)
    assert done.code == 1
    assert "back: its command 'after' exited with status 3" in done.out
    assert "no such table" in done.out


def test_a_command_after_that_does_not_end_fails_the_start(assay, suite, tmp_path):
    folder = suite([pair(tmp_path, {"start": f"{ASSAY} server --port {{port}}", "after": "sleep 60"})
                    | {"ready_timeout": "500ms"}])
    done = assay("run", folder)
    assert done.code == 1
    assert "back: after: not done within 500ms" in done.out
