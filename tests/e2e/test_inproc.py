"""`assay inproc`: frameworks without server and network, on CPython."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess

import jsonschema
import pytest

from conftest import ASSAY, FIXTURES, LIMIT_S, PYTHON, ROOT, SANITIZED, environment, processes_with, until

APPS = FIXTURES / "inproc"
RUNNER = pathlib.Path(ASSAY).resolve().parent / "assay-runner-cpython"

FRAMEWORKS = ("bottle", "django", "falcon", "flask", "pyramid", "webob", "werkzeug")

pytestmark = pytest.mark.skipif(not RUNNER.exists(), reason="built without python3-dev")


@pytest.fixture
def inproc(assay):
    """inproc("odd_app:good", "--gc", "off") -> Done; few calls in one process unless told otherwise."""

    def run(*arguments, **variables):
        return assay("inproc", "--folder", APPS, "--processes", "1", "--calls", "200", *arguments, **variables)

    return run


@pytest.fixture
def rows(inproc):
    """The rows of the JSON by name; the floor's is ""."""

    def run(*arguments, code=0, **variables):
        done = inproc(*arguments, "-j", **variables)
        assert done.code == code, done.err
        return {"" if row["floor"] else row["app"]: row for row in done.json["rows"]}

    return run


def row(rows, app, *arguments, code=0):
    return rows(f"odd_app:{app}", *arguments, code=code)[f"odd_app:{app}"]


# ---- the table ----


def test_the_bare_callable_is_the_first_row_and_the_others_are_compared_with_it(inproc):
    done = inproc("odd_app:good", "flask_app:app", "--path", "/welcome")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("in-process  GET /welcome")
    assert "CPython 3" in lines[0] and "gc on" in lines[0]
    assert lines[1].split()[0] == "application"
    assert lines[2].startswith("bare WSGI callable (floor)")
    assert lines[3].startswith("odd_app:good")
    assert lines[4].startswith("flask_app:app")
    for title in ("µs/req", "95 % CI", "× floor", "req/s", "tcalls", "funcs", "allocs", "growth B"):
        assert title in lines[1]
    assert "warm-up" in done.out


def test_six_processes_give_an_exact_interval_and_fewer_say_so(inproc):
    six = inproc("odd_app:good", "--processes", "6", "-j").json["rows"][1]["ns_per_request"]
    assert six["n"] == 6 and six["low"] <= six["median"] <= six["high"]
    one = inproc("odd_app:good", "-j").json["rows"][1]["ns_per_request"]
    assert one["n"] == 1 and one["low"] is None
    assert "needs 6 processes" in inproc("odd_app:good").out


def test_the_json_keeps_its_schema_and_its_figures_follow_from_what_was_measured(inproc):
    schema = json.loads((ROOT / "docs/schema/assay-inproc-1.json").read_text())
    document = inproc("odd_app:good", "odd_app:raises", "odd_app:asgi", "--processes", "6", "-j").json
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    floor, good = (next(r for r in document["rows"] if r["app"] == name)
                   for name in ("bare WSGI callable (floor)", "odd_app:good"))
    times = sorted(p["wall_ns"] / p["requests"] for p in good["processes"])
    assert good["ns_per_request"]["median"] == pytest.approx((times[2] + times[3]) / 2)
    assert good["ns_per_request"]["low"] == pytest.approx(times[0])
    ratios = sorted(g["wall_ns"] / f["wall_ns"] for g, f in zip(good["processes"], floor["processes"], strict=True))
    assert good["times_floor"]["median"] == pytest.approx((ratios[2] + ratios[3]) / 2)
    for process in good["processes"]:
        assert process["requests"] == 200
        assert sum(process["batches_ns"]) == process["wall_ns"]
        assert process["warmup_requests"] >= 100


def test_the_schema_is_in_the_program(assay):
    assert assay("schema", "inproc").out == (ROOT / "docs/schema/assay-inproc-1.json").read_text()


def test_the_record_is_kept_and_shown_again(inproc, assay, tmp_path):
    done = inproc("odd_app:good", "odd_app:raises", "-o", "json=first.json")
    assert done.code == 1
    listed = assay("list", "-j").json
    assert [(run["suite"], run["target"], run["trials"], run["failed"]) for run in listed] == [
        ("in-process", "2 applications", 3, 1)]
    shown = assay("show", "last")
    assert shown.code == 0, shown.err
    assert shown.out == done.out
    again = assay("show", "last", "-j").json
    assert again == json.loads((tmp_path / "first.json").read_text())


