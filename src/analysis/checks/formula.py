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
GRADES = {"优": 90, "良": 80, "中": 60, "差": 0}
# Quantities printed rounded; everything else is a count and exact.
ROUNDED = ("money", "price", "ratio", "mass", "area", "length", "volume", "energy")
LONGEST = 2000  # characters of a formula
MOST = 200  # operators of a formula
FUNCTIONS: dict[str, Callable[[str], float]] = {
    "count": lambda text: len(text.split("、")),
    "grade_floor": lambda grade: GRADES[grade],
}
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
    frame = frame.copy()
    frame["low"], frame["high"] = frame["base"], frame["base"]
    figures = Figures(data)
    for place in frame.index[frame["basis"] == "derived"]:
        figure = figures[frame.loc[place, "figure"]]
        if figure.amount:
            amount = figure.amount
            frame.loc[place, ["base", "low", "high"]] = [amount.value, amount.low, amount.high]
            frame.loc[place, "value"] = amount.value / figures.factor(figure.unit)
    return frame


def used(expression: str, figures: Figures, document: str = "") -> list[Figure]:
    """The figures and cells a formula names, in order."""
    found = []
    for node in _leaves(parse(expression)):
        if isinstance(node, ast.Attribute):
            found.append(figures.cell(document, reference(node)))
        elif isinstance(node, ast.Name) and node.id != "document_year":
            found.append(figures[node.id])
    return found


def names(expression: str) -> list[str]:
    """The names of figures in a formula, in order."""
    leaves = _leaves(parse(expression))
    return [one.id for one in leaves if isinstance(one, ast.Name) and one.id != "document_year"]


def is_sum(expression: str) -> bool:
    """Whether a formula only adds and subtracts, so that rounding errors add up in its unit."""
    return not any(isinstance(node, ast.Mult | ast.Div) for node in ast.walk(parse(expression)))


def misfits(expression: str, known: Collection[str]) -> list[str]:
    """Parts of a formula that ``evaluate`` could not read; the whole of it if it is no formula."""
    if not expression:
        return []
    try:
        return [ast.unparse(one) for one in _leaves(parse(expression)) if not _fits(one, known)]
    except (DataError, RecursionError):
        return [expression]


def _fits(node: ast.expr, known: Collection[str]) -> bool:
    match node:
        case ast.Constant(bool()):
            return False
        case ast.Constant(int() | float() as number):
            return abs(number) <= 1e12
        case ast.Name(name):
            return name == "document_year" or name in known
        case ast.Attribute():
            return bool(REFERENCE.fullmatch(reference(node)))
        case ast.Call(ast.Name("count"), [ast.Constant(str())], []):
            return True
        case ast.Call(ast.Name("grade_floor"), [ast.Constant(str() as grade)], []):
            return grade in GRADES
    return False


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
        match node:
            case ast.Constant(int() | float() as number):
                return Interval.printed(number)
            case ast.Name("document_year"):
                return Interval.printed(figures.year(document))
            case ast.Call(ast.Name(name), [ast.Constant(str() as text)]) if name in FUNCTIONS:
                return Interval.printed(FUNCTIONS[name](text))
            case ast.Attribute():
                amount = total(figures.cells(document).find(reference(node)))
            case ast.Name(name) if known := figures[name].amount:
                amount = known
            case ast.Name(name):
                raise figures[name].why or LookupError(name)
            case _:
                raise DataError(f"formula: found {ast.unparse(node)!r}, expected arithmetic")
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
