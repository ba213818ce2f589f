"""tools/charts: every record is a point at its value, and what has no point is said."""

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
import yaml
from conftest import ASSAY, HELLO, LIMIT_S, ROOT, environment, own_server

CHARTS = ROOT / "tools/charts"
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
HEADER = "target,workload,load,metric,value,unit,note\n"
PER_SECOND = "right answers per second"
HOSTILE = "<&\"'`touch oops`$(touch oops)]](x)|*_{y}"


# ---- a run, once measured, from which every test makes its own ----


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A load by count, stages of connections and stages of rates; two targets, two blocks."""
    folder = tmp_path_factory.mktemp("measured")
    suite = {
        "suite": "small", "title": "Two of one kind", "blocks": 2,
        "workloads": [{"name": "hello", "path": "/", "expect": {"status": 200, "body": HELLO}}],
        "loads": [{"name": "by-count", "connections": 2, "requests": 50, "warmup": "0s"},
                  {"name": "rising", "stages": ["40n:1..3+1c"], "warmup": "0s"},
                  {"name": "stairs", "connections": 2, "stages": ["200ms:200/s", "200ms:400/s"], "warmup": "0s"}],
        "targets": [own_server("one"), own_server("two")],
    }
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    subprocess.run([ASSAY, "run", folder, "-q", "-o", "json=run.json"], cwd=folder, check=True, timeout=LIMIT_S * 2,
                   stdin=subprocess.DEVNULL, capture_output=True, env=environment(XDG_CACHE_HOME=str(folder / "cache")))
    return json.loads((folder / "run.json").read_text())


@pytest.fixture
def run(measured):
    return copy.deepcopy(measured)


class Drawn:
    """What tools/charts made."""

    def __init__(self, done, out):
        self.code, self.markdown, self.err = done.returncode, done.stdout, done.stderr
        self.pictures = {path.name.removeprefix("study-2009-").removesuffix(".svg"): Picture(path)
                         for path in sorted(out.glob("*.svg"))}


class Picture:
    """A chart, read back: its text, and where its points are."""

    def __init__(self, path):
        self.root = ET.parse(path).getroot()
        self.text = "\n".join("".join(element.itertext()) for element in self.root.iter(f"{SVG}text"))
        self.title = self.root.find(f"{SVG}title").text
        self.description = self.root.find(f"{SVG}desc").text

    def layers(self):
        """Points (x, y, symbol, colour) of each layer; what stands in the key is none."""
        for group in self.root.iter(f"{SVG}g"):
            if group.get("id", "").startswith("gnuplot_plot_") and not list(group.iter(f"{SVG}text")):
                yield [(*map(float, re.findall(r"translate\(([\d.]+),([\d.]+)\)", use.get("transform"))[0]),
                        use.get(f"{XLINK}href"), use.get("color", "").replace(" ", ""))
                       for use in group.iter(f"{SVG}use")]

    def points(self, grey=None):
        """All of them; grey: only those that were published, or only today's."""
        every = [point for layer in self.layers() for point in layer]
        return [p for p in every if grey is None or (p[3] == "rgb(128,128,128)") is grey]

    def lines_and_bars(self):
        """How many pieces of lines, intervals and bars there are."""
        groups = [g for g in self.root.iter(f"{SVG}g") if g.get("id", "").startswith("gnuplot_plot_")
                  and not list(g.iter(f"{SVG}text"))]
        return sum(len(re.findall("M", path.get("d", ""))) for g in groups for path in g.iter(f"{SVG}path"))

    def zero(self):
        """Where 0 is on the axis of x."""
        for group in self.root.iter(f"{SVG}g"):
            text = group.find(f"{SVG}text")
            if text is not None and "".join(text.itertext()).strip() == "0" and group.get("text-anchor") == "middle":
                return float(re.findall(r"translate\(([\d.]+),", group.get("transform"))[0])
        return None


@pytest.fixture
def draw(tmp_path):
    def charts(document, published="", **variables):
        suite = tmp_path / "study-2009"
        out = tmp_path / "out"
        suite.mkdir(exist_ok=True)
        if published:
            (suite / "published.csv").write_text(HEADER + published)
        (tmp_path / "run.json").write_text(json.dumps(document))
        done = subprocess.run([CHARTS, tmp_path / "run.json", suite, out], cwd=tmp_path, capture_output=True, text=True,
                              timeout=LIMIT_S * 2, check=False, env=os.environ | variables)
        assert "Traceback" not in done.stderr, done.stderr
        assert [path.name for path in tmp_path.rglob("oops")] == []
        return Drawn(done, out)

    return charts


