"""The nine statutory tables of a departmental final-accounts disclosure.

Their order changed over the years, so a table is known by its printed title; the numbers are
those of the current form (财政部 部门决算公开 01–09).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

TITLES = {
    "01": ("收入支出决算总表", "Receipts and payments"),
    "02": ("收入决算表", "Revenue"),
    "03": ("支出决算表", "Expenditure"),
    "04": ("财政拨款收入支出决算总表", "Appropriation receipts and payments"),
    "05": ("一般公共预算财政拨款支出决算表", "General-budget expenditure"),
    "06": ("一般公共预算财政拨款基本支出决算表", "General-budget basic expenditure"),
    "07": ("政府性基金预算财政拨款收入支出决算表", "Government-fund receipts and payments"),
    "08": ("国有资本经营预算财政拨款支出决算表", "State-capital budget expenditure"),
    "09": ("财政拨款“三公”经费支出决算表", "The three public expenses"),
}
NUMBERS = {chinese: number for number, (chinese, _) in TITLES.items()}

# Line of table 01 that holds each class of the functional classification.
CLASS_LINES = {
    **{str(code): code - 169 for code in range(201, 209)},
    **{str(code): code - 170 for code in range(210, 218)},
    **{str(code): code - 171 for code in range(219, 225)},
    "229": 54,
    "231": 55,
    "232": 56,
    "234": 57,
}

# What columns 2 to 7 of table 02 are headed.
SOURCES = ("财政拨款收入", "上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入")

Cell = tuple[str, str, int]


def cells(frame: pd.DataFrame) -> dict[Cell, float | None]:
    """Value of each cell in 万元 by (table, row, column); None where it is blank."""
    values = frame["value"].mask(frame["unit"] == "元", frame["value"] / 10_000)
    return {
        (NUMBERS[title], row, int(column)): None if pd.isna(value) else float(value)
        for title, row, column, value in zip(
            frame["title"], frame["row"], frame["column"], values, strict=True
        )
    }


def rows_of(table: str, known: Mapping[Cell, float | None]) -> list[str]:
    """The rows of a table, in the order printed."""
    return list(dict.fromkeys(row for number, row, _ in known if number == table))


def columns_of(table: str, known: Mapping[Cell, float | None]) -> list[int]:
    """The columns of a table, ascending."""
    return sorted({column for number, _, column in known if number == table})


def children(row: str, candidates: list[str]) -> Iterator[str]:
    """Rows one level below: classes (3 digits) of the total, divisions (5), items (7)."""
    width = 3 if row == "total" else len(row) + 2
    prefix = "" if row == "total" else row
    pattern = re.compile(rf"{prefix}\d{{{width - len(prefix)}}}")
    return (candidate for candidate in candidates if pattern.fullmatch(candidate))
