"""assay ci: two versions of a tiny server in turn, and whether the newer one may pass.

Loads are by count, and what must be found is memory: how fast anything is on a busy machine is nothing to build a
test on. The slow version waits 20 ms in each answer and holds 40 MiB more.
"""

import json
import pathlib
import signal
import subprocess
import xml.etree.ElementTree

import jsonschema
import pytest

from conftest import LIMIT_S, PYTHON, ROOT, own_server, until

SCHEMA = json.loads((ROOT / "docs/schema/assay-gate-1.json").read_text())
SERVER = '''
import socket, sys, time
held = b"x" * HELD
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    while connection.recv(4096):
        time.sleep(WAIT)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
'''
SUITE = f"""
suite: tiny
workloads: [{{name: hello, path: /, expect: {{status: 200, body: hello}}}}]
loads: [{{name: one, connections: 1, requests: 12}}]
targets:
  - {{name: app, start: "{PYTHON} {{suite}}/server.py {{port}}", grace: 500ms}}
"""
QUICK, SLOW = (SERVER.replace("WAIT", wait).replace("HELD", held)
               for wait, held in (("0", "0"), ("0.02", "(40 << 20)")))
WIDE = ["--limit", "throughput=-90%", "--limit", "p99=off", "--limit", "rss=+90%"]
SHORT = ["--no-ceiling", "--seed", "7"]