def of_load(run, load, rates, **changes):
    """The rows of that load's rankings become these targets, with these figures; its trials are theirs."""
    rankings = [ranking for ranking in run["ranking"] if ranking["load"] == load]
    assert rankings
    template = rankings[0]["rows"][0]
    rankings[0]["rows"] = [template | changes | {
        "target": target, "title": None, "rank": None, "rank_best": None, "rank_worst": None, "tie": False,
        "reason": None, "refused": None, "ceiling": False, "trials": 0 if rate is None else 2,
        "throughput_per_sec": {"median": rate, "low": None, "high": None, "n": 0 if rate is None else 2},
        "window_s": {"median": rate and 1 / rate, "low": None, "high": None, "n": 0 if rate is None else 2},
    } for target, rate in rates.items()]
    run["ranking"] = rankings[:1]
    return rankings[0]


def only(run, load):
    run["ranking"] = [ranking for ranking in run["ranking"] if ranking["load"].split("/")[0] == load]
    return run["ranking"]


# ---- every record is a point ----


def test_every_trial_and_every_stage_that_was_measured_is_a_point(run, draw):
    drawn = draw(run, "one,hello,by-count,seconds,0.5,s,\n")
    assert drawn.code == 0, drawn.err
    place = "hello-by-count-kept-connections"
    assert set(drawn.pictures) == {f"{place}-today", f"{place}-trials", f"{place}-means",
                                   "hello-rising-kept-connections-rate", "hello-stairs-kept-connections-rate"} | \
        {name for name in drawn.pictures if name.endswith("response-time")}
    trials = [t for t in run["trials"] if t["load"]["name"] == "by-count" and not t["control"]]
    assert len(trials) == 4
    for kind in ("trials", "means"):
        assert len(drawn.pictures[f"{place}-{kind}"].points()) == len(trials)
    dots = drawn.pictures[f"{place}-today"]
    assert (len(dots.points(grey=False)), len(dots.points(grey=True))) == (2, 1)
    for load, stages in (("rising", 3), ("stairs", 2)):
        assert len(drawn.pictures[f"hello-{load}-kept-connections-rate"].points()) == 2 * stages


def test_response_times_are_drawn_where_the_ranking_has_them(run, draw):
    for ranking in only(run, "stairs"):
        for row in ranking["rows"]:
            row |= {"p50_ns": 2_000_000, "p99_ns": 8_000_000 if row["target"] == "one" else None}
    drawn = draw(run)
    picture = drawn.pictures["hello-stairs-kept-connections-response-time"]
    assert len(picture.points()) == 6
    assert "response time, ms, log axis" in picture.text and "from 2 to 8 ms" in picture.description
    assert "No p99, because a check refuses it or the answers are too few: two at 200, 400." in drawn.markdown


def test_dots_stand_at_their_values_from_zero_and_published_ones_beside_in_grey(run, draw):
    of_load(run, "by-count", {"gin mode=release": 3000, "gin mode=debug": 1500})
    picture = draw(run, "gin,hello,by-count,throughput_per_sec,1000,1/s,\n").pictures[
        "hello-by-count-kept-connections-today"]
    zero = picture.zero()
    (fast, slow), (old, again) = picture.points(grey=False), picture.points(grey=True)
    assert (slow[0] - zero) / (fast[0] - zero) == pytest.approx(1 / 2, rel=0.005)
    assert (old[0] - zero) / (fast[0] - zero) == pytest.approx(1 / 3, rel=0.005)
    assert fast[1] < old[1] < slow[1] < again[1]  # each below the row of its own target
    for said in ("right answers per second", "today", "published 2009", "n = 2 trials each", "gin mode=release"):
        assert said in picture.text
    assert "log" not in picture.text


def test_an_axis_on_which_the_smallest_would_stand_at_zero_is_logarithmic_and_says_so(run, draw):
    of_load(run, "by-count", {"one": 9, "two": 90000})
    picture = draw(run).pictures["hello-by-count-kept-connections-today"]
    assert "right answers per second, log axis" in picture.text
    assert picture.zero() is None


