"""Every figure stands where the table says, and every numeral of the texts is accounted for.

The texts stay outside the repository; $ANALYSIS_DOCUMENTS names the folder that holds them as
``<document>.txt``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd

from analysis.data import numerals
from analysis.data.package import load, records

# A numeral in running text: Arabic, Chinese (万 and 亿 alone are units or parts of words), circled.
ANYWHERE = re.compile(rf"{numerals.ARABIC}|[零一二两三四五六七八九十百千半]+|[①-⑳]")
FIGURES = ("amounts", "indicators", "claims", "corrections")


def texts(folder: str | Path, data: str | Path | None = None) -> dict[str, list[str]]:
    """Lines of each document's text, checked against its SHA-256.

    Raises:
        ValueError: a text is not the one that was transcribed.
    """
    found = {}
    for row in records(load("documents", data)):
        content = (Path(folder) / f"{row['document']}.txt").read_bytes()
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise ValueError(f"{row['document']}.txt: not the text that was transcribed")
        found[row["document"]] = content.decode("utf-8").split("\n")
    return found


def _pattern(printed: str) -> re.Pattern[str]:
    """The printed characters, never as the tail of a longer number."""
    return re.compile((r"(?<![\d.])" if printed[:1].isdigit() else "") + re.escape(printed))


def misplaced(lines: dict[str, list[str]], data: str | Path | None = None) -> list[str]:
    """Rows whose printed characters do not stand at their line."""
    wrong = []
    for name in FIGURES:
        for row in records(load(name, data)):
            if not _pattern(row["printed"]).search(lines[row["document"]][row["line"] - 1]):
                wrong.append(f"{name}: {row['figure']}: {row['printed']} not at line {row['line']}")
    for row in records(load("statutory_tables", data)):
        text = lines[row["document"]]
        printed, number = text[row["line"] - 1], text[row["row_line"] - 1]
        if printed.strip("\t \u3000") != row["printed"]:
            wrong.append(f"statutory_tables: {row['title']} r{row['row']}: {row['printed']}")
        if number.strip() not in (row["row"], row["label"]):
            wrong.append(f"statutory_tables: {row['title']} r{row['row']}: line {row['row_line']}")
    return wrong


def uncovered(lines: dict[str, list[str]], data: str | Path | None = None) -> pd.DataFrame:
    """Every numeral of the texts: document, line, numeral, covered (by a table, or left out)."""
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
        frame = load(name, data)
        for row in records(frame.sort_values("printed", key=lambda c: -c.str.len())):
            cover(row["document"], row["line"], row["printed"], every=False)
    for row in records(load("statutory_tables", data)):
        for line in (row["line"], row["row_line"]):
            spans.setdefault((row["document"], line), []).append((0, 10_000))
    for row in records(load("not_transcribed", data)):
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
