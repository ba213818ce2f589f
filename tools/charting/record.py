"""A run as charts need it, and what was published of its study."""

import collections
import csv
import dataclasses
import io
import re

from charting.svg import HOLLOW

PER_SECOND = "right answers per second"


@dataclasses.dataclass
class Section:
    """One chart in the Markdown: where it belongs, the figure (None: too little to draw), what stands below it."""

    where: str
    kind: str
    figure: object
    notes: list


class Record:
    """A document assay/run/1."""

    def __init__(self, run):
        self.title = run["title"] or run["suite"] or "one load"
        self.today = f"today: {run['started'][:10]}"
        self.rankings = run["ranking"]
        self.inproc = run.get("inproc", [])
        self.trials = collections.defaultdict(list)
        self.factors = {}
        self.order = {}  # as in the suite
        self.loads = {}
        for trial in run["trials"]:
            cell = trial["workload"]["name"], trial["load"]["name"]
            self.trials[cell].append(trial)
            self.loads[cell] = trial["load"]
            self.factors[trial["target"]["name"]] = trial["factors"]
            self.order[trial["target"]["name"]] = trial["target"].get("order", 0)

    def load(self, ranking):
        return self.loads[ranking["workload"], ranking["load"]]

    def unstaged(self):
        return [ranking for ranking in self.rankings if self.load(ranking)["stage"] is None]

    def factor(self, target, name):
        return str(self.factors.get(target, {}).get(name, ""))


class Published:
    """published.csv, and which of its figures stand beside which of today's: by the rule of the summary's table."""

    def __init__(self, suite_dir):
        path = suite_dir / "published.csv"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.rows = list(csv.DictReader(io.StringIO(text, newline=""), restval=""))
        year = re.search(r"-((?:19|20)\d\d)$", suite_dir.name)
        self.year = f" {year.group(1)}" if year else ""
        self.shown = set()

    def of_cell(self, workload, load):
        return [row for row in self.rows if row["workload"] in ("", workload) and row["load"] in ("", load)]

    def figures(self, rows, metric, target, title=None):
        """The figures among these rows of that target."""
        found = []
        for row in rows:
            if row["metric"] == metric and is_called(row["target"], target, title):
                value = number(row["value"])
                self.shown |= {id(row) for _ in value}
                found += value
        return found

    def not_shown(self, metrics):
        """What no chart has: its target was not run, or not with that load, or its value is a word."""
        return [row for row in self.rows if row["metric"] in metrics and id(row) not in self.shown]


def number(text):
    """Some values are words: lost, unpublished."""
    try:
        return [float(text)]
    except ValueError:
        return []


def is_called(published, target, title):
    """`gin` as published is every variant of gin today."""
    published, target = published.lower(), target.lower()
    return published in (target, (title or "").lower()) or target.startswith(published + " ")


# ---- words ----


def md(text):
    return re.sub(r"([\\`*_{}\[\]<>()#+!|&~])", r"\\\1", " ".join(str(text).split()))


def count(many, noun):
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def figure(value):
    """For a sentence: three or four digits say enough."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def n_said(ns, one="trial", more="trials", each="each"):
    """`n = 5 to 6 trials each`"""
    least, most = min(ns, default=0), max(ns, default=0)
    return f"n = {least if least == most else f'{least} to {most}'} {one if most == 1 else more} {each}"


def median_said(ns, *words, **more_words):
    """n, and what it is good for: an exact interval needs six."""
    most = max(ns, default=0)
    said = (", no interval" if most < 2 else ", median; an interval needs 6" if most < 6
            else ", median; bar: exact 95 % interval")
    return n_said(ns, *words, **more_words) + said


def asked(load):
    """`50 connections, 2,000 requests`"""
    said = count(load["connections"], "connection")
    if load["rate_per_sec"]:
        said += f", {load['rate_per_sec']:g} requests per second"
    if load["requests"]:
        said += f", {count(load['requests'], 'request')}"
    elif load["duration_s"]:
        said += f", {load['duration_s']:g} s"
    return said


def class_of(ranking):
    return "kept connections" if ranking["connections"] == "persistent" else ranking["connections"]


def where(ranking):
    return f"{ranking['workload']} · {ranking['load']} · {class_of(ranking)}"


def without_figure(rows):
    """(name, reason) of each: one sentence a reason, with all names."""
    groups = collections.defaultdict(list)
    for name, reason in rows:
        groups[reason or "no reason is in the record"].append(name)
    return [f"Without a figure: {', '.join(map(md, names))}. Reason: {md(reason)}." for reason, names in groups.items()]


def refused(rows):
    """(name, check, reason) of each: one sentence a check, with all names and the first one's reason."""
    groups = collections.defaultdict(list)
    for name, check, reason in rows:
        groups[check].append((name, reason))
    return [f"{HOLLOW.capitalize()} ({count(len(of), 'target')}), says the check {md(check)}: "
            f"{', '.join(md(name) for name, _ in of)}. {'The first: ' if len(of) > 1 else 'Reason: '}{md(of[0][1])}."
            for check, of in groups.items()]
