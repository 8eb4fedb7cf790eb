"""Drug-control indicators: shares, test results with their uncertainty, unit costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import pandas as pd

from analysis.data.package import records
from analysis.measures import budget


def wilson(positives: int, tests: int) -> tuple[float, float]:
    """Wilson 95 % score interval of a proportion, as shares; defined for zero positives too.

    Source: Wilson (1927), J. Am. Stat. Assoc. 22, p. 209.

    Raises:
        ValueError: there are no tests, or more positives than tests.
    """
    if not 0 <= positives <= tests or not tests:
        raise ValueError(f"{positives} positives of {tests} tests")
    z = NormalDist().inv_cdf(0.975)
    centre = positives + z * z / 2
    half = z * math.sqrt(positives * (tests - positives) / tests + z * z / 4)
    low, high = (centre - half) / (tests + z * z), (centre + half) / (tests + z * z)
    return min(low, positives / tests), max(high, positives / tests)  # but for binary rounding


def latest(indicators: pd.DataFrame) -> pd.DataFrame:
    """Observations about the disclosure's own year."""
    now: pd.DataFrame = indicators[indicators["own"]]
    return now


def parts(indicators: pd.DataFrame) -> pd.DataFrame:
    """Every indicator that is a part of another one of the same year, with its share.

    Returns:
        The columns of the observations and: k, n, estimate, low, high (shares; the bounds only
        where the count comes from a sample), whole (label of what it is a part of).
    """
    now = latest(indicators)
    wholes = now.drop_duplicates("indicator").set_index("indicator")
    frame = now[now["share_of"].isin(wholes.index) & now["base"].notna()].copy()
    frame["k"] = frame["base"].astype(float)
    frame["n"] = frame["share_of"].map(wholes["base"]).astype(float)
    frame["whole"] = frame["share_of"].map(wholes["label"])
    frame["source"] = frame["source"] + "; " + frame["share_of"].map(wholes["source"])
    frame = frame[frame["n"] > 0].reset_index(drop=True)
    frame["estimate"] = frame["k"] / frame["n"]
    bounds = [
        wilson(int(k), int(n)) if sampled and k <= n else (math.nan, math.nan)
        for k, n, sampled in zip(frame["k"], frame["n"], frame["sampled"], strict=True)
    ]
    frame["low"] = [low for low, _ in bounds]
    frame["high"] = [high for _, high in bounds]
    return frame


def listing(indicators: pd.DataFrame, themes: Sequence[str]) -> pd.DataFrame:
    """Every figure of some themes, ready to be shown.

    Returns:
        label, label_zh, year, text, unit_en, over (what it is a part or rate of, or ""), share
        (%), note (the definition's caveat as a sentence, or ""), source, disputed, corrected.
    """
    chosen = indicators[indicators["theme"].isin(themes)].copy()
    shares = parts(indicators).set_index("figure")
    chosen["share"] = chosen["figure"].map(shares["estimate"]).astype(float) * 100
    chosen["over"] = chosen["figure"].map(shares["whole"]).fillna(chosen["denominator"])
    chosen.loc[chosen["quantity"] == "ratio", "unit_en"] = "%"
    chosen["year"] = chosen["year"].astype(str)
    caveat = chosen["label"] + ": " + chosen["note"] + "."
    chosen["note"] = caveat.where(chosen["note"] != "", "")
    columns = ["label", "label_zh", "year", "text", "unit_en", "over", "share", "note"]
    return chosen[[*columns, "source", "disputed", "corrected"]].reset_index(drop=True)


def tests(indicators: pd.DataFrame) -> pd.DataFrame:
    """Tests by population with positives where stated.

    Returns:
        One row a result: label, label_zh, tests (text, "≥" for a bound), n, positives and k
        (both the count), rate, low, high (%), status (why there is none of them, or ""), source,
        disputed, corrected.
    """
    now = latest(indicators)
    samples = now[now["kind"] == "sample"]
    results = parts(indicators)
    results = results[results["sampled"]]
    rows = []
    for sample in records(samples):
        told = records(results[results["share_of"] == sample["indicator"]])
        for result in told or [{}]:
            row = {c: sample[c] for c in ("label", "label_zh", "source", "disputed", "corrected")}
            n = math.nan if pd.isna(sample["base"]) else float(sample["base"])
            row |= {"tests": sample["text"], "n": n, "status": ""}
            row |= dict.fromkeys(("positives", "k", "rate", "low", "high"), math.nan)
            if not result:
                row["status"] = "not disclosed: the result is not stated"
            elif result["k"] > result["n"]:
                row["status"] = "not applicable: more positives than tests"
            else:
                row |= {"positives": result["k"], "k": result["k"], "source": result["source"]}
                row |= {key: result[key] * 100 for key in ("low", "high")}
                row["rate"] = result["estimate"] * 100
            if len(told) > 1:
                row["label"] += f": {result['label']}"
            rows.append(row)
    columns = ["label", "tests", "k", "n", "rate", "low", "high", "status"]
    return pd.DataFrame(rows, columns=None if rows else columns)


def unit_costs(indicators: pd.DataFrame, amounts: pd.DataFrame) -> pd.DataFrame:
    """Money over count for every item that a definition names as paying for an indicator.

    Where an item pays for several indicators their counts are added; the documents tie no count
    to the money, so the true cost may be higher or lower. A price printed in the
    document is multiplied by the count instead: the cost at list price.

    Returns:
        label, label_zh, money (万元), count, cost (yuan), meaning, source, disputed, corrected.
    """
    now = latest(indicators)
    rows = []
    for item, group in now[now["paid_by"] != ""].groupby("paid_by", sort=False):
        money = amounts[(amounts["item"] == item) & amounts["own"]]
        spent = money[money["phase"] == "executed"]
        price = money[money["scheme"] == "price"]
        chosen = spent if len(spent) else price
        if chosen.empty or group["base"].isna().any() or not group["base"].sum():
            continue
        base, count = float(chosen["base"].iloc[0]), float(group["base"].sum())
        listed = chosen is price
        rows.append(
            {
                "label": chosen["label"].iloc[0],
                "label_zh": chosen["label_zh"].iloc[0],
                "money": base * (count if listed else 1) / budget.WAN,
                "count": count,
                "cost": base if listed else base / count,
                "meaning": "price × count, if each took the whole unit"
                if listed
                else "spent / count, if it paid for exactly these",
                "disputed": chosen["disputed"].iloc[0],
                "corrected": chosen["corrected"].iloc[0],
                "source": "; ".join([*chosen["source"], *group["source"]]),
            }
        )
    return pd.DataFrame(rows)
