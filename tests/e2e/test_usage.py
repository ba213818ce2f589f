"""Wrong input on the command line and in suite files: what is wrong, where, what to do; exit 2."""

import re

import pytest

FLAGS = [
    (["http://127.0.0.1:1/", "--conections", "3"], "conections"),
    (["http://127.0.0.1:1/", "-c", "many"], "many"),
    (["http://127.0.0.1:1/", "-c", "0"], "connections"),
    (["http://127.0.0.1:1/", "-d", "10parsecs"], "10parsecs"),
    (["http://127.0.0.1:1/", "-d", "-1s"], "-1s"),
    (["http://127.0.0.1:1/", "-n", "5", "-d", "5s"], "-d"),
    (["http://127.0.0.1:1/", "-r", "0"], "rate"),
    (["http://127.0.0.1:1/", "--ring", "kqueue"], "kqueue"),
    (["http://127.0.0.1:1/", "--arrivals", "sometimes"], "sometimes"),
    (["http://127.0.0.1:1/", "-H", "no colon"], "no colon"),
    (["http://127.0.0.1:1/", "-b", "@no-such-file"], "no-such-file"),
    (["http://127.0.0.1:1/", "-o", "yaml=x"], "yaml"),
    (["http://127.0.0.1:1/", "--expect-status", "9000"], "9000"),
    (["http://127.0.0.1:1/", "--any-body", "--expect-body", "x"], "--any-body"),
    (["http://127.0.0.1:1/", "--cpus", "4096"], "4096"),
    (["http://127.0.0.1:1/", "--max-errors", "101%"], "101%"),
    (["http://127.0.0.1:1/", "--max-errors", "few"], "write it like 1%"),
    (["http://127.0.0.1:1/", "--percentiles", "50,many"], "write them like 50,99,99.9"),
    (["run", "suite", "--percentiles", "100"], "from 0.00001 to 99.99999"),
    (["show", "last", "--percentiles", "9,9"], "stands there twice"),
    (["http://127.0.0.1:1/", "--open"], "add -r RATE"),
    (["http://127.0.0.1:1/", "--open", "--stages", "1s:20c"], "give rates"),
    (["http://127.0.0.1:1/", "--open", "--closed", "-r", "9"], "leave one out"),
    (["http://127.0.0.1:1/", "--closed", "-r", "9"], "leave one out"),
    (["http://127.0.0.1:1/", "--closed", "--stages", "1s:20/s"], "give connections"),
    (["run", "suite", "--cpus", "0,server=1"], "whose are the first ones"),
    (["http://127.0.0.1:1/", "--cpus", "0,client=1"], "whose are the first ones"),
    (["doctor", "--color", "foo"], "foo"),
    (["inproc", "app:app", "-b", "@no-such-file"], "no-such-file"),
    (["http://"], "http://"),
    (["https://127.0.0.1:1/"], "https"),
    (["ftp://127.0.0.1/"], "ftp"),
    (["http://127.0.0.1:99999/"], "99999"),
    (["load"], "URL"),
    (["http://127.0.0.1:1/", "http://127.0.0.1:2/"], "127.0.0.1:2"),
    (["run"], "which suite"),
    (["run", "/no/such/suite"], "/no/such/suite"),
    (["rnu"], "rnu"),
    (["server", "--port", "70000"], "70000"),
]


@pytest.mark.parametrize(("arguments", "word"), FLAGS, ids=[" ".join(a) for a, _ in FLAGS])
def test_a_wrong_command_line_says_what_is_wrong(assay, arguments, word, tmp_path):
    done = assay(*arguments)
    assert done.code == 2, done.err
    assert re.match(r"(error|assay[a-z ]*): ", done.err)
    assert word in done.err
    assert done.out == ""
    assert not (tmp_path / "assay.db").exists()


@pytest.mark.parametrize(("alias", "path", "expected"), [
    (["-X", "POST"], ["workload", "method"], "POST"),
    (["-R", "50"], ["load", "rate_per_sec"], 50.0),
    (["--data", "x"], ["workload", "method"], "POST"),
])
def test_an_alias_means_what_it_stands_for(assay, server, alias, path, expected):
    section, key = path
    record = assay(server.url, *alias, "-d", "300ms", "--no-save", "-j").json
    assert record[section][key] == expected


