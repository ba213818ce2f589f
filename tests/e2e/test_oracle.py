"""The oracle live: what is known of it must be what is measured, in seconds or orders of magnitude.

A worker that is computed keeps its rate as long as somebody waits for it. So that a generator which a busy machine
holds back does not leave it without work, many do.
"""

import json
import pathlib
import re
import time

import pytest

from conftest import LIMIT_S, SANITIZED

pytestmark = pytest.mark.alone

KINDS = {"500": "status", "flip": "body", "short": "closed_early", "length": "body", "previous": "body"}

own_allocator = pytest.mark.skipif(SANITIZED, reason="the address sanitizer keeps memory of its own")


def modes(*told):
    return [flag for mode in told for flag in ("--oracle", mode)]


def resident(server):
    """Without the pages of files: how many of these are mapped depends on what the page cache holds."""
    status = pathlib.Path(f"/proc/{server.child.pid}/status").read_text()
    return sum(int(kib) * 1024 for kib in re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", status, re.M))


def drive(assay, server, *flags):
    done = assay(server.url, *flags, "--no-save", "-j")
    assert done.code == 0, done.err
    return done.json


def response(trial, figure):
    return trial["latency_ns"]["response"][figure] / 1e9


@pytest.mark.parametrize("mode, text", [
    ("lag:1s", "there is no mode 'lag'"),
    ("delay:soon", "'delay:soon' is not understood; it is delay:D"),
    ("pause:2s/1s", "it is pause:P/T"),
    ("liar:flip", "it is liar:KIND/K"),
])
def test_a_mode_that_is_not_understood_is_a_usage_error(assay, mode, text):
    done = assay("server", "--port", "0", "--oracle", mode)
    assert done.code == 2
    assert text in done.err and "assay server --help" in done.err


def test_modes_that_contradict_each_other_are_a_usage_error(assay):
    done = assay("server", "--port", "0", *modes("mm1:1ms", "delay:1ms"))
    assert done.code == 2
    assert "delay:D cannot be told together with mm1:S" in done.err
    assert assay("server", "--port", "0", "--threads", "2", *modes("delay:1ms")).code == 2


def test_a_delay_is_for_each_request(assay, serve, ring):
    server = serve(*modes("delay:50ms"))
    trial = drive(assay, server, "-c", "10", "-d", "1s", "--warmup", "0", "--ring", ring)
    assert 0.050 <= response(trial, "min") < 0.060
    assert 40 < trial["throughput_per_sec"] <= 200  # one after the other would be 20


def test_one_worker_does_exactly_its_rate(assay, serve, ring):
    server = serve(*modes("md1:5ms"))
    trial = drive(assay, server, "-c", "80", "-d", "2s", "--warmup", "800ms", "--ring", ring)
    assert trial["throughput_per_sec"] == pytest.approx(200, rel=0.02)
    assert response(trial, "p50") == pytest.approx(0.400, rel=0.05)


def test_a_warm_up_and_a_step_show_in_the_rate(start, serve):
    """2 ms (1 + 2e^-t): ln((e + 2)/3)/2 ms = 226 answers in the first second, more where the load begins later
    than the server, and 470 in the fourth. 2 ms, and 10 ms from 1.5 s on: 500 and 100. Both at once."""
    truths = {"warmup:2ms,1s": ((200, 400), 472), "step:2ms,5x@1500ms": ((400, 510), 100)}
    loads = {mode: start("load", serve(*modes(mode)).url, "-c", "64", "-d", "4s", "--warmup", "0", "--no-save", "-j")
             for mode in truths}
    for mode, (early, late) in truths.items():
        rates = [second["ok"] for second in json.loads(loads[mode].communicate(timeout=LIMIT_S)[0])["series"]]
        assert early[0] <= rates[0] <= early[1], mode
        assert rates[3] == pytest.approx(late, rel=0.15), mode


def test_a_pause_is_in_the_percentiles_of_an_open_loop(assay, serve):
    """x_q = P - (1 - q)(1 - rho)T: of 0.2 s in each second, with 100 a second and 1 ms each."""
    server = serve(*modes("md1:1ms", "pause:200ms/1s"))
    trial = drive(assay, server, "-c", "64", "-r", "100", "--arrivals", "even", "-d", "5s", "--warmup", "0")
    for figure, q in (("p90", 0.9), ("p99", 0.99)):
        assert response(trial, figure) == pytest.approx(0.2 - (1 - q) * 0.9, abs=0.03)
    assert response(trial, "p50") < 0.01
    assert 5 <= server.stop()["stalls"] <= 7


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "previous"])
def test_every_lie_is_found(assay, serve, ring, kind):
    server = serve("--size", "1k", *modes(f"liar:{kind}/100"))
    trial = drive(assay, server, "-c", "8", "-n", "10000", "--ring", ring)
    counted = server.stop()
    assert counted["lies"][kind] in (99, 100)
    assert sum(counted["lies"].values()) == counted["lies"][kind]
    failed = {outcome: count for outcome, count in trial["requests"]["failed"].items() if count > 0}
    assert failed == {KINDS[kind]: counted["lies"][kind]}
    assert trial["requests"]["ok"] == 10000 - counted["lies"][kind]


