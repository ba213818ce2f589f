"""Loads with stages: each is a trial of its own, on one start of the target."""

import json
import signal
import sqlite3

import jsonschema
import pytest

from conftest import ASSAY, HELLO, LIMIT_S, ROOT, bad_server, own_server, until
from test_books import sent_in_all


def valid_run(run):
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/assay-run-1.json").read_text())).validate(run)
    return run


def names(run):
    return [t["load"]["name"] for t in run["trials"]]


STAGES = {
    "open": ["200ms:100/s", "200ms:200..400+200/s"],
    "open by count": ["40n:400/s", "200ms:200/s"],
    "closed": ["300n:2c", "200ms:4c", "100n:2c"],
}


@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES.keys())
def test_both_ends_count_the_same_over_all_stages(assay, server, ring, stages):
    done = assay(server.url, "--stages", ",".join(stages), "--warmup", "50ms", "--ring", ring, "-j")
    assert done.code == 0, done.err
    run = valid_run(done.json)
    trials = run["trials"]
    assert server.stop()["requests"] == sum(sent_in_all(t["requests"]) for t in trials)
    assert [t["load"]["stage"] for t in trials] == list(range(1, len(trials) + 1))
    assert {t["load"]["stages"] for t in trials} == {len(trials)}
    assert len(set(names(run))) == len(trials)
    assert [t["requests"]["warmup"] > 0 for t in trials] == [True] + [False] * (len(trials) - 1)
    assert not run["partial"]


def test_a_stage_by_count_asks_exactly_as_often_as_told(assay, server):
    trials = assay(server.url, "--stages", "77n:2c,55n:7c", "-j").json["trials"]
    assert [(t["requests"]["ok"], t["load"]["connections"]) for t in trials] == [(77, 2), (55, 7)]


def test_the_screen_has_one_row_a_stage_and_show_has_it_again(assay, server):
    done = assay(server.url, "--stages", "200ms:100/s,200ms:1500/s")
    assert done.code == 0, done.err
    assert "100/s" in done.out and "1,500/s" in done.out and "offered" in done.out
    again = assay("show", "last").out
    assert [line for line in done.out.splitlines() if "/s " in line] == [
        line for line in again.splitlines() if "/s " in line]


def test_a_staircase_in_a_suite_is_one_start_and_a_record_a_stage(assay, suite, tmp_path):
    folder = suite([own_server("a"), own_server("b")], blocks=2,
                   loads=[{"name": "stairs", "connections": 4, "warmup": "50ms", "stages": ["150ms:100..300+100/s"]},
                          {"name": "plain", "connections": 2, "requests": 50}])
    done = assay("run", folder, "-o", "json=run.json", "-o", "csv=run.csv")
    assert done.code == 0, done.err
    run = valid_run(json.loads((tmp_path / "run.json").read_text()))
    assert len(run["trials"]) == 2 * 2 * (3 + 1)
    assert {r["load"] for r in run["ranking"]} == {"stairs/100", "stairs/200", "stairs/300", "plain"}
    for target in "ab":
        for block in (0, 1):
            mine = [t for t in run["trials"] if (t["target"]["name"], t["block"]) == (target, block) and t["load"]["stage"]]
            assert [t["load"]["name"] for t in mine] == ["stairs/100", "stairs/200", "stairs/300"]
            # The address is the start's own: three stages, one start.
            assert len({t["target"]["address"] for t in mine}) == 1
            assert len({t["seed"] for t in mine}) == 3
            assert mine[0]["server"]["rss_bytes_idle"] and not mine[1]["server"]["rss_bytes_idle"]
    with sqlite3.connect(tmp_path / "assay.db") as database:
        assert len(database.execute("select 1 from trial where load like 'stairs/%'").fetchall()) == 12
    header, *rows = (tmp_path / "run.csv").read_text().splitlines()
    assert sorted(row.split(",")[header.split(",").index("stage")] for row in rows) == sorted(["1", "2", "3", ""] * 4)


def test_a_preset_chooses_loads_workloads_and_targets(assay, suite):
    folder = suite([own_server("a"), own_server("b")],
                   workloads=[{"name": "w", "path": "/"}, {"name": "v", "path": "/v"}],
                   loads=[{"name": "up", "stages": ["1s:1..5+1c"]}, {"name": "up-quick", "preset_only": True, "stages": ["1s:1c"]}],
                   presets=[{"name": "quick", "loads": ["up-quick"], "workloads": ["v"], "targets": ["b"]},
                            {"name": "short", "duration": "100ms"}])

    def plan(*flags):
        done = assay("run", folder, "--dry-run", "-j", *flags)
        assert done.code == 0, done.err
        return done.json

    full, quick, short = plan(), plan("--preset", "quick"), plan("--preset", "short")
    assert (full["trials"], full["loads"]) == (20, ["up/1c", "up/2c", "up/3c", "up/4c", "up/5c"])
    assert (quick["trials"], quick["loads"], quick["workloads"], quick["targets"]) == (1, ["up-quick/1c"], ["v"], ["b"])
    assert short["trials"] == 20 and short["seconds"] < full["seconds"] / 1.5


def test_a_choice_of_nothing_is_an_error_before_anything_starts(assay, suite, tmp_path):
    folder = suite([own_server("a", loads=["one"]), own_server("b", loads=["two"])],
                   loads=[{"name": "one"}, {"name": "two"}],
                   presets=[{"name": "none", "loads": ["one"], "targets": ["b"]}])
    done = assay("run", folder, "--preset", "none")
    assert done.code == 2
    assert "nothing to run" in done.err
    assert not (tmp_path / "assay.db").exists()


