"""The in-process runners for PHP, C and PyPy, spoken to over their pipes as `assay inproc` does.

Three applications in fixtures/runtimes answer the same in three languages.
"""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from conftest import ASSAY, FIXTURES, LIMIT_S, ROOT, SANITIZED, environment

APPS = FIXTURES / "runtimes"
RUNNERS = pathlib.Path(ASSAY).resolve().parent
BROWSER = [["Host", "localhost:8080"], ["Accept", "text/html,*/*;q=0.8"], ["X-Token", "t=1"],
           ["Cookie", "a=1; b=2"]]
WELCOME = ROOT / "suites/python-frameworks-2012/targets"
INCLUDE = ROOT / "plugins/inproc-c"

RUNTIMES = ("c", "php", "pypy")

# The address sanitizer ends a program that loads libraries in PHP's way (RTLD_DEEPBIND), and OPcache is one
# of them: there PHP is told to load none.
OPCACHES = ("off",) if SANITIZED else ("off", "on")


def case(path="/hello", method="GET", query="", body="", headers=(), status=200, expect_headers=(), expect=None):
    return {"method": method, "path": path, "query": query, "body": body, "headers": BROWSER + list(headers),
            "expect": {"status": status, "headers": list(expect_headers), "body": expect}}


class Runner:
    """A runner, and its end of the two pipes."""

    def __init__(self, name, folder, **variables):
        self.folder = folder
        if SANITIZED:
            variables = {"PHP_INI_SCAN_DIR": ""} | variables
        commands, self.to_runner = os.pipe()
        self.from_runner, answers = os.pipe()
        self.log = folder / "runner.log"
        with self.log.open("ab") as log:
            # The shell puts the ends on 3 and 4: where they lie here is up to this process.
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", f'exec "$0" 3<&{commands} 4>&{answers} {commands}<&- {answers}>&-',
                 str(RUNNERS / f"assay-runner-{name}")],
                pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(**variables), cwd=folder)
        os.close(commands)
        os.close(answers)
        self.writer = os.fdopen(self.to_runner, "w")
        self.reader = os.fdopen(self.from_runner)

    def say(self, name, **arguments):
        """The answer; None where the runner ended without one."""
        self.writer.write(json.dumps({"cmd": name} | arguments) + "\n")
        self.writer.flush()
        line = self.reader.readline()
        return json.loads(line) if line else None

    def open(self, app, *cases, interface="", gc="on"):
        return self.say("open", app=app, folder=str(self.folder), interface=interface, gc=gc, timed=True,
                        cases=list(cases) or [case()])

    def ended(self):
        """Its exit code, when it was told nothing more."""
        with contextlib.suppress(BrokenPipeError):
            self.writer.close()
        return self.process.wait(LIMIT_S)


@pytest.fixture(scope="session")
def applications(tmp_path_factory):
    """A folder with the three of them, the C one built as its users would."""
    folder = tmp_path_factory.mktemp("runtimes")
    shutil.copytree(APPS, folder, dirs_exist_ok=True)
    build(folder / "app.c", folder / "app.so")
    return folder


@pytest.fixture
def folder(applications, tmp_path):
    shutil.copytree(applications, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def run(folder):
    """Starts runners; those that a test left behind are ended."""
    started = []

    def start(name, **variables):
        started.append(Runner(name, folder, **variables))
        return started[-1]

    yield start
    for runner in started:
        if runner.process.poll() is None:
            runner.process.kill()
            runner.process.wait()


@pytest.fixture(params=RUNTIMES)
def runtime(request):
    return request.param


def build(source, library):
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{INCLUDE}", str(source),
                    "-o", str(library)], check=True, timeout=LIMIT_S)


def app_of(runtime):
    return {"c": "app.so", "php": "app.php", "pypy": "app:app"}[runtime]


def body(answer):
    return base64.b64decode(answer["body_base64"]).decode()


# ---- all three ----


def test_right_answers_are_counted_and_every_batch_has_its_time(run, runtime):
    runner = run(runtime)
    opened = runner.open(app_of(runtime), case(expect="Hello World!"), case("/missing", status=404, expect="Not Found"))
    assert set(opened) == {"runtime", "version", "interface", "driver", "driver_ns", "jit"}
    assert opened["interface"] == ("wsgi" if runtime == "pypy" else "")
    answer = runner.say("run", batches=3, calls=101)
    assert (answer["ok"], answer["wrong"], answer["first_wrong"]) == (303, 0, "")
    assert len(answer["wall_ns"]) == len(answer["cpu_ns"]) == 3
    assert all(ns > 0 for ns in answer["wall_ns"] + answer["cpu_ns"])