def test_the_answer_to_another_request_is_found(assay, serve):
    server = serve(*modes("liar:previous/100"))
    done = assay(server.url + "?{nonce}", "--expect-body", "{nonce}", "-c", "8", "-n", "5000", "--no-save", "-j")
    assert done.code == 0, done.err
    counted = server.stop()
    assert counted["lies"]["previous"] in (49, 50)
    assert done.json["requests"]["failed"]["body"] == counted["lies"]["previous"]


def test_the_same_seed_tells_the_same_lies(assay, serve):
    told = []
    for seed in ("7", "7", "8"):
        server = serve("--seed", seed, *modes("liar:500/50"))
        outcomes = drive(assay, server, "-c", "1", "-n", "400")["requests"]
        told.append((outcomes["failed"]["status"], server.stop()["lies"]["500"]))
    assert told[0] == told[1]
    assert all(seen == truth for seen, truth in told)


def test_every_connection_ends_with_its_kth_answer(assay, serve, ring):
    server = serve(*modes("closeevery:100"))
    trial = drive(assay, server, "-c", "4", "-n", "10000", "--ring", ring)
    assert trial["requests"]["ok"] == 10000
    connections = trial["connections"]
    assert 100 <= connections["opened"] <= 104
    assert connections["closed_by_server"] == server.stop()["closes"]


def test_a_server_that_ends_every_connection_is_said_to(assay, serve):
    closing = serve(*modes("closeevery:1"))
    words = "; closes after every answer"
    assert drive(assay, closing, "-n", "10")["check"].endswith(words)
    assert words not in drive(assay, closing, "-n", "10", "--close")["check"]
    assert words not in drive(assay, serve(), "-n", "10")["check"]


@own_allocator
def test_memory_leaks_as_told(assay, serve):
    server = serve(*modes("leak:512"))
    drive(assay, server, "-c", "4", "-n", "1000")
    before = resident(server)
    drive(assay, server, "-c", "4", "-n", "40000")
    assert (resident(server) - before) / 40000 == pytest.approx(512, rel=0.1)


@own_allocator
@pytest.mark.parametrize("mode, requests, mebibytes", [
    ("plateau:1k,4MiB", 20000, 4), ("sawtooth:1k,4MiB", 6 * 1024, 2), ("onestep:4MiB@1ms", 100, 4),
    ("logcache:4MiB,1000", 6389, 8),
])
def test_memory_that_is_no_leak_is_what_was_told(assay, serve, mode, requests, mebibytes):
    plain = serve()
    drive(assay, plain, "-c", "4", "-n", requests)
    server = serve(*modes(mode))
    drive(assay, server, "-c", "4", "-n", requests)
    assert resident(server) - resident(plain) == pytest.approx(mebibytes * 2**20, rel=0.15)


def cpu_of_threads(server):
    """Nanoseconds, largest first; the first thread only waits for signals."""
    tasks = pathlib.Path(f"/proc/{server.child.pid}/task").iterdir()
    used = {int(task.name): int((task / "schedstat").read_text().split()[0]) for task in tasks}
    return sorted((ns for task, ns in used.items() if task != server.child.pid), reverse=True)


@pytest.mark.parametrize("shares", [(70, 10, 10, 10), (25, 25, 25, 25)])
def test_workers_have_their_shares_of_the_cpu_time(assay, serve, shares):
    server = serve(*modes("workers:" + "/".join(map(str, shares))))
    drive(assay, server, "-c", "16", "-n", "8000")
    used = cpu_of_threads(server)
    jain = sum(used)**2 / len(used) / sum(ns * ns for ns in used)
    truth = sum(shares)**2 / len(shares) / sum(share * share for share in shares)
    assert jain == pytest.approx(truth, abs=0.01)
    assert sum(used) == pytest.approx(8003 * 100e3, rel=0.05)


def test_two_writes_wait_for_the_delayed_acknowledgement(assay, serve):
    server = serve(*modes("twowrites"))
    trial = drive(assay, server, "-c", "4", "-d", "2s", "--warmup", "500ms")
    assert 0.035 <= response(trial, "p50") <= 0.060


def overflows():
    names, values = [line.split()[1:] for line in pathlib.Path("/proc/net/netstat").read_text().splitlines()
                     if line.startswith("TcpExt:")]
    return int(dict(zip(names, values, strict=True))["ListenOverflows"])


def test_a_late_accept_overflows_the_backlog(assay, serve):
    before = overflows()
    server = serve(*modes("lateaccept:500ms"))
    started = time.monotonic()
    trial = drive(assay, server, "-c", "6", "-n", "60", "--warmup", "0", "--timeout", "8s")
    assert overflows() > before
    assert time.monotonic() - started >= 0.5
    assert trial["latency_ns"]["connect"]["max"] >= 0.9e9
    assert trial["requests"]["ok"] > 0


def test_the_help_lists_every_mode(assay):
    out = assay("server", "--help").out
    for mode in ("delay", "mm1", "md1", "warmup", "step", "square", "slowdown", "pause", "leak", "sawtooth", "plateau",
                 "logcache", "onestep", "liar", "closeevery", "twowrites", "lateaccept", "workers"):
        assert re.search(rf"^  {mode}\b", out, re.MULTILINE), mode
    for kind in KINDS:
        assert re.search(rf"^  {kind}\b", out, re.MULTILINE), kind
