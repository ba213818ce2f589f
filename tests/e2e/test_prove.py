"""--prove: further drives of a target whose truth is known. What can be told from them is tested in
tests/unit/prove_test.c; here, that the truth comes out of real drives, however busy the machine is.
"""

import http.server
import json
import re
import signal
import threading

import jsonschema
import pytest

import conftest
from conftest import ASSAY, BAD_SERVER, FAULTY, ROOT, bad_server, own_server, until
from test_oracle import own_allocator

LOAD = {"name": "ten", "model": "closed", "connections": 10, "duration": "300ms", "warmup": "20ms"}


def check(trial, name):
    return next(c for c in trial["verdict"]["checks"] if c["id"] == name)


def proved(assay, folder, **variables):
    done = assay("run", folder, "--prove", "--no-ceiling", "-o", "json=run.json", COLUMNS="80", **variables)
    assert done.code == 0, done.err
    run = json.loads((folder.parent / "run.json").read_text())
    schema = json.loads((ROOT / "docs/schema/assay-run-1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(run)
    assert max(map(len, done.out.splitlines())) <= 80
    return run["trials"][0], done.out


def test_more_work_for_the_generator_costs_a_server_with_a_fixed_delay_nothing(assay, suite):
    folder = suite([{"name": "slow", "start": f"{ASSAY} server --port {{port}} --body hello --oracle delay:10ms"}],
                   loads=[LOAD])
    trial, out = proved(assay, folder)
    tried = trial["proof"]["elasticity"]
    assert trial["proof"]["leak"] is None  # too short to tell, and a suite looks only where it seems to grow
    assert tried["burn_ns"] > 0 and 2 <= tried["rounds"] <= 5
    # Each of ten connections can ask 100 times a second, less what a busy machine takes.
    assert 100 <= tried["with_per_sec"] <= 1010
    assert tried["elasticity"] == pytest.approx(-tried["change_share"] / 0.1)
    assert tried["state"] != "limiting"
    if tried["state"] == "not_limiting":
        assert "PROVED   slow, hello ten, generator: 10 % more work" in out
        if check(trial, "generator")["state"] == "ok":
            assert "proved: 10 % more work" in check(trial, "generator")["text"]


def test_more_work_for_a_slow_generator_is_missing_from_the_throughput(assay, suite, monkeypatch):
    """Each request costs it 300 us, so that nothing else can be the limit."""
    folder = suite([own_server()], loads=[LOAD])
    monkeypatch.setattr(conftest, "ASSAY", str(FAULTY))
    trial, out = proved(assay, folder, ASSAY_FAULTS="burn=300us")
    tried = trial["proof"]["elasticity"]
    assert trial["throughput_per_sec"] <= 3400
    assert tried["state"] != "not_limiting"
    if tried["state"] == "limiting":
        assert check(trial, "generator")["state"] == "fail"
        assert re.search(r"PROVED   own, hello ten, generator: 10 % more work for the\s+generator cost", out)


@own_allocator
def test_a_leak_is_proved_at_two_rates_and_what_is_flat_needs_no_proof(start, serve, tmp_path):
    """Both at once: they take their time, and hardly any CPU."""
    leaky, flat = serve("--oracle", "leak:512"), serve()
    runs = {name: start("load", server.url, "-r", "1000", *flags, "--prove", "--prove-duration", "21s", "--no-save",
                        "--no-ceiling", "-o", f"json={tmp_path / name}.json", COLUMNS="80")
            for name, server, flags in (("leaky", leaky, ("-d", "1s")), ("flat", flat, ("-d", "21s")))}
    said = {name: child.communicate(timeout=100) for name, child in runs.items()}
    assert [child.returncode for child in runs.values()] == [0, 0], said
    trials = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in runs}

    proof = trials["leaky"]["proof"]
    assert proof["elasticity"] is None  # at a rate that is asked, throughput cannot show it
    assert proof["leak"]["state"] == "proved"
    assert proof["leak"]["rates_per_sec"] == [500, 1000]
    assert proof["leak"]["bytes_per_request"] == pytest.approx([512, 512], rel=0.1)
    assert check(trials["leaky"], "memory")["state"] == "warn"
    assert check(trials["leaky"], "memory")["text"].startswith("leak proved: 5")
    assert "\nPROVED   memory: leak proved: 5" in said["leaky"][0]

    assert trials["flat"]["proof"] == {"elasticity": None, "leak": {
        "state": "flat", "duration_s": None, "rates_per_sec": [None, None], "bytes_per_request": [None, None]}}
    assert "\nok       memory: nothing to prove: it does not grow with requests\n" in said["flat"][0]


def test_an_interrupted_proof_leaves_the_trial_whole(start, serve, tmp_path):
    child = start("load", serve().url, "-r", "100", "-d", "300ms", "--prove", "--no-save", "--no-ceiling",
                  "-o", f"json={tmp_path / 'result.json'}")
    log = []
    until(lambda: log.append(child.stderr.readline()) or "measured" in log[-1], "the proof to begin")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=conftest.LIMIT_S)
    assert child.returncode == 130, err
    trial = json.loads((tmp_path / "result.json").read_text())
    assert trial["partial"] is False and trial["requests"]["ok"] > 0
    assert trial["proof"] is None or trial["proof"]["leak"]["state"] == "not_settled"