# What other load generators' users type, and what stands in its place in the sentence they get.
FOREIGN = [
    (["-z", "30s"], "-d TIME"),
    (["-D", "30"], "-d TIME"),
    (["-a", "9"], "-n N"),
    (["-w", "2"], "-t N"),
    (["--workers=2"], "-t N"),
    (["-T", "2s"], "--timeout TIME"),
    (["-l"], "always shown"),
    (["-U"], "when a request was due"),
    (["-k"], "no TLS yet"),
    (["--insecure"], "no TLS yet"),
    (["-s", "post.lua"], "scripts are not there yet"),
    (["--script=post.lua"], "scripts are not there yet"),
    (["-p", "4"], "-c N"),
    (["--pipeline", "4"], "-c N"),
    (["--http1.1"], "not needed"),
    (["--http2"], "HTTP/2 is not there yet"),
    (["--http3"], "HTTP/3 is not there yet"),
    (["--h2c"], "HTTP/2 is not there yet"),
    (["--disable-keepalive"], "--close"),
]


@pytest.mark.parametrize(("arguments", "words"), FOREIGN, ids=[" ".join(a) for a, _ in FOREIGN])
def test_a_flag_of_another_tool_gets_a_sentence(assay, arguments, words):
    for line in (["http://127.0.0.1:1/", *arguments], [*arguments, "http://127.0.0.1:1/"]):
        done = assay(*line)
        assert done.code == 2
        assert words in done.err
        assert "unrecognized" not in done.err and "invalid option" not in done.err


@pytest.mark.parametrize(("flags", "variables", "model"), [
    (["--closed"], {}, "closed"),
    (["--open", "-r", "400"], {}, "open"),
    (["--closed"], {"ASSAY_RATE": "400"}, "closed"),  # the command line wins
    (["-r", "400"], {"ASSAY_CLOSED": "1"}, "open"),
    (["--open"], {"ASSAY_RATE": "400", "ASSAY_CLOSED": "1"}, "open"),
    (["--open", "--stages", "100ms:400/s"], {}, "open"),
    (["--closed", "--stages", "10n:2c"], {}, "closed"),
    (["-L"], {}, "closed"),
    (["--latency"], {}, "closed"),
])
def test_a_loop_can_be_named(assay, server, flags, variables, model):
    duration = [] if "--stages" in flags else ["-d", "100ms"]
    done = assay(server.url, *flags, *duration, "--no-save", "-j", **variables)
    assert done.code == 0, done.err
    record = done.json["trials"][0] if "trials" in done.json else done.json
    assert record["load"]["model"] == model


def test_without_arguments_it_says_how_to_begin(assay):
    done = assay()
    assert done.code == 2
    assert "assay URL" in done.out + done.err


GOOD = """\
suite: small
workloads:
  - name: hello
    path: /
    expect: { status: 200 }
loads:
  - { name: few, connections: 2, duration: 1s }
targets:
  - name: own
    start: server {port}
"""

# What is put in place of what, where the complaint must point, and what it must say.
SUITES = [
    ("connections: 2", "conections: 2", "7:18", ["conections", "connections"]),
    ("connections: 2", "connections: many", "7:31", ["many"]),
    ("connections: 2", "connections: 0", "7:31", ["0"]),
    ("duration: 1s", "duration: soon", "7:44", ["soon"]),
    ("duration: 1s", "duration: 1s, requests: 5", "7:", ["requests"]),
    ("status: 200", "status: 20000", "5:23", ["20000"]),
    ("path: /", "path: hello", "4:11", ["hello"]),
    ("start: server {port}", "start: server {prt}", "10:12", ["prt", "port"]),
    ("start: server {port}", "command: server", "10:5", ["command"]),
    ("  - name: own\n", "  - name: own\n    workloads: [helo]\n", "10:17", ["helo", "hello"]),
    ("targets:\n", "targets:\n  - { name: own, start: 'x {port}' }\n", "10:11", ["own"]),
    ("suite: small\n", "", "1:1", ["suite"]),
    ("workloads:", "workloads: [", "3:3", []),
    ("suite: small", "suite: small\nsuite: again", "2:1", ["suite"]),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), SUITES, ids=[f"{new.strip()!r}" for _, new, _, _ in SUITES])
def test_a_wrong_suite_says_where(assay, tmp_path, old, new, place, words):
    assert old in GOOD
    (tmp_path / "suite.yaml").write_text(GOOD.replace(old, new, 1))
    done = assay("run", "suite.yaml", "--dry-run")
    assert done.code == 2, done.err
    assert f"suite.yaml:{place}" in done.err
    assert "error: " in done.err
    for word in words:
        assert word in done.err


def test_the_suite_that_these_are_made_from_is_right(assay, tmp_path):
    (tmp_path / "suite.yaml").write_text(GOOD)
    done = assay("run", "suite.yaml", "--dry-run")
    assert done.code == 0, done.err


def test_a_folder_without_a_suite_is_named(assay, tmp_path):
    done = assay("run", tmp_path)
    assert done.code == 2
    assert "suite.yaml" in done.err
