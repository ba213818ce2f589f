"""assay run: suites of servers that work."""

import json
import os
import re

import pytest
import yaml

from conftest import ASSAY, ROOT, own_server, ranked


def plan(assay, folder, *flags):
    done = assay("run", folder, "--dry-run", "-j", *flags)
    assert done.code == 0, done.err
    return done.json


def test_a_dry_run_says_what_it_would_do_and_starts_nothing(assay, suite, tmp_path):
    folder = suite([own_server("a", factors=[{"name": "level", "values": ["1", "2"]}]),
                    {"name": "b", "start": "/no/such/program {port}"}], blocks=3)
    told = plan(assay, folder)
    assert told["trials"] == 9
    assert told["targets"] == ["a level=1", "a level=2", "b"]
    assert told["seconds"] > 0
    assert not (tmp_path / "assay.db").exists()


def test_a_preset_changes_blocks_and_loads(assay, suite):
    folder = suite([own_server()], blocks=4, loads=[{"name": "few", "connections": 2, "duration": "200ms"}],
                   presets=[{"name": "quick", "blocks": 2, "duration": "100ms", "warmup": "0s"}])
    full, quick = plan(assay, folder), plan(assay, folder, "--preset", "quick")
    assert quick["seconds"] < full["seconds"]
    done = assay("run", folder, "--dry-run", "--preset", "quikc")
    assert done.code == 2
    assert "quikc" in done.err and "quick" in done.err


def test_only_and_blocks_narrow_the_run(assay, suite):
    folder = suite([own_server("a"), own_server("b"), own_server("c")], blocks=1)
    done = assay("run", folder, "--only", "a,c", "--blocks", "2", "-j")
    assert done.code == 0, done.err
    assert sorted(t["target"]["name"] for t in done.json["trials"]) == ["a", "a", "c", "c"]


def test_only_lists_what_there_is_when_it_matches_nothing(assay, suite):
    folder = suite([own_server("first"), own_server("second")])
    done = assay("run", folder, "--only", "third")
    assert done.code == 2
    assert "third" in done.err and "first" in done.err and "second" in done.err


def test_the_seed_decides_the_order_and_is_printed(assay, suite, tmp_path):
    folder = suite([own_server(name) for name in "abcd"], blocks=2)
    orders = []
    for _ in range(2):
        done = assay("run", folder, "--seed", "12345", "-o", "json=run.json")
        assert done.code == 0, done.err
        assert "12345" in done.out
        run = json.loads((tmp_path / "run.json").read_text())
        assert run["seed"] == 12345
        orders.append([t["target"]["name"] for t in run["trials"]])
    assert orders[0] == orders[1]
    assert sorted(orders[0][:4]) == list("abcd")  # a block has each of them once


def test_an_interval_needs_six_trials(assay, suite):
    folder = suite([own_server("a"), own_server("b")],
                   loads=[{"name": "few", "connections": 1, "requests": 20}])
    few = assay("run", folder, "--blocks", "2")
    enough = assay("run", folder, "--blocks", "6")
    assert few.code == enough.code == 0, few.err + enough.err
    assert "needs 6 trials" in few.out
    assert "needs 6 trials" not in enough.out


def test_each_trial_is_a_fresh_start_and_the_tree_is_measured(assay, suite):
    folder = suite([own_server()], blocks=2,
                   loads=[{"name": "l", "connections": 2, "duration": "300ms", "warmup": "0s"}])
    done = assay("run", folder, "-j")
    assert done.code == 0, done.err
    for trial in done.json["trials"]:
        server = trial["server"]
        assert server["processes"] >= 1
        assert server["ready_ms"] > 0
        assert server["rss_bytes_peak"] > 0
        assert trial["requests"]["probes"] >= 1


def test_the_classes_of_connection_are_not_ranked_together(assay, suite):
    folder = suite([own_server("keeps"),
                    {"name": "closes", "start": f"{ASSAY} server --port {{port}} --body hello --close"}])
    done = assay("run", folder, "-j")
    assert done.code == 0, done.err
    assert len(done.json["ranking"]) == 2
    assert {ranking["connections"]: ranking["rows"][0]["target"] for ranking in done.json["ranking"]} == {
        "persistent": "keeps", "a connection a request": "closes"}
    assert all(ranked(ranking["rows"][0]) for ranking in done.json["ranking"])


