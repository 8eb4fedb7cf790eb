"""Charts in one style: a frame in, a matplotlib figure out, and `svg` turns a figure into text.

All charts are 324 points wide, so that their type is legible on a phone, and are laid out in
points on one invisible pair of axes: labels stand above their bars and are measured before they
are drawn, so none can overlap another, whatever it says. The colours are those of the light page;
`svg` writes each as a CSS variable, so the same chart serves light, dark and print.
"""

import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Hashable
from functools import cache
from math import ceil
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import MaxNLocator

WIDTH = 324.0
TYPE = 12.0
GAP = "\u2003"  # between a label and its Chinese term
INK, MUTED, RULE, PAPER = "#1b1f24", "#57606a", "#c9d1d9", "#fffffe"
SERIES = ("#1f5a8a", "#b3541e", "#3f7d58", "#8a5a9e", "#8a7420", "#6b7480")
COLOURS = {INK: "currentColor"} | {
    colour: f"var(--an-{name},{colour})"
    for name, colour in [("mute", MUTED), ("rule", RULE), ("paper", PAPER), *enumerate(SERIES, 1)]
}
KINDS = {
    "stated": ("dot", "stated"),
    "derived": ("ring", "derived, with interval"),
    "at_least": ("≥", "at least"),
    "missing": ("–", "no figure"),
}
HAN = re.compile("([\u3000-\u303f\uff00-\uffef]*[\u3400-\u9fff][\u3000-\u9fff\uff00-\uffef]*)")
TERM = {"fill": COLOURS[MUTED], "dx": "6", "font-weight": "400"}
Row = dict[Hashable, Any]


def plain(value: object) -> str:
    """The text of a value in one line; controls that could hide or reorder it become visible."""
    return " ".join(
        "".join(
            f"[U+{ord(c):04X}]" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c
            for c in re.sub(r"\s+", " ", str(value))
        ).split()
    )


def number(value: float, digits: int | None = None) -> str:
    """A figure for people: thousands set apart, at most two decimals unless told, a true minus."""
    if digits is None:
        digits = 0 if float(value).is_integer() else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def bridge(frame: pd.DataFrame, unit: str = "") -> Figure:
    """A waterfall from a start over changes to a total (`label, label_zh, value, kind`).

    Bars that are a `start` or `total` stand on zero; each `change` begins where the last one ended.
    """
    canvas, column, level = _Canvas(), 132.0, 0.0
    spans = []
    for row in _rows(frame):
        start = level if row["kind"] == "change" else 0.0
        level = start + row["value"]
        sign = "+" if row["kind"] == "change" and row["value"] > 0 else ""
        spans.append((row, start, level, _text(row, sign + number(row["value"]))))
    room = max((_width(text, True) for *_, text in spans), default=0) + 6
    scale = _scale([0, *(end for _, _, end, _ in spans)], column + 10, WIDTH - room)
    for i, (row, start, end, text) in enumerate(spans):
        top = canvas.y
        canvas.label(row, column, lines=3)
        height = max(canvas.y - top, 18)
        left, right = sorted((scale(start), scale(end)))
        colour = SERIES[0] if row["kind"] != "change" else SERIES[2 if end >= start else 1]
        canvas.bar(left, top + 1, right - left, 14, colour)
        canvas.text(right + 5, top + 13, text, weight="bold")
        canvas.y = top + height + 8
        if i < len(spans) - 1:
            canvas.line(scale(end), top + 15, scale(end), canvas.y + 1, MUTED)
    canvas.line(scale(0), 0, scale(0), canvas.y - 4, MUTED)
    canvas.note(unit)
    return canvas.figure()