def test_nothing_is_kept_when_told_so(inproc, tmp_path):
    assert inproc("odd_app:good", "--no-save").code == 0
    assert not (tmp_path / "assay.db").exists()


def test_without_a_number_of_calls_a_process_measures_about_a_second(assay):
    done = assay("inproc", "--folder", APPS, "odd_app:sleeps", "--processes", "1", "-j")
    assert done.code == 0, done.err
    for measured in done.json["rows"]:
        assert 0.1e9 < measured["processes"][0]["wall_ns"] < 10e9


# ---- what is made of a runner's answers: one whose times are made up ----


@pytest.fixture
def runners(tmp_path):
    """A folder with no runner but one whose times are made up."""
    folder = tmp_path / "runners"
    folder.mkdir()
    shutil.copy(FIXTURES / "fake_runner.py", folder / "assay-runner-fake")
    return folder


@pytest.fixture
def fake(assay, runners):
    """The row of an application under a runner that is told how its times go."""

    def run(*arguments, code=0, **variables):
        done = assay("inproc", "--runtime", "fake", "anything", "--processes", "1", "-j", *arguments,
                     ASSAY_RUNNERS=str(runners), **variables)
        assert done.code == code, done.err
        return done.json["rows"][1]

    return run


def test_a_warm_up_goes_on_until_there_is_no_further_gain(fake):
    steady = fake()["processes"][0]
    assert steady["warmup_ns"] == pytest.approx(0.1e9, rel=0.5)  # a few steps of 30 ms
    gaining = fake(GAINS="60")["processes"][0]
    assert gaining["wall_ns"] / gaining["requests"] == pytest.approx(1e6 * 0.9 ** 60, rel=0.01)
    assert gaining["warmup_requests"] > 20 * steady["warmup_requests"]


def test_a_runtime_that_compiles_while_it_runs_is_given_seconds(fake):
    assert fake(JIT="1")["processes"][0]["warmup_ns"] > 1e9


def test_gains_too_small_to_see_in_one_step_are_waited_for_too(fake):
    gaining = fake(GAINS="100", GAIN="0.97")["processes"][0]
    assert gaining["wall_ns"] / gaining["requests"] == pytest.approx(1e6 * 0.97 ** 100, rel=0.01)


def test_calls_fill_a_second_or_are_as_many_as_asked_in_equal_batches(fake):
    assert fake()["processes"][0]["wall_ns"] == pytest.approx(1e9)
    assert fake("--calls", "40")["processes"][0]["requests"] == 40
    assert fake("--calls", "110")["processes"][0]["requests"] == 120


def test_what_the_machine_counts_is_taken_before_callgrind(fake):
    row = fake()
    assert row["instructions_per_request"] == 1000
    assert row["instructions_by_callgrind"] is None
    assert row["growth"]["bytes_per_request"] == row["growth"]["low"] == 5
    assert row["tcalls"] is None
    assert row["interface"] is None
    assert row["times_floor"]["median"] == 1


def test_what_a_loop_costs_is_told_as_it_was_where_calls_are_timed(fake):
    assert fake(DRIVER="asyncio")["driver_ns"] == 700
    assert fake()["driver_ns"] is None


@pytest.mark.parametrize(("command", "lies", "said"), [
    ("run", {"wall_ns": []}, "times (wall_ns, cpu_ns) are not those of 1 batches"),
    ("run", {"wall_ns": [0]}, "times (wall_ns, cpu_ns) are not those of 1 batches"),
    ("run", {"wall_ns": ["1"]}, "times (wall_ns, cpu_ns) are not those of 1 batches"),
    ("run", {"cpu_ns": None}, "times (wall_ns, cpu_ns) are not those of 1 batches"),
    ("run", {"wall_ns": [30000000]}, "times (wall_ns, cpu_ns) are not those of 20 batches"),
    ("run", {"wall_ns": [1], "cpu_ns": [1]}, "says that"),
    ("run", {"ok": 0}, "counts (ok, wrong) are not those of"),
    ("run", {"wrong": None}, "counts (ok, wrong) are not those of"),
    ("growth", {"bytes": [1, 2]}, "bytes are not those of 25 points"),
    ("growth", {"bytes": [None] * 25}, "bytes are not those of 25 points"),
])
def test_what_a_runner_says_is_looked_at(fake, command, lies, said):
    assert said in fake("--calls", "100", code=1, LIES=json.dumps({command: lies}))["reason"]


