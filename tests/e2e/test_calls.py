"""A suite's applications that are called in-process, beside its servers."""

import json
import re

import jsonschema

from conftest import ASSAY, HELLO, ROOT, own_server

APP = f"""def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "{len(HELLO)}")])
    return [b"{HELLO}"]

def wrong(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"something else"]
"""

CALLS = {"name": "calls", "model": "inproc", "requests": 500}
FEW = {"name": "few", "connections": 1, "duration": "300ms", "warmup": "20ms"}


def called(name, app, **more):
    return {"name": name, "directory": "app", "inproc": {"runtime": "cpython", "app": app, **more}}


def write(suite, targets, **more):
    folder = suite(targets, loads=[FEW, CALLS], **more)
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "hello.py").write_text(APP)
    return folder


def run_json(tmp_path):
    run = json.loads((tmp_path / "run.json").read_text())
    schemas = {name: json.loads((ROOT / f"docs/schema/assay-{name}-1.json").read_text()) for name in ("run", "inproc")}
    jsonschema.Draft202012Validator(schemas["run"]).validate(run)
    for table in run.get("inproc", []):
        jsonschema.Draft202012Validator(schemas["inproc"]).validate(table)
    return run


def test_applications_are_called_in_a_table_for_each_state_of_the_collector(assay, suite, tmp_path):
    target = called("hello", "hello:app", gc="{gc}") | {"factors": [{"name": "gc", "values": ["on", "off"]}]}
    folder = write(suite, [target], blocks=2)
    assert assay("run", folder, "--dry-run", "-j").json["guessed"] == 2
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.out + done.err
    assert assay("run", folder, "--dry-run", "-j").json["guessed"] == 0
    run = run_json(tmp_path)
    assert run["trials"] == []
    assert [table["gc"] for table in run["inproc"]] == ["on", "off"]
    for table, name in zip(run["inproc"], ("hello gc=on", "hello gc=off")):
        floor, row = table["rows"]
        assert floor["floor"] and row["app"] == name and row["state"] == "done"
        assert len(row["processes"]) == 2 and all(p["requests"] >= 500 for p in row["processes"])
    assert len(re.findall(r"^bare WSGI callable \(floor\) ", assay("show", "last").out, re.MULTILINE)) == 2
    assert "2 applications" in assay("list").out


def test_one_application_called_and_served_is_taken_apart(assay, suite, tmp_path):
    unix = {"start": f"{ASSAY} server --unix-socket {{socket}} --body {HELLO}", "address": "unix:{socket}"}
    same = {"application": "hello"}
    folder = write(suite, [called("called", "hello:app") | same, own_server("tcp") | same,
                           own_server("unix") | unix | same])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.out + done.err
    run = run_json(tmp_path)
    assert {trial["target"]["application"] for trial in run["trials"]} == {"hello"}
    line = next(line for line in done.out.split("taken apart")[1].splitlines() if line.startswith("hello"))
    shares = [float(word.strip("()")) for word in line.replace("%", " ").split() if word.startswith("(")]
    assert len(shares) == 3 and abs(sum(shares) - 100) <= 2  # rounded
    assert "taken apart" in assay("show", "last").out


def test_an_application_that_cannot_be_taken_apart_has_the_reason(assay, suite):
    """Called with the collector on and off: neither is known to be the one that was served."""
    unix = {"start": f"{ASSAY} server --unix-socket {{socket}} --body {HELLO}", "address": "unix:{socket}"}
    both = {"application": "both", "factors": [{"name": "gc", "values": ["on", "off"]}]}
    part = {"application": "part"}
    folder = write(suite, [called("both", "hello:app", gc="{gc}") | both, own_server("both-tcp", application="both"),
                           own_server("both-unix", application="both") | unix,
                           called("part", "hello:app") | part, own_server("part-unix") | unix | part])
    done = assay("run", folder)
    assert done.code == 0, done.out + done.err
    told = " ".join(done.out.split("taken apart")[1:]).replace("\n", " ")
    assert re.search(r"both\s+cannot be\s+:?.*it was called in 2 ways", told)
    assert re.search(r"part\s+cannot be\s+:?.*without a figure over loopback", told)


def test_a_wrong_answer_of_one_leaves_the_others_and_says_so(assay, suite, tmp_path):
    folder = write(suite, [called("right", "hello:app"), called("wrong", "hello:wrong"), own_server()])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 1
    rows = {row["app"]: row for table in run_json(tmp_path)["inproc"] for row in table["rows"]}
    assert rows["right"]["state"] == "done" and rows["wrong"]["state"] == "failed"
    assert "body" in rows["wrong"]["reason"] and rows["wrong"]["reason"] in " ".join(done.out.split())


def test_the_plan_counts_them(assay, suite):
    folder = write(suite, [called("right", "hello:app"), own_server()])
    assert "1 application called in-process" in assay("run", folder, "--dry-run").out
    plan = assay("run", folder, "--dry-run", "-j").json
    assert (plan["trials"], plan["calls"]) == (1, 1)
