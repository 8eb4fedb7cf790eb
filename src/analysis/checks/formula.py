"""Formulas over named figures: what a claim says, and what a derived figure follows from.

A formula is arithmetic over names of figures, cells of the document's statutory tables
(``T01.r27.c1``), ``document_year``, ``count('a、b')`` (how many are listed) and
``grade_floor('优')``. A figure enters as the interval its printed rounding implies.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.data import forms, numerals
from analysis.data.package import DataError, data_directory, has, load, lookup, records, rows

# Scores from which a self-evaluation earns its grade: 财预〔2020〕10号.
GRADES = {"优": 90, "良": 80, "中": 60, "差": 0}
# The tables whose rows have a name; names are unique across them.
TABLES = ("amounts", "indicators", "claims")
# Quantities printed rounded; everything else is a count and exact.
ROUNDED = ("money", "price", "ratio", "mass")
CELL = re.compile(rf"T({'|'.join(forms.TITLES)})\.r\w+\.c\d+")
FUNCTIONS: dict[str, Callable[[str], float]] = {
    "count": lambda text: len(text.split("、")),
    "grade_floor": lambda grade: GRADES[grade],
}


@dataclass(frozen=True)
class Interval:
    """A value in base units and the bounds that printed rounding leaves open."""

    value: float
    low: float
    high: float

    def combine(self, other: Interval, operation: Callable[[float, float], float]) -> Interval:
        """Both under an operation; the bounds are the extremes at the corners."""
        corners = [operation(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(operation(self.value, other.value), min(corners), max(corners))

    def integers(self) -> range:
        """The whole numbers within the bounds."""
        return range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)


@dataclass(frozen=True)
class Figure:
    """A figure as a formula sees it, with the place it was read from."""

    name: str
    amount: Interval | None
    printed: str
    document: str
    line: int
    quantity: str
    unit: str
    derived: bool


class Figures:
    """Looks figures up by name, one row at a time, so that a report sees only what it uses."""

    def __init__(self, data: str | Path | None = None) -> None:
        self.directory = data_directory(data)
        self._units = {row["unit"]: row for row in rows(self.directory, "units")}
        self._known: dict[str, Figure] = {}
        self._unfit: dict[str, Interval] = {}
        self._cells: dict[str, dict[tuple[str, str, int], dict[str, Any]]] = {}

    def __getitem__(self, name: str) -> Figure:
        if name not in self._known:
            table = next(one for one in TABLES if has(one, name, self.directory))
            self._known[name] = self._figure(lookup(table, name, self.directory))
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        return any(has(one, name, self.directory) for one in TABLES)

    def missing(self, name: str) -> str:
        """Why a figure has no value."""
        if name in self._unfit:
            bounds = self._unfit[name]
            return f"no whole number lies between {bounds.low:.2f} and {bounds.high:.2f}"
        return f"{name} is not disclosed"

    def factor(self, unit: str) -> float:
        """One `unit` in base units."""
        return float(self._units[unit]["factor"])

    def _figure(self, row: dict[str, Any]) -> Figure:
        unit = self._units[row["unit"]]
        derived = row.get("basis") == "derived"
        amount: Interval | None = None
        if derived:
            amount = evaluate(row["formula"], self, row["document"])
            if unit["quantity"] not in ROUNDED:
                whole = amount.integers()
                if whole:
                    nearest = min(max(math.ceil(amount.value - 0.5), whole[0]), whole[-1])
                    amount = Interval(nearest, whole[0], whole[-1])
                else:
                    self._unfit[row["figure"]], amount = amount, None
        elif not pd.isna(row["base"]):
            value = float(row["base"])
            half = 0.0
            if unit["quantity"] in ROUNDED:
                half = numerals.read(row["printed"]).step * float(unit["factor"]) / 2
            amount = Interval(value, value - half, value + half)
        return Figure(
            row["figure"],
            amount,
            row["printed"],
            row["document"],
            int(row["line"]),
            "?"
            if amount is None
            else f"{amount.value / float(unit['factor']):,.10g} {row['unit']}",
            row["unit"],
            derived,
        )

    def cell(self, document: str, reference: str) -> Figure:
        """The cell of a statutory table, e.g. ``T01.r27.c1``.

        Raises:
            LookupError: the document does not disclose it, or the cell is blank.
        """
        if document not in self._cells:
            frame = load("statutory_tables", self.directory, document=document)
            self._cells[document] = {
                (row["title"], row["row"], row["column"]): row for row in records(frame)
            }
        table, row, column = reference.split(".")
        place = forms.TITLES[table[1:]][0], row[1:], int(column[1:])
        cell = self._cells[document].get(place)
        if cell is None or pd.isna(cell["base"]):
            raise LookupError(f"{reference} is not disclosed")
        value, half = float(cell["base"]), 0.005 * 10_000
        return Figure(
            reference,
            Interval(value, value - half, value + half),
            cell["printed"],
            document,
            int(cell["line"]),
            f"{cell['value']:.2f} {cell['unit']} "
            f"(table {table[1:]}, row {row[1:]}, column {column[1:]})",
            cell["unit"],
            False,
        )


def derive(frame: pd.DataFrame, data: str | Path | None = None) -> pd.DataFrame:
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
    for node in _leaves(_parse(expression)):
        name = ast.unparse(node)
        if isinstance(node, ast.Attribute):
            found.append(figures.cell(document, name))
        elif name not in FUNCTIONS and name != "document_year":
            found.append(figures[name])
    return found


def misfits(expression: str, known: Collection[str]) -> list[str]:
    """Parts of a formula that ``evaluate`` could not read; the whole of it if it is no formula."""
    try:
        return list(_misfits(_parse(expression).body, known)) if expression else []
    except SyntaxError:
        return [expression]


def _misfits(node: ast.expr, known: Collection[str]) -> Iterator[str]:
    match node:
        case ast.BinOp(left, symbol, right) if type(symbol) in OPERATORS:
            yield from _misfits(left, known)
            yield from _misfits(right, known)
        case ast.Constant(int() | float() as number) if math.isfinite(number):
            pass
        case ast.Name("document_year"):
            pass
        case ast.Name(name) if name in known:
            pass
        case ast.Attribute() if CELL.fullmatch(ast.unparse(node)):
            pass
        case ast.Call(ast.Name("count"), [ast.Constant(str())]):
            pass
        case ast.Call(ast.Name("grade_floor"), [ast.Constant(str() as grade)]) if grade in GRADES:
            pass
        case _:
            yield ast.unparse(node)


def evaluate(expression: str, figures: Figures, document: str = "", year: int = 0) -> Interval:
    """The value of a formula in base units, with the bounds that rounding leaves.

    Raises:
        ZeroDivisionError: a base is zero.
        LookupError: a figure or cell it needs is not disclosed, or no whole number fits it.
        DataError: the formula is no arithmetic over figures.
    """
    return _value(_parse(expression).body, figures, document, year)


OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _parse(expression: str) -> ast.Expression:
    return ast.parse(expression, mode="eval")


def _leaves(node: ast.AST) -> Iterator[ast.expr]:
    """Names and cell references, left to right; a cell reference is one leaf."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute | ast.Name):
            yield child
        else:
            yield from _leaves(child)


def _value(node: ast.expr, figures: Figures, document: str, year: int) -> Interval:
    value = partial(_value, figures=figures, document=document, year=year)
    match node:
        case ast.BinOp(left, symbol, right) if type(symbol) in OPERATORS:
            return value(left).combine(value(right), OPERATORS[type(symbol)])
        case ast.Constant(int() | float() as number):
            return Interval(number, number, number)
        case ast.Name("document_year"):
            return Interval(year, year, year)
        case ast.Name(name):
            amount = figures[name].amount
        case ast.Attribute():
            amount = figures.cell(document, ast.unparse(node)).amount
        case ast.Call(ast.Name(name), [ast.Constant(str() as text)]) if name in FUNCTIONS:
            number = FUNCTIONS[name](text)
            return Interval(number, number, number)
        case _:
            raise DataError(f"formula: found {ast.unparse(node)!r}, expected arithmetic")
    if amount is None:
        raise LookupError(figures.missing(ast.unparse(node)))
    return amount