def test_from_six_blocks_on_each_has_one_target_twice(assay, suite):
    folder = suite([own_server("ours", ceiling=True), own_server("a"), own_server("b")],
                   loads=[{"name": "few", "connections": 1, "requests": 20}])
    assert plan(assay, folder, "--blocks", "5")["trials"] == 15
    told = plan(assay, folder, "--blocks", "6")
    assert told["trials"] == 24
    assert told["control_trials"] == 6
    shown = assay("run", folder, "--blocks", "6", "--dry-run")
    assert shown.out.count("(A/A control)") == 6
    assert not re.search(r"ours .*A/A", shown.out)
    done = assay("run", folder, "--blocks", "6", "-j")
    assert done.code == 0, done.err
    twins = [(t["block"], t["target"]["name"]) for t in done.json["trials"] if t["control"]]
    assert [block for block, _ in twins] == list(range(6))
    assert sorted(name for _, name in twins) == ["a"] * 3 + ["b"] * 3
    ranking = done.json["ranking"][0]
    assert {row["target"]: row["trials"] for row in ranking["rows"]} == {"ours": 6, "a": 6, "b": 6}
    assert ranking["noise_floor"]["known"] is True
    assert ranking["noise_floor"]["blocks"] == 6


def test_a_suite_may_do_without_the_control(assay, suite):
    folder = suite([own_server("a"), own_server("b")], blocks=6, control=False)
    told = plan(assay, folder)
    assert told["trials"] == 12
    assert told["control_trials"] == 0


def test_every_start_has_another_environment(assay, suite, tmp_path):
    note = tmp_path / "padding"
    start = f"sh -c 'echo ${{#ASSAY_PADDING}} >>{note}; exec {ASSAY} server --port {{port}} --body hello'"
    done = assay("run", suite([{"name": "a", "start": start}], blocks=8), "--seed", "1")
    assert done.code == 0, done.err
    lengths = [int(line) for line in note.read_text().split()]
    assert len(lengths) == 16  # each trial and its twin
    assert len(set(lengths)) > 10
    assert all(0 <= length <= 4096 for length in lengths)
    assert max(lengths) > 2048


def test_with_too_few_blocks_nobody_is_ranked(assay, suite):
    done = assay("run", suite([own_server("a"), own_server("b"), own_server("c")], blocks=2), "-j")
    assert done.code == 0, done.err
    ranking = done.json["ranking"][0]
    assert ranking["pairs"] == []
    believed = [row["target"] for row in ranking["rows"] if not row["refused"]]
    assert believed == sorted(believed)  # as in the suite
    assert len(believed) < 2 or all(row["rank"] is None for row in ranking["rows"])
    assert ranking["reason"] == {2: "needs 6 blocks (has 2)", 3: "needs 7 blocks (has 2)"}.get(len(believed))


def test_a_target_that_is_not_there_is_told_though_its_twin_came_first(assay, suite):
    folder = suite([own_server("there"), {"name": "absent", "start": "/no/such/program {port}"}], blocks=6)
    done = assay("run", folder, "--seed", "3", "-j")
    rows = {row["target"]: row for row in done.json["ranking"][0]["rows"]}
    assert rows["there"]["trials"] == 6
    assert "no/such/program" in rows["absent"]["reason"]


def test_the_ceiling_has_a_row_and_no_rank(assay, suite):
    folder = suite([own_server("ours", ceiling=True), own_server("theirs")])
    done = assay("run", folder, "-j")
    rows = {row["target"]: row for ranking in done.json["ranking"] for row in ranking["rows"]}
    assert ranked(rows["theirs"])
    assert rows["ours"]["rank"] is None


def test_several_instances_count_as_one_target(assay, suite):
    folder = suite([own_server(instances="{workers}", factors=[{"name": "workers", "values": ["2"]}])])
    done = assay("run", folder, "-j")
    assert done.code == 0, done.err
    trial = done.json["trials"][0]
    assert trial["factors"] == {"workers": 2}
    assert trial["target"]["workers"] == 2