def bullet(frame: pd.DataFrame, unit: str = "") -> Figure:
    """Executed against approved (`label, label_zh, executed, approved`): a bar and its mark."""
    canvas, rows = _Canvas(), _rows(frame)
    canvas.key([("bar", "executed"), ("mark", "approved")])
    texts = [
        _text(
            row,
            f"{_figure(row['executed'])}{' of ' if known else '; approved '}"
            f"{_figure(row['approved'])}",
        )
        for row in rows
        for known in [pd.notna(row["executed"])]
    ]
    room = max([_width(text, True) for text in texts], default=0) + 8
    values = [v for row in rows for v in (row["executed"], row["approved"]) if pd.notna(v)]
    scale = _scale([0, *values], 1, WIDTH - room)
    for row, text in zip(rows, texts, strict=True):
        canvas.label(row)
        top, end = canvas.y + 4, scale(0)
        if pd.notna(row["executed"]):
            end = scale(row["executed"])
            canvas.bar(min(scale(0), end), top, abs(end - scale(0)), 12, SERIES[0])
        if pd.notna(row["approved"]):
            mark = scale(row["approved"])
            canvas.bar(mark - 1.5, top - 3, 3, 18, INK)
            end = max(end, mark)
        canvas.text(max(end, scale(0)) + 7, top + 10, text, weight="bold")
        canvas.y = top + 26
    canvas.axis(values, scale, unit)
    return canvas.figure()


def bars(frame: pd.DataFrame, unit: str = "") -> Figure:
    """Bars from the largest to the smallest (`label, label_zh, value`), each with its value."""
    canvas = _Canvas()
    rows = _rows(frame.sort_values("value", ascending=False, kind="stable"))
    texts = [_text(row, _figure(row["value"])) for row in rows]
    values = [row["value"] for row in rows if pd.notna(row["value"])]
    room = max([_width(text, True) for text in texts], default=0) + 8
    scale = _scale([0, *values], 1, WIDTH - room)
    for row, text in zip(rows, texts, strict=True):
        canvas.label(row)
        end = scale(0 if pd.isna(row["value"]) else row["value"])
        canvas.bar(min(scale(0), end), canvas.y + 2, abs(end - scale(0)), 12, SERIES[0])
        canvas.text(max(end, scale(0)) + 5, canvas.y + 12, text, weight="bold")
        canvas.y += 24
    canvas.note(unit)
    return canvas.figure()


def stacked(frame: pd.DataFrame, unit: str = "") -> Figure:
    """Shares of each group's sum (`label, label_zh, group, value`), each part named beneath."""
    canvas = _Canvas()
    colours: dict[object, str] = {}
    for label in frame["label"]:
        colours.setdefault(label, SERIES[min(len(colours), len(SERIES) - 1)])
    for group, part in frame.groupby("group", sort=False):
        total, x = part["value"].sum(), 0.0
        canvas.label({"label": group, "label_zh": f"{number(total)} {unit}".strip()}, bold=True)
        top = canvas.y + 3
        canvas.y = top + 23
        for row in _rows(part):
            share = row["value"] / total if total and pd.notna(row["value"]) else 0.0
            colour = colours[row["label"]]
            canvas.bar(x, top, share * WIDTH, 16, colour, PAPER)
            x += share * WIDTH
            text = _text(row, f"{_figure(row['value'])} · {share:.1%}".replace("%", " %"))
            canvas.bar(0, canvas.y + 2, 10, 10, colour)
            canvas.text(WIDTH, canvas.y + 11, text, ha="right", weight="bold")
            canvas.label(row, WIDTH - _width(text, True) - 26, x=16)
            canvas.y += 4
        canvas.y += 10
    return canvas.figure()


def intervals(frame: pd.DataFrame, unit: str = "share, with 95 % interval") -> Figure:
    """Shares between 0 and 1 with their interval (`label, label_zh, estimate, low, high, n, k`)."""
    canvas, rows = _Canvas(), _rows(frame)
    highs = [100 * high for high in frame["high"].dropna()]
    scale = _scale([0, *highs], 5, WIDTH - 10)
    for row in rows:
        canvas.label(row)
        text = "not stated"
        if pd.notna(row["estimate"]):
            estimate, low, high = (100 * row[c] for c in ("estimate", "low", "high"))
            text = f"{estimate:.2f} % ({low:.2f}–{high:.2f} %)"
            if pd.notna(row.get("n")) and pd.notna(row.get("k")):
                text = f"{number(row['k'])} of {number(row['n'])}: {text}"
        canvas.text(0, canvas.y + 11, _text(row, text), colour=MUTED)
        y = canvas.y + 22
        canvas.line(scale(0), y, WIDTH, y, RULE)
        if pd.notna(row["estimate"]):
            canvas.line(scale(low), y, scale(high), y, SERIES[0], 3)
            canvas.dot(scale(estimate), y, SERIES[0])
        canvas.y = y + 14
    canvas.axis(highs, scale, unit, suffix=" %")
    return canvas.figure()


