"""The checks of the verdict live: our own oracle and our own faults, whose truth is known.

Of each check there is a red proof here, and a green one where a busy machine cannot spoil it: what competes with
us for a CPU may make figures worse, and then the verdict has to say so. Hence the faults are large, and a test
asks for the check that it is about and no other. docs/MEASURING.md lists all proofs.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess

import pytest

import conftest
from conftest import ASSAY, FAULTY, HELLO, own_server
from test_verdict import judge_by_hand

pytestmark = pytest.mark.alone

WORST = ("ok", "unknown", "warn", "fail")


@pytest.fixture
def measure(assay, serve, monkeypatch):
    """measure("delay:1ms", "-c", "4", ...) -> the trial. The server has these modes, the generator these faults."""

    def run(modes, *flags, server=(), faults="", path=""):
        told = serve(*server, *(flag for mode in modes.split() for flag in ("--oracle", mode)))
        with monkeypatch.context() as patch:
            patch.setattr(conftest, "ASSAY", str(FAULTY) if faults else ASSAY)
            done = assay(told.url + path, *flags, "--no-save", "-j", ASSAY_FAULTS=faults)
        assert done.code == 0, done.err
        told.stop()
        return done.json

    return run


@pytest.fixture
def judge(measure):
    """The same, and of the trial the checks by their names."""
    return lambda *arguments, **more: checks(measure(*arguments, **more))


def checks(trial):
    return {check["id"]: check for check in trial["verdict"]["checks"]}


def is_at_least(check, state):
    return WORST.index(check["state"]) >= WORST.index(state)


# ---- the table of proofs ----

CHECKS = {"load", "generator", "limiter", "omission", "answers", "parity", "network", "steady", "samples", "machine",
          "cores", "clock", "balance", "memory", "repeat"}


def test_each_check_has_a_red_and_a_green_proof_that_exist():
    tests = "".join(path.read_text() for pattern in ("unit/*.c", "sim/*.c", "e2e/*.py")
                    for path in (conftest.ROOT / "tests").glob(pattern))
    section = (conftest.ROOT / "docs/MEASURING.md").read_text().split("### What proves the checks\n")[1]
    rows = [line.strip("|").split("|") for line in section.split("\n## ")[0].splitlines() if line.startswith("| `")]
    assert {row[0].strip(" `") for row in rows} == CHECKS
    for check, *proofs in rows:
        red, green = (re.findall("`(\\w+)`", proof) for proof in proofs)
        assert red and green, check
        missing = [name for name in red + green if not re.search(rf"(def|static void) {name}\(", tests)]
        assert missing == [], check


# ---- load ----

EVENLY = ("--arrivals", "even", "--warmup", "0", "-c", "128")
SILENCE = "900ms/1s"  # of either side: half of the requests wait 400 ms and more, so a tenth of that is late


def test_a_generator_that_stalls_is_to_blame(judge):
    load = judge("", "-r", "100", "-d", "3s", *EVENLY, faults=f"loop-stall={SILENCE}")["load"]
    assert load["state"] == "fail"
    assert load["value"] >= 0.5  # of its requests were late
    assert "the generator, not the target" in load["text"]


def test_the_same_stall_in_the_server_is_not_the_generators(judge):
    load = judge(f"pause:{SILENCE}", "-r", "100", "-d", "3s", *EVENLY)["load"]
    assert load["value"] < 0.25, load  # of the silence none; a busy machine makes a few late


def test_slots_that_were_dropped_are_missed(judge):
    load = judge("", "-r", "1000", "-d", "1s", *EVENLY, faults="drop-slots=10")["load"]
    assert load["state"] == "fail"
    assert load["value"] == pytest.approx(0.1)
    assert "the timetable has holes" in load["text"]


# ---- generator, limiter ----


def test_answers_that_wait_unread_are_the_generators_fault(measure):
    """Four answers of 2 ms, and 20 ms asleep in front of them again and again."""
    trial = measure("delay:2ms", "-c", "4", "-d", "1s", faults="receive-stall=20ms/25ms")
    found = checks(trial)
    assert trial["client"]["loop"]["p99_ns"] >= 0.5 * trial["latency_ns"]["response"]["p50"]
    assert found["generator"]["state"] == "fail"
    assert found["limiter"]["state"] in ("fail", "unknown")  # unknown: others took its CPU as well


def test_a_generator_that_burns_its_cpu_is_the_limit(judge):
    found = judge("", "-c", "4", "-d", "1s", faults="burn=2ms")
    assert found["generator"]["state"] == "fail"
    assert found["limiter"]["state"] in ("fail", "unknown")  # unknown: others took its CPU as well
    assert "generator" in found["limiter"]["text"]


def test_a_generator_with_nothing_to_do_is_not(judge):
    """Twenty answers a second, each after 200 ms. A busy machine may let it wait for a CPU; then the limit is not
    known, and never was it the generator."""
    found = judge("delay:200ms", "-c", "4", "-d", "2s")
    if "had no CPU" in found["generator"]["text"]:
        assert found["limiter"]["state"] in ("ok", "unknown"), found["limiter"]
    else:
        assert not is_at_least(found["generator"], "fail"), found["generator"]
        assert found["limiter"]["state"] == "ok", found["limiter"]
        assert "latency x connections" in found["limiter"]["text"]


# ---- omission, answers, samples ----


def test_percentiles_that_are_only_bounds_are_said_to_be(judge):
    """Of the requests of a second that is silent for 0.9 s two thirds time out."""
    found = judge(f"pause:{SILENCE}", "-r", "100", "-d", "2s", "--timeout", "300ms", *EVENLY)
    assert found["omission"]["state"] == "warn"
    assert "lower bounds" in found["omission"]["text"]
    assert found["answers"]["state"] == "fail"


def test_an_open_loop_leaves_nobody_out(judge):
    found = judge("delay:5ms", "-r", "200", "-d", "1s", *EVENLY)
    assert found["omission"]["state"] == "ok"
    assert "from when it was due" in found["omission"]["text"]
    assert found["answers"]["state"] == "ok"


@pytest.mark.parametrize("kind, words", [
    ("500", "wrong status (500)"), ("flip", "wrong body"), ("length", "wrong body"), ("short", "closed early"),
])
def test_every_kind_of_lie_is_found(judge, kind, words):
    answers = judge(f"liar:{kind}/100", "-c", "4", "-n", "1000", server=("--size", "1k"))["answers"]
    assert answers["state"] == "fail"
    assert answers["text"] in [f"{count} of 1,000 wrong: {count} {words}" for count in (9, 10)]


def test_bodies_are_not_compared_where_any_is_right(judge):
    answers = judge("liar:flip/100", "--any-body", "-c", "4", "-n", "1000", server=("--size", "1k"))["answers"]
    assert answers["state"] == "warn"
    assert answers["text"].startswith("1,000 answers had the right status and framing")


def test_an_answer_to_somebody_else_is_found(judge):
    right = ("--expect-body", "{nonce}")
    answers = judge("liar:previous/100", *right, "-c", "4", "-n", "1000", path="?{nonce}")["answers"]
    assert answers["state"] == "fail"
    assert "of 1,000 wrong" in answers["text"] and answers["text"].endswith(" wrong body")


def test_too_few_answers_have_no_p99(judge):
    few = judge("", "-c", "4", "-n", "500")["samples"]
    assert few["state"] == "warn"
    assert "p99 and above not printed: needs 1,000 samples, has 500" in few["text"]
    many = judge("", "-c", "4", "-n", "5000")["samples"]
    assert "p99.9 and above not printed" in many["text"]


# ---- parity ----


@pytest.fixture
def parity(assay, suite, tmp_path):
    """parity(name="FLAGS", ...) -> the check of targets with these flags. It is of those who are believed: here all
    are, whatever a busy machine made of their trials."""
    def run(**told):
        targets = [{"name": name, "start": f"{ASSAY} server --port {{port}} {flags}"} for name, flags in told.items()]
        load = {"name": "few", "model": "closed", "connections": 4, "requests": 400}
        workload = {"name": "any", "path": "/", "expect": {"status": 200}}
        done = assay("run", suite(targets, loads=[load], workloads=[workload]))
        assert done.code == 0, done.err
        judge_by_hand(tmp_path / "assay.db", None)
        (ranking,) = assay("show", "last", "-j").json["ranking"]
        return ranking["parity"]

    return run


def test_who_closes_connections_does_other_work(parity):
    """Every fifth answer, so that it is not taken for a connection a request."""
    found = parity(a="", b="", closing="--oracle closeevery:5")
    assert found["state"] == "fail"
    assert "closing: closes every 5 requests" in found["text"]


def test_who_sends_another_answer_does_other_work(parity):
    found = parity(a="", b="", large="--size 1k")
    assert found["state"] == "fail"
    assert "large: 1,024 B of body" in found["text"]


def test_equals_do_the_same_work(parity):
    found = parity(a="", b="")
    assert found["state"] == "ok", found


# ---- network ----


def test_an_accept_queue_that_overflows_is_found(judge):
    """With a connection a request it is part of every response time, with connections that last of the first."""
    flags = ("-c", "16", "-d", "1s", "--warmup", "0", "--timeout", "2s")
    each = judge("lateaccept:200ms", "--close", *flags)["network"]
    assert (each["state"], each["unit"]) == ("fail", "count")
    assert "the server's accept queue overflowed" in each["text"]
    assert is_at_least(judge("lateaccept:200ms", *flags)["network"], "warn")


def test_nagles_algorithm_is_named(judge):
    network = judge("twowrites", "-c", "4", "-d", "2s", "--warmup", "500ms")["network"]
    assert network["state"] == "warn"
    assert "waited 40 ms for their second part" in network["text"]


def test_a_server_that_is_slow_by_itself_is_no_network(judge):
    assert not is_at_least(judge("delay:40ms", "-c", "4", "-d", "1s")["network"], "fail")


# ---- machine, cores, clock ----


@contextlib.contextmanager
def spinning(count):
    """So many other programs that never sleep."""
    children = [subprocess.Popen([conftest.PYTHON, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_another_program_is_noticed(judge):
    with spinning(1):
        machine = judge("delay:5ms", "-c", "4", "-d", "1s")["machine"]
    assert machine["state"] == "fail"


def cores(assay, suite, client, server, target=None, **variables):
    load = {"name": "many", "model": "closed", "connections": 8, "duration": "500ms", "warmup": "50ms"}
    done = assay("run", suite([target or own_server()], loads=[load]), "--cpus", f"client={client},server={server}",
                 "--no-save", "-j", **variables)
    assert done.code == 0, done.err
    return checks(done.json["trials"][0])["cores"]


def siblings(cpu):
    """The CPUs that are the same core, as "0" or "0,4"."""
    path = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    return path.read_text().strip() if path.exists() else str(cpu)


def test_generator_and_server_on_one_cpu_compete_for_it(assay, suite, monkeypatch):
    """Each has to compute 100 us for an answer, and there is always one to compute: whoever does, the other waits."""
    cpu = min(os.sched_getaffinity(0))
    target = own_server(start=f"{own_server()['start']} --oracle workers:100")
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))
    found = cores(assay, suite, cpu, cpu, target, ASSAY_FAULTS="burn=100us")
    assert found["state"] == "fail", found
    assert f"competed for CPU {cpu}" in found["text"]


def test_each_on_a_cpu_of_its_own_is_fine(assay, suite):
    first, *others = sorted(os.sched_getaffinity(0))
    other = next((cpu for cpu in others if siblings(cpu) != siblings(first)), None)
    if other is None:
        pytest.skip("this machine has one core")
    found = cores(assay, suite, first, other)
    assert found["state"] == "ok"
    assert found["text"].startswith(f"generator on CPU {first}")


def test_the_clock_is_sound(judge):
    clock = judge("delay:50ms", "-c", "4", "-d", "1s")["clock"]
    assert clock["state"] == "ok", clock


def test_a_clock_that_jumps_is_found(judge):
    clock = judge("", "-r", "100", "-d", "2s", *EVENLY, faults="clock-jump=300ms@1s")["clock"]
    assert clock["state"] == "fail"
    assert clock["text"] == "the clock jumped by 300ms"


@pytest.mark.parametrize("mode, state", [("delay:50ms", "warn"), ("delay:2ms", "fail")])
def test_a_clock_is_as_coarse_as_what_it_measures_is_short(judge, mode, state):
    """Steps of 1 ms are 2 % of 50 ms, and half of what 2 ms are then taken for."""
    clock = judge(mode, "-c", "2", "-d", "1s", faults="coarse-clock=1ms")["clock"]
    assert (clock["state"], clock["value"]) == (state, 1e6)


# ---- balance ----


def balance(assay, suite, shares):
    """Each answer is the turn of the next worker, so the threads' CPU time has the shares that the oracle is told."""
    target = {"name": "four", "factors": [{"name": "workers", "values": [4]}],
              "start": f"{ASSAY} server --port {{port}} --body {HELLO} --oracle workers:{shares}"}
    load = {"name": "many", "model": "closed", "connections": 16, "duration": "1500ms", "warmup": "100ms"}
    done = assay("run", suite([target], loads=[load]), "--no-save", "-j")
    assert done.code == 0, done.err
    return checks(done.json["trials"][0])["balance"]


def test_one_worker_that_does_most_of_the_work_is_found(assay, suite):
    found = balance(assay, suite, "70/10/10/10")
    assert found["state"] == "warn"
    assert found["value"] == pytest.approx(0.481, abs=0.01)
    assert "one of 4 workers did 70 % of the work" in found["text"]


def test_an_idle_worker_is_no_full_throughput(assay, suite):
    found = balance(assay, suite, "33/33/33/1")
    assert found["state"] == "fail"
    assert "one of 4 workers was idle" in found["text"]


def test_workers_with_equal_shares_are_fine(assay, suite):
    found = balance(assay, suite, "25/25/25/25")
    assert found["state"] == "ok", found
    assert found["value"] >= 0.99
