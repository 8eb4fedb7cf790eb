"""Cells of statutory tables under one notation, as the intervals that printed rounding leaves.

``T01.r27.c1`` is a cell: row by 行次, code or name, column by 栏次 or by its id in
``form_columns.csv`` (``T05.rtotal.basic``), which finds it in every form of the table.
``T01.r1_r8.c1`` are the rows 1 to 8 that are printed, ``T02.r204_.c1`` the codes one level below
204, ``T02.rtotal.c2_c7`` the columns 2 to 7; ``last.T01.r60.c2`` is of the year before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.data import forms

REFERENCE = re.compile(
    rf"(?P<last>last\.)?T(?P<table>{'|'.join(forms.TITLES)})"
    r"\.r(?P<row>[0-9]+|[a-z]+)(?:(?P<below>_)|_r(?P<row_to>[0-9]+))?"
    r"\.(?:c(?P<column>[0-9]{1,2})(?:_c(?P<column_to>[0-9]{1,2}))?|(?P<id>[a-z_]+))"
)


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

    @property
    def compared(self) -> Interval:
        """The same, but a zero is exact: it lends a comparison no tolerance."""
        return self if self.value else Interval(0.0, 0.0, 0.0)

    @property
    def half(self) -> float:
        """How far rounding may have moved the value."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Cell:
    """A cell as printed; `amount` (yuan) is None where it is blank, and that says nothing."""

    amount: Interval | None
    declared: bool  # blank, and its table declares that its blanks mean zero
    printed: str
    value: float
    unit: str
    line: int


NOTHING = Cell(Interval(0.0, 0.0, 0.0), True, "", 0.0, "万元", 0)


class Cells:
    """The statutory tables of one document."""

    def __init__(
        self,
        frame: pd.DataFrame,
        disclosed: pd.DataFrame | None = None,
        last: Cells | None = None,
    ) -> None:
        """Index the rows of `statutory_tables` of one document.

        Args:
            frame: its rows.
            disclosed: its rows of `disclosed_tables`: which tables are printed and empty.
            last: the tables of the year before.
        """
        self.last = last
        places = frame["printed"].str.partition(".")[2].str.len()
        factor = (frame["unit"] == "万元").map({True: 10_000.0, False: 1.0})
        halves = factor * 10.0 ** -places.astype(float) / 2
        self.known: dict[forms.Cell, Cell] = {}
        for table, row, column, base, half, declared, *rest in zip(
            frame["table"], frame["row"], frame["column"], frame["base"], halves,
            frame["declared_zero"], frame["printed"], frame["value"], frame["unit"], frame["line"],
            strict=True,
        ):  # fmt: skip
            amount = None
            if declared:
                amount = Interval(0.0, 0.0, 0.0)
            elif not pd.isna(base):
                amount = Interval(float(base), float(base) - half, float(base) + half).compared
            self.known[table, row, int(column)] = Cell(amount, bool(declared), *rest)
        self._rows = {table: forms.rows_of(table, self.known) for table in forms.TITLES}
        self._width = {
            table: forms.width(table, forms.columns_of(table, self.known)) for table in forms.TITLES
        }
        empty = pd.DataFrame() if disclosed is None else disclosed[disclosed["empty"]]
        self.empty = dict(zip(empty["table"], empty["blanks"], strict=True)) if len(empty) else {}
        self._found: dict[str, list[Cell]] = {}

    def rows(self, table: str) -> list[str]:
        """The rows of a table, in the order printed."""
        return self._rows[table]

    def columns(self, table: str) -> list[int]:
        """The columns of a table, ascending."""
        return forms.columns_of(table, self.known)

    def find(self, reference: str) -> list[Cell]:
        """The cells that a reference names; see the module.

        Raises:
            LookupError: one of them is not disclosed, or is blank and nothing says what blank
                means; the message tells which table, and why.
        """
        if reference not in self._found:
            self._found[reference] = list(self._find(reference))
        return self._found[reference]

    def _find(self, reference: str) -> Iterator[Cell]:
        match = REFERENCE.fullmatch(reference)
        if not match:
            raise LookupError(f"{reference} is no cell")
        if match["last"]:
            if self.last is None:
                raise LookupError("the accounts of the year before are not at hand")
            yield from self.last.find(reference.removeprefix("last."))
            return
        table = match["table"]
        rows = self._rows[table]
        if not rows:
            if self.empty.get(table) == "zero":
                yield NOTHING
                return
            printed = table in self.empty
            raise LookupError(f"table {table} is {'empty' if printed else 'not disclosed'}")
        columns = self._columns(match, table)
        row, last = match["row"], match["row_to"]
        if match["below"]:
            rows = list(forms.children(row, rows))
        elif last:
            span = range(int(row), int(last) + 1)
            rows = [one for one in rows if one.isdigit() and int(one) in span]
        else:
            rows = [row]
        for one in rows:
            for column in columns:
                cell = self.known.get((table, one, column))
                if cell is None or cell.amount is None:
                    raise LookupError(f"a cell of table {table} is blank or missing")
                yield cell

    def _columns(self, match: re.Match[str], table: str) -> range:
        if not match["id"]:
            first = int(match["column"])
            return range(first, int(match["column_to"] or first) + 1)
        width = self._width[table]
        for (one, form, column), heading in forms.COLUMNS.items():
            if (one, form, heading["id"]) == (table, width, match["id"]):
                return range(column, column + 1)
        raise LookupError(f"table {table} has {width} columns here")


def total(found: list[Cell]) -> Interval:
    """The sum of cells, in yuan."""
    amounts = [one.amount for one in found if one.amount is not None]
    return Interval(
        math.fsum(one.value for one in amounts),
        math.fsum(one.low for one in amounts),
        math.fsum(one.high for one in amounts),
    )
