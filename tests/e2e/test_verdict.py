"""The verdict where people and programs meet it. What the checks find is tested with the checks."""

import csv
import json
import sqlite3

import jsonschema

from conftest import ROOT, own_server

CHECKS = [
    {"id": "load", "state": "ok", "value": 0.0, "limit": 0.01, "unit": "share", "text": "as planned", "remedy": None},
    {"id": "generator", "state": "fail", "value": 0.95, "limit": 0.9, "unit": "share",
     "text": "the generator was the limit", "remedy": "more threads (-t)"},
    {"id": "memory", "state": "unknown", "value": None, "limit": None, "unit": None, "text": "too few points",
     "remedy": None},
]


def judge_by_hand(path, verdict):
    """Gives every trial in the database this verdict, whatever was found."""
    with sqlite3.connect(path) as database:
        for run_id, idx, text in database.execute("select run_id, idx, record from trial").fetchall():
            record = json.loads(text) | {"verdict": verdict}
            database.execute("update trial set record = ? where run_id = ? and idx = ?",
                             (json.dumps(record), run_id, idx))
    database.close()


def judged(assay, tmp_path, *command):
    assert assay(*command).code == 0
    judge_by_hand(tmp_path / "assay.db", {"overall": "invalid", "checks": CHECKS})


def test_show_says_the_verdict_below_the_result(assay, server, tmp_path):
    judged(assay, tmp_path, server.url, "-n", "20")
    out = assay("show", "last", COLUMNS="80").out
    assert "\nVERDICT  INVALID\nFAIL     generator: the generator was the limit. Remedy: more threads (-t)\n" in out
    assert "unknown  memory (too few points)" in out
    assert "load:" not in out


def test_show_lists_every_check_with_its_figure(assay, server, tmp_path):
    judged(assay, tmp_path, server.url, "-n", "20")
    done = assay("show", "last", "--checks", COLUMNS="80")
    assert done.code == 0, done.err
    assert "ok       load: as planned   0 % (limit 1.0 %)" in done.out
    assert "RESULT" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_show_lists_every_trial_of_a_run(assay, suite, tmp_path):
    judged(assay, tmp_path, "run", suite([own_server("a"), own_server("b")], blocks=2))
    done = assay("show", "last", "--trials")
    assert done.code == 0, done.err
    lines = [line for line in done.out.splitlines() if line.startswith("[")]
    assert len(lines) == 4
    assert all(line.endswith("✗ generator") for line in lines)


def test_the_verdict_goes_into_every_format(assay, server, tmp_path):
    judged(assay, tmp_path, server.url, "-n", "20")
    assert assay("show", "last", "-o", "json=v.json", "-o", "csv=v.csv", "-o", "md=v.md").code == 0
    record = json.loads((tmp_path / "v.json").read_text())
    schema = json.loads((ROOT / "docs/schema/assay-trial-1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(record)
    assert record["verdict"] == {"overall": "invalid", "checks": CHECKS}
    row = next(csv.DictReader((tmp_path / "v.csv").open()))
    assert (row["verdict"], row["checks_failed"], row["checks_unknown"]) == ("invalid", "generator", "memory")
    assert "VERDICT  INVALID" in (tmp_path / "v.md").read_text()


def test_every_trial_is_in_the_markdown_of_a_suite(assay, suite, tmp_path):
    done = assay("run", suite([own_server("a"), own_server("b")], blocks=2), "-o", "md=run.md")
    assert done.code == 0, done.err
    text = (tmp_path / "run.md").read_text()
    assert text.count("/4] block ") == 4
    assert "### Trials" in text


def test_below_a_suites_rankings_its_verdicts_are_counted(assay, suite, tmp_path):
    done = assay("run", suite([own_server("a"), own_server("b")], blocks=2), "--db", "runs.db")
    assert done.code == 0, done.err
    assert "\nverdicts: 4 trials: " in done.out
    judge_by_hand(tmp_path / "runs.db", {"overall": "invalid", "checks": CHECKS})
    shown = assay("show", "last", "--db", "runs.db", "-o", "md=run.md")
    assert "\nverdicts: 4 trials: 4 INVALID (generator 4)\n" in shown.out
    assert "\nverdicts: 4 trials: 4 INVALID (generator 4)\n" in (tmp_path / "run.md").read_text()


LIES = ("--oracle", "liar:500/10")  # one answer of ten is wrong, the first 16 are right


def test_strict_makes_exit_1_of_an_invalid_verdict_and_keeps_the_record(assay, serve, tmp_path):
    liar = serve(*LIES)
    assert assay(liar.url, "-n", "200").code == 0
    done = assay(liar.url, "-n", "200", "--strict", "-o", "json=v.json")
    assert done.code == 1
    assert "error: --strict: 1 of 1 trial is INVALID" in done.err
    assert "VERDICT  INVALID" in done.out and "FAIL     answers: " in done.out
    assert json.loads((tmp_path / "v.json").read_text())["verdict"]["overall"] == "invalid"
    with sqlite3.connect(tmp_path / "assay.db") as database:
        assert database.execute("select verdict from trial").fetchall() == [("invalid",)] * 2


def test_strict_asks_every_trial_of_a_suite(assay, suite):
    told = " ".join(LIES)
    liar = own_server("liar") | {"start": own_server()["start"] + f" {told}"}
    folder = suite([own_server("honest"), liar],
                   loads=[{"name": "few", "model": "closed", "connections": 1, "requests": 200}])
    assert assay("run", folder).code == 0
    done = assay("run", folder, "--strict")
    assert done.code == 1
    assert "INVALID" in done.err
    assert "FAIL     answers: " in assay("show", "last", "--checks").out


def test_strict_is_content_with_everything_that_is_not_invalid(assay, server):
    done = assay(server.url, "-n", "200", "--strict", "-j")
    assert done.code == (1 if done.json["verdict"]["overall"] == "invalid" else 0), done.err


def test_a_share_of_failed_requests_may_be_too_many(assay, serve, tmp_path):
    liar = serve(*LIES)
    done = assay(liar.url, "-n", "200", "--max-errors", "5%", "-o", "json=errors.json")
    assert done.code == 1
    failed = sum(json.loads((tmp_path / "errors.json").read_text())["requests"]["failed"].values())
    assert f"error: --max-errors 5%: more requests failed in 1 of 1 trial, {failed / 2:g} % in it" in done.err
    assert assay(liar.url, "-n", "200", "--max-errors", "50%").code == 0
    assert assay(liar.url, "-n", "200", ASSAY_MAX_ERRORS="0").code == 1


def test_every_trial_of_a_suite_may_have_so_many_errors(assay, suite):
    liar = own_server("liar") | {"start": own_server()["start"] + f" {' '.join(LIES)}"}
    folder = suite([own_server("honest"), liar],
                   loads=[{"name": "few", "model": "closed", "connections": 1, "requests": 200}])
    done = assay("run", folder, "--max-errors", "1%")
    assert done.code == 1
    assert "more requests failed in 1 of 2 trials" in done.err
    assert assay("run", folder, "--max-errors", "50%").code == 0


def test_without_errors_none_are_too_many(assay, server):
    assert assay(server.url, "-n", "200", "--max-errors", "0").code == 0
