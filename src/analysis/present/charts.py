"""Charts in one style: a frame in, a matplotlib figure out, 344 points wide.

Every chart is one axes in matplotlib's own terms: x in the data's unit, y in points from the top,
since labels stand above their bars and are measured, so that none can overlap another, whatever it
says. A figure describes itself (`figure.get_label()`), and `svg` turns it into text for pages.

Columns that every chart reads: `label` and `label_zh`, `value` (missing: NA), `text` (words in
place of the figure), `known` (`stated`, `derived`, `at_least`, `missing`; how the bar is filled),
`shade` (1, 2, 3 for money and counts in document order; "high", "medium", "low" for tiers;
"outline" where something is not known of a figure that is). All but label and value are optional.
A figure that is not known is a dashed outline, never zero. `most` is the value at the full width,
for panels that share one scale.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from analysis.present.language import _, current, labelled
from analysis.present.svg import FILLS, GAP, INK, PAPER, SMALL, SOFT, TYPE, fit, width, wrap
from analysis.present.text import at_least, clauses, known, number, percent, plain, span, with_unit

WIDTH = 344.0
EDGE = 14.0  # room for the arrow of a lower bound
UNKNOWN = 42.0  # how long the outline of an unknown figure is
MONEY = ("万元", "%")  # shown with two decimals
SHADES = {1: "a1", 2: "a2", 3: "a3", "high": "hi", "medium": "mi", "low": "lo", "ok": "ok"}
MARKS = ("contradicted", "not_reconcilable", "own_test", "holds", "zero", "not_checked")
Row = dict[Hashable, Any]


def bars(
    frame: pd.DataFrame,
    most: float | None = None,
    *,
    unit: str = "",
    ceiling: float | None = None,
    ceiling_text: str = "",
) -> Figure:
    """One bar a row, label and value above it (besides: `start` where it begins; `note` beneath).

    For approved beside executed, a year beside the year before, tests by population, money by
    project with its result as `note`. `unit` is the unit of the values in the description.
    `ceiling` is a limit that a document names, drawn across all bars, `ceiling_text` its name.
    """
    rows = _rows(frame, unit)
    axes, y, tops = _axes(most or _most(rows, ceiling or 0)), 0.0, []
    for row in rows:
        y = _named(axes, y, row, row["said"])
        tops.append(y)
        _bar(axes, y, row)
        y += 14
        for line in wrap(plain(row.get("note")), WIDTH, 2):
            _write(axes, 0, y + 14, line, soft=True)
            y += 15
        y += 12
    return _limited(axes, y - 6, tops, ceiling, ceiling_text, _told(rows, unit))


def steps(
    frame: pd.DataFrame,
    most: float | None = None,
    *,
    unit: str = "",
    split: Sequence[tuple[float, str]] = (),
) -> Figure:
    """From a start over changes to a total (besides: `kind`: start, change or total).

    Each change begins where the last one ended. `split` cuts the last bar into (value, words).
    """
    level = 0.0
    rows = _rows(frame, unit, signed=frame["kind"] == "change")
    for row in rows:
        start = level if row["kind"] == "change" else 0.0
        level = start + (row["value"] if known(row["value"]) else 0.0)
        row |= {"start": start, "end": level}
    ends = [row[at] for row in rows for at in ("start", "end")]
    axes = _axes(most or max(ends, default=0) or 1)
    y = bottom = 0.0
    for before, row in zip([None, *rows], rows, strict=False):
        y = _named(axes, y, row, row["said"])
        if before:
            axes.plot([before["end"]] * 2, [bottom, y], "--", color=SOFT, linewidth=1)
        _bar(axes, y, row)
        bottom, y = y + 14, y + 26
    left = 0.0
    for value, words in split:
        _bracket(axes, left, left + value, bottom + 4)
        centre = (left + value / 2) / axes.get_xlim()[1] * WIDTH
        half = width(words, bold=True) / 2
        _write(
            axes, min(max(centre, half), WIDTH - half), bottom + 26, words, bold=True, at="center"
        )
        left, y = left + value, bottom + 38
    return _done(axes, y - 6, _told(rows, unit))


def parts(frame: pd.DataFrame, *, unit: str = "") -> Figure:
    """One bar cut into its parts, each named beneath with value and share of their sum.

    Without a row, or without any value, the bar is an outline that says "not disclosed".
    """
    rows = _rows(frame, unit) if len(frame) else []
    total = sum(row["value"] for row in rows if known(row["value"]))
    if not total:
        axes, words = _axes(WIDTH - EDGE), _("not disclosed")
        _bar(axes, 1, {"value": WIDTH - 1, "known": "missing"}, 30)
        _write(axes, WIDTH / 2, 21, words, at="center")
        return _done(axes, 32, words + _stop())
    axes, x = _axes(total * (1 - EDGE / WIDTH)), 0.0
    gap = 2 * total / WIDTH
    for row in rows:
        if known(row["value"]):
            _bar(axes, 0, row | {"value": max(row["value"] - gap, gap / 2), "start": x}, 32)
            x += row["value"]
    return _done(axes, _legend(axes, 41, rows, total), _told(rows, unit))


def ledger(frame: pd.DataFrame, total: "pd.Series[Any]", most: float | None = None) -> Figure:
    """A bar of persons under its total; parts under 2 % are magnified, one square a person.

    `total` is a row of label, label_zh and value; the rows of `frame` are its parts.
    """
    rows, (whole,) = _rows(frame, ""), _rows(pd.DataFrame([total]), "")
    axes, x = _axes((most or whole["value"]) * (1 - EDGE / WIDTH)), 0.0
    point = axes.get_xlim()[1] / WIDTH
    y = _named(axes, 0.0, whole, whole["said"]) + 2
    stated = [row for row in rows if known(row["value"])]
    if not stated:
        _bar(axes, y, {**whole, "known": "missing"}, 28)
    small: list[Row] = []
    for row in stated:
        _bar(axes, y, row | {"value": max(row["value"] - 2 * point, 1.4 * point), "start": x}, 28)
        x += row["value"]
        # as many small parts as squares fit, if one of them could hardly be seen
        if row["value"] < 0.05 * whole["value"] and sum(r["value"] for r in [*small, row]) <= 156:
            small.append(row)
    y += 28
    if small and min(row["value"] for row in small) < 0.02 * whole["value"]:
        count = 0
        for row in small:
            for i in range(count, count + int(row["value"])):
                _square(axes, 13 * (i // 6), y + 16 + 13 * (i % 6), 11, FILLS[_shade(row)])
            count += int(row["value"])
        if small == stated[: len(small)]:
            ends = sum(row["value"] for row in small), 13 * point * -(-count // 6)
            for low, high in ((0.0, 0.0), ends):
                axes.plot([low, high], [y, y + 13], "--", color=SOFT, linewidth=1)
        y += 16 + 13 * min(6, count)
    return _done(axes, _legend(axes, y + 10, rows, whole["value"]), _told([whole, *rows], ""))


def dots(frame: pd.DataFrame) -> Figure:
    """One mark a check, by section, what does not hold first.

    Columns: section (words), verdict (holds, contradicted, not_reconcilable, own_test, zero: only
    zeros were compared, not_checked), severity (high, medium, low, or "").
    """
    axes, y, told = _axes(WIDTH - EDGE), 0.0, []
    order = {"high": 0, "medium": 1, "low": 2}
    for section, part in frame.groupby("section", sort=False):
        checks = sorted(
            zip(part["verdict"], part["severity"], strict=True),
            key=lambda one: (order.get(one[1], 3), MARKS.index(one[0])),
        )
        held = sum(verdict in ("holds", "zero") for verdict, _grade in checks)
        said = _("{held} of {all}").format(held=number(held), all=number(len(checks)))
        y = _named(axes, y, {"label": section, "term": ""}, said)
        for i, (verdict, severity) in enumerate(checks):
            mark(axes, 13 * (i % 26), y + 13 * (i // 26), verdict, severity)
        y += 13 * -(-len(checks) // 26) + 10
        told.append(f"{plain(section)} {said}")
    figure = _done(axes, y - 7, clauses(told) + _stop())
    figure.set_gid("dots")  # what its marks mean stands above all panels
    return figure


def mark(axes: Axes, x: float, y: float, verdict: str, severity: str) -> None:
    """The sign of a verdict at a place in points; its colour is the gravity."""
    colour = FILLS[SHADES.get(severity, "ok")]
    if verdict == "not_checked":
        axes.plot([x, x + 10], [y + 5, y + 5], color=SOFT, linewidth=1)
    elif verdict in ("not_reconcilable", "zero"):
        axes.add_patch(Rectangle((x + 1, y + 1), 8, 8, fill=False, edgecolor=colour, linewidth=2))
    elif verdict == "own_test":
        diamond = [(x + 5, y - 1), (x + 11, y + 5), (x + 5, y + 11), (x - 1, y + 5)]
        axes.add_patch(Polygon(diamond, facecolor=colour))
    elif verdict == "holds":
        _square(axes, x + 3, y + 3, 4, colour)
    else:
        _square(axes, x, y, 10, colour)


def changes(frame: pd.DataFrame, most: float | None = None, *, unit: str = "") -> Figure:
    """Changes to the left and right of zero, e.g. the net change of the tiers."""
    rows = _rows(frame, unit, signed=frame["value"].notna())
    values = [row["value"] for row in rows if known(row["value"])]
    low, high = min([0, *values]), max([0, *values])
    if most is not None:
        low, high = -most if low else 0, most
    axes = _axes(1)
    axes.set_xlim(low, high or 1)
    y = 0.0
    for row in rows:
        y = _named(axes, y, row, row["said"])
        _bar(axes, y, row)
        y += 26
    axes.plot([0, 0], [16, y - 8], color=SOFT, linewidth=1)
    return _done(axes, y - 6, _told(rows, unit))


def shares(frame: pd.DataFrame, *, ceiling: float | None = None, ceiling_text: str = "") -> Figure:
    """Shares in percent, with their interval where one is given (besides: `low`, `high`, `note`).

    `ceiling` is a limit in percent that a document names, `ceiling_text` what it is called.
    """
    rows, y, tops = _rows(frame, "%"), 0.0, []
    axes = _axes(max(_most(rows, ceiling or 0), *(_or(row.get("high"), 0) for row in rows)))
    end = axes.get_xlim()[1]
    for row in rows:
        y = _named(axes, y, row, row["said"])
        tops.append(y)
        axes.plot([0, end], [y + 7, y + 7], color=SOFT, linewidth=0.5)
        if known(row["value"]):
            if known(row.get("low")):
                interval = [row["low"], row["high"]]
                axes.plot(interval, [y + 7, y + 7], color=FILLS["a1"], linewidth=3)
                row["said"] += f" ({span(row['low'], row['high'], '%', 2)})"
            _dot(axes, row["value"], y + 7)
        for line in wrap(plain(row.get("note")), WIDTH, 2):
            _write(axes, 0, y + 28, line, soft=True)
            y += 15
        y += 26
    return _limited(axes, y - 6, tops, ceiling, ceiling_text, _told(rows, ""))


def series(frame: pd.DataFrame, *, unit: str = "") -> Figure:
    """One figure over the years, a small multiple (columns: year, value, low, high, known, text).

    The line breaks at a year without a figure, since nothing is known in between.
    """
    rows = _rows(frame.assign(label=frame["year"]), unit)
    given = {int(row["year"]): row for row in rows}
    years = range(min(given), max(given) + 1)
    for year in years:
        given.setdefault(year, {"label": year, "value": None, "said": _("not stated")})
    values = [row["value"] for row in given.values() if known(row["value"])] or [1.0]
    axes, step, top = _axes(WIDTH - EDGE), WIDTH / max(len(years), 1), 24.0
    every, last = -(-len(years) * 56 // int(WIDTH)), None
    for i, year in enumerate(years):
        x, row = step * (i + 0.5), given[year]
        shown = (len(years) - 1 - i) % every == 0
        if shown:
            _write(axes, x, top + 84, str(year), soft=True, at="center")
        if not known(row["value"]):
            _write(
                axes,
                x,
                top + 50,
                _("not stated") if len(years) < 4 else "–",
                soft=True,
                at="center",
            )
            last = None
            continue
        y = top + 60 - 52 * row["value"] / (max(max(values), 0) or 1)
        if last:
            axes.plot([last[0], x], [last[1], y], color=FILLS["a1"], linewidth=1.5)
        _dot(axes, x, y, hollow=row.get("known") == "derived")
        if shown:
            _write(axes, x, y - 9, row["said"], bold=True, at="center")
        last = (x, y)
    axes.plot([0, WIDTH], [top + 66] * 2, color=SOFT, linewidth=0.5)
    return _done(axes, top + 90, _told([given[year] for year in years], unit))


def _rows(frame: pd.DataFrame, unit: str, signed: "pd.Series[bool] | None" = None) -> list[Row]:
    """The rows, named in the language in use, with `said`: what stands for the value."""
    rows = labelled(frame).to_dict("records")
    for row, sign in zip(rows, [False] * len(rows) if signed is None else signed, strict=True):
        own = plain(row.get("text"))
        figure = number(row["value"], 2 if unit in MONEY else None, sign)
        figure = with_unit(figure, "%") if unit == "%" else figure
        bound = row.get("known") == "at_least" and figure
        row["said"] = own or (at_least(figure) if bound else figure)
        row["said"] = fit(row["said"] or _("not stated"), WIDTH * 0.5, bold=True)
        if row.get("known") == "derived":
            row["term"] = " · ".join(filter(None, [row["term"], _("derived")]))
    return rows


def _stop() -> str:
    return "." if current() == "en" else "。"


def _told(rows: Iterable[Row], unit: str) -> str:
    """What a chart shows, in words."""
    shown = "" if unit == "%" else unit
    parts = [f"{plain(r['label'])} {with_unit(r['said'], shown if known(r['value']) else '')}"
             for r in rows]  # fmt: skip
    return clauses(parts) + _stop()


def _most(rows: list[Row], least: float = 0) -> float:
    ends = [row["value"] + _or(row.get("start"), 0) for row in rows if known(row["value"])]
    return max([least, *ends]) or 1.0


def _or(value: Any, otherwise: float) -> float:
    return float(value) if known(value) else otherwise


def _shade(row: Row) -> str:
    shade = row.get("shade")
    return SHADES.get(shade if known(shade) else 1, "a1")


def _axes(most: float) -> Axes:
    """The one axes of a chart: from 0 to a little more than `most`, downwards in points."""
    axes = Figure(figsize=(WIDTH / 72, 1), dpi=72).add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, most * WIDTH / (WIDTH - EDGE))
    return axes


def _done(axes: Axes, height: float, alt: str) -> Figure:
    """The chart at its height, with its description."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.set_size_inches(WIDTH / 72, max(height, 20) / 72)
    axes.set_ylim(max(height, 20), 0)
    figure.set_label(alt)
    return figure


