"""Performance indicators: shares, changes, test results with their uncertainty, intensity."""

from __future__ import annotations

import math
from statistics import NormalDist

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.measures import Status, budget

__dir__ = own(__name__)

# Scores from which a self-evaluation earns its grade: 财预〔2020〕10号.
GRADES = {"excellent": 90, "good": 80, "fair": 60, "poor": 0}


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
    return (centre - half) / (tests + z * z), (centre + half) / (tests + z * z)


def latest(indicators: pd.DataFrame) -> pd.DataFrame:
    """Observations about the disclosure's own year."""
    now: pd.DataFrame = indicators[indicators["own"]]
    return now


def parts(indicators: pd.DataFrame) -> pd.DataFrame:
    """Every indicator that is a part of another one of the same year, with its share.

    Returns:
        The columns of the observations and: k, n, share, low, high (%; the bounds only where the
        document speaks of a sample), whole, whole_zh (labels of what it is a part of).
    """
    now = latest(indicators)
    wholes = now.drop_duplicates("indicator").set_index("indicator")
    frame = now[now["share_of"].isin(wholes.index) & now["base"].notna()].copy()
    frame["k"] = frame["base"].astype(float)
    frame["n"] = frame["share_of"].map(wholes["base"]).astype(float)
    frame["whole"] = frame["share_of"].map(wholes["label"])
    frame["whole_zh"] = frame["share_of"].map(wholes["label_zh"])
    frame["source"] = frame["source"] + "; " + frame["share_of"].map(wholes["source"])
    frame = frame[frame["n"] > 0].reset_index(drop=True)
    frame["share"] = frame["k"] / frame["n"] * 100
    bounds = [
        wilson(int(k), int(n)) if sampled and k <= n else (math.nan, math.nan)
        for k, n, sampled in zip(frame["k"], frame["n"], frame["sampled"], strict=True)
    ]
    frame["low"], frame["high"] = ([one[side] * 100 for one in bounds] for side in (0, 1))
    return frame


