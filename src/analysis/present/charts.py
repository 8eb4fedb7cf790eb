"""Charts in one style: a frame in, a matplotlib figure out, 344 points wide.

Every chart is one axes in matplotlib's own terms: x in the data's unit, y in points from the top,
since labels stand above their bars and are measured, so that none can overlap another, whatever it
says. A figure describes itself (`figure.get_label()`), shows itself in a notebook, and `svg` turns
it into text for pages.

Columns that every chart reads: `label` and `label_zh`, `value` (missing: NA), `text` (words in
place of the figure), `known` (`stated`, `derived`, `at_least`, `missing`; how the bar is filled),
`shade` (1, 2, 3 for money and counts in document order; "high", "medium", "low" for tiers;
"outline" where something is not known of a figure that is). All but label and value are optional.
A figure that is not known is a dashed outline, never zero. `most` is the value at the full width,
for panels that share one scale.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.path import Path

from analysis.data.tab import own
from analysis.present import svg
from analysis.present.labels import word
from analysis.present.language import _, either, labelled
from analysis.present.svg import FILLS, GAP, INK, PAPER, SMALL, SOFT, TYPE, fit, width, wrap
from analysis.present.tables import Fragment
from analysis.present.text import at_least, clauses, known, number, percent, plain, span, with_unit

__dir__ = own(__name__)

WIDTH = 344.0
EDGE = 14.0  # room for the arrow of a lower bound
UNKNOWN = 42.0  # how long the outline of an unknown figure is
MONEY = ("万元", "%")  # shown with two decimals
SHADES = dict(zip([1, 2, 3, "high", "medium", "low", "ok"], FILLS.values(), strict=True))
Row = dict[str, Any]
Mark = tuple[str, str, int, int]  # sign, colour, column and row of a grid
TEXT: dict[str, dict[str, Any]] = {
    "plain": {"color": INK, "size": TYPE},
    "bold": {"color": INK, "size": TYPE, "weight": "bold"},
    "soft": {"color": SOFT, "size": SMALL},
}
HOLLOW = {"marker": "s", "markersize": 8, "markeredgewidth": 2, "fillstyle": "none"}
DIAMOND = Path([(0, 6), (6, 0), (0, -6), (-6, 0), (0, 6)], closed=True)
DASH = {"marker": Path([(-5, 0), (5, 0)]), "fillstyle": "none", "color": SOFT, "zorder": 2}
SIGNS: dict[str, dict[str, Any]] = {  # of verdicts, what does not hold first, and of persons
    "contradicted": {"marker": "s", "markersize": 10},
    "not_reconcilable": HOLLOW,
    "own_test": {"marker": DIAMOND, "markersize": 12},
    "holds": {"marker": "s", "markersize": 4},
    "zero": HOLLOW,
    "not_checked": DASH | {"markersize": 10, "markeredgewidth": 1},
    "person": {"marker": "s", "markersize": 11},
}


class Chart(Figure):
    """A matplotlib figure that shows itself in a notebook as it stands on a page."""

    def __init__(self) -> None:
        super().__init__(figsize=(WIDTH / 72, 1), dpi=72)
        self.add_axes((0, 0, 1, 1)).set_axis_off()

    def _repr_mimebundle_(self, **_kwargs: Any) -> tuple[dict[str, str], dict[str, Any]]:
        told = str(self.get_label())
        return Fragment(svg.draw(self, told, svg.ident(told)), told)._repr_mimebundle_()


ready: list[Chart] = []  # some, made in advance for the processes forked from this one


def bars(frame: pd.DataFrame, most: float | None = None, *, unit: str = "") -> Chart:
    """One bar a row, label and value above it (besides: `note` beneath).

    For approved beside executed, a year beside the year before, tests by population, money by
    project with its result as `note`. `unit` is the unit of the values in the description.
    """
    rows = _rows(frame, unit)
    canvas = _Canvas(most or _most(rows))
    for row in canvas.each(rows):
        canvas.bar(row)
    return canvas.done(canvas.y - 6, _told(rows, unit))


def steps(
    frame: pd.DataFrame,
    most: float | None = None,
    *,
    unit: str = "",
    split: Sequence[tuple[float, str]] = (),
) -> Chart:
    """From a start over changes to a total (besides: `kind`: start, change or total).

    Each change begins where the last one ended. `split` cuts the last bar into (value, words).
    """
    rows, level = _rows(frame, unit), 0.0
    for row in rows:
        start = level if row["kind"] == "change" else 0.0
        level = start + (row["value"] if known(row["value"]) else 0)
        row |= {"start": start, "end": level}
    ends = [row[at] for row in rows for at in ("start", "end")]
    canvas, level, bottom = _Canvas(most or max(ends, default=0) or 1), 0.0, 0.0
    for row in canvas.each(rows):
        if bottom:
            canvas.line([level, level], [bottom, canvas.y], "--")
        canvas.bar(row, start=row["start"])
        level, bottom = row["end"], canvas.y + 14
    left = 0.0
    for value, words in split:
        x = [left + canvas.point] * 2 + [left + value - canvas.point] * 2
        canvas.line(x, [bottom + 4, bottom + 10, bottom + 10, bottom + 4])
        canvas.centre(left + value / 2, bottom + 26, words, "bold")
        left, canvas.y = left + value, bottom + 38
    return canvas.done(canvas.y - 6, _told(rows, unit))


def parts(frame: pd.DataFrame, *, unit: str = "") -> Chart:
    """One bar cut into its parts, each named beneath with value and share of their sum.

    Without a row, or without any value, the bar is an outline that says "not disclosed".
    """
    rows = _rows(frame, unit)
    total = sum(_values(rows))
    if not total:
        canvas, words = _Canvas(WIDTH - EDGE), _("not disclosed")
        canvas.y = 1
        canvas.bar({"value": WIDTH - 1, "known": "missing"}, 30)
        canvas.write(WIDTH / 2, 21, words, "plain", "center")
        return canvas.done(32, [words])
    canvas = _Canvas(total, edge=0)
    canvas.cut(rows, 32, 1)
    canvas.y = 41
    canvas.legend(rows, total)
    return canvas.done(canvas.y, _told(rows, unit))


def ledger(frame: pd.DataFrame, total: "pd.Series[Any]", most: float | None = None) -> Chart:
    """A bar of persons under its total; parts under 2 % are magnified, one square a person.

    `total` is a row of label, label_zh and value; the rows of `frame` are its parts.
    """
    rows, (whole,) = _rows(frame, ""), _rows(pd.DataFrame([total]), "")
    canvas = _Canvas(most or whole["value"], edge=0)
    canvas.label(whole)
    canvas.y += 2
    stated = [row for row in rows if known(row["value"])]
    if not stated:
        canvas.bar({**whole, "known": "missing"}, 28)
    canvas.cut(stated, 28, 1.4)
    small: list[Row] = []  # as many small parts as squares fit
    for row in stated:
        if row["value"] < 0.05 * whole["value"] and sum(_values([*small, row])) <= 156:
            small.append(row)
    canvas.y += 28
    # where one of them could hardly be seen
    if small and min(_values(small)) < 0.02 * whole["value"]:
        persons = [_colour(row) for row in small for _person in range(int(row["value"]))]
        if small == stated[: len(small)]:
            ends = sum(_values(small)), 13 * canvas.point * -(-len(persons) // 6)
            for low, high in ((0.0, 0.0), ends):
                canvas.line([low, high], [canvas.y, canvas.y + 13], "--")
        canvas.y += 16
        canvas.marks([("person", one, *divmod(i, 6)) for i, one in enumerate(persons)], 5.5)
        canvas.y += 13 * min(6, len(persons))
    canvas.y += 10
    canvas.legend(rows, whole["value"])
    return canvas.done(canvas.y, _told([whole, *rows], ""))


def dots(frame: pd.DataFrame) -> Chart:
    """One mark a check, by section, what does not hold first.

    Columns: section (words), verdict (holds, contradicted, not_reconcilable, own_test, zero: only
    zeros were compared, not_checked), severity (high, medium, low, or "").
    """
    canvas, told = _Canvas(WIDTH - EDGE), []
    grades, signs = {"high": 0, "medium": 1, "low": 2}, [*SIGNS]
    for section, part in frame.groupby("section", sort=False):
        checks = sorted(
            zip(part["verdict"], part["severity"], strict=True),
            key=lambda one: (grades.get(one[1], 3), signs.index(one[0])),
        )
        done = [verdict for verdict, _grade in checks if verdict != "not_checked"]
        held = sum(verdict in ("holds", "zero") for verdict in done)
        said = _("{held} of {all}").format(held=number(held), all=number(len(done)))
        said = said if done else word("verdict", "not_checked")
        canvas.label({"label": section, "term": "", "said": said})
        canvas.marks([(verdict, SHADES.get(grade, SHADES["ok"]), i % 26, i // 26)
                      for i, (verdict, grade) in enumerate(checks)], 5)  # fmt: skip
        canvas.y += 13 * -(-len(checks) // 26) + 10
        told.append(f"{plain(section)} {said}")
    figure = canvas.done(canvas.y - 7, told)
    figure.set_gid("dots")  # what its marks mean stands above all panels
    return figure


def changes(frame: pd.DataFrame, *, unit: str = "") -> Chart:
    """Changes to the left and right of zero, e.g. the net change of the tiers, without notes."""
    rows = _rows(frame.drop(columns="note", errors="ignore"), unit, signed=True)
    canvas = _Canvas(_most(rows), min([0, *_values(rows)]), edge=0)
    for row in canvas.each(rows):
        canvas.bar(row)
    canvas.line([0, 0], [16, canvas.y - 8])
    return canvas.done(canvas.y - 6, _told(rows, unit))


def shares(frame: pd.DataFrame, *, ceiling: float | None = None, ceiling_text: str = "") -> Chart:
    """Shares in percent, with their interval where one is given (besides: `low`, `high`, `note`).

    `ceiling` is a limit in percent that a document names, `ceiling_text` what it is called.
    """
    rows, tops = _rows(frame, "%"), []
    canvas = _Canvas(max(_most(rows), ceiling or 0, *_values(rows, "high")))
    for row in canvas.each(rows):
        tops.append(canvas.y)
        middle = canvas.y + 7
        canvas.line([0, canvas.point * WIDTH], [middle, middle], width=0.5)
        if known(row["value"]):
            if known(row.get("low")):
                canvas.line([row["low"], row["high"]], [middle] * 2, width=3, color=SHADES[1])
                row["said"] += f" ({span(row['low'], row['high'], '%', 2)})"
            canvas.dot(row["value"], middle)
    height = canvas.y - 6
    if ceiling is None:
        return canvas.done(height, _told(rows, ""))
    for top in tops:
        canvas.line([ceiling, ceiling], [top - 2, top + 16], "--", color=INK)
    canvas.centre(ceiling, height + 16, ceiling_text, "soft")
    return canvas.done(height + 20, _told(rows, ""), [ceiling_text])


def series(frame: pd.DataFrame, *, unit: str = "") -> Chart:
    """One figure over the years, a small multiple (columns: year, value, low, high, known, text).

    The line breaks at a year without a figure, since nothing is known in between.
    """
    given = {int(row["year"]): row for row in _rows(frame.assign(label=frame["year"]), unit)}
    years = range(min(given), max(given) + 1)
    silent: Row = {"value": None, "said": _("not stated")}
    rows = [given.get(year, {"label": year, **silent}) for year in years]
    canvas, step, top = _Canvas(WIDTH - EDGE), WIDTH / len(years), _most(rows)
    every, last = -(-len(years) * 56 // int(WIDTH)), None
    for i, (year, row) in enumerate(zip(years, rows, strict=True)):
        x, shown = step * (i + 0.5), (len(years) - 1 - i) % every == 0
        if shown:
            canvas.write(x, 108, str(year), "soft", "center")
        if not known(row["value"]):
            words = _("no figure") if len(years) < 4 else "–"
            canvas.write(x, 74, words, "soft", "center")
            last = None
            continue
        y = 84 - 52 * row["value"] / top
        if last:
            canvas.line([last[0], x], [last[1], y], width=1.5, color=SHADES[1])
        canvas.dot(x, y, hollow=row.get("known") == "derived")
        if shown:
            canvas.write(x, y - 9, row["said"], "bold", "center")
        last = (x, y)
    canvas.line([0, WIDTH], [90, 90], width=0.5)
    return canvas.done(114, _told(rows, unit))


def _rows(frame: pd.DataFrame, unit: str, signed: bool = False) -> list[Row]:
    """The rows, named in the language in use, with `said`: what stands for the value."""
    rows = labelled(frame)
    for row in rows:
        sign = signed or row.get("kind") == "change"
        figure = number(row["value"], 2 if unit in MONEY else None, sign)
        figure = with_unit(figure, "%" if unit == "%" else "")
        bound = row.get("known") == "at_least" and figure
        said = plain(row.get("text")) or (at_least(figure) if bound else figure)
        row["said"] = fit(said or _("not stated"), WIDTH * 0.5, bold=True)
        if row.get("known") == "derived":
            row["term"] = " · ".join(filter(None, [row["term"], _("derived")]))
    return rows


def _told(rows: Iterable[Row], unit: str) -> list[str]:
    """What a chart shows, in words."""
    shown = "" if unit == "%" else unit
    return [f"{plain(r['label'])} {with_unit(r['said'], shown if known(r['value']) else '')}"
            for r in rows]  # fmt: skip


def _values(rows: Iterable[Row], column: str = "value") -> list[float]:
    return [row[column] for row in rows if known(row.get(column))]


def _most(rows: list[Row]) -> float:
    return max([0, *_values(rows)]) or 1.0


def _colour(row: Row) -> str:
    return SHADES.get(row.get("shade"), SHADES[1])


class _Canvas:
    """The one axes of a chart: x in the data's unit, y in points downwards, `y` where it goes on.

    The values from `low` to `high` take its width, less `edge` points at the right.
    """

    def __init__(self, high: float, low: float = 0.0, edge: float = EDGE) -> None:
        self.figure = ready.pop() if ready else Chart()
        (self.axes,) = self.figure.axes
        self.axes.set_xlim(low, high * WIDTH / (WIDTH - edge))
        self.point = (self.axes.get_xlim()[1] - low) / WIDTH
        self.y = 0.0

    def done(self, height: float, *told: Sequence[str]) -> Chart:
        """The chart at its height, with its description: a sentence of clauses, or several."""
        self.figure.set_size_inches(WIDTH / 72, max(height, 20) / 72)
        self.axes.set_ylim(max(height, 20), 0)
        sentences = [clauses(one) + either(".", "。") for one in told]
        self.figure.set_label(either(" ", "").join(sentences))
        return self.figure

    def write(self, x: float, y: float, words: str, kind: str = "plain", at: str = "left") -> None:
        """Text at a place in points."""
        across = self.axes.get_yaxis_transform()  # whatever the unit of the data
        style = TEXT[kind] | {"ha": at, "parse_math": False}
        self.axes.text(x / WIDTH, y, words, transform=across, **style)

    def centre(self, value: float, y: float, words: str, kind: str) -> None:
        """Text under a value, or as near to it as there is room for."""
        half = width(words, bold=kind == "bold") / 2
        x = min(max(value / self.point, half), WIDTH - half)
        self.write(x, y, words, kind, "center")

    def label(self, row: Row, left: float = 0.0, right: float = WIDTH, drop: float = 13) -> None:
        """A row's label and term at the left, its value at the right, a line or more."""
        room = right - left - width(row["said"], bold=True) - 12
        self.write(right, self.y + drop, row["said"], "bold", "right")
        written, term = wrap(plain(row["label"]), room), plain(row["term"])
        if term and written and width(f"{written[-1]}{GAP}{term}") <= room:
            written[-1] += GAP + term
            term = ""
        for line in written:
            self.write(left, self.y + drop, line)
            self.y += 16
        if term:
            self.write(left, self.y + drop - 1, fit(term, right - left), "soft")
            self.y += 15
        self.y += 4

    def each(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Each row under its label, with room for its bar, and its note beneath if it has one."""
        for row in rows:
            self.label(row)
            yield row
            self.y += 14
            for line in wrap(plain(row.get("note")), WIDTH):
                self.write(0, self.y + 14, line, "soft")
                self.y += 15
            self.y += 12

    def cut(self, rows: Iterable[Row], height: float, least: float) -> None:
        """A bar of parts, none of them narrower than so many points."""
        x = 0.0
        for row in rows:
            if known(row["value"]):
                long = max(row["value"] - 2 * self.point, least * self.point)
                self.bar(row | {"value": long}, height, x)
                x += row["value"]

    def legend(self, rows: list[Row], total: float) -> None:
        """The parts of a bar, each with its value and its share of the whole."""
        for row in rows:
            how = None if row.get("known") == "at_least" else row.get("known")
            self.bar({**row, "value": 12 * self.point, "known": how}, 12)
            share = percent(100 * row["value"] / total) if known(row["value"]) else ""
            self.write(WIDTH, self.y + 11, share, "soft", "right")
            self.label(row, 20, 284, 11)
            self.y += 4

    def bar(self, row: Row, height: float = 14, start: float = 0.0) -> None:
        """A bar, filled by how its figure is known; a zero is a tick, an unknown an outline."""
        value, how = row["value"], row.get("known")
        inset = 0.75 * self.point  # an outline stays within the bar
        style: dict[str, Any] = {"linewidth": 1.5}
        if not known(value) or how == "missing" or row.get("shade") == "outline":
            style |= {"fill": False, "edgecolor": SOFT, "linestyle": "--"}
            value = value if known(value) else UNKNOWN * self.point
        elif how in ("derived", "other_basis"):
            style |= {"facecolor": "none", "edgecolor": SHADES[1], "hatch": "///"}
        else:
            style, inset = {"facecolor": _colour(row), "linewidth": 0}, 0
        if abs(value) < 1.5 * self.point:
            value = 1.5 * self.point
        left = start + min(value, 0) + inset
        length, down = max(abs(value) - 2 * inset, self.point), inset / self.point
        self.axes.barh(self.y + down, length, height - 2 * down, left=left, align="edge", **style)
        if how == "at_least":
            tip = start + value
            x = [tip + 3 * self.point, tip + 9 * self.point, tip + 3 * self.point]
            self.line(x, [self.y + 2, self.y + 7, self.y + 12])

    def line(self, x: Sequence[float], y: Sequence[float], style: str = "-", *,
             width: float = 1, color: str = SOFT) -> None:  # fmt: skip
        self.axes.plot(x, y, style, linewidth=width, color=color)

    def dot(self, x: float, y: float, hollow: bool = False) -> None:
        self.axes.plot([x], [y], "o", markersize=8, markeredgewidth=1.5, color=SHADES[1],
                       markerfacecolor=PAPER if hollow else SHADES[1])  # fmt: skip

    def marks(self, marks: list[Mark], half: float) -> None:
        """Signs in a grid of 13 points; those alike in a row are one artist."""
        for (sign, colour), alike in groupby(marks, itemgetter(0, 1)):
            *_alike, columns, rows = zip(*alike, strict=True)
            style = {"linestyle": "", "color": colour, "markeredgewidth": 0, "zorder": 1}
            x = [(13 * column + half) * self.point for column in columns]
            y = [self.y + 13 * row + half for row in rows]
            self.axes.plot(x, y, **{**style, **SIGNS[sign]})
