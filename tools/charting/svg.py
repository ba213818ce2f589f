"""A figure as SVG, drawn by gnuplot.

What is here says where the parts of a figure stand and how they look; every mark is gnuplot's. Text comes from
suites and from records, so none of it is ever read as a command: it stands between single quotes, in which
gnuplot substitutes nothing, and the terminal takes no markup.

Colours are those of Okabe and Ito, which the colour-blind can tell apart; symbols differ as well, so that a print
in grey still says what is what. What was published is grey, and is a cross or a dashed line; nothing else is.
"""

import dataclasses
import math
import pathlib
import shutil
import subprocess
import tempfile
import textwrap
import xml.etree.ElementTree as ET

WIDTH = 800
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
GREY = "#808080"
SYMBOLS = [(7, 6), (5, 4), (9, 8), (13, 12), (11, 10), (15, 14)]  # gnuplot's numbers: (filled, hollow)
CROSSES = [2, 1, 3]
HOLLOW = "hollow: not to be believed"
LINES_MAX = len(COLOURS)  # more in one panel nobody can follow

CHARACTER_PX = 7.2  # of the widest font that takes the place of sans-serif, at 12 px
KEY_ROW_PX = 19
NAME_MAX = 46  # characters of a name on an axis
KEY_MAX = 96  # and in the key
SAID_MAX = 108  # characters of a line below the title
GNUPLOT_LIMIT_S = 60