def test_of_an_open_loop_the_cost_of_an_answer_is_drawn(run, draw):
    ranking = of_load(run, "by-count", {"one": 100, "two": 100})
    for row, ns in zip(ranking["rows"], (50_000, 25_000)):
        row["cpu_ns_per_request"] = {"median": ns, "low": None, "high": None, "n": 2}
    for trial in run["trials"]:
        trial["load"] |= {"model": "open", "rate_per_sec": 100}
    picture = draw(run).pictures["hello-by-count-kept-connections-today"]
    one, two = picture.points()
    assert (two[0] - picture.zero()) / (one[0] - picture.zero()) == pytest.approx(1 / 2, rel=0.005)
    assert "µs of CPU per right answer" in picture.text and PER_SECOND not in picture.text


def test_trials_are_lines_on_a_logarithmic_axis_and_means_are_bars_from_zero(run, draw):
    trials = [t for t in run["trials"] if t["load"]["name"] == "by-count" and not t["control"]]
    for trial in trials:
        trial["window_s"] = 3.0 if trial["target"]["name"] == "one" else 1.0
    run["trials"] += [trial | {"control": True, "window_s": 99.0} for trial in trials]
    only(run, "by-count")
    drawn = draw(run, "nobody,hello,by-count,seconds,1,s,\n")
    lines, bars = (drawn.pictures[f"hello-by-count-kept-connections-{kind}"] for kind in ("trials", "means"))
    assert "seconds, log axis" in lines.text and "trial" in lines.text
    assert lines.lines_and_bars() == 2
    zero = bars.zero()
    assert (bars.points()[-1][0] - zero) / (bars.points()[0][0] - zero) == pytest.approx(3, rel=0.005)
    assert "mean of the trials" in bars.text and "n = 2 trials each" in bars.text


def test_a_trial_without_a_figure_is_a_gap_and_one_not_believed_is_hollow(run, draw):
    trials = [t for t in run["trials"] if t["load"]["name"] == "by-count" and not t["control"]]
    for trial in trials:
        trial["verdict"] = {"overall": "valid", "checks": []}
    trials[0] |= {"state": "died", "reason": "killed by signal 9"}
    trials[1]["verdict"] = {"overall": "invalid", "checks": [{"id": "network", "state": "fail"}]}
    only(run, "by-count")
    drawn = draw(run, "nobody,hello,by-count,seconds,1,s,\n")
    picture = drawn.pictures["hello-by-count-kept-connections-trials"]
    assert len(picture.points()) == 3
    hollow = {"#gpPt3", "#gpPt5"}  # a square and a circle, as gnuplot calls them
    assert len([p for p in picture.points() if p[2] in hollow]) == 1
    assert "hollow: not to be believed" in picture.text
    name, block = trials[0]["target"]["name"], trials[0]["block"] + 1
    assert f"Without a figure: {name}, trial {block}. Reason: killed by signal 9." in drawn.markdown
    assert "say the checks network in 1 trial." in drawn.markdown


def test_intervals_are_drawn_where_there_are_any(run, draw):
    ranking = of_load(run, "by-count", {"one": 100, "two": 200})
    without = draw(run).pictures["hello-by-count-kept-connections-today"]
    assert without.lines_and_bars() == 0 and "an interval needs 6" in without.text
    for row in ranking["rows"]:
        row |= {"trials": 6}
        row["throughput_per_sec"] |= {"low": 90, "high": 210, "n": 6}
    picture = draw(run).pictures["hello-by-count-kept-connections-today"]
    assert picture.lines_and_bars() == 2
    assert "n = 6 trials each, median; bar: exact 95 % interval" in picture.text


def test_more_workers_are_series_of_one_row(run, draw):
    of_load(run, "by-count", {f"go workers={n}": 1000 * n for n in (1, 2, 4)})
    for trial, n in zip(run["trials"], (1, 2, 4)):
        trial |= {"target": trial["target"] | {"name": f"go workers={n}"}, "factors": {"workers": n}}
    picture = draw(run, "go workers=4,hello,by-count,throughput_per_sec,9,1/s,\n").pictures[
        "hello-by-count-kept-connections-today"]
    assert len({point[3] for point in picture.points(grey=False)}) == 3
    assert len(picture.points(grey=True)) == 1
    for said in ("today, 1 worker\n", "today, 4 workers", "published 2009, 4 workers"):
        assert said in picture.text
    assert picture.text.startswith("go\n")  # one row


