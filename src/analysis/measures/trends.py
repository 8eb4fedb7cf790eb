"""Figures across years: one series holds one definition, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis import disclosure
from analysis.checks import claims, formula
from analysis.data.package import DataError, cite, load, records
from analysis.disclosure import documents_of, read_from

# What two figures must share to stand in one series, and how a reader calls it.
DEFINITION = {
    "kind": "kind of figure",
    "population": "population",
    "denominator": "denominator",
    "quantity": "unit",
    "label": "thing counted",
}
WAN = 10_000


class IncomparableError(DataError):
    """Two figures whose definitions differ were to stand in one series."""


def observations(data: str | Path | None = None, years: Sequence[int] = ()) -> pd.DataFrame:
    """Every performance figure of the documents of some years, or of all, with its definition.

    Returns:
        The columns of ``Disclosure.indicators`` and: status (stated, at_least, derived, missing),
        disputed.
    """
    documents = documents_of(years, data)
    judged = pd.concat(
        claims.findings(data, document=document, subject="indicators")
        for document in documents["document"]
    )
    frame = disclosure.observations(documents, judged, data)
    frame["status"] = frame["basis"].where(frame["basis"] == "derived", frame["qualifier"])
    frame["status"] = frame["status"].replace({"exact": "stated", "approximately": "stated"})
    frame.loc[frame["base"].isna(), "status"] = "missing"
    return frame


def series(frame: pd.DataFrame) -> pd.DataFrame:
    """One series over years from observations that share a definition.

    Returns:
        year, value, low, high (base units), status, source, disputed; ascending by year.

    Raises:
        IncomparableError: the definitions differ; the message says which and how.
    """
    for column, name in DEFINITION.items():
        found = frame.drop_duplicates(column)
        if len(found) > 1:
            readings = " / ".join(
                f"{row['label']} ({row['year']})"
                + (f": {row[column] or 'none'}" if column != "label" else "")
                for row in records(found)
            )
            raise IncomparableError(f"not one series: the {name} differs: {readings}")
    columns = ["year", "base", "low", "high", "status", "source", "disputed"]
    return frame[columns].rename(columns={"base": "value"}).sort_values("year", ignore_index=True)


def comparisons(frame: pd.DataFrame) -> pd.DataFrame:
    """What is observed in two years or more: may the figures stand in one series?

    One row for each indicator that can (with how well, and why), and one for each concept whose
    indicators differ.

    Returns:
        label, label_zh, figures (text), comparable (bool), verdict, reason.
    """
    rows = []
    known = frame[(frame["status"] != "missing") & (frame["kind"] != "context")]
    for _, group in known.groupby("concept", sort=False):
        groups = [part for _, part in group.groupby("indicator", sort=False)]
        for part in groups + [group] * (len(groups) > 1):
            if part["year"].nunique() < 2:
                continue
            row: dict[str, object] = {
                "label": " / ".join(part["label"].unique()),
                "label_zh": " / ".join(part["label_zh"].unique()),
                "figures": "; ".join(
                    f"{one['year']}: {one['text']}{' %' if one['quantity'] == 'ratio' else ''}"
                    for one in records(part.sort_values("year"))
                ),
            }
            try:
                series(part)
                row |= {"comparable": True, "verdict": part["comparability"].iloc[0]}
                row["reason"] = part["note"].iloc[0]
            except IncomparableError as error:
                row |= {"comparable": False, "verdict": "no", "reason": str(error)}
            rows.append(row)
    columns = ["label", "label_zh", "figures", "comparable", "verdict", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"comparable": bool})


def panel(frame: pd.DataFrame) -> pd.DataFrame:
    """Every series that may be drawn, in long form for small multiples.

    One panel an indicator observed in two years or more; years between are marked missing.

    Returns:
        series, label_zh, year, value, low, high, kind (stated, derived, at_least, missing),
        text (the value as a reader should see it), note, source, disputed. Rates are in per
        cent, everything else in base units.
    """
    panels = []
    for _, group in frame[frame["kind"] != "context"].groupby("indicator", sort=False):
        if group.loc[group["status"] != "missing", "year"].nunique() < 2:
            continue
        part = series(disclosure.settled(group, ["year"]))
        years = range(part["year"].min(), part["year"].max() + 1)
        part = part.set_index("year").reindex(years).reset_index()
        part["status"] = part["status"].fillna("missing")
        if group["quantity"].iloc[0] == "ratio":
            part[["value", "low", "high"]] *= 100
        first = group.iloc[0]
        unit = "%" if first["quantity"] == "ratio" else first["unit_en"]
        part.insert(0, "series", first["label"] + (f" ({unit})" if unit else ""))
        part.insert(1, "label_zh", first["label_zh"])
        part["note"] = first["note"]
        part["text"] = _texts(part["value"], 1)
        panels.append(part.rename(columns={"status": "kind"}))
    return pd.concat(panels, ignore_index=True) if panels else pd.DataFrame()


def _texts(values: pd.Series[float], digits: int) -> list[str]:
    """Values as a reader should see them: whole numbers whole, others all to the same place."""
    known = values.dropna().astype(float)
    places = 0 if (known == known.round()).all() else digits
    return ["" if pd.isna(value) else f"{value:,.{places}f}" for value in values]


def money(
    data: str | Path | None = None, years: Sequence[int] = (), least: int = 2
) -> pd.DataFrame:
    """Approved budgets, and executed totals as each document counts them, like ``panel`` (万元).

    Executed totals of two documents differ in what they include (transfers, carry-over), so each
    document has a series of its own, given where it tells of at least `least` years.
    """
    documents = documents_of(years, data)
    frame = formula.derive(read_from("amounts", documents, data), data)
    items = load("items", data).set_index("item")["scheme"]
    frame = frame[(frame["item"].map(items) == "total") & (frame["direction"] == "expenditure")]
    frame = frame.assign(source=cite(frame))
    groups = [("Approved budget", "年初预算", frame[frame["phase"] == "approved"])]
    executed = frame[frame["phase"] == "executed"]
    for row in records(documents.sort_values("year", ascending=False)):
        part = executed[executed["document"] == row["document"]]
        groups.append((f"Executed, as the {row['year']} document counts", "支出决算", part))
    panels = []
    for label, label_zh, part in groups:
        if part["year"].nunique() < least:
            continue
        part = disclosure.settled(part, ["year"])
        part = part.set_index("year").reindex(range(part["year"].min(), part["year"].max() + 1))
        kind = part["basis"].where(part["basis"] == "derived", "stated")
        wide = pd.DataFrame(
            {
                "series": f"{label} (万元)",
                "label_zh": label_zh,
                "kind": kind.where(part["base"].notna(), "missing"),
                "source": part["source"].fillna(""),
                "disputed": "",
            }
        )
        wide[["value", "low", "high"]] = part[["base", "low", "high"]].astype(float) / WAN
        wide["text"] = _texts(wide["value"], 2)
        wide["note"] = ""
        panels.append(wide.rename_axis("year").reset_index())
    return pd.concat(panels, ignore_index=True) if panels else pd.DataFrame()