def test_processes_start_in_their_order_and_the_load_goes_to_the_last(assay, suite, tmp_path):
    note = tmp_path / "order"
    start = "sh -c 'echo %s >>%s; exec %s server --port {port} --body hello'"
    folder = suite([{"name": "chain", "processes": [
        {"name": "back", "start": start % ("back", note, ASSAY)},
        {"name": "front", "start": start % ("front", note, ASSAY)},
    ]}])
    done = assay("run", folder, "-j")
    assert done.code == 0, done.err
    assert note.read_text().split() == ["back", "front"]


def test_a_target_whose_packages_are_missing_is_left_out_and_the_others_run(assay, suite):
    folder = suite([own_server("there"), own_server("absent", packages=["no-such-package-anywhere"])])
    done = assay("run", folder)
    assert "apt-get install no-such-package-anywhere" in done.out + done.err
    assert re.search(r"^\s*[1–]\s+there", done.out, re.MULTILINE)


def test_a_build_that_fails_shows_its_last_lines(assay, suite):
    folder = suite([own_server("good"), own_server("bad", build="echo the compiler was here; exit 3")])
    done = assay("run", folder)
    assert done.code == 1
    assert "the compiler was here" in done.out + done.err


def test_a_build_has_all_cpus_that_assay_has(assay, suite, tmp_path):
    note = tmp_path / "cpus"
    assay("run", suite([own_server(build=f"nproc >{note}")]))
    assert int(note.read_text()) == len(os.sched_getaffinity(0))


def test_variants_that_would_share_a_folder_are_refused_before_anything_starts(assay, suite):
    folder = suite([own_server("a+b"), own_server("a_b")])
    done = assay("run", folder, "--dry-run")
    assert done.code == 2
    assert "'a+b' and 'a_b' would be built in one folder, a_b" in done.err
    assert assay("run", folder, "--dry-run", "--only", "a+b").code == 0


@pytest.mark.parametrize("path", sorted((ROOT / "suites").glob("*/suite.yaml")), ids=lambda p: p.parent.name)
def test_the_suites_we_ship_can_be_planned(assay, path):
    told = plan(assay, path.parent)
    assert told["seconds"] > 0
    for preset in yaml.safe_load(path.read_text()).get("presets", []):
        seconds = plan(assay, path.parent, "--preset", preset["name"])["seconds"]
        assert 0 < seconds
        assert preset["name"] != "quick" or seconds < told["seconds"]


def test_the_demo_takes_two_minutes_at_most(assay):
    assert plan(assay, ROOT / "suites/demo")["seconds"] <= 120


# ---- cores ----


def machine_cores():
    return len(os.sched_getaffinity(0))


def cores_suite(suite, values, **more):
    return suite([own_server(factors=[{"name": "cores", "values": [str(value) for value in values]}], **more)])


def test_a_target_runs_on_as_many_cores_as_its_factor_says(assay, suite):
    if machine_cores() < 2:
        pytest.skip("one core")
    done = assay("run", cores_suite(suite, [1, 2]), "-j")
    assert done.code == 0, done.err
    ran_on = {t["target"]["name"]: t["server"]["cpus"] for t in done.json["trials"]}
    assert {name: len(cpus) for name, cpus in ran_on.items()} == {"own cores=1": 1, "own cores=2": 2}


def test_a_variant_for_which_there_are_too_few_cores_has_its_reason_and_the_others_run(assay, suite):
    folder = cores_suite(suite, [1, 64])
    said = f"needs 64 cores, this run has {machine_cores()}"
    assert f"own cores=64: not measured: {said}" in assay("run", folder, "--dry-run").out
    assert plan(assay, folder)["seconds"] == plan(assay, folder, "--only", "own cores=1")["seconds"]
    done = assay("run", folder, "-o", "json=run.json")
    assert done.code == 0, done.err  # this machine is what it is: there is nothing to mend
    run = json.loads((folder.parent / "run.json").read_text())
    rows = {row["target"]: row for ranking in run["ranking"] for row in ranking["rows"]}
    assert ranked(rows["own cores=1"])
    assert rows["own cores=64"]["reason"] == said
    assert said in done.out