def test_a_runner_that_does_not_read_is_given_up(fake, runners):
    # More than a pipe holds.
    (runners / "assay-runner-fake").write_text("#!/bin/sh\nexec sleep 600\n")
    reason = fake("--timeout", "500ms", "-b", "x" * 100000, code=1)["reason"]
    assert "did not return within 0.5 s" in reason


# ---- what an application is asked, and how ----


def test_each_call_gets_a_fresh_environ_with_its_body(rows):
    found = row(rows, "dirties", "-b", "a=1", "-H", "X-Mine: 5", "--expect-body", "POST35")
    assert found["state"] == "done"
    assert found["check"] == "200, 6 B text/plain, the same twice"


def test_the_input_reads_as_bytesio_does(rows):
    assert row(rows, "reads", "-b", "one\ntwo\n\nthree", "--expect-body", "same")["state"] == "done"


@pytest.mark.parametrize("app", ["writes", "recovers", "closes", "make()"])
def test_what_the_specification_allows_is_allowed(rows, app):
    assert row(rows, app, "--expect-body", "Hello World!")["state"] == "done"


@pytest.mark.parametrize("gc", ["on", "off", "frozen"])
def test_the_collector_is_as_told(inproc, gc):
    document = inproc("odd_app:collector", "--gc", gc, "--expect-body", gc, "-j").json
    assert document["gc"] == gc
    assert document["rows"][1]["state"] == "done", document["rows"][1]["reason"]


def test_the_hash_seed_and_the_cpu_are_fixed(inproc):
    cpu = max(os.sched_getaffinity(0))
    assert inproc("odd_app:place", "--expect-body", f"0 {cpu}", PYTHONHASHSEED="7").code == 0
    first = min(os.sched_getaffinity(0))
    assert inproc("odd_app:place", "--expect-body", f"0 {first}", "--cpus", first).code == 0


def test_what_is_called_by_hand_may_lie_in_further_folders(inproc, tmp_path):
    (tmp_path / "elsewhere.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Length', '4')])\n"
        "    return [b'here']\n"
    )
    assert inproc("elsewhere:app", "--expect-body", "here", PYTHONPATH=str(tmp_path)).code == 0


# ---- what is wrong ----

WRONG = {
    "raises": "the application raised ValueError: no luck",
    "never_starts": "the body came before start_response() was called",
    "text": "a piece of the body is str, not bytes",
    "broken_header": "header 0 is no pair of str in Latin-1",
    "starts_twice": "start_response() was called twice",
    "wrong_later": "answers were wrong; the first: GET /: the body is not as expected: 'Hello Wurld!'",
    "missing": "status 404 (--expect-status 404 if that is right)",
    "not_callable": "is no application: it cannot be called",
    "half": "its answer was not complete",
    "leave": "it ended by itself when it was loaded or first asked, with exit code 7",
    "nothing": "has no attribute 'nothing'",
}


def test_a_wrong_answer_is_a_sentence_and_the_others_go_on(rows):
    found = rows(*(f"odd_app:{app}" for app in WRONG), "odd_app:good", "--calls", "3000", code=1)
    for app, sentence in WRONG.items():
        assert found[f"odd_app:{app}"]["state"] == "failed"
        assert sentence in found[f"odd_app:{app}"]["reason"]
    assert found["odd_app:good"]["state"] == "done"
    assert found[""]["state"] == "done"


def test_expectations_are_kept(rows):
    assert "status 200, expected 404" in row(rows, "good", "--expect-status", "404", code=1)["reason"]
    assert "'Hello World!'" in row(rows, "good", "--expect-body", "Bye", code=1)["reason"]
    assert row(rows, "missing", "--expect-status", "404")["state"] == "done"


@pytest.mark.skipif(SANITIZED, reason="the address sanitizer takes the signal")
def test_a_crash_is_an_outcome_with_its_signal_and_last_output(rows):
    found = rows("odd_app:crash", "odd_app:crash_later", "odd_app:good", code=1)
    assert found["odd_app:crash"]["signal"] == "SIGSEGV"
    assert "crashed when it was loaded or first asked: SIGSEGV" in found["odd_app:crash"]["reason"]
    assert "about to crash" in found["odd_app:crash"]["output_tail"]
    assert "in crash" in found["odd_app:crash"]["output_tail"]  # the Python line, by faulthandler
    assert "crashed while it was called: SIGSEGV" in found["odd_app:crash_later"]["reason"]
    assert found["odd_app:good"]["state"] == "done"