def test_a_class_of_connection_has_a_chart_of_its_own(run, draw):
    ranking = of_load(run, "by-count", {"one": 1, "two": 2, "three": 3, "four": 4})
    closing = copy.deepcopy(ranking) | {"connections": "a connection a request", "rows": ranking["rows"][2:]}
    ranking["rows"] = ranking["rows"][:2]
    run["ranking"].append(closing)
    drawn = draw(run)
    assert [len(picture.points()) for picture in drawn.pictures.values()] == [2, 2]
    assert set(drawn.pictures) == {"hello-by-count-a-connection-a-request-today",
                                   "hello-by-count-kept-connections-today"}


def test_stages_of_two_classes_are_never_in_one_line(run, draw):
    last = only(run, "rising")[-1]
    last["connections"] = "a connection a request"
    drawn = draw(run)
    assert len(drawn.pictures["hello-rising-kept-connections-rate"].points()) == 4
    assert "hello-rising-a-connection-a-request-rate" not in drawn.pictures
    assert "No chart of hello · rising · a connection a request (rate)" in drawn.markdown


def test_a_published_stage_is_a_grey_line_beside_todays(run, draw):
    only(run, "rising")
    picture = draw(run, "".join(f"one,hello,rising/{n}c,throughput_per_sec,{n}00,1/s,\n" for n in (1, 2, 3))).pictures[
        "hello-rising-kept-connections-rate"]
    assert (len(picture.points(grey=False)), len(picture.points(grey=True))) == (6, 3)
    assert "published 2009: one" in picture.text and "connections" in picture.text


def test_many_lines_are_drawn_in_panels_of_few(run, draw):
    trials = [t for t in run["trials"] if t["load"]["name"] == "by-count" and not t["control"]]
    of_one = [trial for trial in trials if trial["target"]["name"] == "one"]
    names = [f"target-{n}" for n in range(13)]
    of_load(run, "by-count", dict.fromkeys(names, 100))
    run["trials"] = [trial | {"target": trial["target"] | {"name": name}} for name in names for trial in of_one]
    picture = draw(run, "nobody,hello,by-count,seconds,1,s,\n").pictures["hello-by-count-kept-connections-trials"]
    assert len(picture.points()) == 26
    assert max(len(layer) for layer in picture.layers()) == 2
    assert "the faster ones" in picture.text and "slower ones" in picture.text


def called(gc, rates):
    """A table of what was called in-process, as far as charts read it."""
    return {"schema": "assay/inproc/1", "runtime": "cpython", "gc": gc,
            "cases": [{"method": "GET", "path": "/welcome"}],
            "rows": [{"app": app, "floor": app == "floor", "state": "done", "reason": None if rate else "it crashed",
                      "requests_per_sec": rate, "tcalls": 7, "funcs": 5,
                      "ns_per_request": {"median": rate and 1e9 / rate, "low": None, "high": None,
                                         "n": 1 if rate else 0}}
                     for app, rate in rates.items()]}


def test_calls_without_a_server_have_charts_of_their_own(run, draw):
    run["ranking"] = []
    run["inproc"] = [called("on", {"floor": 500, "one gc=on": 100, "two gc=on": None}),
                     called("off", {"floor": 500, "one gc=off": 100, "two gc=off": 50})]
    drawn = draw(run, "one gc=off,welcome,in-process,throughput_per_sec,40,1/s,\n"
                      "one gc=off,welcome,in-process,tcalls,9,,\n")
    place = "in-process-welcome-cpython-collector-off"
    assert set(drawn.pictures) == {f"{place}-called", f"{place}-tcalls"}
    rates, calls = drawn.pictures[f"{place}-called"], drawn.pictures[f"{place}-tcalls"]
    assert (len(rates.points(grey=False)), len(rates.points(grey=True))) == (3, 1)
    assert (len(calls.points(grey=False)), len(calls.points(grey=True))) == (3, 1)
    assert "calls per second" in rates.text and "a bare callable: the floor" in rates.text
    assert "n = 1 process each, no interval" in rates.text
    assert "Without a figure: two gc=on. Reason: it crashed." in drawn.markdown


def test_response_times_and_sizes_that_were_published_are_drawn_beside_todays(run, draw):
    ranking = of_load(run, "by-count", {"one": 100, "two": 90})
    ranking["rows"][0]["image_bytes"] = 20_000_000
    for trial in run["trials"]:
        trial["latency_ns"]["response"] |= {"count": 10, "mean": 2e6 if trial["block"] else 4e6,
                                            "stdev": 0.0, "max": 5e6}
    drawn = draw(run, "one,hello,by-count,mean_ms,6,ms,\none,hello,by-count,stdev_ms,2,ms,\n"
                      "one,,,image_bytes,10000000,bytes,\n")
    of = {kind: drawn.pictures[f"hello-by-count-kept-connections-{kind}"]
          for kind in ("mean-ms", "stdev-ms", "image-bytes")}
    # The mean of 2 and 4 ms is 3, and their deviation 1; half of what was published.
    for kind, ratio in (("mean-ms", 2), ("stdev-ms", 2), ("image-bytes", 1 / 2)):
        (published,), today = of[kind].points(grey=True), of[kind].points(grey=False)[0]
        assert (published[0] - of[kind].zero()) / (today[0] - of[kind].zero()) == pytest.approx(ratio, rel=0.01), kind


