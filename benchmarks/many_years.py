"""A data package of many years, made of the years there are: `python many_years.py DIR 70`.

Every document is there again a number of years earlier or later, with its figures under other
names; a package may hold the years from 1949 to 2100.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
from pathlib import Path

FIGURE = re.compile(r"[a-z]\w*", re.ASCII)


def widen(source: Path, target: Path, years: int) -> None:
    """Write a package of that many years to the folder `target`."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "datapackage.json", target)
    tables = {path.name: _read(path) for path in source.glob("*.csv")}
    stated = {int(row["year"]) for rows in tables.values() for row in rows if row.get("year")}
    span = max(stated) - min(stated) + 1  # so that no two documents state the same year
    copies = -(-years // len(tables["documents.csv"]))
    later = (2100 - max(stated)) // span
    shifts = [span * number for number in range(later, later - copies, -1)]
    figures = {row["figure"] for rows in tables.values() for row in rows if "figure" in row}
    for name, rows in tables.items():
        wide = "document" in rows[0]
        new = [_moved(row, shift, figures) for shift in (shifts if wide else [0]) for row in rows]
        with (target / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(new)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _moved(row: dict[str, str], shift: int, figures: set[str]) -> dict[str, str]:
    """The same row so many years later."""
    if not shift:
        return row
    new = dict(row)
    if row.get("year"):
        new["year"] = str(int(row["year"]) + shift)
    if "document" in row:
        new["document"] = f"{row['document']}-moved-{shift}"
    for column in {"short_en", "short_zh"} & {*row}:
        new[column] = f"{row[column]} {shift}"
    for column in ("figure", "formula", "disputes"):
        if column in row:
            new[column] = FIGURE.sub(
                lambda name: f"{name[0]}_{shift % 10_000}" if name[0] in figures else name[0],
                row[column],
            )
    return new


if __name__ == "__main__":
    widen(Path(__file__).parents[1] / "data", Path(sys.argv[1]), int(sys.argv[2]))