@pytest.mark.skipif(SANITIZED, reason="the address sanitizer takes the signal")
def test_a_crash_is_seen_although_something_it_started_lives_on(rows):
    assert row(rows, "crash_with_child", code=1)["signal"] == "SIGSEGV"


def test_what_it_prints_has_a_limit(rows):
    assert "it printed more than 256 MiB" in row(rows, "prints", code=1)["reason"]


def test_an_application_that_never_returns_is_given_up(rows):
    assert "did not return within 0.5 s" in row(rows, "hang", "--timeout", "500ms", code=1)["reason"]


def test_what_cannot_be_imported_says_why(rows):
    found = rows("broken_app:app", "nosuch:app", "odd_app", code=1)
    assert "No module named 'a_module_that_is_not_there'" in found["broken_app:app"]["reason"]
    assert "broken_app.py, line 1" in found["broken_app:app"]["reason"]
    assert "No module named 'nosuch'" in found["nosuch:app"]["reason"]
    assert "write the application as module:name" in found["odd_app"]["reason"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["--runtime", "cobol"], "no assay-runner-cobol"),
    (["--gc", "sometimes"], "--gc is on, off or frozen"),
    (["--interface", "cgi"], "--interface is wsgi or asgi"),
    (["--folder", "/nowhere"], "/nowhere"),
    (["--path", "welcome"], "does not begin with '/'"),
    (["--processes", "0"], "--processes"),
    (["--cpus", "4000"], "4000"),
    (["-o", "csv=x.csv"], "json or markdown"),
])
def test_wrong_options_are_usage_errors(inproc, arguments, said):
    done = inproc("odd_app:good", *arguments)
    assert done.code == 2
    assert said in done.err


def test_a_folder_of_runners_can_be_named(inproc, tmp_path):
    done = inproc("odd_app:good", ASSAY_RUNNERS=str(tmp_path))
    assert done.code == 2
    assert f"no assay-runner-cpython in {tmp_path}" in done.err


def test_an_interrupt_ends_the_runners_too_and_what_was_measured_is_kept(start, tmp_path):
    ours = tmp_path / "runners"  # other tests have theirs at the same time
    ours.mkdir()
    (ours / RUNNER.name).symlink_to(RUNNER)
    child = start("inproc", "--folder", APPS, "odd_app:good", "odd_app:hang", "--timeout=77s", ASSAY_RUNNERS=str(ours))
    until(lambda: processes_with(str(ours)), "the runner")
    until(lambda: "odd_app:hang" in (child.stderr.readline() or "odd_app:hang"), "the one that hangs")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130
    until(lambda: not processes_with(str(ours)), "the end of the runner")


# ---- calls, memory ----


@pytest.fixture(scope="session")
def environ(tmp_path_factory):
    """The environ that applications get, from one that leaves it in a file."""
    path = tmp_path_factory.mktemp("environ") / "environ.json"
    subprocess.run([ASSAY, "inproc", "environ_app:app", "--folder", APPS, "--path", "/welcome", "--processes", "1",
                    "-n", "1", "-qq", "--no-save"], check=True, env=environment(ENVIRON=str(path)))
    return path


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_calls_and_functions_are_those_of_cprofile_less_the_drivers_own(rows, environ, framework):
    app = f"{framework}_app:app"
    found = rows(app, "--path", "/welcome", "--expect-body", "Hello World!")
    profiled = subprocess.run([PYTHON, FIXTURES / "count_calls.py", APPS, app, environ], check=True,
                              stdout=subprocess.PIPE, env=environment(PYTHONHASHSEED="0"))
    assert {key: found[app][key] for key in ("tcalls", "funcs")} == json.loads(profiled.stdout)
    assert found[""]["tcalls"] == found[""]["funcs"] == 1
    assert found[app]["version"] or framework == "webob" or framework == "werkzeug"
    assert found[app]["allocations"] > found[""]["allocations"]


def test_counts_are_the_same_every_time(rows):
    keys = ("tcalls", "funcs", "allocations")
    first, again = (rows("flask_app:app", "--path", "/welcome")["flask_app:app"] for _ in range(2))
    assert [first[key] for key in keys] == [again[key] for key in keys]