def multiples(frame: pd.DataFrame) -> Figure:
    """Small multiples over years (`series, label_zh, year, value, low, high, kind`).

    A stated value is a full dot, a derived one a ring with its interval, a lower bound carries a
    `≥`, and a missing year says so; the line breaks there, since nothing is known in between.
    """
    canvas, years = _Canvas(), sorted(frame["year"].unique())
    used = set(frame["kind"])
    canvas.key([entry for kind, entry in KINDS.items() if kind in used])
    widest = max((_width(_point(row)) for row in _rows(frame)), default=0)
    columns = 2 if (widest + 8) * len(years) <= (WIDTH - 20) / 2 else 1
    width = (WIDTH - 20 * (columns - 1)) / columns
    top = bottom = canvas.y
    for i, (series, part) in enumerate(frame.groupby("series", sort=False)):
        if i % columns == 0:
            top = bottom
        left, canvas.y = (i % columns) * (width + 20), top
        canvas.label({"label": series, "label_zh": part["label_zh"].iloc[0]}, width, x=left)
        _panel(canvas, _rows(part), years, left, width)
        bottom = max(bottom, canvas.y + 12)
    canvas.y = bottom
    return canvas.figure()


def _panel(canvas: "_Canvas", rows: list[Row], years: list[int], left: float, width: float) -> None:
    step, top = width / len(years), canvas.y + 22
    every = ceil((max(_width(_point(row), True) for row in rows) + 8) / step)
    every = max(every, ceil(_width("2000 ") / step))
    highs = [v for r in rows for v in (r["value"], r.get("high")) if pd.notna(v)]
    scale = _scale([0, *highs], top + 40, top)
    found, last = {row["year"]: row for row in rows}, None
    canvas.line(left, top + 44, left + width, top + 44, RULE)
    for i, year in enumerate(years):
        x, row = left + step * (i + 0.5), found.get(year)
        told = (len(years) - 1 - i) % every == 0
        if told:
            canvas.text(x, top + 58, str(year), ha="center", colour=MUTED)
        if row is None or row["kind"] == "missing" or pd.isna(row["value"]):
            canvas.text(x, top + 38, "–", ha="center", colour=MUTED)
            last = None
            continue
        y = scale(row["value"])
        if last:
            canvas.line(*last, x, y, SERIES[0], order=1)
        high = y
        if pd.notna(row.get("low")) and pd.notna(row.get("high")):
            high = scale(row["high"])
            canvas.line(x, scale(row["low"]), x, high, SERIES[0], 2)
        canvas.dot(x, y, SERIES[0], hollow=row["kind"] == "derived")
        if told:
            canvas.text(x, min(y, high) - 7, _point(row), ha="center", weight="bold")
        last = (x, y)
    canvas.y = top + 64


def _point(row: Row) -> str:
    if row["kind"] == "missing" or pd.isna(row["value"]):
        return "–"
    return ("≥ " if row["kind"] == "at_least" else "") + _text(row, number(row["value"]))


def svg(figure: Figure, alt: str, ident: str, titled_by: str = "") -> str:
    """A figure as an SVG element whose labels are text, described by `alt`; no two runs differ."""
    out = io.BytesIO()
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "analysis"}),
        warnings.catch_warnings(),
    ):
        # matplotlib lays Chinese out with its last-resort font; the browser has the glyphs
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    drawn = ET.fromstring(out.getvalue())
    _, _, width, height = drawn.attrib["viewBox"].split()
    root = ET.Element(
        "svg", viewBox=f"0 0 {width} {height}", width=width, height=height, role="img"
    )
    root.set("aria-labelledby", f"{titled_by} {ident}-alt".strip())
    ET.SubElement(root, "desc", id=f"{ident}-alt").text = plain(alt)
    _copy(drawn, root, f"{ident}-")
    return ET.tostring(root, encoding="unicode")


