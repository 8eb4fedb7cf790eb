"""What the money was spent on, cut in every way that the documents allow."""

from __future__ import annotations

import math

import pandas as pd

from analysis.data.tab import own
from analysis.measures import Status, budget
from analysis.measures.budget import WAN, pick, total

__dir__ = own(__name__)

# ways to cut the money of a year: the first three are cuts of the expenditure
SCHEMES = ("funding", "function", "purchase", "project", "nature", "source")


def shares(values: pd.Series[float]) -> pd.Series[float]:
    """Shares in per cent, each for itself; all missing where a value or the total has none.

    A total of zero, or a negative value, has no shares.
    """
    sound = len(values) and values.notna().all() and (values >= 0).all() and values.sum() > 0
    whole = float(values.sum()) if sound else math.nan
    return values.astype(float) / whole * 100


def add_up(found: pd.Series[float], digits: int = 2) -> bool:
    """Whether shares that were rounded for themselves add up to 100."""
    return bool(found.isna().any() or round(float(found.round(digits).sum()), digits) == 100)


def by(scheme: str, amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Money by one of ``SCHEMES``, largest first; empty where it is not disclosed.

    Functional items come from statutory table 03, the others from the text. `funding` is the
    approved budget and each change named, where they make up what was spent; `purchase` is the
    procurement by category, and what was spent outside it.

    Returns:
        kind (part, rest: what the named parts leave), label, label_zh ("" where the kind says
        it), value (万元), share (%), status, reason, source, disputed, corrected.
    """
    chosen = _rows(scheme, amounts, cells)
    chosen["value"] = chosen["base"].astype(float) / WAN
    negative = bool((chosen["value"] < 0).any())
    chosen["share"] = shares(chosen["value"])
    chosen["status"] = Status.NOT_APPLICABLE if negative else Status.COMPUTED
    chosen["reason"] = "negative" if negative else ""
    columns = ["kind", "label", "label_zh", "value", "share", "status", "reason", "source"]
    chosen = chosen[[*columns, "disputed", "corrected"]]
    return chosen.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def _rows(scheme: str, amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The figures of a cut, with their kind."""
    if scheme == "function":
        rows = cells[(cells["table"] == "03") & (cells["column"] == 1)]
        rows = rows[rows["row"].str.fullmatch(r"\d{7}")]
        return rows.assign(disputed="", corrected="", kind="part")
    if scheme == "funding":
        rows = pd.concat(
            [
                pick(amounts, "total", "approved").assign(kind="approved", label="", label_zh=""),
                pick(amounts, "adjustment", "adjusted").assign(kind="part"),
            ]
        )
        spent = total(pick(amounts, "total", "executed"))
        closes = abs(total(rows) - spent) <= budget.TOLERANCE * (len(rows) + 1)
        return rows if closes else rows.iloc[:0]
    if scheme == "purchase":
        procured = budget.procurement(amounts)
        rows = pick(amounts, "procurement", "executed").assign(kind="part")
        if procured is None or rows.empty:
            return rows.iloc[:0]
        both = pd.concat(
            [pick(amounts, "total", "executed"), pick(amounts, "procurement_total", "executed")]
        )
        rest = both.iloc[:1].assign(
            kind="rest", label="", label_zh="", base=procured["rest"] * WAN, corrected="",
            source="; ".join(both["source"]),
        )  # fmt: skip
        return pd.concat([rows, rest])
    direction = "revenue" if scheme == "source" else "expenditure"
    return pick(amounts, scheme, "executed", direction).assign(kind="part")


def cuts(amounts: pd.DataFrame, cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every cut that the disclosure carries, by its id in ``SCHEMES``."""
    found = {scheme: by(scheme, amounts, cells) for scheme in SCHEMES}
    return {scheme: frame for scheme, frame in found.items() if len(frame)}


def hierarchy(cells: pd.DataFrame) -> pd.DataFrame:
    """Table 03 from total to item, empty if it is not disclosed.

    Returns:
        code, label, label_zh, total, basic, projects (万元), level (total, class, division, item),
        share (%), source.
    """
    table = cells[cells["table"] == "03"]
    if not {("total", 1), ("total", 2), ("total", 3)} <= {
        *zip(table["row"], table["column"], strict=True)
    }:
        return pd.DataFrame()  # not disclosed, or not in the national form
    wide = table.assign(value=table["base"].astype(float) / WAN)
    wide = wide.set_index(["row", "label", "label_zh", "column"])["value"].unstack(sort=False)
    wide = wide.reset_index()
    wide["source"] = wide["row"].map(
        table[table["column"] == 1].set_index("row")["source"].to_dict()
    )
    level = {3: "class", 5: "division"}
    wide["level"] = [
        "total" if row == "total" else level.get(len(row), "item") for row in wide["row"]
    ]
    whole = wide.loc[wide["level"] == "total", 1].iloc[0]
    wide["share"] = wide[1] / whole * 100 if whole else math.nan
    return wide.rename(columns={1: "total", 2: "basic", 3: "projects", "row": "code"})
