"""What was the money spent on, and where did it come from?"""

from __future__ import annotations

import pandas as pd

from analysis.data.package import records
from analysis.disclosure import Disclosure
from analysis.measures import budget, composition
from analysis.measures.composition import SCHEMES
from analysis.present import display
from analysis.present import old_charts as charts
from analysis.present.display import Fragment
from analysis.reports.common import Findings, headline, money, percent, table_or_notice

# what the shares of each classification are of
WHOLES = {
    "project": "spent",
    "function": "spent, by functional item",
    "nature": "spent",
    "procurement": "procured",
    "source": "received, as the text splits it",
}


def spending_composition(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on what the money was spent on."""
    amounts, cells = disclosure.amounts, disclosure.cells
    rows, told = [], []
    for scheme in composition.classifications(amounts, cells):
        frame = composition.by(scheme, amounts, cells)
        real = frame[frame["value"] > 0]
        if real.empty:
            continue
        top, whole = frame.iloc[0], money(float(frame["value"].sum()))
        base = f"of {whole} {WHOLES[scheme]}"
        if top["share"] != top["share"]:
            told.append(f"{base[0].upper()}{base[1:]}: no shares, for an item is negative.")
            continue
        if len(real) == 1:
            told.append(
                f"All {whole} {WHOLES[scheme]} were {top['label'][0].lower()}{top['label'][1:]}."
            )
            continue
        doubt = " (disputed)" if (real["disputed"] != "").any() and scheme == "source" else ""
        rows.append((top["label"], top["label_zh"], f"{top['share']:,.2f}", "%", "", base + doubt))
        split = ", ".join(f"{row['label']} {percent(row['share'])}" for row in records(real))
        told.append(f"{base[0].upper()}{base[1:]}: {split}{doubt}.")
    procured = budget.procurement(amounts)
    if procured:
        told.append(
            f"{money(procured['rest'])} ({percent(100 - procured['share'], 1)} of the "
            "expenditure) were spent outside procurement."
        )
    if not told:
        told = ["The documents of this year do not say what the money was spent on."]
    return headline(rows), told


def shares(scheme: str, frame: pd.DataFrame, year: int) -> Fragment:
    """One classification of the money (from ``composition.by``)."""
    name = SCHEMES[scheme]
    if frame.empty:
        return display.notice(f"The documents do not divide the money {name}.")
    real = frame[frame["value"] > 0]
    value = "Received (万元)" if scheme == "source" else "Executed (万元)"
    headers = {"label": "Item", "value": value, "share": "Share (%)"}
    # of two rows a chart would only repeat the table
    if len(real) < 3 or frame["share"].isna().any():
        return display.table(frame, f"Money {name}, {year}", headers=headers)
    top = real.iloc[0]
    said = "; ".join(f"{row['label']} {percent(row['share'])}" for row in records(frame))
    return display.chart(
        charts.stacked(real.assign(group=str(year)), unit="万元 = 100 %"),
        frame,
        f"{top['label']} took {percent(top['share'])} of the money",
        f"Shares {name}: {said}.",
        headers=headers,
    )


def hierarchy(frame: pd.DataFrame, year: int) -> Fragment:
    """Expenditure from class to item (from ``composition.hierarchy``)."""
    return table_or_notice(
        frame,
        f"Expenditure by class, division and item, {year} (statutory table 03)",
        {
            "label": "Name",
            "total": "Total (万元)",
            "share": "Share (%)",
            "basic": "Basic (万元)",
            "project": "Project (万元)",
            "code": "Code",
            "level": "Level",
        },
        "No statutory table of expenditure is disclosed.",
        totals=frame.get("level") != "item",
    )


def classification_limits(disclosure: Disclosure) -> Fragment:
    """Which classifications this year's documents carry, and what that rules out."""
    have = composition.classifications(disclosure.amounts, disclosure.cells)
    lack = [scheme for scheme in SCHEMES if scheme not in have]
    said = [
        f"{disclosure.year} divides the money "
        + (", ".join(SCHEMES[scheme] for scheme in have) or "in no way")
        + "."
    ]
    if lack:
        said.append(
            "It does not divide it "
            + ", ".join(SCHEMES[scheme] for scheme in lack)
            + "; a year that does cannot be set beside it in these classifications, and no "
            "official concordance leads from one classification to another."
        )
    return display.notice(" ".join(said), "not comparable")
