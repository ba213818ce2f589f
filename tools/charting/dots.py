"""One load, or calls without a server: a dot for each target, and the published one beside it."""

import dataclasses

from charting.record import (PER_SECOND, Section, asked, count, figure, is_called, md, median_said, refused, where,
                             without_figure)
from charting.svg import COLOURS, Axis, Figure, Layer, Panel, Point, axis_of_values, hollow_key, shortened


# What is published of a load: {metric: (the question, the axis, what its unit is divided by)}.
METRICS = {
    "throughput_per_sec": ("How many right answers does each give per second?", PER_SECOND, 1),
    "seconds": ("How long does each take for all requests?", "seconds", 1),
    # Of an open loop: there everyone answers at the same rate.
    "cpu_us_per_request": ("What does a right answer cost at the same rate?", "µs of CPU per right answer", 1),
    "mean_ms": ("How long does an answer take on average?", "mean response time, ms", 1),
    "stdev_ms": ("How much do response times differ?", "standard deviation of response times, ms", 1),
    "max_ms": ("How long did the slowest answer take?", "longest response time, ms", 1),
    "image_bytes": ("How large is its container image?", "MB", 1e6),
}
MAIN = ("throughput_per_sec", "seconds", "cpu_us_per_request")  # one of them is the figure of a load
# And of calls without a server.
CALLED = {
    "throughput_per_sec": ("How many calls does each answer per second, without a server?", "calls per second"),
    "tcalls": ("How many function calls does one request cost?", "function calls for one request"),
    "funcs": ("How many different functions does one request need?", "different functions in one request"),
}


@dataclasses.dataclass
class Row:
    name: str
    value: float
    low: float
    high: float
    n: int
    published: list
    series: str = ""  # how many workers, where that differs
    hollow: bool = False
    reference: str = ""  # what it is, where it is none of those that are compared


def rank(row):
    best, worst = row["rank_best"], row["rank_worst"]
    return f"{row['rank']}" if best == worst else f"{best}–{worst}"


def beside(record, ranking, row, published):
    """What was published of a row. A figure without a load stands beside the first load by name."""
    here = ranking["workload"], ranking["load"]
    earlier = any(row["target"] == other["target"] for r in record.unstaged()
                  if (r["workload"], r["load"]) < here for other in r["rows"])
    found = [p for p in published.of_cell(*here) if not (earlier and "" in (p["workload"], p["load"]))]
    if row["trials"]:
        return found
    # Variants that were not measured stand beside nothing, unless none of them was.
    measured = [row for row in ranking["rows"] if row["trials"]]
    return [p for p in found if not any(is_called(p["target"], r["target"], r["title"]) for r in measured)]


def response_times(record, ranking, target):
    """Mean, standard deviation and longest, in ms, of all samples of all its trials together."""
    samples = [trial["latency_ns"]["response"] for trial in record.trials[ranking["workload"], ranking["load"]]
               if trial["target"]["name"] == target and trial["state"] == "done"
               and not trial["partial"] and not trial["control"]]
    samples = [of for of in samples if of["count"]]
    total = sum(of["count"] for of in samples)
    if not total:
        return {}
    mean = sum(of["count"] * of["mean"] for of in samples) / total
    square = sum(of["count"] * (of["stdev"] ** 2 + of["mean"] ** 2) for of in samples) / total
    return {"mean_ms": mean / 1e6, "stdev_ms": max(square - mean**2, 0) ** 0.5 / 1e6,
            "max_ms": max(of["max"] for of in samples) / 1e6}


def figure_of(record, ranking, row, metric):
    """(today's figure, and its interval where it has one)."""
    intervals = {"throughput_per_sec": ("throughput_per_sec", 1), "seconds": ("window_s", 1),
                 "cpu_us_per_request": ("cpu_ns_per_request", 1e3)}
    if metric in intervals:
        key, unit = intervals[metric]
        return [None if row[key][of] is None else row[key][of] / unit for of in ("median", "low", "high")]
    if metric == "image_bytes":
        size = row.get("image_bytes")
        return [None if size is None else size / METRICS[metric][2], None, None]
    return [response_times(record, ranking, row["target"]).get(metric), None, None]


