"""Sentences and sections that several reports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.measures import indicators
from analysis.present import display
from analysis.present.display import Fragment

Findings = list[str]


Cautions = list[tuple[str, str | None]]


Tile = tuple[str, str, str, str, str, str]


LISTING = {  # the value first, which a phone shows without scrolling
    "label": "Indicator",
    "text": "Value",
    "unit_en": "Unit",
    "year": "Year",
    "over": "Over",
    "share": "Share (%)",
}


def money(value: float) -> str:
    """万元 with two decimals, e.g. ``75.50 万元``."""
    return f"{value:,.2f} 万元"


def percent(value: float, digits: int = 2) -> str:
    """A rate, e.g. ``98.75 %``."""
    return f"{value:,.{digits}f} %"


def cautions(findings: pd.DataFrame, most: int = 5) -> Cautions:
    """Where the document contradicts itself: the gravest failed claims, linked to the audit."""
    failed = findings[~findings["holds"] & (findings["severity"] == "high")]
    failed = failed.drop_duplicates(["statement", "verdict"])
    told: Cautions = [
        (
            f"{row['statement'][0].upper()}{row['statement'][1:]}: line {row['line']} prints "
            f"{row['printed']}; {row['verdict']}: {row['arithmetic']}.",
            f"data_quality.ipynb#{row['figure']}",
        )
        for row in records(failed.head(most))
    ]
    rest = int((~findings["holds"]).sum()) - len(told)
    if told and rest:
        more = f"{rest} more findings are" if rest > 1 else "One more finding is"
        told.append((f"{more} in the audit.", "data_quality.ipynb"))
    return told


def headline(rows: list[Tile]) -> pd.DataFrame:
    """Rows of label, label_zh, value, unit, change, note for the first screen."""
    columns = ["label", "label_zh", "value", "unit", "change", "note"]
    return pd.DataFrame(rows, columns=columns)


def table_or_notice(
    frame: pd.DataFrame, caption: str, headers: Mapping[str, str], empty: str, **options: Any
) -> Fragment:
    """A table, or a notice where there is nothing to show."""
    if frame.empty:
        return display.notice(empty)
    return display.table(frame, caption, headers=headers, **options)


def explanations(frame: pd.DataFrame) -> Fragment:
    """What the documents say of their own figures (from ``Disclosure.explanations``)."""
    if frame.empty:
        return display.notice("No explanation of these figures is recorded.")
    return display.paragraphs(
        *(f"{row['said'][0].upper()}{row['said'][1:]} ({row['source']})." for row in records(frame))
    )


def listing(observed: pd.DataFrame, themes: Sequence[str], caption: str) -> Fragment:
    """Every figure of some themes, with its base and share where it is a part."""
    frame = indicators.listing(observed, themes)
    if frame.empty:
        return display.notice("The documents give no figure on this.")
    headers = {
        column: header
        for column, header in LISTING.items()
        if column not in ("over", "share") or (frame["over"] != "").any()
    }
    return display.table(
        frame,
        caption,
        headers=headers,
        digits={"text": 0},
        note=" ".join(dict.fromkeys(frame["note"][frame["note"] != ""])),
    )


def disputes(judged: pd.DataFrame) -> Fragment:
    """The failed statements of one report, leading to their findings."""
    failed = judged[~judged["holds"]]
    if failed.empty:
        return display.paragraphs(
            f"None: all {len(judged)} statements that can be recomputed hold."
        )
    frame = told_claims(failed).assign(disputed=failed["figure"])
    headers = {
        "label": "Statement",
        "place": "Printed",
        "reading": "But",
        "use_instead": "Use instead",
    }
    return display.cases(frame, headers=headers, badge="severity")


def told_claims(judged: pd.DataFrame) -> pd.DataFrame:
    """Claims as a reader should see them."""
    frame = judged.drop(columns="disputes")
    frame["label"] = frame["statement"].str[:1].str.upper() + frame["statement"].str[1:]
    frame["place"] = (
        frame["printed"] + " (" + frame["document"] + ", line " + frame["line"].astype(str) + ")"
    )
    frame["reading"] = frame["verdict"] + ": " + frame["arithmetic"]
    frame["other_places"] = [
        "; ".join(dict.fromkeys(f"{one.printed} (line {one.line})" for one in other if one.printed))
        for other in frame["other"]
    ]
    return frame
