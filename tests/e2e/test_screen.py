"""What is on the screen: plain where it must be plain, one line a trial where nobody watches."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess

import pytest

import conftest
from conftest import ASSAY, FAULTY, LIMIT_S, environment, own_server, until

ESCAPE = "\x1b"


def in_terminal(arguments, cwd, **variables):
    """Runs assay with a terminal on both streams: everything it wrote there."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([ASSAY, *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL, stdout=theirs,
                             stderr=theirs, env=environment(**({"TERM": "xterm-256color"} | variables)))
    os.close(theirs)
    written = b""
    while select.select([ours], [], [], LIMIT_S)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how a terminal ends
            break
        written += piece
    os.close(ours)
    assert child.wait(LIMIT_S) == 0, written.decode(errors="replace")
    return written.decode()


def test_a_pipe_gets_no_escape_sequences_and_no_repainting(assay, server):
    done = assay(server.url, "-d", "200ms")
    assert done.code == 0, done.err
    for stream in (done.out, done.err):
        assert ESCAPE not in stream and "\r" not in stream
    assert done.out.startswith("RESULT")


def test_a_terminal_is_repainted_and_keeps_the_result(server, tmp_path):
    written = in_terminal([server.url, "-d", "600ms"], tmp_path)
    assert ESCAPE in written
    assert "RESULT" in written


def test_no_color_means_no_colour(server, tmp_path):
    written = in_terminal([server.url, "-d", "200ms"], tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*m", written)


def test_a_dumb_terminal_is_left_alone(server, tmp_path):
    assert ESCAPE not in in_terminal([server.url, "-d", "200ms"], tmp_path, TERM="dumb")


def test_plain_ascii_where_the_locale_says_so(assay, server, suite):
    done = assay(server.url, "-d", "200ms", LANG="C", LC_ALL="C")
    assert done.code == 0
    assert (done.out + done.err).isascii()
    folder = suite([own_server("a"), own_server("b")])
    done = assay("run", folder, LANG="C", LC_ALL="C")
    assert done.code == 0
    assert (done.out + done.err).isascii()


def test_nothing_is_wider_than_the_screen(assay, server, suite):
    folder = suite([own_server("a"), own_server("a-target-with-a-rather-long-name")], blocks=6,
                   loads=[{"name": "few", "connections": 1, "requests": 20}])
    commands = [(["run", folder], "80"), (["show", "last"], "100")]
    for columns in ("80", "100"):
        commands += [(command, columns) for command in ([server.url, "-n", "50"], ["list"], ["run", folder, "--dry-run"])]
    for command, columns in commands:
        done = assay(*command, COLUMNS=columns)
        assert done.code == 0, done.err
        assert max(len(line) for line in done.out.splitlines()) <= int(columns), command


EVIL = "naïve\u202e" + 60 * "é"  # turns the direction of what follows


def test_names_in_lists_are_printed_like_everywhere(assay, suite, tmp_path):
    folder = suite([own_server("short"), own_server("long" * 15)], title=EVIL,
                   loads=[{"name": "few", "connections": 1, "requests": 5}])
    plan = assay("run", folder, "--dry-run", COLUMNS="80")
    assert plan.code == 0, plan.err
    assert assay("run", folder).code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "assay.db")) as database:
        database.execute("update run set suite = ?", [EVIL])
        database.commit()
    listed = assay("list", COLUMNS="80")
    for out in (plan.out, listed.out):
        assert "\u202e" not in out
        assert "naïve\\xe2\\x80\\xae" in out
        assert max(map(len, out.splitlines())) <= 80
    rows = [line for line in plan.out.splitlines() if re.match(r"\d +\d ", line)]
    assert len(rows) == 2
    assert rows[0].index(" hello ") == rows[1].index(" hello ")