def rows_of(record, ranking, part, published, metric):
    """As they stand in the ranking; those with several numbers of workers as in the suite, without ranks."""
    several = len({record.factor(row["target"], "workers") for row in part} - {""}) > 1
    if several:
        part = sorted(part, key=lambda row: (row["ceiling"], record.order.get(row["target"], 0)))
    for row in part:
        name, series = row["target"], ""
        if several:
            series = record.factor(name, "workers")
            # Their number of cores is in the heading: a chart has one.
            name = name.replace(f" workers={series}", "").replace(f" cores={record.factor(name, 'cores')}", "")
        elif row["rank"] is not None and metric == "throughput_per_sec":
            name = f"{rank(row)}  {name}"
        old = published.figures(beside(record, ranking, row, published), metric, row["target"], row["title"])
        yield Row(name, *figure_of(record, ranking, row, metric), row["trials"],
                  [value / METRICS[metric][2] for value in old], series, row["refused"] is not None,
                  "our own empty server: the ceiling" if row["ceiling"] else "")


def layers_of(rows, names, series, published):
    """Series below each other in their row; below each of today's figures the published one."""
    shift = 0.14 / len(series) if any(row.published for row in rows) else 0
    layers = []
    for i, one in enumerate(series):
        at = (i - (len(series) - 1) / 2) * 0.8 / len(series)
        mine = [row for row in rows if row.series == one and not row.reference]
        told = f", {one} worker{'' if one == '1' else 's'}" if one else ""
        layers.append(Layer(f"today{told}", [
            Point(row.value, names.index(row.name) + at - shift, row.low, row.high, row.hollow)
            for row in mine if row.value is not None], COLOURS[i % len(COLOURS)], i))
        layers.append(Layer(f"published{published.year}{told}", [
            Point(value, names.index(row.name) + at + shift)
            for row in mine for value in row.published], symbol=i, published=True))
    for what in dict.fromkeys(row.reference for row in rows if row.reference):
        layers.append(Layer(what, [Point(row.value, names.index(row.name), row.low, row.high, row.hollow)
                                   for row in rows if row.reference == what and row.value is not None], "#000000", 3))
    return layers


def chart(title, said, rows, axis_label, published, log=False):
    """None where there are not two figures to put beside each other."""
    rows = [row for row in rows if row.value is not None or row.published]
    if sum(len(row.published) + (row.value is not None) for row in rows if not row.reference) < 2:
        return None
    names = list(dict.fromkeys(row.name for row in rows))
    series = sorted({row.series for row in rows if row.series}, key=lambda one: (len(one), one)) or [""]
    layers = layers_of(rows, names, series, published)
    values = [v for row in rows for v in (row.value, row.low, row.high, *row.published) if v is not None]
    ticks = [(shortened(name), at) for at, name in enumerate(names)]
    panel = Panel(axis_of_values(axis_label, values, log), Axis("", len(names) - 0.4, -0.6, ticks=ticks),
                  [*layers, *hollow_key(layers)], len(names) * (22 if len(series) == 1 else 17 * len(series)) + 12,
                  values_on_x=True)
    today = sorted((row.value, row.name) for row in rows if row.value is not None)
    spread = f", from {figure(today[0][0])} ({today[0][1]}) to {figure(today[-1][0])} ({today[-1][1]})" if today else ""
    old = f", beside what was published{published.year}" if any(row.published for row in rows) else ""
    return Figure(title, said, [panel],
                  f"Dots: {axis_label} of {count(len(names), 'target')}{spread}{old}. The tables have every figure.")


