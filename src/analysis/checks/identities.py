"""What the statutory tables must satisfy, and whether they do; the rules are ``identities.csv``.

A rule is written in the notation of ``cells``, for the rows that its column `for` names: ``rows
of 02``, ``parents of 03`` (with each column), ``classes``, ``items``, ``lines 33-60,64 of 04``,
``columns 2-5 of 04``. {row}, {column}, the {line} of table 01 that holds a class, and the {next}
line stand for what is bound.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.checks.cells import Cell, Cells, Interval, total
from analysis.checks.formula import compute, parse, reference
from analysis.data import forms
from analysis.data.package import DataError, Package, find
from analysis.data.tab import own

__dir__ = own(__name__)

EPSILON = 1e-9
WAN = 10_000


@cache
def identity_rules() -> tuple[dict[str, str], ...]:
    """The identities a disclosure must satisfy, as read from ``identities.csv``."""
    return tuple(forms.read(Path(__file__).with_name("identities.csv")))


def identities(
    frame: pd.DataFrame, last: pd.DataFrame | None = None, disclosed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every instance of every identity, checked against one document's statutory tables.

    Args:
        frame: rows of `statutory_tables` of one document.
        last: the same of the year before, for what is carried over.
        disclosed: the document's rows of `disclosed_tables`, for what is printed and empty.

    Returns:
        One row an instance: identity, formula, meaning, left, right, difference and tolerance
        (万元), compared (how many figures), declared (how many of them are blanks that count as
        zero because their table says so), zeros (whether all of them are zero), result (holds,
        fails, not checked), reason. The tolerance is half a unit of the last printed place for
        each figure compared that is not zero.
    """
    known = Cells(frame, disclosed, None if last is None else Cells(last))
    found = []
    for rule in identity_rules():
        bindings = list(_bindings(rule["for"], known))
        if not bindings:
            table = rule["for"][-2:]
            why = "has no such row" if table in known.rows else "is not disclosed"
            why = "is empty" if table in known.empty else why
            found.append(_unchecked(rule, rule["formula"], f"table {table} {why}"))
        for binding in bindings:
            found.append(_check(rule, rule["formula"].format(**binding), known))
    return pd.DataFrame(found)


def _bindings(scope: str, known: Cells) -> Iterator[Mapping[str, object]]:
    """What {row}, {column}, {line} and {next} stand for in an identity."""
    if not scope:
        yield {}
        return
    what, _, table = scope.partition(" of ")
    kind, _, spans = what.partition(" ")
    numbers = [one for span in spans.split(",") if span for one in forms.span(span)]
    rows, columns = known.rows.get(table, []), known.columns.get(table, [])
    if kind == "columns":
        yield from ({"column": one} for one in columns if one in numbers)
    for row in rows:
        if kind == "parents" and any(forms.children(row, rows)):
            yield from ({"row": row, "column": column} for column in columns)
        elif kind == "rows" or (kind == "items" and len(row) == 7):
            yield {"row": row}
        elif kind == "classes" and row in forms.CLASS_LINES:
            line = forms.CLASS_LINES[row]
            yield {"row": row, "line": line, "next": line + 1}
        elif kind == "lines" and int(row) in numbers:
            yield {"row": row, "next": int(row) + 1}


def shown(text: str) -> str:
    """A formula as readers see it: sums have their sign, ranges their dots."""
    text = re.sub(
        r"(T\d\d\.r\w+_r\d+\.c\d+|T\d\d\.r\w+_\.c\d+|T\d\d\.r\w+\.c\d+_c\d+)", r"Σ\1", text
    )
    text = re.sub(r"([rc]\d+)_([rc]\d+)", r"\1..\2", text).replace("_.c", "/*.c")
    return text.replace("==", "=").replace("T", "")


def _unchecked(rule: dict[str, str], text: str, reason: str) -> dict[str, object]:
    return {
        "identity": rule["identity"],
        "formula": shown(text),
        "meaning": rule["meaning"],
        "result": "not checked",
        "compared": 0,
        "declared": 0,
        "zeros": False,
        "reason": reason,
    }


def _check(rule: dict[str, str], text: str, known: Cells) -> dict[str, object]:
    sides = parse(text)
    assert isinstance(sides, ast.Compare)
    compared: list[Cell] = []

    def leaf(node: ast.expr) -> Interval:
        found = known.find(reference(node))
        compared.extend(found)
        return total(found)

    try:
        left, right = compute(sides.left, leaf), compute(sides.comparators[0], leaf)
    except LookupError as error:
        return _unchecked(rule, text, str(error))
    difference = left.value - right.value
    tolerance = left.half + right.half
    excess = difference if isinstance(sides.ops[0], ast.LtE) else abs(difference)
    return {
        **_unchecked(rule, text, ""),
        "left": left.value / WAN,
        "right": right.value / WAN,
        "difference": round(difference / WAN, 6),
        "tolerance": tolerance / WAN,
        "compared": len(compared),
        "declared": sum(one.declared for one in compared),
        "zeros": not any(one.amount and one.amount.value for one in compared),
        "result": "holds" if excess <= tolerance + EPSILON * WAN else "fails",
    }


def identity_summary(checked: pd.DataFrame) -> pd.DataFrame:
    """Result per identity.

    Returns:
        identity, meaning, result (fails if one instance does), instances (checked), zeros (of
        these, compare only zeros), declared (of these, rest on blanks that a table declares to be
        zero), reason (why instances were not checked).
    """
    real = checked["result"] != "not checked"
    counted = checked.assign(
        instances=real, zeros=real & checked["zeros"], declared=real & (checked["declared"] > 0)
    )
    groups = counted.groupby("identity", sort=False, as_index=False)
    return groups.agg(
        meaning=("meaning", "first"),
        result=("result", "min"),  # fails before holds before not checked
        instances=("instances", "sum"),
        zeros=("zeros", "sum"),
        declared=("declared", "sum"),
        reason=("reason", lambda reasons: "; ".join(sorted({*reasons} - {""}))),
    )


def undisclosed(disclosed: pd.DataFrame) -> list[str]:
    """Numbers of the nine statutory tables that a document's rows of `disclosed_tables` lack."""
    return [number for number in forms.TITLES if number not in {*disclosed["table"]}]


def checked_tables(
    data: Package | str | Path | None = None, years: Sequence[int] = ()
) -> dict[str, pd.DataFrame]:
    """``identities`` of every document that prints statutory tables, by document.

    Raises:
        DataError: a year has no document.
    """
    package = find(data)
    documents = package.load("documents").sort_values("year")
    if unknown := {*years} - {*documents["year"]}:
        there = ", ".join(map(str, documents["year"].unique()))
        raise DataError(f"no document for the year {min(unknown)}; there are: {there}")
    last: dict[int, pd.DataFrame] = {}
    checked = {}
    for year, document in zip(documents["year"], documents["document"], strict=True):
        if years and not {year, year + 1} & {*years}:
            continue
        frame = package.load("statutory_tables", document=document)
        if len(frame):
            last[year] = frame
            if not years or year in years:
                disclosed = package.load("disclosed_tables", document=document)
                checked[document] = identities(frame, last.get(year - 1), disclosed)
    return checked
