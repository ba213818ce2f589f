"""The scripts in tools/ and bench/: each must be able to say no."""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          check=False, **options)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ---- check-layers ----


@pytest.mark.parametrize(("file", "line", "complaint"), [
    ("src/base/a.c", '#include "load/load.h"', "must not know it"),
    ("src/load/a.c", '#include "net/ring_priv.h"', "private to net/"),
    ("src/load/a.c", '#include "misc/x.h"', "not in the list"),
    ("src/load/a.c", '#include "load.h"', "write the folder"),
    ("src/misc/a.c", "", "not in the list"),
])
def test_a_forbidden_include_is_found_with_its_place(tmp_path, file, line, complaint):
    write(tmp_path / file, f"\n{line}\n")
    done = run(TOOLS / "check-layers", tmp_path)
    assert done.returncode == 1
    assert complaint in done.stdout
    assert f"{tmp_path / file}:" in done.stdout


def test_a_source_that_does_not_begin_with_its_own_header_is_found(tmp_path):
    write(tmp_path / "src/load/a.h", "")
    write(tmp_path / "src/load/a.c", '#include "base/bug.h"\n#include "load/a.h"\n')
    done = run(TOOLS / "check-layers", tmp_path)
    assert done.returncode == 1
    assert "has to come first" in done.stdout


