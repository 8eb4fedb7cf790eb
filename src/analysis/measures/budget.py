"""Was the money spent as planned? Measures of budget execution, with their definitions.

``measures.csv`` holds them, each with its formula and its source: 财预〔2013〕53号 (the ministry's
reference indicators for overall-expenditure performance, department level), or none where the
measure is ours. Money comes in yuan and leaves in 万元; a rate is in per cent. A measure without
a value has a status and the id of a reason. An amount without a number makes a sum unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.data import forms
from analysis.data.package import records
from analysis.data.tab import own
from analysis.measures import Status

__dir__ = own(__name__)

WAN = 10_000
TOLERANCE = 0.005  # half a unit of the last place shown, in 万元
# PI-1 of the PEFA Framework 2016, written for governments: bands of the outturn in per cent
PEFA = (("A", 95, 105), ("B", 90, 110), ("C", 85, 115))


def pick(
    amounts: pd.DataFrame, scheme: str, phase: str, direction: str = "expenditure"
) -> pd.DataFrame:
    """Figures of the disclosure's own year in one classification, phase and direction."""
    keys = zip(*(amounts[key] for key in ("scheme", "phase", "direction", "own")), strict=True)
    return amounts.loc[[key == (scheme, phase, direction, True) for key in keys]]


def before(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which figures are of the year before the disclosure's own."""
    last: pd.Series[bool] = frame["year"] + 1 == frame.loc[frame["own"], "year"].max()
    return last


def total(rows: pd.DataFrame) -> float:
    """The sum in 万元; missing where there is no row, or one of them has no number."""
    known = len(rows) and rows["base"].notna().all()
    return float(rows["base"].sum()) / WAN if known else math.nan


@cache
def rules() -> tuple[dict[str, str], ...]:
    """The measures of ``measures.csv``."""
    return tuple(forms.read(Path(__file__).with_name("measures.csv")))


def quota(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """What the text says is left, where that is on another basis than the accounts.

    Empty where nothing is left, where table 01 closes with the same balance, and where the
    amounts named leave just that.
    """
    told = pick(amounts, "balance", "executed", "balance")
    told = told[told["base"] != 0]
    closing = total(_cell(cells, "01", "60", 2))
    if math.isnan(closing):
        money = [pick(amounts, "total", "approved"), pick(amounts, "adjustment", "adjusted")]
        closing = total(pd.concat(money)) - total(pick(amounts, "total", "executed"))
    same = [abs(base / WAN - closing) <= TOLERANCE for base in told["base"]]
    return told[~pd.Series(same, index=told.index, dtype=bool)]


def measures(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Every measure of ``rules``.

    Returns:
        One row a measure: measure (id), label, label_zh, value (%), numerator and denominator
        (万元), formula, formula_zh, definition (its source, or "" where it is ours), status,
        reason (ids; "" where it is computed), source, disputed.
    """
    approved, executed = (pick(amounts, "total", phase) for phase in ("approved", "executed"))
    changes = pick(amounts, "adjustment", "adjusted")
    named = pd.concat([approved, changes]) if len(changes) else changes
    adjusted, full_year = (pick(amounts, "total", phase) for phase in ("adjusted", "full_year"))
    left = quota(amounts, cells)
    parts = pick(amounts, "three_public", "executed")
    last = amounts[(amounts["scheme"] == "three_public") & before(amounts)]
    last = last[last["phase"] == "executed"]
    figures = {
        "none": amounts.iloc[:0],
        # what a higher level ordered is no change of the department's own: none, not unknown
        "own_changes": changes.assign(base=changes["base"].mask(changes["higher_level"], 0)),
        "named": named,
        "budget": next((one for one in (full_year, adjusted, named) if len(one)), approved),
        "quota": left,
        "executed_and_quota": pd.concat([executed, left]) if len(left) else left,
        "closing": _cell(cells, "01", "60", 2),
        "opening": _cell(cells, "01", "29", 1),
        "public_parts": parts[parts["item"].isin(last["item"])],
        "public_parts_before": last[last["item"].isin(parts["item"])],
    }

    @cache
    def figure(name: str) -> pd.DataFrame:
        scheme, _, phase = name.partition(".")
        return pick(amounts, scheme, phase) if phase else figures[name]

    return pd.DataFrame(
        [_rate(rule, figure(rule["numerator"]), figure(rule["denominator"])) for rule in rules()]
    )


def _cell(cells: pd.DataFrame, table: str, row: str, column: int) -> pd.DataFrame:
    chosen = (cells["table"] == table) & (cells["row"] == row) & (cells["column"] == column)
    return cells[chosen].assign(disputed="")


def _rate(
    rule: dict[str, str], numerator: pd.DataFrame, denominator: pd.DataFrame
) -> dict[str, object]:
    """A rate over disclosed figures, or the status and the reason why there is none."""
    over, under = total(numerator), total(denominator)
    value, status, reason = math.nan, Status.COMPUTED, ""
    if numerator.empty or denominator.empty:
        status, reason = Status.NOT_DISCLOSED, rule["missing"]
    elif math.isnan(over) or math.isnan(under):
        status, reason = Status.NOT_DISCLOSED, "no_number"
    elif rule["compares"] == "different_basis":
        status, reason = Status.DIFFERENT_BASIS, "quota"
    elif under == 0:
        status, reason = Status.NOT_APPLICABLE, "base_zero"
    else:
        value = (over / under - (rule["change"] == "true")) * 100
    return {
        **{key: rule[key] for key in ("measure", "label", "label_zh", "formula", "formula_zh")},
        "definition": rule["source"],
        "value": value,
        "numerator": over,
        "denominator": under,
        "status": status,
        "reason": reason,
        "source": "; ".join(dict.fromkeys([*numerator["source"], *denominator["source"]])),
        "disputed": first([*numerator["disputed"], *denominator["disputed"]]),
    }


def first(texts: Iterable[str]) -> str:
    """The first text that is not blank."""
    return next(filter(None, texts), "")


def items(amounts: pd.DataFrame) -> pd.DataFrame:
    """Budget and executed money of each item that has a budget, with a total.

    Of the projects, or of the functional items where no project has one. The budget is the full
    year's where the items have one, else the approved one. Empty where no item has a budget.

    Returns:
        kind (part, total), item, label, label_zh, phase (of the budget), approved (the budget),
        executed, unspent (万元), rate (%), source, disputed, corrected.
    """
    for scheme in ("project", "function"):
        phase = "full_year" if len(pick(amounts, scheme, "full_year")) else "approved"
        parts = pick(amounts, scheme, phase)
        if scheme == "function":  # the totals of classes and divisions are those of their items
            parts = parts[parts["item"].str.len() == 7]
        if len(parts):
            break
    else:
        return pd.DataFrame()
    whole = pick(amounts, "total", phase)
    spent = pd.concat([pick(amounts, one, "executed") for one in (scheme, "total")])
    frame = pd.concat([parts.assign(kind="part"), whole.assign(kind="total")]).assign(phase=phase)
    frame = frame.merge(spent, "left", on="item", suffixes=("", "_executed"))  # some have none
    other = frame["disputed_executed"].fillna("")
    frame["disputed"] = frame["disputed"].where(frame["disputed"] != "", other)
    frame["source"] += ("; " + frame["source_executed"]).fillna("")
    frame["approved"] = frame["base"].astype(float) / WAN
    frame["executed"] = frame["base_executed"].astype(float) / WAN
    frame["unspent"] = frame["approved"] - frame["executed"]
    frame["rate"] = frame["executed"] / frame["approved"].where(frame["approved"] != 0) * 100
    columns = ["kind", "item", "label", "label_zh", "phase", "approved", "executed", "unspent"]
    return frame[[*columns, "rate", "source", "disputed", "corrected"]]


def bridge(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """From the approved budget over each change named to what was spent and what is left.

    Once as the accounts have it, once with the quota that the text tells of (see ``quota``; the
    two are on different bases). What no change named accounts for is a step of its own. Empty
    where the approved or the executed total, or the amount of a change, is not known.

    Returns:
        kind (approved, change, unnamed, available, executed, left), label, label_zh (of a change,
        else ""), accounts, with_quota (万元; missing where there is none), source, disputed.
    """
    approved, executed = (pick(amounts, "total", phase) for phase in ("approved", "executed"))
    changes, left = pick(amounts, "adjustment", "adjusted"), quota(amounts, cells)
    closing = _cell(cells, "01", "60", 2)
    start, spent, over = total(approved), total(executed), total(left)
    named = total(changes) if len(changes) else 0.0
    if math.isnan(start + spent + named):
        return pd.DataFrame()
    rest = total(closing) if len(closing) else max(start + named - spent, 0.0)
    unnamed = [spent + end - start - named for end in (rest, over)]
    if abs(unnamed[0]) <= TOLERANCE * (len(changes) + 3):
        unnamed[0] = 0.0

    steps = [("approved", start, start, approved)]
    for one in records(changes):
        value = float(one["base"]) / WAN
        steps.append(("change", value, value, changes[changes["figure"] == one["figure"]]))
    if unnamed[0] or (len(left) and unnamed[1]):
        steps.append(("unnamed", unnamed[0], unnamed[1], left))
    steps.append(("available", spent + rest, spent + over, approved.iloc[:0]))
    steps.append(("executed", spent, spent, executed))
    steps.append(("left", rest, over, pd.concat([closing, left])))
    return pd.DataFrame(
        {
            "kind": kind,
            "label": first(of["label"]) if kind == "change" else "",
            "label_zh": first(of["label_zh"]) if kind == "change" else "",
            "accounts": accounts,
            "with_quota": ending if len(left) else math.nan,
            "source": "; ".join(of["source"]),
            "disputed": first(of["disputed"]),
        }
        for kind, accounts, ending, of in steps
    )


def revenue(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Revenue by source as the text states it beside the columns of statutory table 02.

    A source is set beside the column that its item says books it; a county's appropriation stands
    beside the appropriation of all levels, for the table has no narrower column.

    Returns:
        kind (part, total), label, label_zh, told, booked, difference (万元), source, disputed.
    """
    parts = pick(amounts, "source", "executed", "revenue")
    whole = pick(amounts, "total", "executed", "revenue")
    if parts.empty:
        return parts
    frame = pd.concat([parts.assign(kind="part"), whole.assign(kind="total", booked_in="total")])
    totals = cells[(cells["table"] == "02") & (cells["row"] == "total")]
    names = {
        column: one["id"] for (table, _, column), one in forms.COLUMNS.items() if table == "02"
    }
    booked = totals.set_index(totals["column"].map(names))
    frame["told"] = frame["base"].astype(float) / WAN
    frame["booked"] = frame["booked_in"].map(booked["base"].astype(float)) / WAN
    frame["difference"] = frame["told"] - frame["booked"]
    frame["source"] += ("; " + frame["booked_in"].map(booked["source"])).fillna("")
    columns = ["label", "label_zh", "disputed", "kind", "told", "booked", "difference", "source"]
    return frame[columns].reset_index(drop=True)


def pefa(outturn: float) -> str:
    """The band A to D that PI-1 of PEFA 2016 would give an outturn over the approved budget (%).

    PEFA rates governments, over three years: for one office and one year it is an illustration.
    """
    outturn = round(outturn, 9)  # 110 % is 110 %
    return next((band for band, low, high in PEFA if low <= outturn <= high), "D")


def others(amounts: pd.DataFrame, shown: frozenset[str]) -> pd.DataFrame:
    """Money of the own year in every classification that is not `shown`, and of the year before.

    Returns:
        scheme, item, label, label_zh, approved, executed, last (executed in the year before),
        named (changes and prices, which are of no phase), last_low, last_high (万元), derived
        (that last is), source, disputed.
    """
    phase = amounts["phase"].replace({"adjusted": "approved", "full_year": "approved"})
    phase = phase.mask(amounts["scheme"].isin(["change", "price"]), "named")
    told = amounts.assign(phase=phase.mask(before(amounts), "last"))
    rows = []
    for _, group in told[~(told["scheme"].isin(shown) & told["own"])].groupby("item", sort=False):
        known = dict(zip(group["phase"], group["base"].astype(float) / WAN, strict=True))
        past = group[group["phase"] == "last"]
        low, high = (past[key].astype(float).sum(min_count=1) / WAN for key in ("low", "high"))
        rows.append(
            {
                **{key: group[key].iloc[0] for key in ("scheme", "label", "label_zh", "item")},
                **{
                    key: known.get(key, math.nan)
                    for key in ("approved", "executed", "last", "named")
                },
                "last_low": low,
                "last_high": high,
                "derived": bool((past["basis"] == "derived").any()),
                "source": "; ".join(group["source"]),
                "disputed": first(group["disputed"]),
            }
        )
    return pd.DataFrame(rows)


def change(amounts: pd.DataFrame) -> dict[str, float] | None:
    """Change of the executed total on the year before, where that is stated or implied.

    Returns:
        this, last, last_low, last_high, difference (万元), rate (%, missing over zero), derived;
        None where the year before is unknown.
    """
    totals = amounts[(amounts["scheme"] == "total") & (amounts["phase"] == "executed")]
    totals = totals[(totals["direction"] == "expenditure") & totals["base"].notna()]
    now, past = totals[totals["own"]], totals[before(amounts).reindex(totals.index)]
    if now.empty or past.empty:
        return None
    this, last = total(now), total(past)
    return {
        "this": this,
        "last": last,
        "last_low": float(past["low"].iloc[0]) / WAN,
        "last_high": float(past["high"].iloc[0]) / WAN,
        "difference": round(this - last, 6),
        "derived": past["basis"].iloc[0] == "derived",
        "rate": (this / last - 1) * 100 if last else math.nan,
    }


def procurement(amounts: pd.DataFrame) -> dict[str, float] | None:
    """Procurement and what was spent outside it (万元), and its share of the expenditure (%).

    None where one of the two is not disclosed.
    """
    procured = total(pick(amounts, "procurement_total", "executed"))
    spent = total(pick(amounts, "total", "executed"))
    if math.isnan(procured + spent) or not spent:
        return None
    return {"value": procured, "rest": spent - procured, "share": procured / spent * 100}
