"""Bad days: each has a sentence that says what to do, the right exit code, and loses nothing."""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import threading

import pytest

from conftest import (ASSAY, BAD_SERVER, LIMIT_S, MARKER, bad_server, environment, free_port, own_server, ranked,
                      processes_with, until)


def said(done, *words):
    """One sentence on stderr that holds these words."""
    assert re.match(r"(\S+:\d+:\d+: )?error: ", done.err.splitlines()[-1]), done.err
    for word in words:
        assert word in done.err, done.err


# ---- nobody there ----


def test_no_such_host(assay):
    done = assay("http://no-such-host.invalid/", "-n", "1")
    assert done.code == 1
    said(done, "no-such-host.invalid")


def test_port_closed(assay):
    port = free_port()
    done = assay(f"http://127.0.0.1:{port}/", "-n", "1")
    assert done.code == 1
    said(done, str(port), "refused")


def test_a_port_that_is_taken_names_who_has_it(assay):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = assay("server", "--port", str(port))
    assert done.code == 1
    said(done, str(port), "taken")


# ---- targets that misbehave, in a suite: reported with the reason, the others go on ----

BAD_STARTS = {
    "exit_at_once": "exit",
    "never_listen": "listen",
    "wrong_status": "status",
    "wrong_body": "body",
    "garbage": "HTTP",
    "garbage_once": "HTTP",
    "endless": "",
    "silent": "",
}


def run_with_patience(assay, suite, mode, reason):
    """On a machine that is busy Python itself may take longer to start and to answer than the target
    gets: then it had no time to misbehave, and gets more of it."""
    few = {"name": "few", "connections": 2, "requests": 20, "timeout": "20s"}
    for patience in ("1s", "5s", "25s"):
        folder = suite([bad_server(mode, name="sick", ready_timeout=patience), own_server("well")], loads=[few])
        done = assay("run", folder, "-o", "json=run.json")
        if reason in done.out + done.err:
            break
    return done, json.loads((folder.parent / "run.json").read_text())


@pytest.mark.parametrize(("mode", "reason"), BAD_STARTS.items(), ids=BAD_STARTS.keys())
def test_a_target_that_never_answers_rightly_is_left_out_and_the_others_run(assay, suite, mode, reason):
    done, run = run_with_patience(assay, suite, mode, reason)
    assert done.code == 1
    assert reason in done.out + done.err
    rows = {row["target"]: row for ranking in run["ranking"] for row in ranking["rows"]}
    assert ranked(rows["well"])
    assert rows["sick"]["rank"] is None
    assert rows["sick"]["reason"]
    assert processes_with(MARKER) == []


def test_a_target_that_dies_in_mid_trial_keeps_its_counts(assay, suite):
    folder = suite([bad_server("dies_after_n", name="mortal"), own_server("well")],
                   loads=[{"name": "l", "connections": 2, "duration": "1s", "warmup": "0s", "timeout": "500ms"}])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 1
    trials = json.loads((folder.parent / "run.json").read_text())["trials"]
    mortal = next(t for t in trials if t["target"]["name"] == "mortal")
    assert mortal["requests"]["sent"] > 0
    assert next(t for t in trials if t["target"]["name"] == "well")["requests"]["ok"] > 0


@pytest.mark.parametrize("mode", ["ignore_term", "double_fork"])
def test_a_target_that_will_not_go_is_ended_all_the_same(assay, suite, mode):
    folder = suite([bad_server(mode)])
    assay("run", folder)
    assert processes_with(MARKER) == []


SERVER = f"{ASSAY} server --port {{port}} --body hello"
PATIENT = [{"name": "l", "connections": 2, "duration": "5s", "warmup": "0s", "timeout": "500ms"}]


def in_background(assay, suite, back, front, loads=None):
    """The one trial of a target of two processes."""
    folder = suite([{"name": "pair", "processes": [{"name": "back", "start": back}, {"name": "front", "start": front}]}],
                   loads=loads)
    assay("run", folder, "-o", "json=run.json")
    return json.loads((folder.parent / "run.json").read_text())["trials"][0]


def test_two_processes_may_both_be_in_the_background(assay, suite):
    assert in_background(assay, suite, f"{SERVER} &", f"{SERVER} &")["state"] == "done"