def _limited(
    axes: Axes, height: float, tops: list[float], ceiling: float | None, words: str, alt: str
) -> Figure:
    """The chart with a limit across its bars, which begin at `tops`, named beneath."""
    if ceiling is None:
        return _done(axes, height, alt)
    for top in tops:
        axes.plot([ceiling, ceiling], [top - 2, top + 16], "--", color=INK, linewidth=1)
    x, half = ceiling / axes.get_xlim()[1] * WIDTH, width(words) / 2
    _write(axes, min(max(x, half), WIDTH - half), height + 16, words, soft=True, at="center")
    return _done(axes, height + 20, f"{alt}{' ' if current() == 'en' else ''}{words}{_stop()}")


def _write(axes: Axes, x: float, y: float, words: str, *, at: str = "left", bold: bool = False,
           soft: bool = False) -> None:  # fmt: skip
    """Text at a place in points."""
    axes.text(x / WIDTH, y, words, transform=axes.get_yaxis_transform(), ha=at, parse_math=False,
              color=SOFT if soft else INK, weight="bold" if bold else "normal",
              size=SMALL if soft else TYPE)  # fmt: skip


def _named(axes: Axes, y: float, row: Row, said: str) -> float:
    """A row's label and term at the left, its value at the right; where its bar begins."""
    room = WIDTH - width(said, bold=True) - 12
    label, term = plain(row["label"]), plain(row["term"])
    written = wrap(label, room, 2)
    if term and written and width(f"{written[-1]}{GAP}{term}") <= room:
        written[-1] += GAP + term
        term = ""
    _write(axes, WIDTH, y + 13, said, at="right", bold=True)
    for line in written:
        _write(axes, 0, y + 13, line)
        y += 16
    if term:
        _write(axes, 0, y + 12, fit(term, WIDTH), soft=True)
        y += 15
    return y + 4


