"""Which figures may be compared from year to year, and what do they say?"""

from __future__ import annotations

import pandas as pd

from analysis.present import display
from analysis.present import old_charts as charts
from analysis.reports.common import Findings, Tile, headline


def trends(panels: pd.DataFrame, compared: pd.DataFrame) -> tuple[pd.DataFrame, Findings]:
    """Headline changes and findings over the years (from ``trends.panel`` and ``comparisons``)."""
    rows: list[Tile] = []
    told: Findings = []
    for key, group in panels.groupby("series", sort=False) if len(panels) else ():
        name = str(key)
        known = group[group["value"].notna()].sort_values("year")
        first, last = known.iloc[0], known.iloc[-1]
        change = float(last["value"]) - float(first["value"])
        derived = "derived" in (first["kind"], last["kind"])
        small = 0 < abs(float(first["value"])) < 30
        if name.endswith("(%)"):
            move = f"{change:+,.1f} points"
        elif small and change == round(change):
            move = f"{change:+,.0f}"
        else:
            move = f"{change / float(first['value']) * 100:+,.1f} %" if first["value"] else "new"
        move = move.replace("-", "−")
        if len(rows) < 5:
            since = f"{move} since {first['year']}"
            # a large move asks for its caveat at once
            large = first["value"] and abs(change / float(first["value"])) >= 0.4
            notes = ["derived"] * derived + [last["note"]] * bool(large and last["note"])
            rows.append((name, last["label_zh"], last["text"], "", since, "; ".join(notes)))
        told.append(
            f"{name}: {first['text']} in {first['year']}, {last['text']} in {last['year']} "
            f"({move}{', one of them derived' if derived else ''})"
            + (f"; {last['note']}." if last["note"] else ".")
        )
    apart = int((~compared["comparable"]).sum()) if len(compared) else 0
    if apart:
        told.append(
            f"{apart} more groups of figures look alike and are not: their definitions differ, so "
            "no series is drawn."
        )
    return headline(rows), told or ["No figure is known for two years under one definition."]


def series(frame: pd.DataFrame, caption: str) -> Fragment:
    """Series over years as small multiples (from ``trends.panel`` or ``trends.money``)."""
    if frame.empty:
        return display.notice("No figure is known for two years.", "not comparable")
    moves = [_move(group) for _, group in frame.groupby("series", sort=False)]
    title = f"Largest relative change: {max(moves)[1]}"
    return display.chart(
        charts.multiples(frame),
        frame.assign(
            year=frame["year"].astype(str),
            status=frame["kind"].map({"missing": "no document, or none stated"}).fillna(""),
        ),
        title,
        " ".join(f"{told}." for _, told in moves),
        headers={
            "series": "Series",
            "year": "Year",
            "value": "Value",
            "low": "From",
            "high": "To",
            "kind": "Kind",
        },
    )


def _move(group: pd.DataFrame) -> tuple[float, str]:
    """The relative change over a series, and the sentence that tells it."""
    known = group[group["value"].notna()].sort_values("year")
    first, last = known.iloc[0], known.iloc[-1]
    a, b = float(first["value"]), float(last["value"])
    told = (
        f"{first['series']}: {first['text']} in {first['year']}, {last['text']} in {last['year']}"
    )
    return abs(b / a - 1) if a else float(b != a), told
