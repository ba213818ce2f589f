"""Both ends must have counted the same: our client against our server, on both rings."""

import json
import pathlib
import re
import signal

import jsonschema
import pytest

from conftest import LIMIT_S, ROOT, own_server, until

LOADS = {
    "closed": ["-c", "8", "-d", "300ms"],
    "closed, two threads": ["-c", "8", "-t", "2", "-d", "300ms"],
    "one connection": ["-c", "1", "-d", "200ms"],
    "by count": ["-c", "4", "-n", "1000"],
    "by count, more connections than requests": ["-c", "8", "-n", "3"],
    "open, even": ["-c", "8", "-r", "2000", "--arrivals", "even", "-d", "300ms"],
    "open, Poisson": ["-c", "8", "-r", "2000", "--arrivals", "poisson", "-d", "300ms"],
    "open by count": ["-c", "8", "-r", "5000", "-n", "500"],
    "a connection a request": ["-c", "4", "--close", "-d", "200ms"],
    "a connection a request, by count": ["-c", "4", "--close", "-n", "200"],
    "a connection a request, open": ["-c", "4", "--close", "-r", "500", "-d", "200ms"],
}


def schema(name):
    return json.loads((ROOT / "docs/schema" / name).read_text())


def sent_in_all(requests):
    return requests["sent"] + requests["resent"] + requests["warmup"] + requests["probes"]


@pytest.mark.parametrize("flags", LOADS.values(), ids=LOADS.keys())
def test_the_server_counts_what_the_client_says_it_sent(assay, serve, ring, flags):
    server = serve("--size", "27")
    done = assay(server.url, *flags, "--warmup", "0", "--ring", ring, "-j")
    assert done.code == 0, done.err
    counted = server.stop()
    trial = done.json
    requests = trial["requests"]
    assert trial["load"]["ring"] == ring
    assert counted["requests"] == sent_in_all(requests)
    assert requests["sent"] == requests["ok"] + requests["in_flight_at_end"] + sum(requests["failed"].values())
    assert requests["scheduled"] == requests["sent"] + requests["unsent"]
    assert requests["ok"] > 0
    assert sum(requests["failed"].values()) == 0


@pytest.mark.parametrize("flags", [["-d", "200ms", "--warmup", "100ms"], ["-n", "100", "--warmup", "100ms"]])
def test_the_warm_up_is_counted_apart(assay, server, ring, flags):
    done = assay(server.url, *flags, "--ring", ring, "-j")
    requests = done.json["requests"]
    assert requests["warmup"] > 0
    assert server.stop()["requests"] == sent_in_all(requests)


@pytest.mark.parametrize("flags", [["-d", "200ms", "-t", "2"], ["-n", "100"], ["-n", "100", "--close"],
                                   ["-r", "2000", "-d", "200ms"], ["--stages", "100n:2c"]])
def test_a_warm_up_by_count_is_exactly_so_many(assay, server, ring, flags):
    done = assay(server.url, *flags, "--warmup", "321n", "--ring", ring, "-j")
    trial = done.json.get("trials", [done.json])[0]
    assert trial["requests"]["warmup"] == 321
    assert (trial["load"]["warmup_s"], trial["load"]["warmup_requests"]) == (None, 321)
    assert server.stop()["requests"] == sent_in_all(trial["requests"])


def test_a_warm_up_by_count_tells_how_far_it_is(start, server, tmp_path):
    child = start(server.url, "--warmup", "10Mn", "-o", "json=partial.json")
    until((tmp_path / "assay.db").exists, "the database, which comes after the signals are caught")

    def status():
        child.send_signal(signal.SIGUSR1)
        return re.search(r" warm-up .* of 10,000,000 requests", child.stderr.readline())

    until(status, "a line about the warm-up")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130
    partial = json.loads((tmp_path / "partial.json").read_text())
    assert partial["partial"] is True
    assert partial["requests"]["warmup"] > 0 and partial["requests"]["sent"] == 0
    assert partial["throughput_per_sec"] is None


@pytest.mark.parametrize("warmup", ["500x", "0n", "2h", "20Mn"])
def test_what_is_no_warm_up_is_refused(assay, server, warmup):
    done = assay(server.url, "--warmup", warmup)
    assert done.code == 2
    assert f"a count of requests up to 10M, like 500n, not '{warmup}'" in done.err


def test_a_suite_may_warm_up_by_count(assay, suite):
    folder = suite([own_server()], loads=[{"name": "l", "requests": 40, "connections": 2, "warmup": "25n"}],
                   presets=[{"name": "quick", "requests": 20, "warmup": "15n"}])
    for preset, warmup in ((None, 25), ("quick", 15)):
        done = assay("run", folder, *(["--preset", preset] if preset else []), "-o", "json=run.json")
        assert done.code == 0, done.err
        trial, = json.loads((folder.parent / "run.json").read_text())["trials"]
        assert trial["requests"]["warmup"] == warmup
        assert assay("show", "last", "-j").json["trials"][0]["load"]["warmup_requests"] == warmup


def test_a_server_that_closes_after_each_answer_gets_a_connection_a_request(assay, serve, ring):
    server = serve("--body", "hello", "--close")
    done = assay(server.url, "-c", "2", "-n", "100", "--ring", ring, "-j")
    assert done.code == 0, done.err
    trial = done.json
    assert trial["requests"]["ok"] == 100
    assert trial["connections"]["opened"] >= 100
    assert server.stop()["requests"] == sent_in_all(trial["requests"])


@pytest.mark.parametrize("flags", [["-n", "20"], ["-d", "200ms"], ["-d", "200ms", "-r", "100"],
                                   ["-n", "20", "--close"]])
def test_the_json_validates(assay, server, flags):
    done = assay(server.url, *flags, "-j")
    assert done.code == 0, done.err
    jsonschema.Draft202012Validator(schema("assay-trial-1.json")).validate(done.json)


def test_by_count_asks_exactly_as_often_as_told(assay, server, ring):
    done = assay(server.url, "-n", "777", "-c", "10", "--ring", ring, "-j")
    requests = done.json["requests"]
    assert (requests["scheduled"], requests["ok"], requests["warmup"]) == (777, 777, 0)


def test_the_same_seed_gives_the_same_timetable(assay, serve):
    scheduled = []
    for _ in range(2):
        server = serve("--body", "hello")
        done = assay(server.url, "-r", "3000", "-d", "300ms", "--warmup", "0", "--seed", "7", "-j")
        scheduled.append(done.json["requests"]["scheduled"])
        server.stop()
    assert scheduled[0] == scheduled[1]


def test_bytes_and_bodies_are_checked_against_the_first_answers(assay, serve):
    server = serve("--size", "4096")
    done = assay(server.url, "-n", "50", "-j")
    assert done.json["bytes"]["received"] > 50 * 4096
    server.stop()


def test_the_request_is_made_as_told(assay, serve, tmp_path):
    (tmp_path / "body.txt").write_text("x" * 5000)
    server = serve("--body", "hello")
    done = assay(server.url + "path?q=1", "-m", "POST", "-b", "@body.txt", "-H", "X-One: 1", "-n", "10", "-j")
    assert done.code == 0, done.err
    assert done.json["workload"]["method"] == "POST"
    assert done.json["workload"]["path"] == "/path?q=1"
    assert done.json["bytes"]["sent"] > 10 * 5000
    server.stop()
