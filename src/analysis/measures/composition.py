"""What the money was spent on: shares that add up, and how concentrated they are."""

from __future__ import annotations

import math

import pandas as pd

WAN = 10_000  # one 万元 in yuan

SCHEMES = {
    "project": "by project",
    "function": "by functional item",
    "nature": "by basic and project expenditure",
    "procurement": "by procurement category",
    "source": "by source",
}


def shares(values: pd.Series[float], digits: int = 2) -> pd.Series[float]:
    """Shares in per cent that add up to exactly 100 at `digits` places.

    Largest-remainder (Hare) rounding: each share is rounded down, and the units that are left
    go to the largest remainders. A total of zero has no shares (all missing).

    Raises:
        ValueError: a value is negative.
    """
    if (values < 0).any():
        raise ValueError(f"shares of negative values: {values.tolist()}")
    total = values.sum()
    if values.empty or total == 0:
        return pd.Series(math.nan, index=values.index, dtype=float)
    exact = values.astype(float) / float(total) * 100 * 10**digits
    floors = exact.round(6).apply(math.floor)
    left = 100 * 10**digits - int(floors.sum())
    lucky = (exact - floors).sort_values(ascending=False, kind="stable").index[:left]
    floors.loc[lucky] += 1
    rounded: pd.Series[float] = floors / 10**digits
    return rounded


def concentration(values: pd.Series[float]) -> float:
    """Herfindahl–Hirschman index: the sum of squared shares, from 1/n (even) to 1 (one item).

    Source: Hirschman (1964), The paternity of an index. Missing when the total is zero.
    """
    total = float(values.sum())
    return float(((values.astype(float) / total) ** 2).sum()) if total else math.nan


def by(scheme: str, amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Executed money by one classification, largest first; empty where it is not disclosed.

    Args:
        scheme: one of ``SCHEMES``; functional items come from statutory table 03, the others
            from the text.

    Returns:
        label, label_zh, value (万元), share (%), status (why there is no share, or ""), source,
        disputed, corrected.
    """
    if scheme == "function":
        chosen = cells[(cells["table"] == "03") & (cells["column"] == 1)]
        chosen = chosen[chosen["row"].str.fullmatch(r"\d{7}")].assign(disputed="", corrected="")
        chosen["label"] = chosen["row"] + " " + chosen["label"]
    else:
        executed = (amounts["scheme"] == scheme) & (amounts["phase"] == "executed")
        chosen = amounts[executed & amounts["own"]].copy()
    chosen["value"] = chosen["base"].astype(float) / WAN
    negative = bool((chosen["value"] < 0).any())
    chosen["share"] = math.nan if negative else shares(chosen["value"])
    chosen["status"] = "not applicable: an item is negative" if negative else ""
    columns = ["label", "label_zh", "value", "share", "status", "source", "disputed", "corrected"]
    return chosen.sort_values("value", ascending=False, kind="stable")[columns].reset_index(
        drop=True
    )


def hierarchy(cells: pd.DataFrame) -> pd.DataFrame:
    """Table 03 from total to item, empty if it is not disclosed.

    Returns:
        code, label, label_zh, total, basic, project (万元), level, share (%), source.
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
    wide["share"] = wide[1] / wide.loc[wide["row"] == "total", 1].iloc[0] * 100
    return wide.rename(columns={1: "total", 2: "basic", 3: "project", "row": "code"})


def classifications(amounts: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """The schemes of ``SCHEMES`` that the disclosure carries."""
    return [scheme for scheme in SCHEMES if not by(scheme, amounts, cells).empty]


def concentrations(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Concentration of each classification that is disclosed.

    Returns:
        label, items (above zero), largest (%), index, even (index if all items took the same).
    """
    rows = []
    for scheme in classifications(amounts, cells):
        values = by(scheme, amounts, cells)["value"]
        items = int((values > 0).sum())
        if items and (values >= 0).all():
            rows.append(
                {
                    "label": SCHEMES[scheme][0].upper() + SCHEMES[scheme][1:],
                    "items": items,
                    "largest": shares(values).max(),
                    "index": concentration(values),
                    "even": 1 / items,
                }
            )
    return pd.DataFrame(rows, columns=["label", "items", "largest", "index", "even"])