def of_load(record, ranking, published):
    """A chart for each number of cores, where that differs; and one for whatever else was published of it."""
    cores = list(dict.fromkeys(record.factor(row["target"], "cores") for row in ranking["rows"]))
    told = {row["metric"] for row in published.of_cell(ranking["workload"], ranking["load"])}
    if record.load(ranking)["model"] == "open":
        main = "cpu_us_per_request"
    else:
        main = "seconds" if "seconds" in told and "throughput_per_sec" not in told else "throughput_per_sec"
    for one in cores:
        part = [row for row in ranking["rows"] if record.factor(row["target"], "cores") == one]
        on = f" · target on {one} core{'' if one == '1' else 's'}" if one and len(cores) > 1 else ""
        yield section(record, ranking, part, on, published, main)
    for metric in METRICS:
        if metric in told and metric not in MAIN:
            extra = section(record, ranking, ranking["rows"], "", published, metric)
            if extra.figure is not None:
                yield extra


def section(record, ranking, part, on, published, metric):
    load = record.load(ranking)
    rows = list(rows_of(record, ranking, part, published, metric))
    main = metric in MAIN
    if not main and not any(row.published for row in rows):
        return Section(where(ranking), metric, None, [])
    title, axis, _ = METRICS[metric]
    if metric == "seconds":
        title = f"How long does each take for {count(load['requests'], 'request')}?"
    elif metric == "throughput_per_sec" and any(row.series for row in rows):
        title = "How many right answers per second, with how many workers?"
    n = median_said([row.n for row in rows if row.value is not None]) if main else "all trials together"
    said = [f"{where(ranking)}{on}", f"{asked(load)} · {record.today} · {n}"]
    if metric == "image_bytes":  # whatever is asked, and whatever a check says of the answers
        said, rows = [record.today], [dataclasses.replace(row, hollow=False) for row in rows]
    drawn = chart(title, [record.title, *said], rows, axis, published, metric == "seconds")
    return Section(where(ranking) + on, "today" if main else metric, drawn,
                   notes_of(ranking, part, metric) if main else [])


def notes_of(ranking, part, metric):
    notes = [f"Not ranked: {md(ranking['reason'])}."] if ranking["reason"] else []
    if any(row["tie"] for row in part):
        notes.append("Before each name stand the ranks it may have: who shares one is not shown to differ.")
    if metric == "seconds":
        notes.append("Published are the seconds for as many requests as the study made.")
    notes += refused((row["target"], row["refused"], row["reason"]) for row in part if row["refused"])
    return notes + without_figure((row["target"], row["reason"]) for row in part if not row["trials"])


def of_calls(record, table, published):
    """A row of these tables has the name of its application, and so have its study's figures."""
    cell = [row for row in published.rows if row["load"] == "in-process"]
    asked_for = shortened(", ".join(dict.fromkeys(case["path"] for case in table["cases"])))
    place = f"in-process · {asked_for} · {table['runtime']} · collector {table['gc']}"
    for metric, (title, axis) in CALLED.items():
        rows = [called_row(row, cell, published, metric) for row in table["rows"]]
        main = metric == "throughput_per_sec"
        if not main and not any(row.published for row in rows):
            continue
        said = median_said([row.n for row in rows if row.value is not None], "process", "processes") if main \
            else "as the profiler counts them in a warm call"
        drawn = chart(title, [record.title, place, f"{record.today} · {said}"],
                      rows, axis, published)
        absent = [(row["app"], row["reason"]) for row in table["rows"] if row["requests_per_sec"] is None]
        yield Section(place, "called" if main else metric, drawn, without_figure(absent) if main else [])


def called_row(row, cell, published, metric):
    ns = row["ns_per_request"]
    low = high = None
    value = row.get(metric)
    if metric == "throughput_per_sec":
        value = row["requests_per_sec"]
        low, high = (None if bound is None else 1e9 / bound for bound in (ns["high"], ns["low"]))
    return Row(row["app"], value, low, high, ns["n"], published.figures(cell, metric, row["app"]),
               reference="a bare callable: the floor" if row["floor"] else "")
