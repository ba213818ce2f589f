"""Stages of a load, each a record of its own, against its connections or what it offered."""

import collections

from charting.record import PER_SECOND, Section, class_of, count, figure, md, median_said, without_figure
from charting.svg import COLOURS, HOLLOW, Axis, Figure, Layer, Panel, Point, axis_of_values, grouped, hollow_key

OFFERED = "offered requests per second"
SHARE = "offered, % of what each reached in a closed loop"
CONNECTIONS = "connections"


def place(load):
    """(the axis that the stage stands on, where)."""
    if load.get("share") is not None:
        return SHARE, load["share"] * 100
    if load["model"] == "open":
        return OFFERED, load["rate_per_sec"]
    return CONNECTIONS, load["connections"]


def groups(record):
    """{(workload, load, class, axis): its stages in order, each with its place}; loads and classes are never mixed."""
    found = collections.defaultdict(list)
    for ranking in record.rankings:
        load = record.load(ranking)
        if load["stage"] is not None:
            axis, x = place(load)
            name = ranking["load"].rsplit("/", 1)[0]
            found[ranking["workload"], name, class_of(ranking), axis].append((x, ranking))
    return {key: sorted(stages, key=lambda stage: stage[0]) for key, stages in found.items()}


def row_of(ranking, target):
    return next((row for row in ranking["rows"] if row["target"] == target), None)


def by_target(record, stages, point_of):
    """{target, as in the suite: a point for each stage, None where it has no figure}."""
    targets = {row["target"] for _, ranking in stages for row in ranking["rows"] if not row["ceiling"]}
    targets = sorted(targets, key=lambda target: (record.order.get(target, 0), target))
    return {target: [point_of(x, row_of(ranking, target)) for x, ranking in stages] for target in targets}


def rate(x, row):
    of = row and row["throughput_per_sec"]
    if row is None or of["median"] is None:
        return None
    return Point(x, of["median"], of["low"], of["high"], row["refused"] is not None)


def time_at(percentile):
    def point(x, row):
        if row is None or row[f"{percentile}_ns"] is None:
            return None
        return Point(x, row[f"{percentile}_ns"] / 1e6, hollow=row[f"{percentile}_is_lower_bound"])
    return point


def published_lines(stages, group, published):
    """With the symbol of today's line."""
    for i, target in enumerate(group):
        points = []
        for x, ranking in stages:
            row = row_of(ranking, target)
            cell = [p for p in published.of_cell(ranking["workload"], ranking["load"]) if p["load"]]
            points += [Point(x, value) for value in
                       published.figures(cell, "throughput_per_sec", target, row and row["title"])]
        if points:
            yield Layer(f"published{published.year}: {target}", points, symbol=i, line=True, published=True)


def panels_of(stages, axis, series, y, published=None, heading="", hollow=None):
    xs = [x for x, _ in stages]
    x = Axis(axis, 0, max(xs) * 1.05, ticks=[(f"{at:.6g}", at) for at in xs] if len(xs) <= 10 else None)
    for group in grouped(list(series)):
        # A target has its colour in every chart of these stages, with figures or without.
        layers = [Layer(target, series[target], COLOURS[i], i, line=True)
                  for i, target in enumerate(group) if any(series[target])]
        layers += published_lines(stages, group, published) if published else []
        yield Panel(x, y, [*layers, *hollow_key(layers, *([hollow] if hollow else []))], 260, heading=heading,
                    diagonal="as many as were offered" if published and axis == OFFERED else "")


def rate_figure(record, stages, axis, published, said):
    rates = by_target(record, stages, rate)
    values = [v for points in rates.values() for p in points if p for v in (p.y, p.high) if v is not None]
    if len(stages) < 2 or not values:
        return None
    old = [p.y for layer in published_lines(stages, rates, published) for p in layer.points]
    title = ("How does the rate change when more connections ask?" if axis == CONNECTIONS
             else "How much of what is offered is answered?")
    panels = list(panels_of(stages, axis, rates, Axis(PER_SECOND, 0, max(values + old) * 1.05), published))
    return Figure(title, said, panels,
                  f"Lines: {PER_SECOND} of {count(len(rates), 'target')} against {axis}, from {figure(min(values))} to "
                  f"{figure(max(values))}. The tables of stages have every figure.")


def times_figure(record, stages, axis, said):
    series = {percentile: by_target(record, stages, time_at(percentile)) for percentile in ("p50", "p99")}
    values = [p.y for of in series.values() for points in of.values() for p in points if p]
    if len(stages) < 2 or not values:
        return None
    y = axis_of_values("response time, ms", values, log=True)
    panels = []
    for percentile, of in series.items():
        panels += panels_of(stages, axis, of, y, hollow="hollow: at least so long",
                            heading=f"{percentile}: {'half' if percentile == 'p50' else '1 in 100'} took longer")
    return Figure("How long does an answer take when more is offered?", said, panels,
                  f"Lines: response times p50 and p99 in milliseconds of {count(len(series['p50']), 'target')} against "
                  f"{axis}, on a logarithmic axis, from {figure(min(values))} to {figure(max(values))} ms. The tables "
                  "of stages have every figure.")


def at_stages(points):
    """(target, x) of each: `gin at 400, 800; echo at 400`."""
    found = collections.defaultdict(list)
    for target, x in points:
        found[target].append(f"{x:.6g}")
    return "; ".join(f"{md(target)} at {', '.join(at)}" for target, at in found.items())


def without_times(rows):
    """Stages whose response times are refused, or are of too few answers, have no point."""
    said = []
    for percentile in ("p50", "p99"):
        missing = [(row["target"], x) for x, row in rows
                   if row["trials"] and not row["ceiling"] and row[f"{percentile}_ns"] is None]
        if missing:
            said.append(f"No {percentile}, because a check refuses it or the answers are too few: "
                        f"{at_stages(missing)}.")
    return said


def not_believed(rows):
    checks = collections.defaultdict(list)
    for x, row in rows:
        if row["refused"]:
            checks[row["refused"]].append((row["target"], x, row["reason"]))
    return [f"{HOLLOW.capitalize()} ({count(len(of), 'point')}), says the check {md(check)}: "
            f"{at_stages((target, x) for target, x, _ in of)}. The first: {md(of[0][2])}."
            for check, of in checks.items()]


def of_group(record, key, stages, published):
    workload, load, connections, axis = key
    where = f"{workload} · {load} · {connections}"
    rows = [(x, row) for x, ranking in stages for row in ranking["rows"]]
    ns = [row["trials"] for _, row in rows if row["trials"]]
    first = record.load(stages[0][1])
    of = "" if axis == CONNECTIONS else f", {count(first['connections'], 'connection')}"
    said = [record.title, where, f"{count(len(stages), 'stage')}, each by itself{of} · {record.today} · "
            f"{median_said(ns, each='each and stage')}"]
    notes = not_believed(rows)
    notes += without_figure((f"{row['target']} at {x:.6g}", row["reason"]) for x, row in rows if not row["trials"])
    sections = [Section(where, "rate", rate_figure(record, stages, axis, published, said), notes)]
    if axis != CONNECTIONS:
        sections.append(Section(where, "response-time", times_figure(record, stages, axis, said), without_times(rows)))
    return sections
