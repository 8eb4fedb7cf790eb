"""Everything the tables hold on a word, a line, a year, a theme or a gravity: one row a figure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.checks import claims
from analysis.checks.claims import SEVERITIES
from analysis.data.package import DataError, cite, load, several

MONEY = "money"  # the theme of all that is no indicator
# For each table: where the names of its rows stand, and the columns that name them.
NAMED = {
    "amounts": ("items", "item", "name_en", "name_zh"),
    "indicators": ("indicator_definitions", "indicator", "name_en", "name_zh"),
    "claims": ("", "figure", "statement", "statement_zh"),
    "statutory_tables": ("", "row", "label", "label"),
}
# short ones outside: where a frame is too wide, pandas leaves out those in the middle
COLUMNS = ["figure", "printed", "value", "unit", "year", "label", "label_zh", "theme", "table",
           "document", "source", "finding", "line", "severity"]  # fmt: skip


def search(
    text: str | int = "",
    data: str | Path | None = None,
    *,
    year: int | Collection[int] | None = None,
    theme: str | Collection[str] | None = None,
    severity: str | Collection[str] | None = None,
) -> pd.DataFrame:
    """The rows whose name, key, characters or line hold a text, of a year, theme and gravity.

    A number finds what stands on that line, or prints it; words are looked for in both languages,
    upper and lower case alike. `severity` is that of the finding that disputes a row. Each filter
    may be a list.

    Returns:
        One row a figure: figure (key), printed, value and unit as printed, year, label, label_zh,
        theme, table, document, source, finding (the failed claim that disputes it, or ""), line,
        severity.

    Raises:
        DataError: no row has this year, theme or severity; the message lists those there are.
    """
    found = _all(data)
    given: dict[str, Any] = {"year": year, "theme": theme, "severity": severity}
    for column, there in _choices(found).items():
        wanted = given[column]
        if wanted is None:
            continue
        asked = several(wanted)
        if unknown := [one for one in asked if one not in there]:
            known = ", ".join(map(str, there))
            raise DataError(f"no {column} {unknown[0]!r}; there are: {known}")
        found = found[found[column].isin(asked)]
    sought = str(text).strip().casefold()
    hit = found["line"].astype(str) == sought
    for column in ("figure", "label", "label_zh", "printed"):
        hit |= found[column].str.casefold().str.contains(sought, regex=False)
    return found[hit].reset_index(drop=True)


def choices(data: str | Path | None = None) -> dict[str, list[Any]]:
    """What ``search`` can be asked for: year, theme and severity, each with what there is."""
    return _choices(_all(data))


def _choices(found: pd.DataFrame) -> dict[str, list[Any]]:
    there: dict[str, list[Any]] = {
        name: sorted({*found[name].tolist()} - {""}) for name in ("year", "theme")
    }
    return there | {"severity": [*SEVERITIES]}


def _all(data: str | Path | None) -> pd.DataFrame:
    judged = claims.findings(data)
    failed = judged[~judged["holds"]]
    disputed = failed.drop_duplicates("disputes").set_index("disputes")["figure"].to_dict()
    disputed |= dict(zip(failed["figure"], failed["figure"], strict=True))
    years = load("documents", data).set_index("document")["year"]
    parts = []
    for table, (names, key, english, chinese) in NAMED.items():
        frame = load(table, data)
        if names:
            frame = frame.merge(load(names, data), on=key, how="left")
        if "figure" not in frame:
            frame["figure"] = frame["row"] + "." + frame["column"].astype(str)
        frame = frame.assign(table=table, label_zh=frame[chinese], source=cite(frame))
        frame["label"] = frame[english]
        frame["year"] = frame["year"] if "year" in frame else frame["document"].map(years)
        frame["theme"] = frame.get("theme", MONEY)
        if "subject" in frame:  # of a claim
            frame["theme"] = frame["subject"].where(frame["subject"] == MONEY, "")
        frame["finding"] = frame["figure"].map(disputed).fillna("")
        frame["severity"] = frame["finding"].map(failed.set_index("figure")["severity"]).fillna("")
        parts.append(frame[COLUMNS])
    found = pd.concat(parts, ignore_index=True)
    themes = found.set_index("figure")["theme"]
    of_claims = judged.set_index("figure")["disputes"].map(themes[themes.index != ""].to_dict())
    unnamed = found["theme"] == ""
    found.loc[unnamed, "theme"] = found.loc[unnamed, "figure"].map(of_claims).fillna("")
    return found
