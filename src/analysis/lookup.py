"""Everything the tables hold on a word, a line, a year, a theme or a gravity: one row a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.checks import claims
from analysis.checks.claims import SEVERITIES
from analysis.data.package import DataError, cite, load

MONEY = "money"  # the theme of all that is no indicator
# For each table: where the names of its rows stand, and the columns that name them.
NAMED = {
    "amounts": ("items", "item", "name_en", "name_zh"),
    "indicators": ("indicator_definitions", "indicator", "name_en", "name_zh"),
    "claims": ("", "figure", "statement", "statement_zh"),
    "statutory_tables": ("", "row", "label", "label"),
}
COLUMNS = ["table", "figure", "label", "label_zh", "printed", "value", "unit", "year", "theme",
           "document", "line", "source", "finding", "severity"]  # fmt: skip


def search(
    text: str = "",
    data: str | Path | None = None,
    *,
    year: int | None = None,
    theme: str | None = None,
    severity: str | None = None,
) -> pd.DataFrame:
    """The rows whose name, key, characters or line hold a text, of a year, theme and gravity.

    A number finds what stands on that line, or prints it; words are looked for in both languages,
    upper and lower case alike. `severity` is that of the finding that disputes a row.

    Returns:
        One row a figure: table, figure (key), label, label_zh, printed, value and unit as
        printed, year, theme, document, line, source, finding (the failed claim that disputes it,
        or ""), severity.

    Raises:
        DataError: no row has this year, theme or severity; the message lists those there are.
    """
    found = _all(data)
    for column, wanted in (("year", year), ("theme", theme), ("severity", severity)):
        if wanted is not None:
            there = SEVERITIES if column == "severity" else sorted({*found[column]} - {""})
            if wanted not in there:
                raise DataError(f"no {column} {wanted!r}; there are: {', '.join(map(str, there))}")
            found = found[found[column] == wanted]
    sought = text.strip().casefold()
    hit = found["line"].astype(str) == sought
    for column in ("figure", "label", "label_zh", "printed"):
        hit |= found[column].str.casefold().str.contains(sought, regex=False)
    return found[hit].reset_index(drop=True)


def choices(data: str | Path | None = None) -> dict[str, list[object]]:
    """What ``search`` can be asked for: year, theme and severity, each with what there is."""
    found = _all(data)
    there = {name: sorted({*found[name]} - {""}) for name in ("year", "theme")}
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