def _bar(axes: Axes, y: float, row: Row, height: float = 14) -> None:
    """A bar filled by how its figure is known; a known zero is a tick, an unknown an outline."""
    point = (axes.get_xlim()[1] - axes.get_xlim()[0]) / WIDTH
    value, start, how = row["value"], _or(row.get("start"), 0), row.get("known")
    inset = 0.0
    style: dict[str, Any] = {"facecolor": FILLS[_shade(row)], "linewidth": 0}
    if not known(value) or how == "missing" or row.get("shade") == "outline":
        style = {"fill": False, "edgecolor": SOFT, "linestyle": "--", "linewidth": 1.5}
        value, inset = (value if known(value) else UNKNOWN * point), 0.75
    elif how == "derived":
        style = {"facecolor": "none", "edgecolor": FILLS["a1"], "hatch": "///", "linewidth": 1.5}
        inset = 0.75
    if abs(value) < 1.5 * point:
        value = 1.5 * point
    left = start + inset * point if value > 0 else start + value + inset * point
    length = max(abs(value) - 2 * inset * point, point)
    axes.barh(y + inset, length, height - 2 * inset, left=left, align="edge", **style)
    if how == "at_least":
        tip = start + value
        axes.plot([tip + 3 * point, tip + 9 * point, tip + 3 * point],
                  [y + 2, y + 7, y + 12], color=SOFT, linewidth=1)  # fmt: skip


