"""assay compare: two sides where people and programs meet them. What is found is tested with the findings."""

import json

import jsonschema
import pytest

from conftest import ROOT, own_server

SCHEMA = json.loads((ROOT / "docs/schema/assay-comparison-1.json").read_text())
SHORT = [{"name": "few", "connections": 2, "requests": 50, "timeout": "500ms"}]


@pytest.fixture
def compared(assay):
    """The comparison as JSON, which keeps its schema."""

    def run(*arguments):
        done = assay("compare", *arguments, "-j")
        assert done.code == 0, done.err
        jsonschema.Draft202012Validator(SCHEMA).validate(done.json)
        return done.json

    return run


@pytest.fixture
def told(assay, suite, tmp_path):
    """A real run of two targets as a file, but with windows as told, which no busy machine can change:
    told(blocks, a=10, b=20) -> a file in which a trial of b takes 20 ms for its 50 answers in the first block."""

    def write(blocks, **ms):
        path = tmp_path / f"{'-'.join(ms)}.json"
        done = assay("run", suite([own_server(name) for name in ms], blocks=blocks, loads=SHORT), "--no-ceiling",
                     "-o", f"json={path}")
        assert done.code == 0, done.err
        run = json.loads(path.read_text())
        run["trials"] = [trial for trial in run["trials"] if not trial["control"]]
        for trial in run["trials"]:
            drift = 1 + trial["block"] % 3  # what hits a block hits all of it
            trial["window_s"] = ms[trial["target"]["name"]] * drift / 1000
            trial["verdict"] = None
        path.write_text(json.dumps(run))
        return path

    return write


def throughput(document, cell=0):
    return document["cells"][cell]["metrics"][0]


def test_targets_of_one_run_in_pairs(told, compared, assay):
    path = told(6, quick=10, slow=11)
    document = compared(f"{path}:slow", f"{path}:quick")
    assert document["same_run"] and document["cells"][0]["paired"]
    found = throughput(document)
    assert (found["finding"], found["better"], found["a_trials"]) == ("less", "b", 6)
    assert found["text"].startswith("A is slower than B by 9.1 % [9.1, 9.1], Holm p = 0.031")
    shown = assay("compare", f"{path}:slow", f"{path}:quick", COLUMNS="80")
    assert shown.code == 0
    assert "A is slower than B by 9.1 % [9.1, 9.1]" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_two_runs_are_two_samples_and_what_differs_comes_first(told, compared, assay, tmp_path):
    a, b = told(6, own=10), tmp_path / "b.json"
    other = json.loads(a.read_text())
    other["host"]["hostname"] = "elsewhere"
    other["id"] = "ffffff"
    for trial in other["trials"]:
        trial["target"]["name"] = "new"
        trial["load"]["connections"] = 64
    b.write_text(json.dumps(other))
    document = compared(a, b)
    assert not document["same_run"] and not document["cells"][0]["paired"]
    assert [note["what"] for note in document["not_the_same"]] == ["machine", "load"]
    assert throughput(document)["better"] is None
    assert document["cells"][0]["b_target"] == "new"
    out = assay("compare", a, b, LANG="C", COLUMNS="80").out
    assert out.startswith("! not the same machine: host ")
    assert out.isascii()


def test_single_loads_have_too_few_trials_and_are_told_what_to_do(assay, compared, server, tmp_path):
    for name in ("a", "b"):
        assert assay(server.url, "-n", "50", "--no-save", "--no-ceiling", "-o", f"json={name}.json").code == 0
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"verdict": None}))
    document = compared("a.json", "b.json")
    found = throughput(document)
    assert found["text"] == "no verdict: needs 4 trials of each (has 1)"
    assert "assay run SUITE --blocks 6" in found["remedy"]
    assert not document["not_the_same"][0]["known"]


def test_a_refused_trial_refuses_the_comparison_with_the_reason(told, compared, assay, tmp_path):
    path = told(6, a=10, b=20)
    run = json.loads(path.read_text())
    run["trials"][3]["verdict"] = {"overall": "invalid", "checks": [
        {"id": "generator", "state": "fail", "value": 0.95, "limit": 0.9, "unit": "share",
         "text": "the generator was the limit", "remedy": "more threads (-t)"}]}
    path.write_text(json.dumps(run))
    document = compared(f"{path}:a", f"{path}:b")
    assert document["cells"][0]["refused"]
    assert throughput(document)["finding"] == "refused"
    assert assay("compare", f"{path}:a", f"{path}:b", "-o", "md=c.md").code == 0
    text = (tmp_path / "c.md").read_text()
    assert "generator: in 1 of 6 trials, first: the generator was the limit" in text
    assert "| req/s |" in text


def test_different_work_is_refused_with_both_figures(told, compared):
    path = told(6, a=10, b=20)
    run = json.loads(path.read_text())
    for trial in run["trials"]:
        if trial["target"]["name"] == "b":
            trial["probe_encoding"] = "gzip"
    path.write_text(json.dumps(run))
    document = compared(f"{path}:a", f"{path}:b")
    found = throughput(document)
    assert document["cells"][0]["refused"]
    assert (found["finding"], found["better"], found["ratio"]) == ("refused", None, None)
    assert found["a"] > found["b"] > 0
    assert found["text"] == "refused: parity: b: compressed (gzip), a: not compressed: different work"
    assert found["remedy"].startswith("make all compress or none")


def test_the_database_is_asked_too(assay, suite, compared):
    assert assay("run", suite([own_server("a"), own_server("b")], loads=SHORT), "--no-ceiling").code == 0
    assert compared("last:a", "last:b")["same_run"]


@pytest.mark.parametrize("arguments, expected", [
    (("a.json",), "which two?"),
    (("a.json", "a.json", "a.json"), "a third"),
    (("no.json", "a.json"), "no.json is no file, so it should be a run"),
    (("text", "a.json"), "text is no JSON"),
    (("other.json", "a.json"), "it should be what -o json= wrote"),
    (("a.json", "a.json", "-o", "csv=c.csv"), "no table of trials"),
    (("run.json", "run.json"), "name two of its targets, as in RUN:TARGET; it has"),
    (("run.json:x", "run.json:y"), "no trial called x, but"),
    (("run.json", "run.json:a", "--db", "not/there.db"), "name two of its targets"),
])
def test_wrong_input_is_told_what_to_do(assay, server, suite, tmp_path, arguments, expected):
    assert assay(server.url, "-n", "20", "--no-save", "--no-ceiling", "-o", "json=a.json").code == 0
    done = assay("run", suite([own_server("a"), own_server("b")], loads=SHORT), "--no-save", "--no-ceiling",
                 "-o", "json=run.json")
    assert done.code == 0, done.err
    (tmp_path / "text").write_text("Requests/sec: 12")
    (tmp_path / "other.json").write_text('{"schema": "assay/other/1"}')
    done = assay("compare", *arguments)
    assert done.code == 2
    assert expected in done.err
    assert done.out == ""