def test_the_runtime_says_what_it_is(run):
    assert run("c").open("app.so")["version"] == "small 1.0"
    assert run("php").open("app.php")["runtime"].startswith("PHP 8.")
    assert run("pypy").open("app:app")["runtime"].startswith("PyPy 7.")


def test_the_request_reaches_the_application_whole(run, runtime):
    runner = run(runtime)
    asked = case("/echo", "POST", "q=1&r=%20", "näh\n", headers=[["Content-Type", "text/plain"]])
    assert "error" not in runner.open(app_of(runtime), asked)
    answer = runner.say("ask", case=0)
    assert answer["status"] == 200
    assert ["X-App", "small"] in answer["headers"]
    assert body(answer) == "POST /echo\nq=1&r=%20\nt=1\nnäh\n"


@pytest.mark.parametrize("wrong, words", [
    (case(expect="Hello"), ["GET /hello", "the body", "(5 B)", "(12 B)"]),
    (case("/missing"), ["GET /missing", "status 404 instead of 200"]),
    (case(expect_headers=[["X-None", "1"]]), ["GET /hello", "header x-none is missing"]),
    (case(expect_headers=[["x-app", "large"]]), ["header x-app", "small", "large"]),
], ids=["body", "status", "no_header", "header"])
def test_a_wrong_answer_is_named(run, runtime, wrong, words):
    error = run(runtime).open(app_of(runtime), case(), wrong)["error"]
    for word in words:
        assert word.lower() in error.lower()


def test_a_content_type_is_right_with_any_charset(run, runtime):
    assert "error" not in run(runtime).open(app_of(runtime), case(expect_headers=[["content-type", "text/plain"]]))
    error = run(runtime).open(app_of(runtime), case(expect_headers=[["Content-Type", "text/plain; charset=x"]]))
    assert "text/plain; charset=x" in error["error"]


def test_an_answer_that_becomes_wrong_is_counted_in_the_run(run, runtime):
    runner = run(runtime)
    assert "error" not in runner.open(app_of(runtime), case("/once", expect="first"), case())
    answer = runner.say("run", batches=1, calls=10)
    assert (answer["ok"], answer["wrong"]) == (5, 5)
    assert "GET /once" in answer["first_wrong"] and "again" in answer["first_wrong"]


def test_the_floor_says_hello(run, runtime):
    runner = run(runtime)
    opened = runner.open("", case(expect="Hello World!", expect_headers=[["Content-Type", "text/plain"]]))
    assert "error" not in opened and opened["version"] == ""
    assert runner.say("run", batches=1, calls=100)["ok"] == 100


@pytest.mark.parametrize("runtime, app, word", [
    ("c", "none.so", "none.so"), ("c", "app.c", "app.c"), ("php", "none.php", "none.php"),
    ("pypy", "none:app", "none"), ("pypy", "app:none", "none"), ("pypy", "app", "module:name"),
    ("pypy", "app:HEADERS", "cannot be called"),
])
def test_an_application_that_is_not_there_is_named(run, runtime, app, word):
    runner = run(runtime)
    assert word in runner.open(app)["error"]
    assert "before the application was opened" in runner.say("run", batches=1, calls=1)["error"]
    assert runner.ended() == 0


def test_a_failing_application_is_an_answer_that_says_why(run):
    assert "assay_app() returned 7" in run("c").open("app.so", case("/fail"))["error"]
    assert "no_such_function" in run("php").open("app.php", case("/fail"))["error"]
    error = run("pypy").open("app:app", case("/fail"))["error"]
    assert "ValueError: no such function" in error and "app.py:" in error


def test_what_a_collector_cannot_do_is_refused(run, runtime):
    assert "frozen" in run(runtime).open(app_of(runtime), gc="frozen")["error"]
    off = run(runtime).open(app_of(runtime), gc="off")
    assert ("error" in off) == (runtime == "c")


def test_the_end_of_the_commands_ends_the_runner(run, runtime):
    runner = run(runtime)
    assert "error" not in runner.open(app_of(runtime))
    assert runner.ended() == 0


def test_quit_is_answered_and_ends_the_runner(run, runtime):
    runner = run(runtime)
    runner.open(app_of(runtime))
    assert runner.say("quit") == {}
    assert runner.process.wait(LIMIT_S) == 0


