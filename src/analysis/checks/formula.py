"""Formulas over named figures: what a claim says, and what a derived figure follows from.

A formula is arithmetic over names of figures, cells of the document's statutory tables
(``T01.r27.c1``), ``document_year``, ``count('a、b')`` (how many are listed) and
``grade_floor('优')``. A figure enters as the interval its printed rounding implies.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analysis.checks.cells import REFERENCE, Cells, Interval, total
from analysis.data import numerals
from analysis.data.package import DataError, Package, find

if TYPE_CHECKING:
    import pandas as pd

# Scores from which a self-evaluation earns its grade: 财预〔2020〕10号.
GRADES = {"优": 90.0, "良": 80.0, "中": 60.0, "差": 0.0}
# Quantities printed rounded; everything else is a count and exact.
ROUNDED = ("money", "price", "ratio", "mass", "area", "length", "volume", "energy")
LONGEST = 2000  # characters of a formula
MOST = 200  # operators of a formula
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class NoIntegerError(LookupError):
    """No whole number lies within the rounding that a formula leaves for a count."""


class Figure(NamedTuple):
    """A figure as a formula sees it, with the place it was read from."""

    name: str
    amount: Interval | None
    printed: str
    document: str
    line: int
    quantity: str = ""
    unit: str = ""
    why: LookupError | None = None  # there is no amount


class Figures:
    """Looks figures up by name, one row at a time, so that a report sees only what it uses."""

    def __init__(self, data: Package | str | Path | None = None) -> None:
        self.package = find(data)
        self._units = {row["unit"]: row for row in self.package.rows("units")}
        self._known: dict[str, Figure] = {}
        self._cells: dict[str, Cells] = {}

    def __getitem__(self, name: str) -> Figure:
        if name not in self._known:
            row = self.package.figure(name)
            if row is None:
                raise LookupError(f"{name} is no figure")
            self._known[name] = self._figure(row)
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        return self.package.figure(name) is not None

    def factor(self, unit: str) -> float:
        """One `unit` in base units."""
        return float(self._units[unit]["factor"])

    def year(self, document: str) -> int:
        """The fiscal year of a document."""
        rows = self.package.rows("documents")
        return next(int(row["year"]) for row in rows if row["document"] == document)

    def _figure(self, row: dict[str, str]) -> Figure:
        unit, name = row["unit"], row["figure"]
        factor, rounded = self.factor(unit), self._units[unit]["quantity"] in ROUNDED
        amount: Interval | None = None
        why = LookupError(f"{name} is not disclosed")
        if row.get("basis") == "derived":
            amount = evaluate(row["formula"], self, row["document"])
            if not rounded and (whole := amount.integers()):
                nearest = min(max(math.ceil(amount.value - 0.5), whole[0]), whole[-1])
                amount = Interval(nearest, whole[0], whole[-1])
            elif not rounded:
                bounds = f"{amount.low:.2f} and {amount.high:.2f}"
                amount, why = None, NoIntegerError(f"no whole number lies between {bounds}")
        elif row["value"]:
            half = numerals.read(row["printed"]).step * factor / 2 if rounded else 0.0
            amount = Interval.printed(float(row["value"]) * factor, half)
        shown = "?" if amount is None else f"{amount.value / factor:,.10g} {unit}"
        place = row["printed"], row["document"], int(row["line"])
        return Figure(name, amount, *place, shown, unit, why)

    def cells(self, document: str) -> Cells:
        """The statutory tables of a document."""
        if document not in self._cells:
            load = self.package.load
            self._cells[document] = Cells(
                load("statutory_tables", document=document),
                load("disclosed_tables", document=document),
            )
        return self._cells[document]

    def cell(self, document: str, reference: str) -> Figure:
        """The cell, or the sum of cells, of a statutory table, e.g. ``T01.r27.c1``.

        Raises:
            LookupError: the document does not disclose it, or a cell is blank.
        """
        found = self.cells(document).find(reference)
        if not found:
            raise LookupError(f"{reference} is not disclosed")
        amount, first = total(found), found[0]
        table, row, column = reference.removeprefix("last.").split(".")
        shown = (
            f"{amount.value / self.factor(first.unit):.2f} {first.unit} "
            f"(table {table[1:]}, row {row[1:]}, column {column.removeprefix('c')})"
        )
        return Figure(reference, amount, first.printed, document, first.line, shown, first.unit)


def derive(frame: pd.DataFrame, data: Package | str | Path | None = None) -> pd.DataFrame:
    """Fill the derived rows of amounts or indicators: base, and low and high for every row.

    A count takes the whole number nearest to its formula; where none lies within the printed
    rounding, base, low and high stay missing.
    """
    import pandas as pd

    figures = Figures(data)
    told = frame.assign(low=frame["base"], high=frame["base"])[["value", "base", "low", "high"]]
    rows = told.to_numpy(object)
    for row, name, basis in zip(rows, frame["figure"], frame["basis"], strict=True):
        if basis == "derived" and (amount := figures[name].amount):
            row[:] = amount.value / figures.factor(figures[name].unit), *amount
    return frame.assign(**pd.DataFrame(rows, frame.index, told.columns, dtype="Float64"))


def used(expression: str, figures: Figures, document: str = "") -> list[Figure]:
    """The figures and cells a formula names, in order."""
    named = _named(expression)
    return [figures.cell(document, one) if "." in one else figures[one] for one in named]


def names(expression: str) -> list[str]:
    """The names of figures in a formula, in order."""
    return [one for one in _named(expression) if "." not in one]


def _named(expression: str) -> list[str]:
    leaves = map(_read, _leaves(parse(expression)))
    return [one for one in leaves if isinstance(one, str) and one != "document_year"]


def is_sum(expression: str) -> bool:
    """Whether a formula only adds and subtracts, so that rounding errors add up in its unit."""
    return not any(isinstance(node, ast.Mult | ast.Div) for node in ast.walk(parse(expression)))


def misfits(expression: str, known: Collection[str]) -> list[str]:
    """Parts of a formula that ``evaluate`` could not read; the whole of it if it is no formula."""
    if not expression:
        return []
    odd = []
    try:
        for node in _leaves(parse(expression)):
            named = _read(node)
            fits = named == "document_year" or named in known or REFERENCE.fullmatch(str(named))
            if not (fits or isinstance(named, float)):
                odd.append(ast.unparse(node))
    except (DataError, RecursionError):
        return [expression]
    return odd


def _read(node: ast.expr) -> float | str | None:
    """What a leaf is: a number, or the name of a figure, of cells or of the year; else None."""
    match node:
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            return float(number) if abs(number) <= 1e12 else None
        case ast.Name() | ast.Attribute():
            return reference(node)
        case ast.Call(ast.Name("count"), [ast.Constant(str() as text)], []):
            return float(len(text.split("、")))
        case ast.Call(ast.Name("grade_floor"), [ast.Constant(str() as grade)], []):
            return GRADES.get(grade)
    return None


def evaluate(
    expression: str, figures: Figures, document: str = "", compared: bool = False
) -> Interval:
    """The value of a formula in base units, with the bounds that rounding leaves.

    Args:
        expression: the formula.
        figures: where names are looked up.
        document: the document whose cells and whose year it means.
        compared: take zeros as exact, for they lend a comparison no tolerance.

    Raises:
        ZeroDivisionError: a base is zero.
        OverflowError: the value is no number that can be used.
        LookupError: a figure or cell it needs is not disclosed, or no whole number fits it.
        DataError: the formula is no arithmetic over figures.
    """

    def leaf(node: ast.expr) -> Interval:
        named = _read(node)
        if named is None:
            raise DataError(f"formula: found {ast.unparse(node)!r}, expected arithmetic")
        if named == "document_year":
            return Interval.printed(figures.year(document))
        if isinstance(named, float):
            return Interval.printed(named)
        if "." in named:
            amount = total(figures.cells(document).find(named))
        elif known := figures[named].amount:
            amount = known
        else:
            raise figures[named].why or LookupError(named)
        return amount.compared if compared else amount

    return compute(parse(expression), leaf)


def compute(node: ast.expr, leaf: Callable[[ast.expr], Interval]) -> Interval:
    """The value of arithmetic over leaves; the one evaluator of claims and identities."""
    match node:
        case ast.BinOp(left, symbol, right) if type(symbol) in OPERATORS:
            value = compute(left, leaf).combine(compute(right, leaf), OPERATORS[type(symbol)])
            if not math.isfinite(value.low) or not math.isfinite(value.high):
                raise OverflowError("a number too large")
            return value
    return leaf(node)


@functools.lru_cache(maxsize=4096)
def parse(expression: str) -> ast.expr:
    """The tree of a formula.

    Raises:
        DataError: it is no expression, or too long or too deep to be one.
    """
    try:
        if len(expression) > LONGEST:
            raise ValueError("a formula too long")
        tree = ast.parse(expression, mode="eval").body
        if sum(isinstance(one, ast.BinOp) for one in ast.walk(tree)) > MOST:
            raise ValueError("a formula too deep")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise DataError(f"formula: found {expression[:80]!r}, expected arithmetic") from None
    return tree


def reference(node: ast.expr) -> str:
    """A reference to cells as it is written; "" for anything else."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            return f"{reference(value)}.{name}"
    return ""


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """What the operators join, left to right; a cell reference is one leaf."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield from _leaves(node.left)
        yield from _leaves(node.right)
    else:
        yield node