def ledger(indicators: pd.DataFrame) -> pd.DataFrame:
    """Stocks of the own year cut into their parts, e.g. registered persons into risk tiers.

    A whole is a stock that has a part above zero which is a stock too. What its parts leave is a
    row of its own, marked derived; a part that is itself a whole is not subtracted with the
    others (they may overlap), but what it leaves of its own whole follows its parts.

    Returns:
        ledger (indicator of the whole), kind (whole, part, rest, outside), indicator, label,
        label_zh (both "" for rest), base_zh, whole, whole_zh, value, share (%),
        derived, source, disputed.
    """
    stocks = parts(indicators)
    stocks = stocks[(stocks["kind"] == "stock") & (stocks["k"] <= stocks["n"])]
    now = latest(indicators).drop_duplicates("indicator")
    wholes = {*stocks.loc[stocks["k"] > 0, "share_of"]}
    rows = []
    for _, whole in now[now["indicator"].isin(wholes)].iterrows():
        name, n = whole["indicator"], float(whole["base"])
        of = {"ledger": name, "whole": whole["label"], "whole_zh": whole["label_zh"]}
        chosen = stocks[(stocks["share_of"] == name) & ~stocks["indicator"].isin(wholes)]

        def row(kind: str, value: float, one: pd.Series[str], over: float) -> dict[str, object]:
            derived = kind in ("rest", "outside")
            return {**of, "kind": kind, "value": value, "derived": derived,  # noqa: B023
                    **{key: one[key] for key in ("indicator", "label", "label_zh", "base_zh",
                                                 "source", "disputed")},
                    "share": value / over * 100 if over else math.nan}  # fmt: skip

        rows.append(row("whole", n, whole, n))
        rows += [row("part", float(one["k"]), one, n) for _, one in chosen.iterrows()]
        rest = n - float(chosen["k"].sum())
        if len(chosen) and rest > 0:
            rows.append(row("rest", rest, whole, n))
        outside = stocks[(stocks["indicator"] == name) & (stocks["k"] < stocks["n"])]
        outside = outside.assign(label=outside["whole"], label_zh=outside["whole_zh"])
        for _, one in outside.iterrows():  # in the larger whole, and not in this one
            rows.append(row("outside", float(one["n"] - one["k"]), one, math.nan))
    columns = ["ledger", "kind", "indicator", "label", "label_zh", "base_zh", "whole",
               "whole_zh", "value", "share", "derived", "source", "disputed"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def changes(indicators: pd.DataFrame) -> pd.DataFrame:
    """Every indicator that is told of the year before too.

    Returns:
        The columns of the own year's observations and: last, last_low, last_high (base units;
        missing where no whole number fits the change printed), last_derived, same_period (a flow:
        the document compares the same months), fits.
    """
    past = indicators[budget.before(indicators)].set_index("indicator")
    frame = latest(indicators)
    frame = frame[frame["indicator"].isin(past.index) & frame["base"].notna()].copy()
    for key, column in {"last": "base", "last_low": "low", "last_high": "high"}.items():
        frame[key] = frame["indicator"].map(past[column]).astype(float)
    frame["last_derived"] = frame["indicator"].map(past["basis"]) == "derived"
    frame["same_period"] = frame["kind"] == "flow"
    frame["fits"] = frame["last"].notna()
    frame["source"] = frame["source"] + "; " + frame["indicator"].map(past["source"])
    return frame.reset_index(drop=True)


def tests(indicators: pd.DataFrame) -> pd.DataFrame:
    """Tests by population with positives where stated.

    Returns:
        One row a result: indicator, label, label_zh, base_zh (unit), result, result_zh (labels
        of the result where a sample has several, else ""), n, qualifier (of n: exact, at_least …),
        positives, rate, low, high (%; the interval only where the document speaks of a sample),
        ceiling (%, of the target set against the sample), status, reason, source, disputed,
        corrected.
    """
    now, results = latest(indicators).astype({"base": float}), parts(indicators)
    results = results[results["kind"] == "result"]
    targets = now[(now["kind"] == "target") & now["base"].notna()]
    rows = []
    for sample in records(now[now["kind"] == "sample"]):
        told = records(results[results["share_of"] == sample["indicator"]])
        target = records(targets[targets["set_against"] == sample["indicator"]])[:1]
        for result in told or [{}]:
            row = {**sample, "n": sample["base"], "status": Status.COMPUTED}
            row |= {"result": "", "result_zh": "", "reason": "", "low": None, "high": None}
            if not result:
                row |= {"status": Status.NOT_DISCLOSED, "reason": "no_result"}
            elif result["k"] > result["n"]:
                row |= {"status": Status.NOT_APPLICABLE, "reason": "more_positives"}
            else:
                row |= {"positives": result["k"], "rate": result["share"]}
                row |= {key: result[key] for key in ("low", "high", "source")}
            if len(told) > 1:
                row |= {"result": result["label"], "result_zh": result["label_zh"]}
            for one in target:
                row |= {"ceiling": one["base"] * 100}
                row["source"] = f"{row['source']}; {one['source']}"
            rows.append(row)
    texts = ["indicator", "label", "label_zh", "base_zh", "qualifier", "source", "disputed",
             "corrected", "result", "result_zh", "status", "reason"]  # fmt: skip
    numbers = ["n", "positives", "rate", "low", "high", "ceiling"]
    return pd.DataFrame(rows, columns=[*texts, *numbers]).astype(dict.fromkeys(numbers, float))


def intensity(indicators: pd.DataFrame) -> pd.DataFrame:
    """How often each member of a group was reached: events over the stock they are set against.

    Returns:
        indicator, label, label_zh, per, per_zh (labels of the stock), events, count, rate
        (events for each member), source, disputed.
    """
    known = latest(indicators)
    known = known[known["base"] > 0]
    events, stocks = known[known["kind"] == "events"], known[known["kind"] == "stock"]
    both = events.merge(
        stocks, left_on="set_against", right_on="indicator", suffixes=("", "_stock")
    )
    frame = both[["indicator", "label", "label_zh", "disputed"]].copy()
    frame["per"], frame["per_zh"] = both["label_stock"], both["label_zh_stock"]
    frame["events"] = both["base"].astype(float)
    frame["count"] = both["base_stock"].astype(float)
    frame["rate"] = frame["events"] / frame["count"]
    frame["source"] = both["source"] + "; " + both["source_stock"]
    return frame


def results_of(indicators: pd.DataFrame, item: str) -> pd.DataFrame:
    """The observations of the own year that a definition names as what an item paid for."""
    return indicators[indicators["own"] & (indicators["paid_by"] == item)]


def at_list_price(indicators: pd.DataFrame, amounts: pd.DataFrame) -> pd.DataFrame:
    """What the persons counted would cost at a price that the document prints: our own test.

    Returns:
        item, label, label_zh (of the priced thing), price (万元), count, cost (万元), share (of
        the approved budget, %), rest (spent outside procurement, 万元), source, disputed.
    """
    prices = amounts[(amounts["scheme"] == "price") & amounts["own"] & amounts["base"].notna()]
    approved = budget.total(budget.pick(amounts, "total", "approved"))
    procured = budget.procurement(amounts)
    rows = []
    for price in records(prices):
        counted = results_of(indicators, price["item"])
        if counted.empty or counted["base"].isna().any():
            continue
        each, count = float(price["base"]) / budget.WAN, float(counted["base"].sum())
        rows.append(
            {
                "item": price["item"],
                "label": counted["label"].iloc[0],
                "label_zh": counted["label_zh"].iloc[0],
                "price": each,
                "count": count,
                "cost": each * count,
                "share": each * count / approved * 100 if approved else math.nan,
                "rest": procured["rest"] if procured else math.nan,
                "source": "; ".join([price["source"], *counted["source"]]),
                "disputed": price["disputed"],
            }
        )
    return pd.DataFrame(rows)


def grade(score: float) -> str:
    """The id in ``GRADES`` of the grade that a self-evaluation score earns (财预〔2020〕10号)."""
    return next(name for name, least in GRADES.items() if score >= least)