def _copy(source: ET.Element, target: ET.Element, prefix: str) -> None:
    """What a browser needs of matplotlib's drawing, its colours as the page's variables."""
    for child in source:
        tag = child.tag.partition("}")[2]
        attributes = _attributes(child, prefix)
        if tag in ("metadata", "style") or (
            attributes.get("fill") == "none" and "stroke" not in attributes and not len(child)
        ):
            continue
        if tag == "g" and set(attributes) <= {"id"}:
            _copy(child, target, prefix)
            continue
        if tag == "defs" and not child.findall("*[@id]"):
            continue
        copied = ET.SubElement(target, tag, attributes)
        if tag == "text":
            label, _, term = (child.text or "").partition(GAP)
            _write(copied, label)
            if term:
                _write(ET.SubElement(copied, "tspan", TERM), term)
        _copy(child, copied, prefix)


def _attributes(node: ET.Element, prefix: str) -> dict[str, str]:
    given = {name.rpartition("}")[2]: value for name, value in node.attrib.items()}
    for declaration in given.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            name, value = "font-size", value.split("px")[0].split()[-1]
        if name and name != "font-family":
            given[name] = COLOURS.get(value, value.removesuffix("px"))
    if "d" in given:
        given["d"] = re.sub(r"\d+\.\d+", _tenths, " ".join(given["d"].split()))
    for name in ("href", "clip-path"):
        if name in given:
            given[name] = given[name].replace("#", f"#{prefix}")
    if "id" in given:
        given["id"] = prefix + given["id"]
    if given.get("transform", "").startswith("rotate(-0 "):
        del given["transform"]
    return given


