"""Every figure stands where the table says, and every numeral of the texts is accounted for.

The texts stay outside the package, in a folder that holds them as ``<document>.txt``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.data import numerals
from analysis.data.package import LARGEST, DataError, Package, find, records
from analysis.data.text import inert

# A numeral in running text: Arabic, Chinese (万 and 亿 alone are units or parts of words), circled.
ANYWHERE = re.compile(rf"{numerals.ARABIC}|[零一二两三四五六七八九十百千半]+|[①-⑳]")
FIGURES = ("amounts", "indicators", "claims", "corrections")

Lines = dict[str, list[str]]
Data = Package | str | Path | None


class Verified(NamedTuple):
    """What was held against the texts: rows, numerals, and a line for each that is wrong."""

    rows: int
    numerals: int
    wrong: list[str]


def verify(folder: str | Path, data: Data = None) -> Verified:
    """Hold every row of a package, which must be valid, against the texts of its documents.

    Raises:
        DataError: a text is not there, or is not the one that was transcribed.
    """
    package = find(data)
    lines = texts(folder, package)
    names = (*FIGURES, "statutory_tables", "disclosed_tables")
    found = uncovered(lines, package)
    left = found[~found["covered"]] if len(found) else found
    wrong = misplaced(lines, package) + [
        f"{row['document']}, line {row['line']}: the numeral {row['numeral']} in "
        f"{row['context']!r} is in no table and not left out with a reason"
        for row in records(left)
    ]
    rows = sum(len(package.load(name)) for name in names)
    return Verified(rows, len(found), [inert(one) for one in wrong])


def texts(folder: str | Path, data: Data = None) -> Lines:
    """Lines of each document's text, checked against its SHA-256.

    Raises:
        DataError: a text is not there, or is not the one that was transcribed.
    """
    found = {}
    for row in records(find(data).load("documents")):
        path = Path(folder) / f"{row['document']}.txt"
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise DataError(f"{path.name}: found no such text in {folder}, expected one")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise DataError(f"{path.name}: not the text that was transcribed")
        found[row["document"]] = content.decode("utf-8").split("\n")
        if len(found[row["document"]]) < row["lines"]:
            raise DataError(f"{path.name}: found fewer lines than the {row['lines']} transcribed")
    return found


def _pattern(printed: str) -> re.Pattern[str]:
    """The printed characters, never as the tail of a longer number."""
    return re.compile((r"(?<![\d.])" if printed[:1].isdigit() else "") + re.escape(printed))


def misplaced(lines: Lines, data: Data = None) -> list[str]:
    """Rows whose printed characters do not stand at their line."""
    load = find(data).load
    wrong = []
    for name in FIGURES:
        for row in records(load(name)):
            if not _pattern(row["printed"]).search(lines[row["document"]][row["line"] - 1]):
                wrong.append(f"{name}: {row['figure']}: {row['printed']} not at line {row['line']}")
    for row in records(load("disclosed_tables")):
        table, title, line = row["table"], row["title"], row["line"]
        if title not in lines[row["document"]][line - 1]:
            wrong.append(f"disclosed_tables: {table}: {title} not at line {line}")
    for row in records(load("statutory_tables")):
        text, place = lines[row["document"]], f"statutory_tables: {row['table']} r{row['row']}"
        number = text[row["row_line"] - 1].strip()
        if text[row["line"] - 1].strip("\t \u3000") != row["printed"]:
            wrong.append(f"{place}: {row['printed']}")
        if number != row["row"] and not number.endswith(row["label"] or "\n"):
            wrong.append(f"{place}: line {row['row_line']}")
    return wrong


def uncovered(lines: Lines, data: Data = None) -> pd.DataFrame:
    """Every numeral of the texts: document, line, numeral, covered (by a table, or left out)."""
    load = find(data).load
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}

    def cover(document: str, line: int, printed: str, every: bool) -> None:
        text = lines[document][line - 1]
        taken = spans.setdefault((document, line), [])
        for match in _pattern(printed).finditer(text):
            # a repeated figure takes the next place; one printed once may serve two rows
            if every or match.span() not in taken:
                taken.append(match.span())
                if not every:
                    return

    for name in FIGURES:
        frame = load(name)
        for row in records(frame.sort_values("printed", key=lambda c: -c.str.len())):
            cover(row["document"], row["line"], row["printed"], every=False)
    for row in records(load("statutory_tables")):
        for line in (row["line"], row["row_line"]):
            spans.setdefault((row["document"], line), []).append((0, 10_000))
    for row in records(load("disclosed_tables")):
        cover(row["document"], row["line"], row["title"], every=True)
    for row in records(load("not_transcribed")):
        first = 1 if pd.isna(row["line"]) else row["line"]
        last = len(lines[row["document"]]) if pd.isna(row["line"]) else row["last_line"]
        for line in range(first, last + 1):
            if row["printed"]:
                cover(row["document"], line, row["printed"], every=True)
            else:
                spans.setdefault((row["document"], line), []).append((0, 10_000))
    return pd.DataFrame(
        [
            {
                "document": document,
                "line": number,
                "numeral": match.group(),
                "context": text[max(0, match.start() - 6) : match.end() + 6],
                "covered": any(
                    start <= match.start() and match.end() <= end
                    for start, end in spans.get((document, number), [])
                ),
            }
            for document, text_lines in lines.items()
            for number, text in enumerate(text_lines, start=1)
            for match in ANYWHERE.finditer(text)
        ]
    )
