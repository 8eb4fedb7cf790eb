"""Headline figures and findings of some years side by side, for the index."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.checks import claims
from analysis.disclosure import Disclosure
from analysis.measures import budget, trends
from analysis.reports import budget_execution, data_quality


def headlines(disclosures: Sequence[Disclosure]) -> pd.DataFrame:
    """Money, budget completion and the series that may be compared, as ``trends.panel`` does."""
    data, years = disclosures[0].data, [disclosure.year for disclosure in disclosures]
    observed = trends.observations(data, years)
    judged = observed[observed["better"] != "neither"]
    frames = [trends.money(data, years, least=1), _completion(disclosures), trends.panel(judged)]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def findings(disclosures: Sequence[Disclosure]) -> list[str]:
    """The first finding of each year, newest first, and how far all the documents hold."""
    told = []
    for disclosure in reversed(disclosures):
        _, found = budget_execution.budget_execution(disclosure)
        told.append(f"{disclosure.year}: {found[0]}")
    judged = claims.findings(disclosures[0].data)
    if len(judged):
        told.append(data_quality.verdict(judged))
    return told


def _completion(disclosures: Sequence[Disclosure]) -> pd.DataFrame:
    """Budget completion of every year that has it."""
    rows = []
    for disclosure in disclosures:
        measures = budget.measures(disclosure.amounts, disclosure.cells)
        first = measures.iloc[0]
        if pd.notna(first["value"]):
            rows.append(
                {
                    "series": f"{first['label']} (%)",
                    "label_zh": first["label_zh"],
                    "year": disclosure.year,
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
