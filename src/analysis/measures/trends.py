"""Figures across years: one series holds one definition, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import disclosure
from analysis.checks import claims, formula
from analysis.data.package import DataError, Package, cite, records
from analysis.data.tab import own
from analysis.disclosure import documents_of, read_from
from analysis.measures import Status
from analysis.measures.budget import WAN

__dir__ = own(__name__)

# what two figures must share to stand in one series
DEFINITION = ("kind", "population", "denominator", "quantity", "label")
# what a reader of a series needs besides
DESCRIBED = ("label", "label_zh", "quantity", "unit", "base_en", "base_zh", "theme", "share_of",
             "better", "note", "note_zh")  # fmt: skip


class IncomparableError(DataError):
    """Two figures whose definitions differ were to stand in one series.

    `column` of ``DEFINITION`` differs.
    """

    def __init__(self, column: str, found: pd.DataFrame) -> None:
        readings = " / ".join(
            f"{row['label']} ({row['year']})"
            + (f": {row[column] or 'none'}" if column != "label" else "")
            for row in records(found)
        )
        super().__init__(f"not one series: {column} differs: {readings}")
        self.column = column


def observations(package: Package, years: Sequence[int] = ()) -> pd.DataFrame:
    """Every performance figure of the documents of some years, or of all, with its definition.

    Returns:
        The columns of ``Disclosure.indicators`` and: known (stated, at_least, derived, missing).
    """
    documents = documents_of(years, package)
    judged = pd.concat(
        claims.findings(package, document=document, subject="indicators")
        for document in documents["document"]
    )
    frame = disclosure.observations(documents, judged, package)
    frame["known"] = frame["basis"].where(frame["basis"] == "derived", frame["qualifier"])
    frame["known"] = frame["known"].replace({"exact": "stated", "approximately": "stated"})
    frame.loc[frame["base"].isna(), "known"] = "missing"
    return frame


def series(frame: pd.DataFrame) -> pd.DataFrame:
    """One series over years from observations that share a definition.

    Returns:
        year, value, low, high (base units), known, source, disputed; ascending by year.

    Raises:
        IncomparableError: the definitions differ; the message says which and how.
    """
    for column in DEFINITION:
        if len({*frame[column]}) > 1:
            raise IncomparableError(column, frame.drop_duplicates(column))
    columns = ["year", "base", "low", "high", "known", "source", "disputed"]
    return frame[columns].rename(columns={"base": "value"}).sort_values("year", ignore_index=True)


def comparisons(frame: pd.DataFrame) -> pd.DataFrame:
    """What is observed in two years or more: may the figures stand in one series?

    One row for each indicator that can, and one for each concept whose indicators differ.

    Returns:
        concept, status (computed, not_comparable), verdict (probably, roughly, single … of the
        definitions), differs (column of ``DEFINITION``, or ""), observed (list of the rows),
        note, note_zh.
    """
    rows = []
    known = frame[(frame["known"] != "missing") & (frame["kind"] != "context")]
    known = known[known.groupby("concept")["year"].transform("nunique") > 1]  # most are of one
    for concept, group in known.groupby("concept", sort=False):
        groups = [part for _, part in group.groupby("indicator", sort=False)]
        for part in groups + [group] * (len(groups) > 1):
            if part["year"].nunique() < 2:
                continue
            part = part.sort_values("year", kind="stable")
            row: dict[str, object] = {"concept": concept, "observed": records(part)}
            row |= {key: part[key].iloc[0] for key in ("note", "note_zh")}
            try:
                series(part)
                row |= {"status": Status.COMPUTED, "differs": ""}
                row["verdict"] = part["comparability"].iloc[0]
            except IncomparableError as error:
                row |= {"status": Status.NOT_COMPARABLE, "differs": error.column, "verdict": "no"}
            rows.append(row)
    columns = ["concept", "status", "verdict", "differs", "observed", "note", "note_zh"]
    return pd.DataFrame(rows, columns=columns)


def panel(frame: pd.DataFrame) -> pd.DataFrame:
    """Every series that may be drawn, in long form for small multiples.

    One panel an indicator observed in two years or more; years between are marked missing.

    Returns:
        series (indicator), the columns of the definition that a reader needs, year, value, low,
        high (per cent for rates, base units else), known, source, disputed.
    """
    panels = []
    frame = frame[frame["kind"] != "context"]
    years = frame["year"].where(frame["known"] != "missing")
    several = years.groupby(frame["indicator"]).transform("nunique") > 1
    for indicator, group in frame[several].groupby("indicator", sort=False):
        part = series(disclosure.settled(group, ["year"]))
        part = _every_year(part.set_index("year"))
        if group["quantity"].iloc[0] == "ratio":
            part[["value", "low", "high"]] *= 100
        panels.append(part.assign(series=indicator, **{c: group[c].iloc[0] for c in DESCRIBED}))
    empty = pd.DataFrame(columns=["series", "year", "value", "known", *DESCRIBED])
    return pd.concat(panels, ignore_index=True) if panels else empty


def _every_year(part: pd.DataFrame) -> pd.DataFrame:
    """The series with a row, marked missing, for each year between that is not known."""
    years = pd.RangeIndex(part.index.min(), part.index.max() + 1, name="year")
    part = part.reindex(years).reset_index()
    part["known"] = part["known"].fillna("missing")
    return part.fillna({"source": "", "disputed": ""})


def moves(panels: pd.DataFrame) -> pd.DataFrame:
    """First and last known value of each series, and the change between them.

    Returns:
        The descriptive columns of ``panel`` and: first_year, last_year, first, last, difference,
        rate (%; missing over zero), derived (either of the two is).
    """
    known = panels[panels["value"].notna()].groupby("series", sort=False)
    first, last = (known.nth(place).set_index("series", drop=False) for place in (0, -1))
    moved = last.assign(
        first_year=first["year"],
        last_year=last["year"],
        first=first["value"].astype(float),
        last=last["value"].astype(float),
        derived=(first["known"] == "derived") | (last["known"] == "derived"),
    )
    moved["difference"] = moved["last"] - moved["first"]
    moved["rate"] = (moved["last"] / moved["first"].where(moved["first"] != 0) - 1) * 100
    return moved.reset_index(drop=True)


def money(package: Package, years: Sequence[int] = ()) -> pd.DataFrame:
    """Approved budgets and executed totals by year, as each document tells them.

    Executed totals of two documents may differ in what they include (transfers, carry-over), so
    each document has a series of its own.

    Returns:
        series (approved, or the document), phase, document, year, value, low, high (万元), known
        (stated, derived, missing), source, disputed; one row a year and series, oldest first.
    """
    documents = documents_of(years, package)
    frame = formula.derive(read_from("amounts", documents, package), package)
    items = package.load("items").set_index("item")["scheme"]
    frame = frame[(frame["item"].map(items) == "total") & (frame["direction"] == "expenditure")]
    frame = frame[frame["base"].notna()].assign(source=cite(frame), disputed="")
    frame["known"] = frame["basis"].where(frame["basis"] == "derived", "stated")
    frame["value"] = frame["base"]
    frame[["value", "low", "high"]] = frame[["value", "low", "high"]].astype(float) / WAN
    columns = ["year", "value", "low", "high", "known", "source", "disputed"]
    panels = []
    for series in ("approved", *documents.sort_values("year", kind="stable")["document"]):
        phase = "approved" if series == "approved" else "executed"
        part = frame[frame["phase"] == phase]
        if series != phase:
            part = part[part["document"] == series]
        if len(part):
            part = _every_year(disclosure.settled(part, ["year"])[columns].set_index("year"))
            panels.append(part.assign(series=series, phase=phase))
    empty = pd.DataFrame(columns=[*columns, "series", "phase"])
    return pd.concat(panels, ignore_index=True) if panels else empty
