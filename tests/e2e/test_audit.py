"""assay audit: what other people's tools printed, and what cannot be true in it."""

import json
import pathlib
import subprocess

import jsonschema
import pytest

from conftest import ASSAY, LIMIT_S, ROOT, environment

DATA = ROOT / "tests/data/audit"
HONEST = ["ab.txt", "gcannon.json", "h1load.txt", "h2load.txt", "hey.txt", "siege.txt", "weighttp.txt", "wrk.txt",
          "wrk2.txt"]
GIN = DATA / "gin-flask-2019-gin.wrk.txt"
FLASK = DATA / "gin-flask-2019-flask.wrk.txt"
SCHEMA = ROOT / "docs/schema/assay-audit-1.json"


@pytest.fixture
def audit(assay):
    """The audit of these files as JSON, which keeps its schema."""

    def run(*files):
        done = assay("audit", *files, "-j")
        assert done.code == 0, done.err
        assert done.err == ""
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(done.json)
        return done.json

    return run


def found(document, which):
    return [finding for finding in document["findings"] if finding["id"] == which]


def accused(document):
    return document["impossible"] + document["incomparable"]


def test_gin_had_143_8_requests_on_32_connections_and_flask_31_9(audit):
    document = audit(GIN, FLASK)
    [flight] = found(document, "in-flight")
    assert (round(flight["value"], 1), flight["limit"], flight["level"]) == (143.8, 32, "impossible")
    assert pathlib.Path(flight["file"]) == GIN
    gin, flask = document["results"]
    assert round(gin["in_flight"], 1) == 143.8
    assert round(flask["in_flight"], 1) == 31.9
    assert flask["in_flight"] < flask["in_flight_limit"]
    [size] = found(document, "bytes")
    assert (round(size["value"], 1), round(size["limit"], 1)) == (179.0, 141.0)


def test_the_errors_in_the_rates_of_2013_and_the_true_rates(audit):
    document = audit(DATA / "wsgi-servers-2013.txt")
    rates = {(f["section"][-18:], f["value"]): round(f["limit"], 1) for f in found(document, "errors")}
    assert rates == {("gevent_virtuoso.py", 308): 266.7, ("gevent_virtuoso.py", 256): 203.1,
                     ("event_virtuoso2.py", 413): 403.9, ("event_virtuoso2.py", 310): 275.4,
                     ("event_virtuoso2.py", 311): 276.8}
    assert "loads of 5 and 50 connections under one heading" in [f["text"] for f in found(document, "loads")]
    assert "350.0 against 184.0 bytes of body an answer" in [f["text"] for f in found(document, "bytes")]


def test_one_ceiling_for_five_frameworks(audit):
    for table in (DATA / "frameworks-2012.csv", ROOT / "suites/python-frameworks-2012/published.csv"):
        first = found(audit(table), "ceiling")[0]
        assert first["text"].startswith("one ceiling for five targets in")
        assert first["value"] / first["limit"] < 1.25


@pytest.mark.parametrize("name", HONEST)
def test_honest_output_is_not_accused(audit, assay, name):
    document = audit(DATA / name)
    assert accused(document) == 0, document["findings"]
    assert len(document["results"]) == 1
    assert document["results"][0]["tool"] == pathlib.Path(name).stem
    assert assay("audit", "--strict", DATA / name).code == 0


def test_honest_outputs_are_not_accused_together_either(audit):
    document = audit(*(DATA / name for name in HONEST))
    assert accused(document) == 0, document["findings"]
    assert {round(r["bytes_each"]) for r in document["results"] if r["bytes_each"] is not None} == {162}


def test_strict_makes_an_accusation_exit_1_and_prints_the_same(assay):
    mild, strict = assay("audit", GIN), assay("audit", GIN, "--strict")
    assert (mild.code, strict.code) == (0, 1)
    assert mild.out == strict.out


def test_the_screen_has_findings_first_in_80_columns_and_ascii(assay):
    for variables in ({}, {"LANG": "C", "LC_ALL": "C"}):
        out = assay("audit", GIN, FLASK, COLUMNS="80", NO_COLOR="1", **variables).out
        assert out.startswith("cannot be true")
        assert "143.8 requests in flight" in " ".join(out.split())
        assert out.index("not comparable") < out.index("result ")
        assert max(map(len, out.splitlines())) <= 80
        assert "\033" not in out
        assert out.isascii() == bool(variables)
    assert "\033" in assay("audit", GIN, "--color=always").out


def test_standard_input_is_a_file_too():
    done = subprocess.run([ASSAY, "audit", "-"], input=GIN.read_text(), capture_output=True, text=True,
                          timeout=LIMIT_S, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert "standard input: 143.8 requests in flight on 32 connections" in done.stdout


def test_what_is_no_output_of_a_known_tool_is_a_usage_error_that_names_what_was_looked_for(assay, tmp_path):
    (tmp_path / "notes.txt").write_text("it was fast\n")
    done = assay("audit", GIN, "notes.txt")
    assert done.code == 2
    assert done.out == ""
    for word in ("notes.txt", "wrk2", "ApacheBench", "siege", "h2load", "weighttp", "hey", "oha", "CSV"):
        assert word in done.err


@pytest.mark.parametrize(("arguments", "word"), [
    (["no-such-file"], "no-such-file"), (["/"], "/"), ([], "which file"), ([GIN, "--color=red"], "red"),
    ([GIN, "--colour"], "colour"),
])
def test_a_wrong_command_line_says_what_is_wrong(assay, arguments, word):
    done = assay("audit", *arguments)
    assert done.code == 2
    assert word in done.err
    assert done.out == ""


def test_a_file_cannot_write_to_the_terminal(assay, tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"## \x1b[31mred\x07\xff\n" + GIN.read_bytes())
    done = assay("audit", "bad.txt")
    assert done.code == 0, done.err
    assert "\033" not in done.out
    assert "\\x1b[31mred" in done.out
    document = assay("audit", "bad.txt", "-j")
    assert document.json["results"][0]["section"].endswith("red\x07\\xff")


def test_a_file_that_is_too_large_is_refused(assay, tmp_path):
    (tmp_path / "large.txt").write_bytes(b"x\n" * (9 << 20))
    done = assay("audit", "large.txt")
    assert done.code == 2
    assert "16 MiB" in done.err


def test_a_full_disk_is_an_error(assay):
    with open("/dev/full", "w") as full:
        for flags in ([], ["-j"]):
            assert assay("audit", GIN, *flags, stdout=full).code == 1


def test_the_schema_is_in_the_program(assay):
    assert assay("schema", "audit").out == SCHEMA.read_text()