def test_an_interrupt_while_a_proof_asks_leaves_the_trial_whole(start, tmp_path):
    """The server has answered the probes and the trial, and says nothing more: the proof waits for its first answer."""
    answers, asked_again, end = iter(range(3 + 20)), threading.Event(), threading.Event()

    class Silent(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if next(answers, None) is None:
                asked_again.set()
                end.wait()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        child = start("load", f"http://127.0.0.1:{server.server_port}/", "-c", "1", "-n", "20", "--timeout", "60s",
                      "--prove", "--no-save", "--no-ceiling", "-o", f"json={tmp_path / 'result.json'}")
        assert asked_again.wait(conftest.LIMIT_S)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=conftest.LIMIT_S)
        end.set()
        server.shutdown()
    assert child.returncode == 130, err
    trial = json.loads((tmp_path / "result.json").read_text())
    assert (trial["partial"], trial["requests"]["ok"]) == (False, 20)


def test_a_target_that_dies_while_it_is_driven_again_is_told(assay, suite):
    """It lives through the trial's hundred requests, and not through the next ones."""
    folder = suite([bad_server("dies_after_n", name="mortal", start=f"{' '.join(BAD_SERVER)} dies_after_n {{port}} 150")],
                   loads=[{"name": "l", "connections": 2, "requests": 100, "timeout": "1s"}])
    trial, out = proved(assay, folder)
    assert (trial["state"], trial["requests"]["ok"]) == ("done", 100)
    assert re.fullmatch(r"mortal \(pid \d+\) exited with status 7 while it was driven again", trial["reason"])
    assert trial["proof"]["elasticity"]["state"] == "died" and trial["proof"]["leak"] is None
    assert re.search(r"^DIED     mortal, hello l, generator: mortal \(pid \d+\) exited with status 7", out, re.MULTILINE)


def test_a_dry_run_counts_the_proofs(assay, suite):
    folder = suite([own_server("a"), own_server("b")], blocks=3)
    told = [assay("run", folder, "--dry-run", "-j", *flags).json["seconds"] for flags in ((), ("--prove",))]
    assert told[1] - told[0] == pytest.approx(6 * 4 * 2.3, abs=0.1)
    text = assay("run", folder, "--dry-run", "--prove", "--prove-duration", "2m").out
    assert "proofs are in that time; where memory seems to grow, 4m02s more for a trial\n" in text


@pytest.mark.parametrize("flags, said", [
    (("--prove", "--stages", "1s:10c,1s:20c"), "--prove needs one load; --stages are several"),
    (("--prove-duration", "20s"), "--prove-duration 20s is out of range; from 21.0s to"),
    (("--prove-duration", "long"), "write it like 60s or 2m"),
])
def test_what_cannot_be_proved_is_refused(assay, flags, said):
    done = assay("load", "http://127.0.0.1:1/", *flags)
    assert done.code == 2
    assert said in done.err