# ---- nothing is hidden ----


def test_refusals_ties_and_reasons_stand_at_the_chart(run, draw):
    ranking = of_load(run, "by-count", {"one": 100, "two": 90, "three": 80, "four": None})
    one, two, three, four = ranking["rows"]
    for row in (one, two):
        row |= {"rank": 1, "rank_best": 1, "rank_worst": 2, "tie": True}
    three |= {"refused": "generator", "reason": "the generator was the limit"}
    four |= {"reason": "not installed: apt-get install four"}
    drawn = draw(run)
    picture = drawn.pictures["hello-by-count-kept-connections-today"]
    assert "1–2  one" in picture.text and "1–2  two" in picture.text
    assert [point[2] for point in picture.points()] == ["#gpPt6", "#gpPt6", "#gpPt5"]
    assert "not shown to differ" in drawn.markdown
    assert "says the check generator: three. Reason: the generator was the limit." in drawn.markdown
    assert "Without a figure: four. Reason: not installed: apt-get install four." in drawn.markdown


def test_published_figures_without_a_chart_are_listed(run, draw):
    of_load(run, "by-count", {"one": 100, "two": 90})
    drawn = draw(run, "one,hello,by-count,throughput_per_sec,lost,,in a picture\n"
                      "gone,hello,by-count,throughput_per_sec,12,1/s,not obtainable\n"
                      "two,hello,by-count,throughput_per_sec,13,1/s,\n")
    assert "- one (hello · by-count): throughput\\_per\\_sec lost; in a picture" in drawn.markdown
    assert "- gone (hello · by-count): throughput\\_per\\_sec 12 1/s; not obtainable" in drawn.markdown
    assert "- two" not in drawn.markdown


def test_a_run_without_figures_has_sentences_instead_of_charts(run, draw):
    ranking = of_load(run, "by-count", {"one": None, "two": None})
    for row in ranking["rows"]:
        row["reason"] = "it did not start"
    for trial in run["trials"]:
        trial |= {"state": "not_ready", "reason": "it did not start", "window_s": None}
    drawn = draw(run, "nobody,hello,by-count,seconds,1,s,\n")
    assert (drawn.code, drawn.pictures) == (0, {})
    assert "No chart of hello · by-count · kept connections (today)" in drawn.markdown
    assert "Without a figure: one, two. Reason: it did not start." in drawn.markdown


def test_one_figure_alone_is_no_chart(run, draw):
    of_load(run, "by-count", {"one": None})
    assert draw(run, "one,hello,by-count,throughput_per_sec,5,1/s,\n").pictures == {}


def test_a_hostile_name_is_text_and_nothing_else(run, draw):
    of_load(run, "by-count", {HOSTILE: 100, "two": 90})
    run["title"] = HOSTILE
    for trial in run["trials"]:
        if trial["target"]["name"] == "one":
            trial["target"]["name"] = HOSTILE
    drawn = draw(run, "nobody,hello,by-count,seconds,1,s,\n")
    assert len(drawn.pictures) == 3
    for picture in drawn.pictures.values():
        assert HOSTILE in picture.text
    assert HOSTILE in drawn.pictures["hello-by-count-kept-connections-today"].description
    assert HOSTILE not in drawn.markdown and "\\<\\&" in drawn.markdown
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in drawn.pictures)


def test_long_names_that_differ_at_their_end_stay_apart(run, draw):
    names = [f"a-target-with-a-name-that-is-long class=gthread workers=8 mode={mode}" for mode in ("release", "debug")]
    of_load(run, "by-count", dict.fromkeys(names, 100))
    text = draw(run).pictures["hello-by-count-kept-connections-today"].text
    assert "mode=release\n" in text and "mode=debug\n" in text and not any(name in text for name in names)


