"""Hidden faults of our own generator (src/base/sabotage.h) show in the figures of a trial.

Each test knows the truth, for the fault is told exactly. Only lower bounds: a busy machine adds to them.
"""

import pathlib

import pytest

import conftest
from conftest import FAULTY

MS = 1_000_000


@pytest.fixture
def faulty(assay, server, monkeypatch):
    """faulty("loop-stall=5ms/100ms", "-d", "1s", ...) -> the trial, driven by a generator with that fault."""
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))

    def run(faults, *flags):
        done = assay(server.url, *flags, "--warmup", "0", "-j", ASSAY_FAULTS=faults)
        assert done.code == 0, done.err
        assert sum(done.json["requests"]["failed"].values()) == 0
        return done.json

    return run


def test_a_stall_of_the_loop_makes_sends_late(faulty, ring):
    trial = faulty("loop-stall=20ms/80ms", "-r", "1000", "--arrivals", "even", "-d", "1s", "--ring", ring)
    assert trial["send_lag_ns"]["loop_late"]["p99"] >= 15 * MS
    assert trial["latency_ns"]["response"]["p99"] >= 15 * MS


def test_a_stall_before_receiving_is_charged_to_the_server(faulty, ring):
    trial = faulty("receive-stall=20ms/80ms", "-c", "1", "-d", "1s", "--ring", ring)
    assert trial["latency_ns"]["response"]["max"] >= 20 * MS


def test_burnt_cpu_is_missing_from_the_throughput(faulty, ring):
    trial = faulty("burn=2ms", "-c", "4", "-d", "1s", "--ring", ring)
    assert trial["throughput_per_sec"] <= 510


def test_dropped_slots_are_missing_from_the_timetable(faulty, ring):
    trial = faulty("drop-slots=10", "-r", "1000", "--arrivals", "even", "-d", "1s", "-c", "64", "--ring", ring)
    assert trial["requests"]["scheduled"] == 900


def test_a_coarse_clock_knows_only_its_own_steps(faulty, ring):
    response = faulty("coarse-clock=2ms", "-c", "1", "-d", "500ms", "--ring", ring)["latency_ns"]["response"]
    assert response["min"] % (2 * MS) == response["max"] % (2 * MS) == 0


def test_a_jump_of_the_clock_is_in_the_response_times(faulty, ring):
    trial = faulty("clock-jump=300ms@1s", "-r", "500", "--arrivals", "even", "-d", "3s", "--ring", ring)
    assert trial["latency_ns"]["response"]["max"] >= 290 * MS


def test_several_faults_at_once(faulty):
    trial = faulty("drop-slots=4,loop-stall=20ms/80ms", "-r", "1000", "--arrivals", "even", "-d", "1s", "-c", "64")
    assert trial["requests"]["scheduled"] == 750
    assert trial["send_lag_ns"]["loop_late"]["p99"] >= 15 * MS


def test_a_fault_that_there_is_not_stops_the_program(assay, server, monkeypatch):
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))
    done = assay(server.url, "-n", "1", ASSAY_FAULTS="loop-stal=5ms/100ms")
    assert done.code < 0
    assert "ASSAY_FAULTS" in done.err


def test_the_program_itself_has_none_of_them(assay, server):
    trial = assay(server.url, "-r", "1000", "--arrivals", "even", "-d", "200ms", "--warmup", "0", "-j",
                  ASSAY_FAULTS="drop-slots=10").json
    assert trial["requests"]["scheduled"] == 200
    assert b"ASSAY_FAULTS" not in pathlib.Path(conftest.ASSAY).read_bytes()
