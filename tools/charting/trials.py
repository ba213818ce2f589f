"""A load by count, of a study in seconds: each trial as a point of a line, and the means as bars."""

import collections

from charting.record import Section, asked, count, figure, md, n_said, where, without_figure
from charting.svg import COLOURS, Axis, Figure, Layer, Panel, Point, axis_of_values, grouped, hollow_key, shortened


def point(trial):
    if trial is None or trial["state"] != "done" or trial["partial"] or not trial["window_s"]:
        return None
    return Point(trial["block"] + 1, trial["window_s"],
                 hollow=(trial["verdict"] or {}).get("overall") == "invalid")


def by_target(record, ranking):
    """{target: its trial of each block or None}; those of the A/A control are not among them."""
    found = {row["target"]: {} for row in ranking["rows"] if not row["ceiling"]}
    for trial in record.trials[ranking["workload"], ranking["load"]]:
        if trial["target"]["name"] in found and not trial["control"]:
            found[trial["target"]["name"]][trial["block"]] = trial
    blocks = 1 + max((block for trials in found.values() for block in trials), default=-1)
    return {name: [trials.get(block) for block in range(blocks)] for name, trials in found.items()}, blocks


def notes_of(trials):
    absent = [(f"{name}, trial {block + 1}", "not run" if trial is None else trial["reason"] or "ended before its time")
              for name, of_one in trials.items() for block, trial in enumerate(of_one) if point(trial) is None]
    kinds = collections.Counter(
        check["id"] for of_one in trials.values() for trial in of_one if trial and trial["verdict"]
        for check in trial["verdict"]["checks"] if check["state"] == "fail")
    said = ", ".join(f"{md(check)} in {count(many, 'trial')}" for check, many in kinds.most_common())
    return ([f"Hollow: not to be believed, say the checks {said}."] if said else []) + without_figure(absent)


def of_load(record, ranking, published):
    load, place = record.load(ranking), where(ranking)
    trials, blocks = by_target(record, ranking)
    points = {name: [point(trial) for trial in of_one] for name, of_one in trials.items()}
    drawn = sorted((name for name in points if any(points[name])), key=lambda name: mean(points[name]))
    notes = notes_of(trials)
    if blocks < 2 or not drawn:
        return [Section(place, "trials", None, [f"n = {count(blocks, 'trial')} of each: no line to draw.", *notes])]
    ns = [sum(p is not None for p in points[name]) for name in drawn]
    said = [record.title, place, f"{asked(load)} · {record.today} · {n_said(ns)}"]
    told = any(row["metric"] == "seconds" for row in published.of_cell(ranking["workload"], ranking["load"]))
    return [Section(place, "trials", lines(load, said, drawn, points, blocks), notes),
            Section(place, "means", bars(load, said, drawn, points), [
                "What was published is in the chart of dots: beside its slowest these bars, from 0, would be too short "
                "to see."] if told else [])]


def mean(points):
    there = [p.y for p in points if p]
    return sum(there) / len(there)


def lines(load, said, drawn, points, blocks):
    every = [p.y for name in drawn for p in points[name] if p]
    y = axis_of_values("seconds", every, log=True)
    x = Axis("trial", 0.7, blocks + 0.3, ticks=[(str(n), n) for n in range(1, blocks + 1)])
    panels = []
    for group in grouped(drawn):
        layers = [Layer(name, points[name], COLOURS[i], i, line=True) for i, name in enumerate(group)]
        part = "" if len(group) == len(drawn) else "the faster ones" if group[0] == drawn[0] else "slower ones"
        panels.append(Panel(x, y, [*layers, *hollow_key(layers)], 240, heading=part))
    return Figure(f"How much do trials of {count(load['requests'], 'request')} differ?", said, panels,
                  f"Lines: seconds of each of {blocks} trials of {count(len(drawn), 'target')}, on a logarithmic axis, "
                  f"from {figure(min(every))} to {figure(max(every))} s. The list of trials has every figure.")


def bars(load, said, drawn, points):
    means = [Point(mean(points[name]), at) for at, name in enumerate(drawn)]
    each = [Point(p.y, at, hollow=p.hollow) for at, name in enumerate(drawn) for p in points[name] if p]
    layers = [Layer("mean of the trials", means, COLOURS[0], bars=True),
              Layer("each trial", each, "#000000", size=0.6)]
    panel = Panel(Axis("seconds", 0, max(p.x for p in means + each) * 1.05),
                  Axis("", len(drawn) - 0.4, -0.6, ticks=[(shortened(name), at) for at, name in enumerate(drawn)]),
                  [*layers, *hollow_key(layers)], len(drawn) * 24 + 12, values_on_x=True)
    return Figure(f"How long do {count(load['requests'], 'request')} take on average?", said, [panel],
                  f"Bars from 0: mean seconds of {count(len(drawn), 'target')}, from {figure(means[0].x)} ({drawn[0]}) "
                  f"to {figure(means[-1].x)} ({drawn[-1]}), with a dot for each trial.")