def test_a_process_that_exits_is_noticed_while_one_before_it_is_in_the_background(assay, suite):
    dies = f"{' '.join(BAD_SERVER)} dies_after_n {{port}} 30; exit 0"
    trial = in_background(assay, suite, f"{SERVER} &", dies, PATIENT)
    assert trial["state"] == "died"
    assert re.fullmatch(r"front \(pid \d+\) exited with status 0", trial["reason"])


def ticks_of(pid):
    """User and system time, in hundredths of a second."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_process_that_exits_is_noticed_while_one_behind_it_is_in_the_background(start, suite, tmp_path):
    go, marker = tmp_path / "go", f"behind-{os.getpid()}"
    folder = suite([{"name": "pair", "processes": [
        {"name": "back", "start": f"until test -e {go}; do sleep 0.01; done"},
        {"name": "front", "start": f"{SERVER} --content-type {marker} &"}]}],
        loads=[{"name": "l", "connections": 2, "duration": "20s", "warmup": "0s"}])
    child = start("run", folder, "-o", "json=run.json")
    front, = until(lambda: processes_with(f"--content-type\0{marker}"), "the front")
    until(lambda: ticks_of(front) >= 10, "the load")
    go.touch()
    child.communicate(timeout=LIMIT_S)
    trial, = json.loads((tmp_path / "run.json").read_text())["trials"]
    assert trial["state"] == "died"
    assert re.fullmatch(r"back \(pid \d+\) exited with status 0", trial["reason"])


# ---- a server that misbehaves, under a single load ----


@pytest.fixture
def misbehaving(request):
    """A bad server on a port of its own, for tests that drive it directly."""
    children = []

    def run(mode):
        port = free_port()
        children.append(subprocess.Popen([*BAD_SERVER, mode, str(port)],
                                         env=environment(), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL))

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(listens, f"{mode} to listen")
        return f"http://127.0.0.1:{port}/"

    yield run
    for child in children:
        child.kill()
        child.wait()


@pytest.mark.parametrize("mode", ["garbage", "endless", "silent"])
def test_a_server_that_cannot_be_measured_is_an_error_with_a_reason(assay, misbehaving, mode):
    done = assay(misbehaving(mode), "-n", "10", "--timeout", "300ms")
    assert done.code == 1
    said(done)


@pytest.mark.parametrize(("method", "answer", "words"), [
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["HEAD ends with its head", "strictly"]),
    ("GET", b"SSH-2.0-OpenSSH_9.2\r\n", ["'SSH-2.0-OpenSSH_9.2", "another service"]),
    ("GET", b"\x15\x03\x01\x00\x02\x02\x46", ["TLS, not HTTP/1.1"]),
    ("GET", b"", ["closed without an answer", "https"]),
], ids=["body-to-head", "ssh", "tls", "nothing"])
def test_who_does_not_speak_http_is_told_from_who_breaks_it(assay, method, answer, words):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            with listening.accept()[0] as peer:
                peer.recv(65536)
                peer.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        done = assay(f"http://127.0.0.1:{listening.getsockname()[1]}/", "-n", "1", "-m", method)
        server.join(LIMIT_S)
    assert done.code == 1
    said(done, *words)
    assert ("another service" in done.err) == (b"SSH" in answer)


@pytest.mark.parametrize("load", [["-n", "1000"], ["-d", "60s", "--warmup", "1000n"]], ids=["window", "warm-up"])
def test_a_server_that_falls_silent_is_given_up_by_count(assay, misbehaving, tmp_path, load):
    done = assay(misbehaving("falls_silent"), *load, "-c", "1", "--timeout", "100ms", "-o", "json=trial.json")
    trial = json.loads((tmp_path / "trial.json").read_text())
    assert trial["gave_up"] is True and trial["partial"] is True
    assert "PARTIAL: given up after " in done.out
    assert "four time-outs' length" in done.out
    assert "so short a time" not in done.err
    assert done.code == (0 if trial["requests"]["ok"] else 1)


def test_wrong_answers_are_no_throughput(assay, misbehaving):
    done = assay(misbehaving("wrong_status"), "-n", "10", "--expect-status", "200", "--timeout", "1s", "-j")
    assert done.code == 1
    assert done.err


def test_a_server_that_ends_while_it_is_driven_is_missed(assay, misbehaving, server):
    flags = ("-n", "400", "-c", "2", "--timeout", "100ms")
    assert "nobody listens there any more" in assay(misbehaving("dies_after_n"), *flags).out
    assert "nobody listens" not in assay(server.url, *flags).out


def test_an_answer_other_than_the_expected_body_is_an_error(assay, server):
    done = assay(server.url, "-n", "10", "--expect-body", "something else")
    assert done.code == 1
    assert "body" in done.err


# ---- limits of the machine ----


def with_descriptors(soft, hard):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return limit


def load_with_descriptors(soft, hard, tmp_path, url, connections):
    return subprocess.run([ASSAY, url, "-c", str(connections), "-n", str(connections * 2)], cwd=tmp_path,
                          env=environment(), capture_output=True, text=True, timeout=LIMIT_S, check=False,
                          preexec_fn=with_descriptors(soft, hard))


def test_the_soft_limit_of_descriptors_is_raised(tmp_path, server):
    done = load_with_descriptors(64, 1024, tmp_path, server.url, 200)
    assert done.returncode == 0, done.stderr


def test_too_few_descriptors_are_said_before_anything_starts(tmp_path, server):
    done = load_with_descriptors(128, 128, tmp_path, server.url, 200)
    assert done.returncode == 2
    assert "128" in done.stderr and "200 connections" in done.stderr and "ulimit" in done.stderr
    assert server.stop()["requests"] == 0


def test_nobody_is_told_to_ask_for_no_connections(tmp_path, server):
    done = load_with_descriptors(64, 64, tmp_path, server.url, 10)
    assert done.returncode == 2
    assert "10 connections" in done.stderr and "64" in done.stderr and "ulimit" in done.stderr
    assert "at most" not in done.stderr
    assert server.stop()["requests"] == 0


def too_wide(suite, tmp_path, connections, **target):
    """A suite whose second load has so many, and what tells that a target was built."""
    return suite([own_server("first", build=f"touch {tmp_path}/built", **target)],
                 loads=[{"name": "few", "connections": 1, "requests": 3},
                        {"name": "many", "connections": connections, "duration": "1s"}])


def refused_with_the_place(done, tmp_path, *words):
    assert done.returncode == 2, done.stderr
    lines = (tmp_path / "suite/suite.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "connections:" in text and "connections: 1" != text.strip())
    assert f"{tmp_path}/suite/suite.yaml:{line}:16: error: load 'many': " in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "built").exists()


TWO_COMMANDS = pytest.mark.parametrize("command", [["run"], ["ci", "--base-cmd", "true", "--limit", "p99=off"]],
                                       ids=["run", "ci"])


def told(tmp_path, command, folder, **more):
    return subprocess.run([ASSAY, *command, folder], cwd=tmp_path, env=environment(), capture_output=True, text=True,
                          timeout=LIMIT_S, check=False, **more)


@TWO_COMMANDS
def test_too_few_descriptors_for_a_suite_are_said_before_anything_is_built(suite, tmp_path, command):
    done = told(tmp_path, command, too_wide(suite, tmp_path, 200), preexec_fn=with_descriptors(128, 128))
    refused_with_the_place(done, tmp_path, "200 connections and ", "ulimit -Hn")


@TWO_COMMANDS
def test_too_few_ports_for_a_suite_are_said_before_anything_is_built(suite, tmp_path, command):
    done = told(tmp_path, command, too_wide(suite, tmp_path, 66000))
    refused_with_the_place(done, tmp_path, "66000 connections need as many local ports", "ip_local_port_range")


def test_each_address_of_a_target_has_local_ports_of_its_own(suite, tmp_path):
    done = told(tmp_path, ["run"], too_wide(suite, tmp_path, 200000, instances="{n}",
                                            factors=[{"name": "n", "values": [2]}]))
    refused_with_the_place(done, tmp_path, " for each of 2 addresses, ")


def test_a_target_has_the_limit_of_descriptors_that_assay_was_started_with(assay, suite, tmp_path):
    note = tmp_path / "limits"
    targets = [own_server(name, start=f"ulimit -Sn >>{note}; exec {ASSAY} server --port {{port}} --body hello")
               for name in ("one", "two")]
    folder = suite(targets, loads=[{"name": "many", "connections": 200, "requests": 400}])
    assay("run", folder, prefix=("sh", "-c", 'ulimit -Sn 150; exec "$@"', "sh"))
    assert note.read_text().split() == ["150", "150"]


@pytest.mark.parametrize("flags", [["-o", "json=/dev/full"], ["-o", "csv=/dev/full"]])
def test_a_full_disk_is_said(assay, server, flags):
    done = assay(server.url, "-n", "10", *flags)
    assert done.code == 1
    said(done, "/dev/full", "No space left")


def test_a_result_that_could_not_be_printed_is_not_a_success(assay, server):
    with open("/dev/full", "w") as full:
        done = assay(server.url, "-n", "10", "-j", stdout=full)
    assert done.code == 1
    said(done, "No space left")


@pytest.mark.parametrize("command", [["list"], ["list", "-j"], ["doctor"], ["doctor", "-j"], ["schema", "run"]],
                         ids=" ".join)
def test_what_could_not_be_printed_is_no_success_of_those_that_only_tell(assay, server, command):
    assay(server.url, "-n", "1")
    with open("/dev/full", "w") as full:
        done = assay(*command, stdout=full)
    assert done.code == 1
    said(done, "No space left")


def test_a_database_on_a_full_disk_is_said_and_the_result_is_still_printed(assay, server, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
             f'mount -t tmpfs -o size=16k none {full} && exec "$@"', "sh"]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mounts in a user namespace here")
    done = assay(server.url, "-n", "10", "--db", full / "assay.db", prefix=mount)
    assert done.code == 1
    said(done, "full")


# ---- interrupts ----


def wait_for_line(child, pattern):
    """Reads stderr until a line matches; an end of the program before that fails the test."""
    seen = []
    for line in child.stderr:
        seen.append(line)
        if re.search(pattern, line):
            return line
    pytest.fail(f"no line like '{pattern}' in:\n{''.join(seen)}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
                         ids=["Ctrl-C", "TERM"])
def test_an_interrupted_load_reports_what_was_measured(start, server, tmp_path, number, code):
    child = start(server.url, "-d", "60s", "--warmup", "500ms", "-o", "json=partial.json")
    wait_for_line(child, "warm-up")
    child.send_signal(number)
    out, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == code, err
    assert "RESULT" in out
    assert json.loads((tmp_path / "partial.json").read_text())["partial"] is True
    with sqlite3.connect(tmp_path / "assay.db") as database:
        assert database.execute("select count(*) from trial").fetchone() == (1,)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
                         ids=["Ctrl-C", "TERM"])
def test_an_interrupted_run_keeps_its_trials_and_leaves_nobody_behind(start, suite, tmp_path, number, code):
    marker = f"interrupted-{os.getpid()}-{number}"
    folder = suite([own_server(start=f"{ASSAY} server --port {{port}} --body hello --content-type {marker}")],
                   blocks=500)
    child = start("run", folder)
    until(lambda: finished_trials(tmp_path) >= 1 and processes_with(f"--content-type\0{marker}"),
          "a finished trial and the next one's target")
    child.send_signal(number)
    _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == code, err
    assert finished_trials(tmp_path) >= 1
    assert processes_with(f"--content-type\0{marker}") == []


def finished_trials(folder):
    try:
        with sqlite3.connect(f"file:{folder / 'assay.db'}?mode=ro", uri=True) as database:
            return database.execute("select count(*) from trial").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("mode", ["plain", "double_fork", "ignore_term"])
def test_after_kill_9_no_target_lives_and_every_finished_trial_is_kept(start, suite, tmp_path, mode):
    marker = f"killed-{os.getpid()}-{mode}"
    target = own_server(start=f"{ASSAY} server --port {{port}} --body hello --content-type {marker}")
    if mode != "plain":
        target = bad_server(mode)
        marker = MARKER
    folder = suite([target], blocks=500)
    child = start("run", folder)
    until(lambda: finished_trials(tmp_path) >= 2 and processes_with(marker),
          "two finished trials and the next one's target")
    before = finished_trials(tmp_path)
    child.kill()
    child.wait()
    gone = threading.Event()

    def watch():
        while processes_with(marker):
            pass
        gone.set()

    threading.Thread(target=watch, daemon=True).start()
    assert gone.wait(2), "a process of the target is alive two seconds after kill -9"
    assert finished_trials(tmp_path) >= before
    done = subprocess.run([ASSAY, "show", "last"], cwd=tmp_path, env=environment(), capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