@pytest.mark.parametrize("answers", [11, 40], ids=["asked", "driven"])
def test_a_target_that_dies_in_a_stage_has_records_as_far_as_it_came(assay, suite, tmp_path, answers):
    mortal = bad_server("dies_after_n", name="mortal")
    mortal["start"] += f" {answers}"
    folder = suite([mortal, own_server("well")],
                   loads=[{"name": "l", "stages": ["5n:1c", "2s:2c", "200ms:3c"], "timeout": "500ms"}])
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 1
    trials = json.loads((tmp_path / "run.json").read_text())["trials"]
    mortal = [t for t in trials if t["target"]["name"] == "mortal"]
    assert [t["load"]["name"] for t in mortal] == ["l/1c", "l/2c"]
    assert [t["state"] for t in mortal] == ["done", "died"]
    assert "1 stage was not begun" in done.out
    assert len([t for t in trials if t["target"]["name"] == "well"]) == 3


@pytest.mark.parametrize("kind", ["load", "suite"])
def test_an_interrupt_keeps_the_stages_that_were_finished(start, server, suite, tmp_path, kind):
    stages = ["100n:1c", "100n:2c", "60s:3c", "60s:4c"]
    if kind == "suite":
        folder = suite([own_server()], loads=[{"name": "up", "stages": stages}])
        child = start("run", folder, "-o", "json=run.json")
    else:
        child = start(server.url, "--stages", ",".join(stages), "-o", "json=run.json")

    def kept():
        with sqlite3.connect(tmp_path / "assay.db") as database:
            try:
                return database.execute("select count(*) from trial").fetchone()[0] == 2
            except sqlite3.OperationalError:
                return False

    until(kept, "two finished stages in the database")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130, err
    run = valid_run(json.loads((tmp_path / "run.json").read_text()))
    assert run["partial"]
    assert [t["load"]["stage"] for t in run["trials"]][:2] == [1, 2]
    assert [t["requests"]["ok"] for t in run["trials"]][:2] == [100, 100]
    assert [t["partial"] for t in run["trials"]] == [False, False, True][:len(run["trials"])]


WRONG = {
    "no colon": (["--stages", "10s"], "stage 1: must look like 10s:400/s"),
    "neither": (["--stages", "1s:2c,1s:400"], "stage 2: must end with a rate"),
    "two kinds": (["--stages", "1s:2c,1s:400/s"], "of one kind"),
    "a rate beside": (["--stages", "1s:2/s", "-r", "5"], "--stages say what -r says"),
    "a duration beside": (["--stages", "1s:2/s", "-d", "5"], "--stages say what -d says"),
    "a count beside": (["--stages", "1s:2/s", "-n", "5"], "--stages say what -n says"),
    "connections beside": (["--stages", "1s:2c", "-c", "5"], "leave -c out"),
    "threads": (["--stages", "1s:4c,1s:1c", "-t", "2"], "stage 2: 2 threads for 1 connection:"),
}


@pytest.mark.parametrize(("flags", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_list_of_stages_is_refused_with_the_reason(assay, flags, said):
    done = assay("http://127.0.0.1:1/", *flags)
    assert done.code == 2
    assert said in done.err


def test_what_the_environment_says_gives_way_to_the_command_line(assay, server):
    staged = assay(server.url, "--stages", "30n:1c", "-j", ASSAY_RATE="7", ASSAY_CONNECTIONS="9")
    assert staged.code == 0, staged.err
    assert staged.json["trials"][0]["load"]["connections"] == 1
    single = assay(server.url, "-n", "30", "-j", ASSAY_STAGES="1s:1c")
    assert single.json["requests"]["ok"] == 30


def test_shares_are_of_what_each_target_reached_itself_and_come_after_all_blocks(assay, suite):
    slow, fast = (own_server(name, start=f"{ASSAY} server --port {{port}} --body {HELLO} --oracle md1:{service}")
                  for name, service in (("slow", "4ms"), ("fast", "2ms")))
    folder = suite([slow, fast], blocks=2,
                   loads=[{"name": "at", "of": "most", "connections": 100, "warmup": 0, "stages": ["300ms:50%", "300ms:110%"]},
                          {"name": "most", "connections": 4, "duration": "600ms", "warmup": 0}])
    run = valid_run(assay("run", folder, "-j").json)
    assert [t["load"]["name"] for t in run["trials"][:4]] == ["most"] * 4
    for name in ("slow", "fast"):
        reached = sorted(t["throughput_per_sec"] for t in run["trials"]
                         if t["target"]["name"] == name and t["load"]["name"] == "most")
        asked = {t["load"]["share"]: t["load"] for t in run["trials"]
                 if t["target"]["name"] == name and t["load"]["share_of"] == "most"}
        assert sorted(asked) == [0.5, 1.1]
        for share, load in asked.items():
            assert load["rate_per_sec"] == pytest.approx(share * sum(reached) / 2)
    assert all(row["rank"] is None for ranking in run["ranking"] if "%" in ranking["load"] for row in ranking["rows"])


def test_shares_of_a_load_that_a_preset_leaves_out_are_refused_before_anything_starts(assay, suite):
    folder = suite([own_server("a")], loads=[{"name": "most", "connections": 4, "duration": "100ms"},
                                             {"name": "at", "of": "most", "stages": ["100ms:50%"]}],
                   presets=[{"name": "some", "loads": ["at"]}])
    done = assay("run", folder, "--preset", "some")
    assert done.code == 2
    assert "which is not run; add it to the preset's loads" in done.err