SVG = "http://www.w3.org/2000/svg"
ET.register_namespace("", SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


class Missing(Exception):
    """There is no gnuplot."""


@dataclasses.dataclass
class Point:
    x: float
    y: float
    low: float = None  # of an interval along the axis of values
    high: float = None
    hollow: bool = False


@dataclasses.dataclass
class Layer:
    """Points that belong together. None among them is a gap in their line."""

    name: str
    points: list
    colour: str = COLOURS[0]
    symbol: int = 0
    line: bool = False
    bars: bool = False
    size: float = 0.9
    published: bool = False
    hollow: bool = False  # in the key

    def __post_init__(self):
        if self.published:
            self.colour = GREY

    def symbols(self):
        """(filled, hollow)"""
        if self.published and not self.line:
            return [CROSSES[self.symbol % len(CROSSES)]] * 2
        return SYMBOLS[self.symbol % len(SYMBOLS)]

    def dash(self):
        return " dt 2" if self.published else ""

    def there(self):
        return [point for point in self.points if point is not None]


@dataclasses.dataclass
class Axis:
    label: str
    low: float = 0
    high: float = 1
    log: bool = False
    ticks: list = None  # (name, position); None: gnuplot's choice


@dataclasses.dataclass
class Panel:
    x: Axis
    y: Axis
    layers: list
    plot_px: int
    heading: str = ""
    values_on_x: bool = False  # intervals lie along x
    diagonal: str = ""  # the name of the line on which y is x

    def key(self):
        return [layer for layer in self.layers if layer.points]

    def key_rows(self):
        names = [layer.name for layer in self.key()] + ([self.diagonal] if self.diagonal else [])
        narrow = all(len(name) * CHARACTER_PX < WIDTH / 2 - 70 for name in names)
        return math.ceil(len(names) / 2) if narrow and len(names) > 2 else len(names)


@dataclasses.dataclass
class Figure:
    title: str
    said: list  # lines below the title: what was asked, how often, what the marks are
    panels: list
    alternative: str  # for those who do not see it


def hollow_key(layers, means=HOLLOW):
    """What hollow means, where anything is: an entry in the key, and no point."""
    if any(point.hollow for layer in layers for point in layer.there()):
        yield Layer(means, [None], "#000000", hollow=True)


def grouped(names):
    """In groups of nearly one size, of as many lines as can be told from each other."""
    panels = -(-len(names) // LINES_MAX)
    size = -(-len(names) // max(panels, 1))
    return [names[i:i + size] for i in range(0, len(names), size)] if names else []


def axis_of_values(label, values, log=False):
    """From 0, unless the study asks for a logarithmic axis or the smallest would stand on the zero of another."""
    least, most = min(values), max(values)
    if least > 0 and (log or most / least > 100):
        return Axis(f"{label}, log axis", least / 1.25, most * 1.25, True, log_ticks(least / 1.25, most * 1.25))
    return Axis(label, 0, most * 1.05 or 1)


def log_ticks(low, high):
    """Decades, or more where they are too few to read a value by."""
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        values = [step * 10.0**decade for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
                  for step in steps]
        ticks = [(f"{value:.10g}", value) for value in values if low <= value <= high]
        if len(ticks) >= 4:
            break
    return ticks


def shortened(name, most=NAME_MAX):
    """In the middle: variants of a target differ at the end of their names."""
    return name if len(name) <= most else name[: most // 2 - 1] + "…" + name[-(most // 2):]


def quoted(text):
    """Between single quotes, a doubled one is one; nothing else is read."""
    return "'" + "".join(c if c.isprintable() else " " for c in text).replace("'", "''") + "'"


def screen_y(px, height):
    return f"{1 - px / height:.5f}"


def label(number, text, px, height, size):
    return (f"set label {number} {quoted(text)} at screen {12 / WIDTH},{screen_y(px, height)} left "
            f"font 'sans-serif,{size}'")


def axis_script(name, axis):
    # The range of y stands from its first to its last value, so rows may be counted from above.
    lines = [f"set {name}range [{axis.low:.10g}:{axis.high:.10g}]",
             f"set logscale {name}" if axis.log else f"unset logscale {name}",
             f"set {name}label {quoted(axis.label)}" + (" offset 0,0.6" if name == "x" else "")]
    if axis.ticks is None:
        lines.append(f"set {name}tics autofreq")
    else:
        lines.append(f"set {name}tics ({', '.join(f'{quoted(text)} {at:.10g}' for text, at in axis.ticks)})")
    return lines


def data(points):
    """x y low high, symbol; a gap is an empty line."""
    def number(value):
        return "NaN" if value is None else f"{value:.10g}"

    return "\n".join("" if p is None else f"{number(p.x)} {number(p.y)} {number(p.low)} {number(p.high)} {symbol}"
                     for p, symbol in points)


def layer_script(name, layer, values_on_x):
    """(its data, what is plotted of them): bars below, then lines, intervals, and the points on top."""
    filled, hollow = layer.symbols()
    points = [(p, hollow if p is not None and p.hollow else filled) for p in layer.points]
    block = f"${name} << END_OF_POINTS\n{data(points)}\nEND_OF_POINTS"
    colour = f"lc rgb '{layer.colour}'"
    if layer.bars:
        style = f"with boxxyerror {colour} fs solid 0.4 border {colour} notitle"
        return block, [f"${name} using ($1/2):2:($1/2):(0.32) {style}"]
    plots = []
    if layer.line:
        plots.append(f"${name} using 1:2 with lines lw 1.6{layer.dash()} {colour} notitle")
    if any(p.low is not None and p.high is not None for p in layer.there()):
        columns = "3:2:($4-$3):(0)" if values_on_x else "1:3:(0):($4-$3)"
        plots.append(f"${name} using {columns} with vectors nohead lw 2 {colour} notitle")
    width = 2 if layer.published else 1.4  # crosses have no area
    plots.append(f"${name} using 1:2:5 with points pt variable ps {layer.size} lw {width} {colour} notitle")
    return block, plots


def key_script(layer):
    filled, hollow = layer.symbols()
    style = "linespoints" if layer.line else "points"
    symbol = 5 if layer.bars else hollow if layer.hollow else filled
    return (f"keyentry with {style} pt {symbol} lw 1.6{layer.dash()} lc rgb '{layer.colour}' "
            f"title {quoted(shortened(layer.name, KEY_MAX))}")


def left_margin_px(axis):
    names = [name for name, _ in axis.ticks or []] or [f"{axis.high:.4g}"]
    return 24 + max(len(name) for name in names) * CHARACTER_PX + (24 if axis.label else 0)


def panel_script(panel, number, top, height):
    """(script, how far down it ends)."""
    lines = []
    if panel.heading:
        top += 22
        lines.append(label(100, panel.heading, top - 6, height, 13))
    rows = panel.key_rows()
    key = f"set key at screen {4 / WIDTH},{screen_y(top, height)} left top Left reverse samplen 1.5 spacing 1.15"
    lines.append(f"{key} vertical maxrows {rows}" if rows else "unset key")
    top += rows * KEY_ROW_PX + 12
    bottom = top + panel.plot_px
    left = max(left_margin_px(panel.y), 60)
    lines += [f"set lmargin at screen {left / WIDTH:.5f}", f"set rmargin at screen {(WIDTH - 36) / WIDTH:.5f}",
              f"set tmargin at screen {screen_y(top, height)}", f"set bmargin at screen {screen_y(bottom, height)}",
              *axis_script("x", panel.x), *axis_script("y", panel.y)]
    plots = []
    if panel.diagonal:
        plots.append("x with lines lw 1 dt 3 lc rgb '#000000' notitle")
    for i, layer in enumerate(panel.layers):
        if layer.there():
            block, drawn = layer_script(f"p{number}l{i}", layer, panel.values_on_x)
            lines.append(block)
            plots += drawn
    plots += [key_script(layer) for layer in panel.key()]
    if panel.diagonal:
        plots.append(f"keyentry with lines lw 1 dt 3 lc rgb '#000000' title {quoted(panel.diagonal)}")
    lines.append("plot " + ", \\\n  ".join(plots))
    lines.append("unset label")
    return lines, bottom + 60


def script(figure, path):
    """gnuplot's commands for the whole figure; its height is known only when all of it is laid out."""
    said = [line for text in figure.said for line in textwrap.wrap(text, SAID_MAX)]

    def laid_out(height):
        top = 46 + 17 * len(said)
        lines = [label(1, figure.title, 24, height, 16)]
        lines += [label(2 + i, text, 46 + 17 * i, height, 12) for i, text in enumerate(said)]
        for number, panel in enumerate(figure.panels):
            drawn, top = panel_script(panel, number, top, height)
            lines += drawn
        return lines, top

    height = math.ceil(laid_out(1)[1])
    lines, _ = laid_out(height)
    return "\n".join([
        "set encoding utf8",
        f"set terminal svg size {WIDTH},{height} noenhanced font 'sans-serif,12' background '#ffffff'",
        f"set output {quoted(str(path))}",
        "set multiplot", "set border 3", "set tics nomirror out scale 0.5", "set format '%.10g'",
        "set grid xtics ytics lt 1 lw 0.6 lc rgb '#dddddd'", *lines, "unset multiplot", "unset output", ""])


def described(path, figure):
    """What gnuplot writes there about itself gives way to what the figure shows."""
    tree = ET.parse(path)
    root = tree.getroot()
    root.set("role", "img")
    root.set("aria-labelledby", "figure-title figure-text")
    for tag, text in (("title", figure.title), ("desc", figure.alternative)):
        element = root.find(f"{{{SVG}}}{tag}")
        element.text = text
        element.set("id", "figure-title" if tag == "title" else "figure-text")
    tree.write(path, encoding="utf-8", xml_declaration=True)


def draw(figure, path):
    """Writes the figure, or raises Missing, RuntimeError with what gnuplot said, OSError."""
    if shutil.which("gnuplot") is None:
        raise Missing
    with tempfile.TemporaryDirectory() as folder:
        commands = pathlib.Path(folder, "commands")
        drawn = pathlib.Path(folder, "figure.svg")
        commands.write_text(script(figure, drawn), encoding="utf-8")
        # -d: nobody's own settings change what is drawn.
        done = subprocess.run(["gnuplot", "-d", commands], capture_output=True, text=True, errors="replace",
                              timeout=GNUPLOT_LIMIT_S, check=False)
        if done.returncode or not drawn.exists():
            raise RuntimeError(" ".join(done.stderr.split())[-300:] or f"gnuplot ended with {done.returncode}")
        described(drawn, figure)
        shutil.move(drawn, path)
