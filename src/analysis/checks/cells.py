"""Cells of statutory tables under one notation, as the intervals that printed rounding leaves.

``T01.r27.c1`` is a cell: row by 行次, code or name, column by 栏次 or by its id in
``form_columns.csv`` (``T05.rtotal.basic``), which finds it in every form of the table.
``T01.r1_r8.c1`` are the rows 1 to 8 that are printed, ``T02.r204_.c1`` the codes one level below
204, ``T02.rtotal.c2_c7`` the columns 2 to 7; ``last.T01.r60.c2`` is of the year before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from analysis.data import forms
from analysis.data.package import records

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = re.compile(
    rf"(?P<last>last\.)?T(?P<table>{'|'.join(forms.TITLES)})"
    r"\.r(?P<row>[0-9]+|[a-z]+)(?:(?P<below>_)|_r(?P<row_to>[0-9]+))?"
    r"\.(?:c(?P<column>[0-9]{1,2})(?:_c(?P<column_to>[0-9]{1,2}))?|(?P<id>[a-z_]+))"
)


class Interval(NamedTuple):
    """A value in base units and the bounds that printed rounding leaves open."""

    value: float
    low: float
    high: float

    @classmethod
    def printed(cls, value: float, half: float = 0.0) -> Interval:
        """A value that was rounded by up to `half`."""
        return cls(value, value - half, value + half)

    def combine(self, other: Interval, operation: Callable[[float, float], float]) -> Interval:
        """Both under an operation; the bounds are the extremes at the corners."""
        corners = [operation(a, b) for a in self[1:] for b in other[1:]]
        return Interval(operation(self.value, other.value), min(corners), max(corners))

    def integers(self) -> range:
        """The whole numbers within the bounds."""
        return range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)

    @property
    def compared(self) -> Interval:
        """The same, but a zero is exact: it lends a comparison no tolerance."""
        return self if self.value else ZERO

    @property
    def half(self) -> float:
        """How far rounding may have moved the value."""
        return (self.high - self.low) / 2


ZERO = Interval(0.0, 0.0, 0.0)


class Cell(NamedTuple):
    """A cell as printed; `amount` (yuan) is None where it is blank, and that says nothing."""

    amount: Interval | None
    declared: bool  # blank, and its table declares that its blanks mean zero
    printed: str
    unit: str
    line: int


class Cells:
    """The statutory tables of one document.

    Attributes:
        rows: of each table that is printed, in the order printed.
        columns: of each table that is printed.
        empty: of each table that is printed without any amount, what its blanks mean.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        disclosed: pd.DataFrame | None = None,
        last: Cells | None = None,
    ) -> None:
        """Index the rows of `statutory_tables` of one document.

        Args:
            frame: its rows.
            disclosed: its rows of `disclosed_tables`.
            last: the tables of the year before.
        """
        self.last = last
        told = [] if disclosed is None else records(disclosed)
        self.empty: dict[str, str] = {one["table"]: one["blanks"] for one in told if one["empty"]}
        self._found: dict[str, list[Cell]] = {}
        self._known: dict[forms.Cell, Cell] = {}
        rows: dict[str, dict[str, None]] = {}
        columns: dict[str, set[int]] = {}
        for one, blank in zip(records(frame), frame["base"].isna(), strict=True):
            table, row, column = one["table"], one["row"], int(one["column"])
            printed, unit, declared = one["printed"], one["unit"], one["declared_zero"]
            rows.setdefault(table, {})[row] = None
            columns.setdefault(table, set()).add(column)
            amount = None
            if declared:
                amount = ZERO
            elif not blank:
                step = (10_000 if unit == "万元" else 1) * 10.0 ** -len(printed.partition(".")[2])
                amount = Interval.printed(float(one["base"]), step / 2).compared
            self._known[table, row, column] = Cell(amount, declared, printed, unit, one["line"])
        self.rows = {table: list(found) for table, found in rows.items()}
        self.columns = {table: sorted(found) for table, found in columns.items()}

    def find(self, reference: str) -> list[Cell]:
        """The cells that a reference names; see the module.

        Raises:
            LookupError: one of them is not disclosed, or is blank and nothing says what blank
                means; the message tells which table, and why.
        """
        if reference not in self._found:
            self._found[reference] = self._find(reference)
        return self._found[reference]

    def _find(self, reference: str) -> list[Cell]:
        match = REFERENCE.fullmatch(reference)
        if not match:
            raise LookupError(f"{reference} is no cell")
        if match["last"]:
            if self.last is None:
                raise LookupError("the accounts of the year before are not at hand")
            return self.last.find(reference.removeprefix("last."))
        table, row = match["table"], match["row"]
        if table not in self.rows:
            if self.empty.get(table) == "zero":
                return [Cell(ZERO, True, "", "万元", 0)]
            why = "empty" if table in self.empty else "not disclosed"
            raise LookupError(f"table {table} is {why}")
        rows = [row]
        if match["below"]:
            rows = list(forms.children(row, self.rows[table]))
        elif match["row_to"]:
            span = range(int(row), int(match["row_to"]) + 1)
            rows = [one for one in self.rows[table] if one.isdigit() and int(one) in span]
        columns = self._columns(match, table)
        found = [self._known.get((table, row, column)) for row in rows for column in columns]
        cells = [one for one in found if one is not None and one.amount is not None]
        if len(cells) < len(found):
            raise LookupError(f"a cell of table {table} is blank or missing")
        return cells

    def _columns(self, match: re.Match[str], table: str) -> range:
        if not match["id"]:
            first = int(match["column"])
            return range(first, int(match["column_to"] or first) + 1)
        width = forms.width(table, self.columns[table])
        for (one, form, column), heading in forms.COLUMNS.items():
            if (one, form, heading["id"]) == (table, width, match["id"]):
                return range(column, column + 1)
        raise LookupError(f"table {table} has {width} columns here")


def total(found: list[Cell]) -> Interval:
    """The sum of cells, in yuan."""
    amounts = [one.amount for one in found if one.amount is not None]
    return Interval(*map(math.fsum, zip(*amounts, strict=True))) if amounts else ZERO