def git(folder, *words):
    return subprocess.run(["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
                          check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository whose branch `quick` answers at once and whose branch `slow` does not; `slow` is checked out."""
    folder = tmp_path / "repository"
    (folder / "bench").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "quick")
    (folder / "bench/suite.yaml").write_text(SUITE)
    for branch, text in (("quick", QUICK), ("slow", SLOW)):
        if branch != "quick":
            git(folder, "checkout", "-q", "-b", branch)
        (folder / "bench/server.py").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", branch)
    return folder


def trees(repository, tmp_path):
    """What is checked out besides the repository itself."""
    listed = git(repository, "worktree", "list").splitlines()[1:]
    return listed + [path for path in (tmp_path / "cache/assay/checkouts").glob("*") if path.is_dir()]


def gate(document, metric="throughput_per_sec"):
    return next(row for row in document["gates"] if row["metric"] == metric)


def test_a_slower_head_is_confirmed_and_stopped(assay, repository, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    done = assay("ci", "--base", "quick", "--head", "slow", *SHORT, "--pairs", "7", "--limit", "p99=off",
                 repository / "bench", "-o", "json=gate.json", "-o", "md=gate.md", "-o", "junit=gate.xml",
                 GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary), COLUMNS="80")
    assert done.code == 3, done.out + done.err
    assert "pair  1/7" in done.err
    assert "confirming" in done.err
    assert "x larger, limit +5 %, confirmed" in " ".join(done.out.split())
    assert "gate:  FAIL" in done.out
    assert "::error title=Performance regression::app hello one memory +" in done.out
    assert " %25 [" in done.out
    screen = [line for line in done.out.splitlines() if not line.startswith(("::", "again:"))]
    assert max(map(len, screen)) <= 80
    document = json.loads((tmp_path / "gate.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    found = gate(document, "server_rss_bytes_peak")
    assert (found["word"], found["passed"], document["exit_code"]) == ("regression", False, 3)
    assert found["change"]["ratio"] > 3
    assert found["confirmation"]["pairs"] == 7
    assert gate(document)["change"]["ratio"] < 1  # twelve times 20 ms
    assert document["base"] == f"{git(repository, 'rev-parse', '--short', 'quick')} (quick)"
    suite = xml.etree.ElementTree.parse(tmp_path / "gate.xml").getroot().find("testsuite")
    assert int(suite.get("failures")) >= 1
    assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert suite.find("testcase[@name='rss']/failure") is not None
    assert summary.read_text() == "before\n" + (tmp_path / "gate.md").read_text()
    assert "| app hello one | req/s |" in summary.read_text()
    assert trees(repository, tmp_path) == []


def test_two_that_are_the_same_pass(assay, repository, tmp_path):
    done = assay("ci", "--base", "quick", "--head", "quick", *SHORT, "--pairs", "7", *WIDE, repository / "bench", "-j")
    assert done.code == 0, done.err
    document = done.json
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["passed"] and document["regressions"] == 0
    assert gate(document)["limit"] == -0.9
    assert gate(document, "server_cpu_ns_per_request")["word"] is None  # no limit: shown, and stops nobody
    assert trees(repository, tmp_path) == []


def test_too_few_pairs_to_stop_anybody_are_refused_before_any_is_run(assay, repository, tmp_path):
    done = assay("ci", "--base", "quick", *SHORT, "--pairs", "6", "--limit", "p99=off", repository / "bench")
    assert done.code == 2
    assert "6 pairs cannot show a regression: with 1 cell and these limits it takes 7 (--pairs 7)" in done.err
    assert "pair  1/" not in done.err
    assert trees(repository, tmp_path) == []


def test_each_stage_of_a_load_is_compared_and_counts(assay, suite):
    """Five stages and two limits are ten gates: 10 * 2 / 2^8 is above 0.05."""
    folder = suite([own_server()], loads=[{"name": "rising", "stages": [f"12n:{n}c" for n in range(1, 6)]}])
    server = own_server()["start"]
    done = assay("ci", "--base-cmd", server, *SHORT, "--pairs", "8", "--limit", "p99=off", folder)
    assert done.code == 2
    assert "8 pairs cannot show a regression: with 5 cells and these limits it takes 9 (--pairs 9)" in done.err


def test_what_cannot_be_told_is_inconclusive_and_says_why(assay, repository):
    """p99 has a limit, and twelve samples a trial."""
    done = assay("ci", "--base", "quick", "--head", "quick", *SHORT, "--pairs", "7", "--limit", "throughput=-90%",
                 "--limit", "rss=+90%", repository / "bench", "--require-conclusive")
    assert done.code == 4, done.out + done.err
    assert "no trial has a value that can be relied on: " in " ".join(done.out.split())


def test_commands_are_versions_too_and_a_policy_may_only_warn(assay, repository, tmp_path):
    """Head is the suite as it stands: the slow one. p99 has a limit, and twelve samples a trial."""
    quick = tmp_path / "quick.py"
    quick.write_text(QUICK)
    done = assay("ci", "--base", f"{PYTHON} {quick} {{port}}", *SHORT, "--pairs", "7", "--gate", "warn",
                 repository / "bench")
    assert done.code == 0, done.err
    assert "gate:  FAIL" in done.out
    assert "--gate=warn" in done.out
    assert "no trial has a value that can be relied on" in " ".join(done.out.split())


def test_what_must_be_conclusive_must_be_so_under_each_policy(assay, repository):
    command = ["ci", "--base", "quick", "--head", "quick", "--no-ceiling", "--pairs", "7", *WIDE, "--limit", "p99=+10%",
               repository / "bench"]  # p99 has twelve samples a trial
    done = assay(*command, "--gate", "warn", "--require-conclusive", ASSAY_SEED="7", ASSAY_BASE="nowhere")
    assert done.code == 4, done.err
    assert "exit 4" in done.out
    assert done.out.rstrip().endswith("--seed 7")  # which the environment said


@pytest.mark.parametrize("flag", ["--base", "--base-cmd"])
def test_the_command_line_wins_over_the_environment(assay, repository, flag):
    done = assay("ci", flag, "nowhere to be found {port}", "--head-cmd", "false", *SHORT, repository / "bench",
                 ASSAY_BASE="quick")
    assert "one version a side" not in done.err
    assert done.code == 1
    done = assay("ci", "--base", "one", "--base", "two", repository / "bench", ASSAY_BASE="quick")
    assert done.code == 2
    assert "one version a side: 'one' or 'two'?" in done.err


def test_the_run_is_kept_and_can_be_compared(assay, repository):
    assert assay("ci", "--base", "quick", "--head", "quick", *SHORT, "--pairs", "2", "--gate", "off",
                 repository / "bench").code == 0
    run = assay("show", "last", "-j").json
    assert [trial["block"] for trial in run["trials"]] == [0, 0, 0, 1, 1, 1]
    assert sorted(trial["target"]["name"] for trial in run["trials"]) == 4 * ["app@base"] + 2 * ["app@head"]
    assert [trial["control"] for trial in run["trials"]] == [False, False, True, True, False, False]
    done = assay("compare", "last:app@head", "last:app@base", "-j")
    assert done.code == 0, done.err
    assert done.json["cells"][0]["paired"]


def test_after_an_interrupt_nothing_is_left(start, repository, tmp_path):
    child = start("ci", "--base", "quick", "--head", "slow", *SHORT, "--pairs", "200", repository / "bench")
    until(lambda: child.stderr.readline().startswith("pair  1/"), "the first pair")
    assert len(trees(repository, tmp_path)) == 4  # two, in git's list and as folders
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=LIMIT_S) == 130
    assert trees(repository, tmp_path) == []
    assert not list(pathlib.Path("/proc").glob(f"{child.pid}"))


def test_what_a_killed_one_left_is_taken_away(start, assay, repository, tmp_path):
    child = start("ci", "--base", "quick", *SHORT, "--pairs", "200", repository / "bench")
    until(lambda: child.stderr.readline().startswith("pair  1/"), "the first pair")
    child.kill()
    child.wait()
    assert trees(repository, tmp_path) != []
    assert assay("ci", "--base", "quick", *SHORT, "--pairs", "1", "--gate", "off",
                 repository / "bench").code == 0
    assert trees(repository, tmp_path) == []


def test_a_head_that_does_not_start_could_not_be_measured(assay, repository, tmp_path):
    done = assay("ci", "--base", "quick", "--head-cmd", "false", *SHORT, repository / "bench")
    assert done.code == 1
    assert "app@head (hello one): " in done.err
    assert trees(repository, tmp_path) == []


@pytest.mark.parametrize("arguments, expected", [
    ((), "against what? --base REF"),
    (("--base", "nowhere"), "'nowhere' is no commit, branch or tag of "),
    (("--base", "--all"), "is no commit, branch or tag of "),
    (("--base", "quick", "--limit", "p99=-3%"), "--limit 'p99=-3%' is none"),
    (("--base", "quick", "--limit", "throughput=3%"), "which may fall: -"),
    (("--base", "quick", "--limit", "speed=3%"), "there are throughput"),
    (("--base", "quick", "--alpha", "2"), "--alpha '2' is no probability"),
    (("--base", "quick", "--pairs", "0"), "from 1 to 500"),
    (("--base", "quick", "--gate", "maybe"), "--gate is fail, warn or off"),
    (("--base", "quick", "-o", "csv=x.csv"), "there are json, junit and md"),
    (("--base", "quick", "--only", "nobody"), "nobody"),
])
def test_wrong_input_is_told_what_to_do(assay, repository, tmp_path, arguments, expected):
    done = assay("ci", *arguments, repository / "bench")
    assert done.code == 2, done.err
    assert expected in done.err
    assert trees(repository, tmp_path) == []


def test_a_suite_outside_of_a_repository_has_no_refs(assay, suite, tmp_path):
    folder = suite([{"name": "app", "start": "true"}])
    done = assay("ci", "--base", "main", folder, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.code == 2
    assert "a ref is of the git repository that holds" in done.err
