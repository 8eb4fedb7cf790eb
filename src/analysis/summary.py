"""Headline figures of every year, for the index."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from . import trends


def headlines(data: str | Path | None = None) -> pd.DataFrame:
    """Money and the series that may be compared, in the form of ``trends.panel``."""
    observed = trends.observations(data)
    judged = observed[observed["better"] != "neither"]
    frames = [frame for frame in (trends.money(data), trends.panel(judged)) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