def test_quiet_keeps_the_result_and_quieter_prints_nothing(assay, server):
    quiet = assay(server.url, "-n", "10", "-q")
    assert quiet.out.startswith("RESULT") and quiet.err == ""
    silent = assay(server.url, "-n", "10", "-qq")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_a_run_writes_one_line_a_trial_into_a_log(assay, suite):
    folder = suite([own_server("alpha"), own_server("beta")], blocks=2)
    done = assay("run", folder)
    assert done.code == 0, done.err
    lines = [line for line in done.err.splitlines() if re.search(r"\b[1-4]/4\b", line)]
    assert len(lines) == 4


def test_a_long_trial_of_a_suite_gets_a_line_in_a_log_every_thirty_seconds(start, suite, monkeypatch):
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))
    folder = suite([own_server()], loads=[{"name": "long", "connections": 1, "duration": "300s", "warmup": "1ms"}])
    child = start("run", folder, "--no-save", ASSAY_FAULTS="clock-jump=31s@4s")
    assert re.match(r"\[1/1\] own .* measure \d+\.\d+s / 5m00s ", child.stderr.readline())
    child.send_signal(signal.SIGINT)
    assert child.wait(LIMIT_S) == 130


def test_a_long_build_gets_a_line_in_a_log_every_thirty_seconds(start, suite, monkeypatch):
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))
    child = start("run", suite([own_server(build="sleep 300")]), "--no-save", ASSAY_FAULTS="clock-jump=31s@1s")
    assert re.match(r"\[1/1\] own build 3\d\.\ds$", child.stderr.readline())
    child.send_signal(signal.SIGINT)
    assert child.wait(LIMIT_S) == 130


def test_a_terminal_shows_which_target_is_built_and_for_how_long(suite, tmp_path):
    shown = in_terminal(["run", suite([own_server(build="sleep 2")]), "--no-save"], tmp_path)
    times = [float(t) for t in re.findall(r"own · build (\d+\.\d*)(?=s)", shown)]
    assert any(t >= 1 for t in times), shown


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["loud", "quiet"])
@pytest.mark.parametrize("what", ["load", "run"])
def test_a_signal_asks_for_a_line_of_status(start, server, suite, tmp_path, what, quiet):
    folder = suite([own_server()], loads=[{"name": "long", "connections": 1, "duration": "60s", "warmup": "1ms"}])
    asked = [server.url, "-d", "60s", "--warmup", "0"] if what == "load" else ["run", folder]
    child = start(*asked, *quiet)
    until((tmp_path / "assay.db").exists, "the database, which comes after the signals are caught")
    child.send_signal(signal.SIGUSR1)
    assert re.search(r"(127\.0\.0\.1:|\[1/1\] own).* (build|start|check|warm-up|measure) ", child.stderr.readline())
    child.send_signal(signal.SIGINT)
    assert child.wait(LIMIT_S) == 130


def test_one_of_a_thing_is_no_plural(assay, server, suite):
    wrong = r"(?<![\d.,/:])1 (of 1 )?(?!(ms|is|was|has|waits)\b)\w+s\b"
    folder = suite([own_server()], loads=[{"name": "one", "connections": 1, "requests": 1},
                                          {"name": "stair", "stages": ["1n:1c"]}])
    for words in ([server.url, "-c", "1", "-n", "1"], [server.url, "-n", "1", "--expect-body", "x"],
                  [server.url, "--stages", "1n:1c"], [server.url, "-r", "10", "-c", "1", "-n", "1"],
                  [server.url, "-t", "2", "-c", "1"], ["run", folder, "--dry-run"], ["run", folder, "--blocks", "1"],
                  ["show", "last"], ["show", "last", "--checks"], ["list"],
                  ["ci", "--base-cmd", "true", "--pairs", "1", folder]):
        done = assay(*words)
        said = [line for line in (done.out + done.err).splitlines() if re.search(wrong, line)]
        assert said == [], words