@pytest.mark.parametrize("text", ["x" + "é" * 150, "é" * 150, "x" * 300 + "é"], ids=["within", "at", "behind"])
def test_a_long_body_is_cut_where_a_character_ends(run, runtime, text):
    error = run(runtime).open(app_of(runtime), case("/echo", "POST", body=text, expect="no"))["error"]
    assert "instead of 'no' (2 B)" in error
    assert "?" not in error and "\ufffd" not in error and text[:80] in error


@pytest.mark.parametrize("runtime", ["c", "php"])
def test_a_body_that_is_no_text_is_shown_as_far_as_it_is(run, runtime):
    asked = case("/echo", "POST", expect="no")
    asked["body_base64"] = base64.b64encode(b"one \xff two").decode()
    del asked["body"]
    assert "one ? two" in run(runtime).open(app_of(runtime), asked)["error"]


def test_an_expected_body_that_cannot_be_read_is_refused_and_not_left_unchecked(run, runtime):
    asked = case()
    del asked["expect"]["body"]
    asked["expect"]["body_base64"] = "no base64!"
    assert "error" in run(runtime).open(app_of(runtime), asked)


def test_unknown_and_impossible_commands_are_refused(run, runtime):
    runner = run(runtime)
    runner.open(app_of(runtime))
    assert "dance" in runner.say("dance")["error"]
    assert "error" in runner.say("run", batches=0, calls=1)
    assert "error" in runner.say("ask", case=5)
    assert "one application" in runner.open(app_of(runtime))["error"]
    assert runner.say("run", batches=1, calls=1)["ok"] == 1


@pytest.mark.parametrize("runtime", ["c", "pypy"])
def test_a_leak_shows_as_growth_and_its_absence_too(run, runtime):
    leaking, tight = run(runtime), run(runtime)
    leaking.open(app_of(runtime), case("/leak"))
    tight.open(app_of(runtime))
    for runner in (leaking, tight):
        runner.say("run", batches=1, calls=3000)
    leaked, kept = (r.say("growth", points=4, calls=2000)["bytes"] for r in (leaking, tight))
    assert len(leaked) == len(kept) == 5
    assert 0.85 < (leaked[4] - leaked[0]) / (8000 * 1000) < 1.5 + SANITIZED
    assert kept[4] - kept[0] < 2 << 20


# ---- C ----