def test_a_picture_has_a_title_that_asks_and_words_for_those_who_do_not_see_it(run, draw):
    drawn = draw(run)
    assert drawn.pictures
    for picture in drawn.pictures.values():
        assert picture.title.endswith("?") and picture.title in picture.text
        assert picture.root.get("role") == "img" and len(picture.description) > 40
        assert picture.root.get("width") == "800"
    shown = re.findall(r"^!\[(.+)\]\((.+\.svg)\)$", drawn.markdown, re.MULTILINE)
    assert {name for _, name in shown} == {f"study-2009-{name}.svg" for name in drawn.pictures}
    assert all(len(alternative) > 40 for alternative, _ in shown)


# ---- what may be missing ----


def test_without_gnuplot_there_are_no_charts_but_the_way_to_get_them(run, draw, tmp_path):
    (tmp_path / "bin").mkdir()
    drawn = draw(run, PATH=str(tmp_path / "bin"))
    assert (drawn.code, drawn.pictures) == (1, {})
    assert "gnuplot is not installed" in drawn.markdown
    assert "tools/install-packages packages/charts.txt" in drawn.markdown
    assert (ROOT / "packages/charts.txt").read_text().splitlines()[-1] == "gnuplot-nox"


def test_what_gnuplot_cannot_draw_is_said_in_its_place(run, draw, tmp_path):
    stand_in = tmp_path / "bin/gnuplot"
    stand_in.parent.mkdir()
    stand_in.write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    stand_in.chmod(0o755)
    drawn = draw(run, PATH=f"{stand_in.parent}:{os.environ['PATH']}")
    assert (drawn.code, drawn.pictures) == (1, {})
    assert "Not drawn, gnuplot failed: no space left" in drawn.markdown


@pytest.mark.parametrize("arguments,word", [
    ([], "RUN_JSON"), (["run.json"], "RUN_JSON"), (["none.json", ".", "."], "none.json: No such file"),
    (["no-json", ".", "."], "assay show RUN -o json"), (["no-record", ".", "."], "assay show RUN -o json"),
    (["no-json/out", ".", "."], "Not a directory")])
def test_wrong_arguments_are_told(tmp_path, arguments, word):
    (tmp_path / "no-json").write_text("once upon a time\n")
    (tmp_path / "no-record").write_text("[]\n")
    done = subprocess.run([CHARTS, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr and "charts" in done.stderr and word in done.stderr


@pytest.mark.parametrize("gnuplot", [True, False])
def test_make_studies_leaves_the_charts_in_the_summary(run, tmp_path, gnuplot):
    for part in ("studies", "charts", "charting"):
        copy_of = shutil.copytree if (ROOT / "tools" / part).is_dir() else shutil.copy
        (tmp_path / "tools").mkdir(exist_ok=True)
        copy_of(ROOT / "tools" / part, tmp_path / "tools" / part)
    (tmp_path / "run.json").write_text(json.dumps(run))
    (tmp_path / "suites/small").mkdir(parents=True)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/small-of-yesterday.svg").write_text("")
    stand_in(tmp_path / "tools/install-packages", "")
    stand_in(tmp_path / "assay", f'for word; do case $word in json=*) cp {tmp_path}/run.json "${{word#json=}}" ;; '
                                 'md=*) echo figures >"${word#md=}" ;; esac; done')
    path = os.environ["PATH"]
    if not gnuplot:
        for tool in ("sh", "dirname", "mkdir", "rm", "cut", "nproc", "date", "cp", "cat"):
            (tmp_path / "bin").mkdir(exist_ok=True)
            (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
        path = str(tmp_path / "bin")
    done = subprocess.run([tmp_path / "tools/studies", "small"], capture_output=True, text=True, timeout=LIMIT_S * 2,
                          check=False, env=os.environ | {"ASSAY": str(tmp_path / "assay"), "PATH": path})
    assert done.returncode == 0, done.stderr
    summary = (tmp_path / "studies/small.md").read_text()
    pictures = sorted(file.name for file in (tmp_path / "studies").glob("*.svg"))
    assert summary.startswith("figures\n\n### charts\n\n") and "\n\nload average" in summary
    assert re.findall(r"\]\((.+\.svg)\)", summary) != [] if gnuplot else pictures == []
    assert sorted(re.findall(r"\]\((.+\.svg)\)", summary)) == pictures
    assert ("`tools/charts studies/small.json suites/small studies` draws them" in summary) is not gnuplot
    assert json.loads((tmp_path / "studies/small.json").read_text()) == run


def stand_in(path: pathlib.Path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