def test_the_percentiles_that_were_asked_for_are_shown(assay, server, suite, tmp_path):
    def titles(text, first):
        return next(line.split() for line in text.splitlines() if line.split()[:1] == [first])

    done = assay(server.url, "-n", "500", "--percentiles=75,99.9,p5", "-o", "md=load.md", "-o", "json=load.json")
    assert done.code == 0, done.err
    for text in (done.out, (tmp_path / "load.md").read_text(),
                 assay("show", "last", ASSAY_PERCENTILES="5,75,99.9").out):
        assert titles(text, "min")[1:4] == ["p5", "p75", "p99.9"]
        assert "– p99.9 needs 10,000 samples" in text
    assert "p5" not in json.loads((tmp_path / "load.json").read_text())["latency_ns"]["response"]
    staged = assay(server.url, "--stages", "100n:1c,100n:2c", "--percentiles=5,75")
    assert staged.code == 0, staged.err
    assert {"p5", "p75"} <= set(titles(staged.out, "connections"))
    timed = [{"name": "few", "connections": 2, "duration": "300ms"}]  # by count there are columns more
    done = assay("run", suite([own_server()], loads=timed), "--percentiles=5,75", "-o", "md=run.md")
    assert done.code == 0, done.err
    for text in (done.out, assay("show", "last", "--percentiles=5,75").out):
        assert {"p5", "p75"} <= set(titles(text, "rank"))
        assert "p99" not in titles(text, "rank")
    assert " p5 " in done.err
    assert re.search(r"\| p5 \| p75 \|", (tmp_path / "run.md").read_text())
    assert " p75 " in assay("show", "last", "--trials", "--percentiles=75").out
    many = "--percentiles=" + ",".join(f"{n}.125" for n in range(10, 90, 10))
    narrow, wide = (assay("show", "last", many, COLUMNS=columns).out for columns in ("80", "200"))
    assert re.search(r"no room for (p[\d.]+ )*p80.125: a wider\s+terminal", narrow), narrow
    assert {"p10.125", "p70.125", "p80.125"} <= set(titles(wide, "rank")) and "no room" not in wide, wide


# --color > NO_COLOR > CLICOLOR_FORCE, FORCE_COLOR > is it a terminal (here it is), and which.
COLOURS = [
    ([], {}, True),
    ([], {"TERM": "dumb"}, False),
    ([], {"NO_COLOR": "1"}, False),
    ([], {"NO_COLOR": ""}, True),
    ([], {"NO_COLOR": "1", "CLICOLOR_FORCE": "1", "FORCE_COLOR": "1"}, False),
    ([], {"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True),
    ([], {"TERM": "dumb", "FORCE_COLOR": "0"}, False),
    ([], {"CI": "true"}, True),
    (["--color=auto"], {"NO_COLOR": "1"}, False),
    (["--color=never"], {"FORCE_COLOR": "1"}, False),
    (["--color=always"], {"NO_COLOR": "1", "TERM": "dumb"}, True),
    ([], {"ASSAY_COLOR": "never", "FORCE_COLOR": "1"}, False),
    (["--color=always"], {"ASSAY_COLOR": "never"}, True),
]


@pytest.mark.parametrize(("flags", "variables", "coloured"), COLOURS,
                         ids=[" ".join([*f, *(f"{k}={v}" for k, v in v.items())]) or "nothing" for f, v, _ in COLOURS])
def test_colour_on_a_terminal_follows_the_order_of_precedence(server, tmp_path, flags, variables, coloured):
    written = in_terminal([server.url, "-n", "50", "--no-save", "--progress=none", *flags], tmp_path, **variables)
    assert bool(re.search(r"\x1b\[[0-9;]*m", written)) == coloured


def test_json_on_standard_output_stands_alone(assay, server, suite):
    assert assay(server.url, "-n", "10", "-j").json["schema"] == "assay/trial/1"
    assert assay("run", suite([own_server()]), "-j").json["schema"] == "assay/run/1"