def test_a_crash_ends_the_runner_without_an_answer(run):
    runner = run("c", ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0")
    assert runner.open("app.so", case("/crash")) is None
    assert runner.process.wait(LIMIT_S) == -signal.SIGSEGV


def test_a_shared_object_may_refuse_to_start_and_is_told_of_the_end(run):
    assert "returned 42" in run("c", ASSAY_TEST_REFUSE="1").open("app.so")["error"]
    runner = run("c")
    runner.open("app.so")
    assert runner.ended() == 0
    assert "closed" in runner.log.read_text()


def test_a_shared_object_without_the_function_is_told_what_is_missing(run, folder):
    (folder / "empty.c").write_text("int other(void); int other(void) { return 0; }\n")
    build(folder / "empty.c", folder / "empty.so")
    assert "assay_app()" in run("c").open("empty.so")["error"]


def test_the_calls_of_a_shared_object_cannot_be_told(run):
    runner = run("c")
    runner.open("app.so")
    assert runner.say("profile") == {"tcalls": None, "funcs": None, "allocations": None}


def test_a_cpp_compiler_takes_the_header_of_the_abi(folder):
    (folder / "app.cc").write_text('#include "assay_app.h"\nint (*f)(const assay_request *, assay_response *) = assay_app;\n')
    subprocess.run(["gcc", "-x", "c++", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", "-fsyntax-only",
                    str(folder / "app.cc")], check=True, timeout=LIMIT_S)


# ---- PHP ----


def test_php_finds_forms_queries_and_cookies_where_they_belong(run):
    runner = run("php")
    form = [["Content-Type", "application/x-www-form-urlencoded"]]
    runner.open("app.php", case("/forms", "POST", "q=1&list[]=2", "name=x", headers=form),
                case("/forms", query="q=3"))
    assert json.loads(body(runner.say("ask", case=0))) == [
        {"q": "1", "list": ["2"]}, {"name": "x"}, {"a": "1", "b": "2"}, "embed"]
    # Nothing of the one request is left in the next.
    assert json.loads(body(runner.say("ask", case=1)))[:2] == [{"q": "3"}, []]


def test_an_error_of_php_is_in_the_sentence_and_not_in_the_body(run):
    error = run("php").open("app.php", case("/fail"))["error"]
    assert "fatal error: Uncaught Error" in error and "app.php:" in error and "Stack trace" not in error
    runner = run("php")
    runner.open("app.php", case("/warn", expect=""))
    assert runner.say("run", batches=1, calls=2000)["ok"] == 2000
    log = runner.log.read_text()
    assert "Undefined variable" in log and log.count("\n") < 1100


def test_a_body_may_have_64_mib_and_no_more(run):
    assert "error" not in run("php").open("app.php", case("/large", query="times=1&mib=40"))
    assert "error" not in run("php").open("app.php", case("/large", query="times=64&mib=1"))
    assert "beyond 64 MiB" in run("php").open("app.php", case("/large", query="times=65&mib=1"))["error"]


def test_a_script_that_exits_has_answered(run):
    runner = run("php")
    assert "error" not in runner.open("app.php", case("/exit", expect="left early"))
    assert runner.say("run", batches=1, calls=10)["ok"] == 10


@pytest.fixture(params=OPCACHES)
def opcache(request, folder):
    """What has PHP read one setting more, by its own variable for that."""
    (folder / "ini").mkdir()
    (folder / "ini/more.ini").write_text("opcache.enable_cli=1")
    return {"off": {}, "on": {"PHP_INI_SCAN_DIR": f":{folder / 'ini'}"}}[request.param]


def test_opcache_has_a_script_that_was_just_written(run, folder, opcache):
    (folder / "app.php").touch()
    opened = run("php", **opcache).open("app.php", case("/cached", expect="cached" if opcache else "compiled"))
    assert opened["runtime"].endswith("opcache on" if opcache else "opcache off")


def test_the_calls_of_php_are_counted_with_and_without_opcache(run, opcache):
    runner = run("php", **opcache)
    assert "error" not in runner.open("app.php", case("/calls", expect="A0A1A2"))
    runner.say("run", batches=1, calls=100)
    first, second = runner.say("profile"), runner.say("profile")
    # The script, header() twice, parse_url(), shout() and strtoupper() three times each.
    assert (first["tcalls"], first["funcs"]) == (10, 5)
    assert first["allocations"] > 10 and first == second
    assert runner.say("run", batches=1, calls=100)["ok"] == 100


# ---- PyPy ----


def test_the_calls_of_pypy_are_counted_without_the_drivers(run):
    runner = run("pypy")
    runner.open("app:app", case("/calls", expect="A0A1A2"))
    # app, body_of, the list, and three times: shout, upper, encode.
    assert runner.say("profile") == {"tcalls": 12, "funcs": 6, "allocations": None}
    floor = run("pypy")
    floor.open("")
    assert floor.say("profile") == {"tcalls": 1, "funcs": 1, "allocations": None}


def test_iterables_are_closed_after_each_call(run):
    runner = run("pypy")
    assert "error" not in runner.open("app:closing", case(expect="1"))
    assert runner.say("run", batches=1, calls=50)["ok"] == 50


def test_what_breaks_the_rules_of_wsgi_or_asgi_is_an_answer(run):
    assert "start_response() was not called" in run("pypy").open("app:silent")["error"]
    assert "not complete" in run("pypy").open("app:unfinished")["error"]
    assert "SystemExit" in run("pypy").open("app:app", case("/exit"))["error"]


def test_an_application_may_be_made_by_a_call(run):
    assert "error" not in run("pypy").open("app:make()", case(expect="Hello World!"))


def test_asgi_has_its_start_up_its_body_and_a_loop_to_wait_in(run):
    runner = run("pypy")
    right = case("/x", "POST", body="in", expect="Hello ['lifespan.startup'] /x in",
                 expect_headers=[["Content-Type", "text/plain"]])
    assert runner.open("app:waiting", right)["interface"] == "asgi"
    assert runner.say("run", batches=2, calls=50)["ok"] == 100
    assert runner.say("profile")["tcalls"] > 1
    assert runner.say("quit") == {}


def test_the_scope_of_each_call_is_fresh(run):
    runner = run("pypy")
    assert "error" not in runner.open("app:dirties", case(expect="fresh"))
    assert runner.say("run", batches=1, calls=50)["ok"] == 50


def test_a_call_that_is_cancelled_is_a_failure_and_no_end(run):
    assert "raised CancelledError" in run("pypy").open("app:cancelled")["error"]


def test_the_floor_of_asgi_is_asked_for_by_name(run):
    runner = run("pypy")
    assert "error" not in runner.open("", case(expect="Hello World!"), interface="asgi")
    assert runner.say("run", batches=1, calls=50)["ok"] == 50


# ---- a loop, on CPython and on PyPy ----


@pytest.fixture(params=["cpython", "pypy"])
def profile(request, run):
    """What a warm call of the application counts, in any of them."""

    def ask(app):
        runner = run(request.param)
        opened = runner.say("open", app=app, folder=str(FIXTURES / "inproc"), interface="asgi", gc="on", timed=True,
                            cases=[case("/welcome", expect="Hello World!")])
        assert "error" not in opened
        assert runner.say("run", batches=1, calls=100)["ok"] == 100
        found = runner.say("profile")
        return found["tcalls"], found["funcs"]

    ask.runtime = request.param
    return ask


def test_what_the_loop_does_by_itself_is_no_call_of_the_application(profile):
    # app, sleep() and what that waits in, each called and each gone on with; answer().
    assert profile("loop_app:naps_once") == (7, 4)
    assert profile("loop_app:naps_often") == (7 + 10 * 5, 4)


def test_what_an_application_does_in_tasks_of_its_own_is_counted(profile):
    tcalls, funcs = profile("quart_app:app")
    busy_tcalls, busy_funcs = profile("quart_app:busy")
    # PyPy's context variables are a tree in Python, sorted by where each variable lies: two processes differ.
    slack = 100 if profile.runtime == "pypy" else 0
    assert abs(busy_tcalls - tcalls - 1000) <= slack
    assert abs(busy_funcs - funcs - 1) <= slack / 10


@pytest.mark.parametrize("leaves", ["task", "callback"])
def test_what_a_call_leaves_behind_runs_before_the_next(profile, leaves):
    assert profile(f"loop_app:leaves_{leaves}")[0] > 2


# ---- through assay inproc ----


def inproc(assay, folder, runtime, *flags, **variables):
    if SANITIZED and runtime == "php":
        pytest.skip("the sanitizer aborts on PHP's OPcache, and assay hands no PHP_INI_SCAN_DIR on")
    return assay("inproc", app_of(runtime), "--runtime", runtime, "--folder", folder, "--processes", "1", "--calls",
                 "200", "--no-save", *flags, **variables)


def test_assay_measures_each_runtime_beside_its_floor(assay, folder, runtime):
    done = inproc(assay, folder, runtime, "--path", "/hello", "-j")
    assert done.code == 0, done.err
    floor, row = done.json["rows"]
    assert (floor["floor"], floor["state"], row["state"]) == (True, "done", "done")
    assert row["ns_per_request"]["median"] > 0
    assert (row["tcalls"] is None) == (runtime == "c") and (row["allocations"] is None) == (runtime != "php")


@pytest.mark.parametrize("runtime, flags, words", [
    ("c", ["--path", "/crash"], "SIGSEGV"),
    ("c", ["--path", "/loop", "--timeout", "1s"], "did not return within 1 s"),
    ("php", ["--path", "/loop", "--timeout", "1s"], "did not return within 1 s"),
    ("pypy", ["--path", "/loop", "--timeout", "3s"], "did not return within 3 s"),
    ("php", ["--path", "/fail"], "no_such_function"),
    ("pypy", ["--path", "/fail"], "no such function"),
    ("php", ["--path", "/hello", "--expect-body", "Good Bye!"], "Good Bye!"),
    ("c", ["--path", "/hello", "--gc", "off"], "garbage collector"),
])
def test_what_is_wrong_with_an_application_is_its_rows_reason(assay, folder, runtime, flags, words):
    options = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"
    done = inproc(assay, folder, runtime, *flags, "-j", ASAN_OPTIONS=options)
    assert done.code == 1
    row = done.json["rows"][-1]
    assert row["state"] == "failed" and words in row["reason"]


# ---- the samples of the suite ----


@pytest.mark.parametrize("runtime", ["c", "php"])
def test_the_sample_applications_of_the_suite_answer_right(run, folder, runtime):
    if runtime == "c":
        build(WELCOME / "c/welcome.c", folder / "welcome.so")
    app = str(folder / "welcome.so" if runtime == "c" else WELCOME / "php/welcome.php")
    runner = run(runtime)
    plain = [["Content-Type", "text/plain"]]
    assert "error" not in runner.open(app, case("/welcome", expect="Hello World!", expect_headers=plain),
                                      case("/welcome/", status=404), case("/", status=404, expect_headers=plain))
    assert runner.say("run", batches=1, calls=30)["ok"] == 30