def test_includes_of_siblings_and_of_the_folders_above_are_allowed(tmp_path):
    write(tmp_path / "src/load/a_priv.h", "")
    write(tmp_path / "src/load/a.c",
          '#include "load/a_priv.h"\n#include <stdio.h>\n#include "base/bug.h"\n')
    done = run(TOOLS / "check-layers", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


# ---- check-headers ----


def test_a_header_that_leans_on_another_is_found(tmp_path):
    write(tmp_path / "src/load/alone.h", "struct load { int x; };\n")
    write(tmp_path / "src/load/leans.h", "uint64_t leans(void);\n")
    done = run(TOOLS / "check-headers", tmp_path)
    assert done.returncode == 1
    assert "src/load/leans.h does not compile alone" in done.stdout
    assert "alone.h does" not in done.stdout


# ---- check-suites ----


@pytest.mark.parametrize(("packages", "complaint"), [
    ("nginx-light\n", "'gunicorn' is missing"),
    ("nginx-light\ngunicorn # for Flask\nredis\n", "'redis' is too much"),
    ("# both\nnginx-light gunicorn\n", ""),
])
def test_packages_of_a_suite_and_its_list_must_agree(tmp_path, packages, complaint):
    write(tmp_path / "suites/s/suite.yaml",
          "targets: [{packages: [nginx-light]}, {packages: [gunicorn, nginx-light]}, {}]\n")
    write(tmp_path / "suites/s/packages.txt", packages)
    done = run(TOOLS / "check-suites", tmp_path)
    assert complaint in done.stdout
    assert done.returncode == (1 if complaint else 0)


def test_further_suites_of_a_folder_count_too(tmp_path):
    write(tmp_path / "suites/s/suite.yaml", "targets: [{packages: [nginx-light]}]\n")
    write(tmp_path / "suites/s/inproc.yaml", "targets: [{packages: [pypy3]}]\n")
    write(tmp_path / "suites/s/packages.txt", "nginx-light\n")
    done = run(TOOLS / "check-suites", tmp_path)
    assert "'pypy3' is missing" in done.stdout
    assert done.returncode == 1


# ---- install-packages: with stand-ins for dpkg-query and apt-get that write down what they were asked ----


@pytest.fixture
def installer(tmp_path):
    bin_folder = tmp_path / "bin"
    asked = tmp_path / "asked"
    script = '#!/bin/sh\ncase "$3" in here*) echo installed;; *) exit 1;; esac\n'
    write(bin_folder / "dpkg-query", script).chmod(0o755)
    script = f'#!/bin/sh\necho "apt-get $*" >>{asked}\n[ ! -e {tmp_path}/broken ] || {{ echo no space; exit 100; }}\n'
    write(bin_folder / "apt-get", script).chmod(0o755)
    # Where somebody is not root, what runs as root runs as it is; nothing outside is written.
    write(bin_folder / "sudo", '#!/bin/sh\ncase "$1" in tee) cat >/dev/null;; env) exec "$@";; esac\n').chmod(0o755)
    write(bin_folder / "id", "#!/bin/sh\necho 1000\n").chmod(0o755)

    def install(text):
        packages = write(tmp_path / "list.txt", text)
        path = f"{bin_folder}:{os.environ['PATH']}"
        done = run(TOOLS / "install-packages", packages, env={"PATH": path})
        return done, asked.read_text() if asked.exists() else ""

    install.folder = tmp_path
    return install


def test_nothing_is_asked_of_apt_when_nothing_is_missing(installer):
    done, asked = installer("# a comment\nhere1\nhere2 # another\n\n")
    assert (done.returncode, done.stdout, asked) == (0, "", "")


def test_only_what_is_missing_is_installed_and_said(installer):
    done, asked = installer("here1\nabsent1\nabsent2\nabsent1\n")
    assert done.returncode == 0
    assert done.stdout == "installing: absent1 absent2\n"
    assert asked.splitlines()[-1].endswith("install -y --no-install-recommends absent1 absent2")


def test_what_apt_says_is_shown_when_it_fails(installer):
    write(installer.folder / "broken", "")
    done, _ = installer("absent\n")
    assert done.returncode == 1
    assert "no space" in done.stderr


def test_a_list_that_is_not_there_is_named(tmp_path):
    done = run(TOOLS / "install-packages", tmp_path / "none.txt")
    assert done.returncode == 2
    assert "none.txt" in done.stderr


# ---- configure ----


def test_a_build_folder_is_made_anew_only_when_it_was_configured_otherwise(tmp_path):
    write(tmp_path / "meson.build", "project('p')\n")
    folder = tmp_path / "out"

    def configure(*options):
        done = run(TOOLS / "configure", "out", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        kept = (folder / "mine").exists()
        write(folder / "mine", "")
        return kept

    assert not configure()
    assert configure()
    assert not configure("-Dbuildtype=debug")
    write(folder / "build.ninja", "stale\n")  # as a half-written one
    assert not configure("-Dbuildtype=debug")


def test_a_runtime_that_was_installed_since_makes_the_build_folder_anew(tmp_path):
    write(tmp_path / "meson.build", "project('p')\n")
    stamp = tmp_path / "out/configured-as"
    header = tmp_path / "include/sapi/embed/php_embed.h"

    def configured():
        path = f"{tmp_path}/bin:{os.environ['PATH']}"
        done = run(TOOLS / "configure", "out", cwd=tmp_path, env=os.environ | {"PATH": path})
        assert done.returncode == 0, done.stdout + done.stderr
        return stamp.stat().st_mtime_ns, stamp.read_text()

    before = configured()
    assert configured() == before
    write(tmp_path / "bin/php-config8.2", f"#!/bin/sh\necho {tmp_path}/include\n").chmod(0o755)
    config_alone = configured()
    assert f"{tmp_path}/bin/php-config8.2" in config_alone[1]
    write(header, "")
    assert str(header) not in config_alone[1] and str(header) in configured()[1]


def test_what_meson_takes_for_pypy_is_in_the_stamp_of_a_build_folder():
    pypy = re.search(r"find_program\('([^']+)'", (ROOT / "plugins/inproc-pypy/meson.build").read_text()).group(1)
    assert (ROOT / "plugins/inproc-pypy/driver.py").read_text().startswith(f"#!{pypy}\n")
    assert pypy in (TOOLS / "configure").read_text()


# ---- check ----


def script(path):
    loader = importlib.machinery.SourceFileLoader(path.name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(path.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def check():
    return script(TOOLS / "check")


CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] adds
[       OK ] adds
[ RUN      ] needs_io_uring
[  SKIPPED ] needs_io_uring
[ RUN      ] subtracts
[  ERROR   ] --- 1 != 2
[  FAILED  ] subtracts
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  FAILED  ] tests: 1 test(s), listed below:
[  FAILED  ] subtracts
"""


def test_the_cases_of_a_cmocka_test_are_counted_one_by_one(check):
    result = check.cases({"name": "assay:unit / sums", "stdout": CMOCKA, "result": "FAIL"})
    assert result.passed == 1
    assert [name for name, _ in result.failed] == ["sums.subtracts"]
    assert [name for name, _ in result.skipped] == ["sums.needs_io_uring"]


def test_a_test_that_crashed_after_its_last_line_has_failed(check):
    result = check.cases({"name": "sums", "stdout": "[       OK ] adds\n", "result": "ERROR"})
    assert result.passed == 1
    assert len(result.failed) == 1


def test_a_skip_needs_a_line_with_a_reason(check):
    result = check.Result(passed=1, skipped=[("a.b", "why not"), ("c.d", ""), ("e.f", "")])
    check.judge_skips(result, {"a.*": "no such hardware", "e.f": ""})
    assert result.skipped == [("a.b", "no such hardware")]
    assert [name for name, _ in result.failed] == ["c.d (skipped)", "e.f (skipped)"]


@pytest.fixture
def end_to_end(check, tmp_path, monkeypatch):
    """tools/check over end-to-end tests that are made up: (exit code, cases in its report) of each of its two runs."""
    def count(together, alone):
        def run(command, **_):
            code, cases = alone if "alone" in command else together
            report = next(word.split("=")[1] for word in map(str, command) if word.startswith("--junitxml="))
            if cases is not None:
                write(pathlib.Path(report), f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
            return code, "it said why"

        monkeypatch.setattr(check, "run", run)
        monkeypatch.setattr(check, "ROOT", tmp_path)
        return check.pytest("build", "tests/e2e")

    return count


CASE = '<testcase classname="tests.e2e.test_a" name="b"/>'
WRONG = '<testcase classname="tests.e2e.test_a" name="c"><failure>1 != 2</failure></testcase>'


def test_tests_that_run_beside_each_other_and_those_that_run_alone_are_counted_together(end_to_end):
    result = end_to_end((0, CASE * 3), (1, CASE + WRONG))
    assert (result.passed, result.failed) == (4, [("test_a.c", "1 != 2")])


def test_no_test_that_runs_alone_is_no_failure_and_none_at_all_is(end_to_end):
    assert end_to_end((0, CASE), (5, "")).failed == []
    assert end_to_end((5, ""), (5, "")).failed == [("pytest in build", "it said why")]


@pytest.mark.parametrize("together, alone", [((3, CASE), (0, CASE)), ((0, CASE), (3, None)), ((4, None), (0, CASE))])
def test_end_to_end_tests_that_break_off_have_failed(end_to_end, together, alone):
    assert end_to_end(together, alone).failed == [("pytest in build", "it said why")]


def test_what_stands_for_a_file_under_the_address_sanitizer_is_in_that_file(check):
    for file, tests in check.FEW_UNDER_ASAN.items():
        text = (ROOT / "tests/e2e" / file).read_text()
        assert [test for test in tests if f"def {test}(" not in text] == []


# ---- bench/run ----


@pytest.fixture
def bench():
    return script(ROOT / "bench/run")


def test_instructions_an_answer_leave_out_what_each_run_costs_once(bench):
    assert bench.Instructions((1000 + 10 * 7, 10), (1000 + 40 * 7, 40)).instructions == 7


@pytest.mark.parametrize("long", [(2000, 10), (900, 40)])
def test_a_long_run_that_did_no_more_than_the_short_one_gives_no_figure(bench, long):
    with pytest.raises(ValueError, match="the short one"):
        bench.Instructions((1000, 10), long)


def test_the_instructions_of_a_run_are_those_of_the_worker_thread(bench, tmp_path, monkeypatch):
    def drive(_b, _contender, _case, _seconds, under, **_options):
        counts = next(word for word in under if word.startswith("--callgrind-out-file=")).split("=")[1]
        for thread, instructions in (("01", 5000), ("02", 700)):
            write(pathlib.Path(f"{counts}-{thread}"), f"events: Ir\nsummary: 1\n\ntotals: {instructions}\n")
        return 100, 50.0, None

    monkeypatch.setattr(bench, "drive", drive)
    b = types.SimpleNamespace(folder=str(tmp_path))
    assert bench.instructions_of_run(b, None, bench.INSTRUCTIONS, 1) == (700, 100)


@pytest.mark.parametrize(("ours", "met"), [(39, True), (41, False), (None, None)])
def test_the_part_in_user_space_is_judged_by_instructions_and_by_nothing_else(bench, ours, met):
    def counted(figure):
        return [None if figure is None else types.SimpleNamespace(instructions=figure)]

    times = bench.CASES[0]
    times.rounds = {name: [types.SimpleNamespace(cpu_us=1.0, user_us=1.0)] for name in ("assay epoll", "wrk")}
    bench.INSTRUCTIONS.rounds = {"assay epoll": counted(ours), "wrk": counted(100)}
    rows = bench.limits([times, bench.INSTRUCTIONS], {})
    assert [row[-1] for row in rows if row[1].startswith("epoll: user-space part")] == [met]


def test_a_part_of_the_bench_that_does_not_exist_is_refused_with_the_list(tmp_path):
    done = run(ROOT / "bench/run", "--only", "many,wrk", cwd=tmp_path)
    assert done.returncode == 2
    assert "no such part: wrk; there are many, one, close, instructions, memory" in done.stderr


# ---- studies ----


@pytest.fixture
def studies(tmp_path):
    """tools/studies with an assay that fails as its script says, and nothing to install."""
    def program(path, text):
        write(path, f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def study(script, *names):
        (tmp_path / "tools").mkdir()
        shutil.copy(TOOLS / "studies", tmp_path / "tools/studies")
        program(tmp_path / "tools/install-packages", "case $1 in *missing*) exit 1 ;; esac")
        program(tmp_path / "assay", f"echo $2 >>{tmp_path}/asked\n{script}")
        done = run(tmp_path / "tools/studies", *names, env=os.environ | {"ASSAY": str(tmp_path / "assay")})
        return done, (tmp_path / "asked").read_text().split()

    return study


def test_a_study_that_fails_is_told_and_the_others_go_on(studies):
    done, asked = studies("case $2 in *fails) exit 1 ;; *crashes) kill -SEGV $$ ;; esac",
                          "missing", "fails", "crashes", "well")
    assert done.returncode == 1
    assert asked == ["suites/fails", "suites/crashes", "suites/well"]
    assert "not everything could be measured in: missing fails crashes" in done.stderr


def test_an_interrupt_ends_all_studies(studies):
    done, asked = studies("exit 130", "one", "two")
    assert (done.returncode, asked) == (130, ["suites/one"])


def test_a_summary_says_how_busy_the_machine_was(studies, tmp_path):
    done, _ = studies('for word; do :; done; echo figures >"${word#md=}"', "one")
    assert done.returncode == 0, done.stdout
    said = (tmp_path / "studies/one.md").read_text()
    assert re.match(r"figures\n\nload average of this machine of \d+ cores: [\d.]+ before, [\d.]+ after\n", said)