def _tenths(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".removesuffix(".0")


def _write(node: ET.Element, text: str) -> None:
    """Text with its Chinese marked as such."""
    node.text, *rest = HAN.split(text)
    for run, after in zip(rest[::2], rest[1::2], strict=True):
        marked = ET.SubElement(node, "tspan", lang="zh-Hans")
        marked.text, marked.tail = run, after


def _rows(frame: pd.DataFrame) -> list[Row]:
    return frame.to_dict("records")


def _text(row: Row, otherwise: str) -> str:
    """What a row says of its value: its own `text`, if it has one."""
    own = row.get("text")
    return _fit(plain(own), WIDTH * 0.4) if own and pd.notna(own) else otherwise


def _figure(value: float) -> str:
    return "not stated" if pd.isna(value) else number(value)


@cache
def _em(c: str) -> float:
    """How wide a character is in ems: a wide one is square, others as in matplotlib's own font."""
    font = get_font(findfont("DejaVu Sans"))
    if unicodedata.east_asian_width(c) in "WF" or not font.get_char_index(ord(c)):
        return 1.0
    return font.load_char(ord(c), LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


def _width(text: str, bold: bool = False) -> float:
    """How wide a text is, on the safe side: hardly a system font is wider than DejaVu Sans."""
    return TYPE * sum(map(_em, text)) * (1.15 if bold else 1)


def _fit(text: str, width: float) -> str:
    """The text, or as much of its beginning as the width holds, with an ellipsis."""
    if _width(text) <= width:
        return text
    text = text[: int(width / TYPE * 4)]
    while text and _width(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _wrap(text: str, width: float, lines: int, bold: bool = False) -> list[str]:
    """The text in at most so many lines, broken at spaces and before wide characters."""
    width /= 1.15 if bold else 1
    done: list[str] = []
    words = re.findall(r"[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+",
                       text[:1000])  # fmt: skip
    while words and len(done) < lines - 1:
        line = words.pop(0)
        while words and _width((line + words[0]).rstrip()) <= width:
            line += words.pop(0)
        done.append(_fit(line.strip(), width))
    if rest := "".join(words).strip():
        done.append(_fit(rest, width))
    return done


def _scale(values: list[float], start: float, end: float) -> Callable[[float], float]:
    """The map from the values' range, zero included, to a stretch of points."""
    low, high = min(values), max(values)
    unit = (end - start) / ((high - low) or 1)
    return lambda value: start + (value - low) * unit


class _Canvas:
    """Axes measured in points from the top left, with a pen that moves down."""

    def __init__(self) -> None:
        self.y = 0.0
        self.sheet = Figure()
        self.axes = self.sheet.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def figure(self) -> Figure:
        height = max(self.y, 20)
        self.sheet.set_size_inches(WIDTH / 72, height / 72)
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        return self.sheet

    def text(self, x: float, y: float, text: str, *, ha: str = "left", colour: str = INK,
             weight: str = "normal") -> None:  # fmt: skip
        self.axes.text(x, y, text, ha=ha, color=colour, weight=weight, size=TYPE,
                       parse_math=False, clip_on=False)  # fmt: skip

    def bar(self, x: float, y: float, w: float, h: float, colour: str, edge: str = "") -> None:
        if w > 0:
            self.axes.add_patch(Rectangle((x, y), w, h, facecolor=colour, clip_on=False,
                                edgecolor=edge or "none", linewidth=1 if edge else 0))  # fmt: skip

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str, width: float = 1,
             order: float = 2) -> None:  # fmt: skip
        self.axes.plot([x, to_x], [y, to_y], color=colour, linewidth=width, zorder=order,
                       clip_on=False, solid_capstyle="butt")  # fmt: skip

    def dot(self, x: float, y: float, colour: str, hollow: bool = False) -> None:
        self.axes.add_patch(Circle((x, y), 4, facecolor=PAPER if hollow else colour, clip_on=False,
                            edgecolor=colour, linewidth=1.5, zorder=3))  # fmt: skip

    def label(self, row: Row, width: float = WIDTH, *, x: float = 0, lines: int = 2,
              bold: bool = False) -> None:  # fmt: skip
        """The English name, and the Chinese one after it or, for want of room, beneath."""
        term = plain(row["label_zh"]) if pd.notna(row.get("label_zh")) else ""
        written = _wrap(plain(row["label"]), width, lines, bold)
        if term and written and _width(written[-1] + GAP + term, bold) <= width:
            written[-1] += GAP + term
            term = ""
        for line in written:
            self.text(x, self.y + 11, line, weight="bold" if bold else "normal")
            self.y += 15
        for line in _wrap(term, width, 2):
            self.text(x, self.y + 11, line, colour=MUTED)
            self.y += 15

    def key(self, entries: list[tuple[str, str]]) -> None:
        """What the shapes mean."""
        x = 0.0
        for shape, text in entries:
            if x + 18 + _width(text) > WIDTH:
                x, self.y = 0.0, self.y + 17
            if shape in ("dot", "ring"):
                self.dot(x + 6, self.y + 7, SERIES[0], hollow=shape == "ring")
            elif shape == "mark":
                self.bar(x + 4, self.y, 3, 13, INK)
            elif shape == "bar":
                self.bar(x, self.y + 1, 11, 11, SERIES[0])
            else:
                self.text(x + 6, self.y + 11, shape, ha="center", weight="bold")
            self.text(x + 16, self.y + 11, text, colour=MUTED)
            x += 34 + _width(text)
        self.y += 24

    def axis(self, values: list[float], scale: Callable[[float], float], unit: str,
             suffix: str = "") -> None:  # fmt: skip
        """A scale with its unit beneath the bars."""
        high, low = max([0, *values]), min([0, *values])
        self.line(scale(low), self.y, scale(high), self.y, MUTED)
        for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high):
            if low <= tick <= high:
                x = scale(tick)
                self.line(x, self.y, x, self.y + 3, MUTED)
                self.text(max(x, 0), self.y + 14, f"{tick:,g}{suffix}", colour=MUTED,
                          ha="left" if x < 8 else "center")  # fmt: skip
        self.y += 20
        self.note(unit)

    def note(self, text: str) -> None:
        for line in _wrap(plain(text), WIDTH, 2):
            self.text(0, self.y + 10, line, colour=MUTED)
            self.y += 15
