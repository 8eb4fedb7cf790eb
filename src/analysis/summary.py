"""Headline figures and findings of every year, for the index."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from . import audit, budget, sentences, trends
from .disclosure import Disclosure
from .tables import years


def headlines(data: str | Path | None = None) -> pd.DataFrame:
    """Money, budget completion and the series that may be compared, as ``trends.panel`` does."""
    observed = trends.observations(data)
    judged = observed[observed["better"] != "neither"]
    frames = [trends.money(data, least=1), _completion(data), trends.panel(judged)]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def findings(data: str | Path | None = None) -> list[str]:
    """The first finding of each year, newest first, and how far the documents hold."""
    told = []
    for year in reversed(years(data)):
        _, found = sentences.budget_execution(Disclosure(year, data))
        told.append(f"{year}: {found[0]}")
    judged = audit.findings(data)
    if len(judged):
        told.append(sentences.verdict(judged))
    return told


def _completion(data: str | Path | None) -> pd.DataFrame:
    """Budget completion of every year that has it."""
    rows = []
    for year in years(data):
        disclosure = Disclosure(year, data)
        measures = budget.measures(disclosure.amounts, disclosure.cells)
        first = measures.iloc[0]
        if pd.notna(first["value"]):
            rows.append(
                {
                    "series": f"{first['label']} (%)",
                    "label_zh": first["label_zh"],
                    "year": year,
                    "value": first["value"],
                    "low": first["value"],
                    "high": first["value"],
                    "kind": "stated",
                    "text": f"{first['value']:,.2f}",
                    "source": first["source"],
                    "disputed": first["disputed"],
                    "note": "",
                }
            )
    return pd.DataFrame(rows)