def test_only_variants_for_which_there_are_too_few_cores_are_nothing_to_run(assay, suite):
    done = assay("run", cores_suite(suite, [64]))
    assert done.code == 2
    assert "needs 64 cores" in done.err


# ---- the estimate ----


def test_an_estimate_is_a_guess_until_it_was_run_once(assay, suite, tmp_path):
    folder = suite([own_server()], loads=[{"name": "few", "connections": 1, "requests": 20}], blocks=3)
    assert plan(assay, folder)["guessed"] == 3
    done = assay("run", folder, "--no-save")
    assert done.code == 0, done.err
    assert plan(assay, folder)["guessed"] == 0
    remembered = tmp_path / "cache/assay/small.times.json"
    times = json.loads(remembered.read_text())
    assert len(times) == 1
    remembered.write_text(json.dumps({start: 100 * 10**9 for start in times}))
    assert plan(assay, folder)["seconds"] == 300


# ---- verify ----


def test_verify_gets_a_url_with_a_fresh_nonce(assay, suite, tmp_path):
    note = tmp_path / "urls"
    workload = {"name": "hello", "path": "/{nonce}/x-{nonce}", "verify": f"echo >>{note}",
                "expect": {"status": 200, "body": "hello"}}
    done = assay("run", suite([own_server()], workloads=[workload], blocks=2))
    assert done.code == 0, done.out + done.err
    paths = [re.search(r"http://[^/]+(/.*)", line).group(1) for line in note.read_text().splitlines()]
    assert len(paths) == 2 and paths[0] != paths[1]
    for path in paths:
        assert re.fullmatch(r"/([0-9a-f]{16})/x-\1", path)


def test_verify_gets_any_path_as_one_word(assay, suite, tmp_path):
    """Braces, quotes and what else a shell looks at; the command is a block of YAML, with a newline at its end."""
    note = tmp_path / "urls"
    path = "/items/{id}?q='it'&n=$HOME;`id`\\"
    workload = {"name": "hello", "path": path, "verify": f"printf %s >>{note}\n",
                "expect": {"status": 200, "body": "hello"}}
    assay("run", suite([own_server()], workloads=[workload]))
    assert re.fullmatch(r"http://127.0.0.1:\d+(.*)", note.read_text()).group(1) == path


def test_a_ceiling_is_not_asked_by_verify_but_its_answers_are_checked(assay, suite):
    """Our own server knows one answer; a program that asks for others cannot tell anything about it."""
    workload = {"name": "hello", "path": "/", "verify": "false", "expect": {"status": 200, "body": "hello"}}
    targets = [own_server("theirs"), own_server("ours", ceiling=True),
               {"name": "wrong", "start": f"{ASSAY} server --port {{port}} --body other", "ceiling": True,
                "ready_timeout": "1s"}]
    done = assay("run", suite(targets, workloads=[workload]), "-j")
    assert done.code == 1
    states = {t["target"]["name"]: t["state"] for t in done.json["trials"]}
    assert states == {"theirs": "not_ready", "ours": "done", "wrong": "not_ready"}


def test_a_plan_goes_into_files_too_and_only_as_json(assay, suite, tmp_path):
    folder = suite([own_server()])
    done = assay("run", folder, "--dry-run", "-o", "json=a.json", "-o", "json=b.json")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{folder}/suite.yaml")
    plans = [json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json")]
    assert plans[0]["trials"] == plans[1]["trials"] == 1
    for form in ("csv", "md"):
        done = assay("run", folder, "--dry-run", "-o", f"{form}=plan")
        assert done.code == 2
        assert "a plan holds no results" in done.err
        assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("wrong", [["--only", "nobody"], ["--preset", "none"]])
def test_what_was_not_written_is_not_there(assay, suite, tmp_path, wrong):
    (tmp_path / "old.json").write_text("older")
    done = assay("run", suite([own_server()]), *wrong, "-o", "json=new.json", "-o", "json=old.json")
    assert done.code == 2
    assert not (tmp_path / "new.json").exists()
    assert (tmp_path / "old.json").read_text() == "older"