@pytest.mark.skipif(SANITIZED, reason="the address sanitizer has an allocator of its own, which does not tell")
def test_growth_is_told_with_its_interval_and_a_cache_that_fills_is_none(rows):
    found = rows("odd_app:leaks", "odd_app:leaks_little", "odd_app:fills", "odd_app:good")
    leak = found["odd_app:leaks"]["growth"]
    assert 1000 <= leak["low"] <= leak["bytes_per_request"] <= leak["high"] <= 1200
    assert 100 <= found["odd_app:leaks_little"]["growth"]["low"] <= 200  # small objects too
    for app in ("odd_app:fills", "odd_app:good", ""):
        assert found[app]["growth"]["low"] <= 0 <= found[app]["growth"]["high"]
    assert len(found["odd_app:leaks"]["growth"]["points_bytes"]) == 25


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.skipif(SANITIZED, reason="valgrind does not run what the address sanitizer was built into")
def test_instructions_are_counted_with_callgrind_on_request(rows):
    found = rows("odd_app:good", "--instructions", "--timeout", "60s")
    assert 500 < found["odd_app:good"]["instructions_by_callgrind"] < 20000
    assert found[""]["instructions_per_request"] > 0
    assert not list(pathlib.Path("/tmp").glob("assay-callgrind-*"))


# ---- ASGI ----


def test_asgi_is_found_out_and_has_a_floor_of_its_own(inproc):
    document = inproc("odd_app:asgi", "odd_app:good", "-j").json
    assert [(r["app"], r["interface"]) for r in document["rows"]] == [
        ("bare WSGI callable (floor)", "wsgi"), ("bare ASGI callable (floor)", "asgi"), ("odd_app:asgi", "asgi"),
        ("odd_app:good", "wsgi")]
    assert all(r["driver"] is None for r in document["rows"])


def test_a_body_comes_in_and_goes_out_in_pieces(rows):
    assert row(rows, "echoes", "-b", "what was sent", "--expect-body", "what was sent")["state"] == "done"


def test_an_application_that_waits_gets_a_loop_and_its_cost_is_told(inproc):
    done = inproc("odd_app:sleeps", "-o", "json=-", "-q")
    found = done.json["rows"][-1]
    assert found["driver"] == "asyncio"
    assert 0 < found["driver_ns"] < 1e6
    assert "event loop (asyncio)" in inproc("odd_app:sleeps").out


@pytest.mark.parametrize("framework", ["starlette", "quart"])
def test_asgi_frameworks_run(rows, framework):
    app = f"{framework}_app:app"
    found = rows(app, "--path", "/welcome", "--expect-body", "Hello World!")[app]
    assert found["state"] == "done"
    assert found["tcalls"] > 20
    assert (found["driver"] is None) == (framework == "starlette")


@pytest.mark.parametrize(("app", "path"), [("starlette_app:app", "/stream"), ("fastapi_app:app", "/welcome")])
def test_an_application_that_cancels_its_own_tasks_is_measured(rows, app, path):
    # A streaming response, and a middleware: both run the application in a group of tasks, and end that.
    assert rows(app, "--path", path, "--expect-body", "Hello World!")[app]["driver"] == "asyncio"


@pytest.mark.parametrize("leaves", ["task", "callback"])
def test_an_application_that_leaves_something_behind_gets_a_loop_that_runs_it(rows, leaves):
    app = f"loop_app:leaves_{leaves}"
    assert rows(app, "--expect-body", "Hello World!")[app]["driver"] == "asyncio"


def test_lifespan_starts_an_application_up(rows):
    assert rows("starlette_app:app", "--path", "/ready", "--expect-body", "started")["starlette_app:app"]["state"] == "done"


@pytest.mark.parametrize("table", ["run", "inproc"])
def test_a_table_that_cannot_be_kept_is_printed_and_written_all_the_same(inproc, tmp_path, table):
    assert inproc("odd_app:good").code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "assay.db")) as database:
        database.execute(f"create trigger full before insert on {table} begin select raise(fail, 'no room'); end")
    done = inproc("odd_app:good", "-o", "json=kept.json")
    assert done.code == 1
    assert "odd_app:good" in done.out and "not saved" in done.out
    assert "the result above is not saved: " in done.err and "no room" in done.err
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert kept["id"] is None
    assert [row["state"] for row in kept["rows"]] == ["done", "done"]


def test_a_body_and_headers_may_come_from_files_as_those_of_a_load(rows, tmp_path):
    files = {name: tmp_path / name for name in ("sent", "headers", "expected")}
    files["sent"].write_text("a=1")
    files["headers"].write_text("X-Two: 2\r\nX-Mine: mine\n")
    files["expected"].write_text("POST3mine")
    asked = ("-b", f"@{files['sent']}", "-H", f"@{files['headers']}")
    for expected in ("POST3mine", f"@{files['expected']}"):
        assert row(rows, "dirties", *asked, "--expect-body", expected)["state"] == "done"
