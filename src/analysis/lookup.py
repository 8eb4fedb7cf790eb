"""Everything the tables hold on a word, a place or a figure: one line a row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.checks import claims
from analysis.data.package import cite, load

# For each table: where the names of its rows stand, and the columns that name them.
NAMED = {
    "amounts": ("items", "item", "name_en", "name_zh"),
    "indicators": ("indicator_definitions", "indicator", "name_en", "name_zh"),
    "claims": (None, "figure", "statement", "statement_zh"),
    "statutory_tables": (None, "row", "label", "label"),
}
COLUMNS = ["table", "figure", "label", "label_zh", "printed", "value", "unit", "year", "document",
           "line", "source", "disputed"]  # fmt: skip


def search(text: str, data: str | Path | None = None) -> pd.DataFrame:
    """The rows of all figures whose name, key, characters or line hold a text.

    A number alone (``"1067"``) finds what stands on that line, or prints it; words are looked for
    in both languages, upper and lower case alike.

    Returns:
        One row a figure: table, figure (key), label, label_zh, printed, value and unit as
        printed, year, document, line, source, disputed (the failed claim that disputes it, or "").
    """
    judged = claims.findings(data)
    failed = judged[~judged["holds"]]
    disputed = failed.drop_duplicates("disputes").set_index("disputes")["figure"].to_dict()
    disputed |= dict(zip(failed["figure"], failed["figure"], strict=True))
    years = load("documents", data).set_index("document")["year"]
    wanted, parts = text.strip().casefold(), []
    for table, (names, key, english, chinese) in NAMED.items():
        frame = load(table, data)
        if names:
            frame = frame.merge(load(names, data)[[key, english, chinese]], on=key, how="left")
        if "figure" not in frame:
            frame["figure"] = frame["row"] + "." + frame["column"].astype(str)
        frame = frame.assign(table=table, label_zh=frame[chinese], source=cite(frame))
        frame["label"] = frame[english]
        frame["year"] = frame["year"] if "year" in frame else frame["document"].map(years)
        frame["disputed"] = frame["figure"].map(disputed).fillna("")
        parts.append(frame[COLUMNS])
    found = pd.concat(parts, ignore_index=True)
    hit = found["line"].astype(str) == wanted
    for column in ("figure", "label", "label_zh", "printed"):
        hit |= found[column].str.casefold().str.contains(wanted, regex=False)
    return found[hit & (wanted != "")].reset_index(drop=True)
