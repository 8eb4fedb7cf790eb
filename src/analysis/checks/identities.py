"""What the statutory tables must satisfy, and whether they do; the rules are ``identities.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.data import forms
from analysis.data.forms import Cell
from analysis.data.package import DataError, load

EPSILON = 1e-9


TERM = re.compile(
    r"(?P<last>last\.)?(?P<table>\d\d)\.r(?P<row>\w+)(?P<below>/\*)?(?:\.\.r(?P<row_to>\d+))?"
    r"\.c(?P<column>\d+)(?:\.\.c(?P<column_to>\d+))?"
)


@cache
def identity_rules() -> tuple[dict[str, str], ...]:
    """The identities a disclosure must satisfy, as read from ``identities.csv``."""
    path = Path(__file__).with_name("identities.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def identities(frame: pd.DataFrame, last: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every instance of every identity, checked against one document's statutory tables.

    Args:
        frame: rows of `statutory_tables` of one document.
        last: the same of the year before, for what is carried over.

    Returns:
        One row an instance: identity, formula, meaning, left, right, difference and tolerance
        (万元), compared (how many rounded figures), result (holds, fails, not checked), reason.
        The tolerance is half a unit of the last printed place for each figure compared.
    """
    known = forms.cells(frame)
    before = {} if last is None else forms.cells(last)
    found = []
    for rule in identity_rules():
        bindings = list(_bindings(rule["for"], known))
        if not bindings:
            found.append(_unchecked(rule, rule["formula"], _why_unbound(rule["for"], known)))
        for binding in bindings:
            found.append(_check(rule, rule["formula"].format(**binding), known, before))
    return pd.DataFrame(found)


def _bindings(scope: str, known: Mapping[Cell, float | None]) -> Iterator[Mapping[str, object]]:
    """What {row}, {column}, {line} and {next} stand for in an identity."""
    if not scope:
        yield {}
        return
    kind, form = scope.split(" of ")
    table = form[-2:]
    rows, columns = forms.rows_of(table, known), forms.columns_of(table, known)
    if "-column" in form and len(columns) != int(form.split("-")[0]):
        return
    for row in rows:
        below = list(forms.children(row, rows))
        if kind == "parents" and below:
            yield from ({"row": row, "column": column} for column in columns)
        elif (
            kind == "rows"
            or (kind == "total" and row == "total")
            or (kind == "items" and len(row) == 7)
        ):
            yield {"row": row}
        elif kind == "classes" and row in forms.CLASS_LINES:
            line = forms.CLASS_LINES[row]
            yield {"row": row, "line": line, "next": line + 1}
        elif kind == "payments" and (33 <= int(row) <= 60 or row == "64"):
            yield {"row": row}
        elif kind == "class lines" and 32 <= int(row) <= 57:
            yield {"row": row, "next": int(row) + 1}
    if kind == "payment columns":
        yield from ({"column": column} for column in columns if column > 1)


def _why_unbound(scope: str, known: Mapping[Cell, float | None]) -> str:
    table = scope[-2:]
    if not forms.rows_of(table, known):
        return f"table {table} is not disclosed"
    return f"table {table} has {len(forms.columns_of(table, known))} columns here"


def _unchecked(rule: dict[str, str], text: str, reason: str) -> dict[str, object]:
    return {
        "identity": rule["identity"],
        "formula": text,
        "meaning": rule["meaning"],
        "result": "not checked",
        "compared": 0,
        "reason": reason,
    }


def _check(
    rule: dict[str, str],
    text: str,
    known: Mapping[Cell, float | None],
    before: Mapping[Cell, float | None],
) -> dict[str, object]:
    relation = "<=" if "<=" in text else "="
    sides = []
    compared: list[Cell] = []
    for side in text.split(relation):
        total = 0.0
        for term in side.split("+"):
            match = TERM.fullmatch(term.strip().removeprefix("Σ"))
            if not match:
                raise DataError(f"identities.csv: found {term!r}, expected table.rROW.cCOLUMN")
            source = before if match["last"] else known
            wanted = list(_expand(match, source))
            values = [source.get(cell) for cell in wanted]
            if not wanted or any(value is None for value in values):
                table = match["table"]
                if match["last"] and not before:
                    reason = "the accounts of the year before are not at hand"
                elif not forms.rows_of(table, source):
                    reason = f"table {table} is not disclosed"
                else:
                    reason = f"a cell of table {table} is blank or missing"
                return _unchecked(rule, text, reason)
            compared += wanted
            total += sum(value for value in values if value is not None)
        sides.append(total)
    left, right = sides
    difference = left - right
    tolerance = 0.005 * len(compared)
    excess = difference if relation == "<=" else abs(difference)
    return {
        **_unchecked(rule, text, ""),
        "left": left,
        "right": right,
        "difference": round(difference, 6),
        "tolerance": tolerance,
        "compared": len(compared),
        "result": "holds" if excess <= tolerance + EPSILON else "fails",
    }


def _expand(match: re.Match[str], known: Mapping[Cell, float | None]) -> Iterator[Cell]:
    """The cells a term names: one, a range of rows or columns, or the level below a row."""
    table, row = match["table"], match["row"]
    first = int(match["column"])
    if match["below"]:
        rows = list(forms.children(row, forms.rows_of(table, known)))
    elif match["row_to"]:
        rows = [str(number) for number in range(int(row), int(match["row_to"]) + 1)]
    else:
        rows = [row]
    columns = range(first, int(match["column_to"] or first) + 1)
    return ((table, row, column) for row in rows for column in columns)


def identity_summary(checked: pd.DataFrame) -> pd.DataFrame:
    """Result per identity: instances that hold, fail, compare only zeros, or were not checked."""
    rows = []
    for identity, group in checked.groupby("identity", sort=False):
        counts = group["result"].value_counts()
        real = group[group["result"] != "not checked"]
        zeros = 0 if real.empty else int(((real["left"] == 0) & (real["right"] == 0)).sum())
        result = (
            "fails"
            if counts.get("fails", 0)
            else "holds"
            if counts.get("holds", 0)
            else "not checked"
        )
        rows.append(
            {
                "identity": identity,
                "meaning": group["meaning"].iloc[0],
                "result": result,
                "instances": len(real),
                "zeros": zeros,
                "reason": "; ".join(sorted({r for r in group["reason"] if r})),
            }
        )
    return pd.DataFrame(rows)


def undisclosed(frame: pd.DataFrame) -> list[str]:
    """Numbers of the nine statutory tables that a document's rows do not hold."""
    disclosed = set(frame["title"].map(forms.NUMBERS))
    return [number for number in forms.TITLES if number not in disclosed]


def checked_tables(
    data: str | Path | None = None, years: Sequence[int] = ()
) -> dict[str, pd.DataFrame]:
    """``identities`` of every document that prints statutory tables, by document."""
    documents = load("documents", data).sort_values("year")
    last: dict[int, pd.DataFrame] = {}
    checked = {}
    for year, document in zip(documents["year"], documents["document"], strict=True):
        frame = load("statutory_tables", data, document=document)
        if len(frame):
            last[year] = frame
            if not years or year in years:
                checked[document] = identities(frame, last.get(year - 1))
    return checked
