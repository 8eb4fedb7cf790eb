"""The nine statutory tables of a departmental final-accounts disclosure: titles, rows, columns.

Their order changed over the years, so a table is known by its printed title; the numbers are
those of the current form (财政部 部门决算公开 01–09). The forms are data: ``forms.csv``,
``form_titles.csv`` (other titles), ``form_rows.csv`` and ``form_columns.csv``, where ``width``
tells apart the forms of one table that have more or fewer columns. The columns of table 09 are
numbered budget first, then executed, however they are printed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV of our own."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read(name: str) -> list[dict[str, str]]:
    return read(Path(__file__).with_name(f"{name}.csv"))


FORMS = {one["table"]: one for one in _read("forms")}
TITLES = {number: (one["title"], one["title_en"]) for number, one in FORMS.items()}
ROWS = {(one["table"], one["row"]): one for one in _read("form_rows")}
COLUMNS = {(one["table"], int(one["width"]), int(one["column"])): one
           for one in _read("form_columns")}  # fmt: skip
# Line of table 01 that holds each class of the functional classification.
CLASS_LINES = {one["class"]: int(row) for (table, row), one in ROWS.items()
               if table == "01" and one["class"]}  # fmt: skip
# What columns 2 to 7 of table 02 are headed.
SOURCES = tuple(COLUMNS["02", 7, column]["header"] for column in range(2, 8))
FUNCTIONAL = re.compile(r"total|[0-9]{3}(?:[0-9]{2}){0,2}")

Cell = tuple[str, str, int]


def plain(title: str) -> str:
    """A title without what printers vary: quotation marks, brackets and spaces."""
    return re.sub(r"[\s“”\"'‘’＂（）()]", "", title)


NUMBERS = {plain(one["title"]): one["table"] for one in _read("form_titles")}


def number(title: str) -> str | None:
    """Which of the nine tables bears this title, e.g. ``收入决算表`` → ``02``; or None."""
    return NUMBERS.get(plain(title))


@cache
def widths(table: str) -> tuple[int, ...]:
    """How many columns the forms of a table may have, ascending: ``(3, 13)`` for 05."""
    return tuple(sorted({width for one, width, _ in COLUMNS if one == table}))


def width(table: str, columns: Iterable[int]) -> int | None:
    """Which form these columns belong to: the narrowest that has them all; None if none has."""
    last = max(columns, default=0)
    return next((one for one in widths(table) if last <= one), None)


def has_row(table: str, row: str) -> bool:
    """Whether a table may have this row: a line, an item, or where these stand a code."""
    functional = FORMS[table]["rows"] == "functional"
    return (table, row) in ROWS or (functional and bool(FUNCTIONAL.fullmatch(row)))


@cache
def columns_of_row(table: str, row: str) -> range | None:
    """The columns in which a line of 01 or 04 has cells; None for all."""
    found = ROWS.get((table, row), {}).get("columns")
    return span(found) if found else None


def span(text: str) -> range:
    """The numbers of a range as the forms write it: ``2-5``, or one number."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def label(table: str, row: str, language: str = "zh") -> str:
    """What a row is called on the form; "" for a code, whose name the document prints."""
    return ROWS.get((table, row), {}).get("label" if language == "zh" else "label_en", "")


def children(row: str, candidates: list[str]) -> Iterator[str]:
    """Rows one level below: classes (3 digits) of the total, divisions (5), items (7)."""
    pattern = re.compile(r"\d{3}" if row == "total" else rf"{row}\d{{2}}")
    return (candidate for candidate in candidates if pattern.fullmatch(candidate))