def _legend(axes: Axes, y: float, rows: list[Row], total: float) -> float:
    """The parts of a bar, each with its value and its share of the whole; where it ends."""
    for row in rows:
        point = axes.get_xlim()[1] / WIDTH
        swatch = {**row, "value": 12 * point, "start": 0, "known": row.get("known")}
        swatch["known"] = None if row.get("known") == "at_least" else row.get("known")
        _bar(axes, y, swatch, 12)
        share = percent(100 * row["value"] / total) if known(row["value"]) else ""
        _write(axes, WIDTH, y + 11, share, at="right", soft=True)
        _write(axes, 284, y + 11, row["said"], at="right", bold=True)
        room = 284 - width(row["said"], bold=True) - 30
        written = wrap(plain(row["label"]), room, 2)
        term = plain(row["term"])
        if term and width(f"{written[-1]}{GAP}{term}") <= room:
            written[-1] += GAP + term
            term = ""
        for line in written:
            _write(axes, 20, y + 11, line)
            y += 16
        if term:
            _write(axes, 20, y + 10, fit(term, 260), soft=True)
            y += 15
        y += 8
    return y


def _bracket(axes: Axes, left: float, right: float, y: float) -> None:
    point = axes.get_xlim()[1] / WIDTH
    x = [left + point, left + point, right - point, right - point]
    axes.plot(x, [y, y + 6, y + 6, y], color=SOFT, linewidth=1)


def _square(axes: Axes, x: float, y: float, side: float, colour: str) -> None:
    """A square at a place in points."""
    point = axes.get_xlim()[1] / WIDTH
    # as an artist, for the limits of the axes are known, and working them out takes its time
    axes.add_artist(Rectangle((x * point, y), side * point, side, facecolor=colour, linewidth=0))


def _dot(axes: Axes, x: float, y: float, hollow: bool = False) -> None:
    axes.plot([x], [y], "o", markersize=8, markeredgewidth=1.5, color=FILLS["a1"],
              markerfacecolor=PAPER if hollow else FILLS["a1"])  # fmt: skip
