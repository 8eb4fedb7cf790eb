"""Was the money spent as planned? Measures of budget execution, with their published definitions.

Sources: 财预〔2013〕53号 (the ministry's reference indicators for overall-expenditure performance,
department level) and the PEFA Framework 2016, indicators PI-1 to PI-3. Money comes in yuan and
leaves in 万元; a rate is in per cent. A measure whose base is zero or not disclosed has no value
but a status that says why.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.data.forms import SOURCES
from analysis.data.package import records

WAN = 10_000
PEFA = {  # indicator: bands of the outturn in per cent, best first
    "PI-1": (("A", 95, 105), ("B", 90, 110), ("C", 85, 115)),
    "PI-3": (("A", 97, 106), ("B", 94, 112), ("C", 92, 116)),
}
LACK = {
    "PI-1": "no approved or no executed total is stated",
    "PI-2": "no budget for each item is stated",
    "PI-3": "no approved revenue is stated",
}
PI2 = (("A", 5), ("B", 10), ("C", 15))


def pick(
    amounts: pd.DataFrame, scheme: str, phase: str, direction: str = "expenditure"
) -> pd.DataFrame:
    """Figures of the disclosure's own year in one classification, phase and direction."""
    chosen: pd.DataFrame = amounts[
        (amounts["scheme"] == scheme)
        & (amounts["phase"] == phase)
        & (amounts["direction"] == direction)
        & amounts["own"]
    ]
    return chosen


@cache
def rules() -> tuple[dict[str, str], ...]:
    """The measures of 财预〔2013〕53号 that concern money, as read from ``measures.csv``."""
    path = Path(__file__).with_name("measures.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def measures(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Every measure of ``rules``.

    Returns:
        One row a measure: label, label_zh, value (%), numerator and denominator (万元), formula,
        status (why there is no value, or ""), source, disputed.
    """
    approved, executed = (pick(amounts, "total", phase) for phase in ("approved", "executed"))
    changes = pick(amounts, "adjustment", "adjusted")
    adjusted = pd.concat([approved, changes]) if len(changes) else changes
    opening, closing = _cell(cells, "01", "29", 1), _cell(cells, "01", "60", 2)
    # the text may tell of a balance that the table does not hold
    told = pick(amounts, "balance", "executed", "balance")
    parts = (amounts["scheme"] == "three_public") & (amounts["phase"] == "executed")
    figures = {
        "none": amounts.iloc[:0],
        "approved": approved,
        "executed": executed,
        "changes": changes,
        "own changes": changes[~changes["higher_level"]],
        "adjusted": adjusted,
        "budget": adjusted if len(changes) else approved,
        "closing": closing,
        "closing as told": closing.assign(disputed=_first(told["disputed"])),
        "opening as told": opening.assign(disputed=_first(changes["disputed"])),
        "public executed": pick(amounts, "three_public_total", "executed"),
        "public approved": pick(amounts, "three_public_total", "approved"),
        "public parts": pick(amounts, "three_public", "executed"),
        "public parts last year": amounts[parts & before(amounts)],
        "agency executed": pick(amounts, "agency", "executed"),
        "agency approved": pick(amounts, "agency", "approved"),
        "procured": pick(amounts, "procurement_total", "executed"),
        "procurement budget": pick(amounts, "procurement_total", "approved"),
        "projects": pick(amounts, "project", "executed"),
    }
    return pd.DataFrame(
        _rate(rule, figures[rule["numerator"]], figures[rule["denominator"]]) for rule in rules()
    )


def before(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which figures are of the year before the disclosure's own."""
    last: pd.Series[bool] = frame["year"] + 1 == frame.loc[frame["own"], "year"].max()
    return last


def _cell(cells: pd.DataFrame, table: str, row: str, column: int) -> pd.DataFrame:
    chosen = (cells["table"] == table) & (cells["row"] == row) & (cells["column"] == column)
    return cells[chosen].assign(disputed="")


def _sum(rows: pd.DataFrame) -> float:
    return float(rows["base"].sum())


def _first(texts: Iterable[str]) -> str:
    """The first text that is not blank."""
    return next(filter(None, texts), "")


def _rate(
    rule: dict[str, str], numerator: pd.DataFrame, denominator: pd.DataFrame
) -> dict[str, object]:
    """A rate over disclosed figures, or the reason why there is none."""
    parts = pd.concat([numerator, denominator])
    value, status = math.nan, ""
    if numerator.empty or denominator.empty:
        status = "not disclosed" + (f": {rule['missing']}" if rule["missing"] else "")
    elif _sum(denominator) == 0:
        status = "not applicable: the base is zero"
    else:
        change = rule["formula"].endswith("− 1")
        value = (_sum(numerator) / _sum(denominator) - change) * 100
    return {
        "label": rule["label"],
        "label_zh": rule["label_zh"],
        "value": value,
        "numerator": _sum(numerator) / WAN if len(numerator) else math.nan,
        "denominator": _sum(denominator) / WAN if len(denominator) else math.nan,
        "formula": rule["formula"],
        "status": status,
        "source": "; ".join(dict.fromkeys(parts["source"])),
        "disputed": _first(parts["disputed"]),
    }


def projects(amounts: pd.DataFrame) -> pd.DataFrame:
    """Approved and executed money of each project, with a total; empty if not disclosed.

    Returns:
        label, label_zh, approved, executed, unspent (万元), rate (%), source, disputed, corrected.
    """
    parts = []
    for scheme in ("project", "total"):
        approved = pick(amounts, scheme, "approved").set_index("item")
        executed = pick(amounts, scheme, "executed").set_index("item")
        both = approved.merge(  # also those of whose execution nothing is told
            executed, how="left", left_index=True, right_index=True, suffixes=("", "_executed")
        )
        if scheme == "project" and both.empty:
            return pd.DataFrame()
        parts.append(
            pd.DataFrame(
                {
                    "label": both["label"],
                    "label_zh": both["label_zh"],
                    "approved": both["base"].astype(float) / WAN,
                    "executed": both["base_executed"].astype(float) / WAN,
                    "source": both["source"] + ("; " + both["source_executed"]).fillna(""),
                    "disputed": both["disputed"].where(
                        both["disputed"] != "", both["disputed_executed"].fillna("")
                    ),
                    "corrected": both["corrected"],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    frame["unspent"] = frame["approved"] - frame["executed"]
    frame["rate"] = frame["executed"] / frame["approved"].where(frame["approved"] != 0) * 100
    return frame


def bridge(amounts: pd.DataFrame) -> pd.DataFrame:
    """From the approved budget over each adjustment to the executed total; empty if none is.

    What the adjustments do not explain is a step of its own.

    Returns:
        label, label_zh, value (万元), kind (start, change, total), source, disputed.
    """
    approved = pick(amounts, "total", "approved").assign(
        kind="start", label="Approved budget", label_zh="年初预算"
    )
    executed = pick(amounts, "total", "executed").assign(
        kind="total", label="Executed", label_zh="支出决算"
    )
    changes = pick(amounts, "adjustment", "adjusted").assign(kind="change")
    if approved.empty or changes.empty or executed.empty:
        return pd.DataFrame()
    frame = pd.concat([approved, changes, executed])
    frame["value"] = frame["base"].astype(float) / WAN
    rest = _sum(executed) - _sum(approved) - _sum(changes)
    if abs(rest) >= 0.005 * WAN * len(frame):
        row = {
            "label": "Not explained",
            "label_zh": "",
            "value": rest / WAN,
            "kind": "change",
            "source": "",
            "disputed": "",
        }
        frame = pd.concat([frame.iloc[:-1], pd.DataFrame([row]), frame.iloc[-1:]])
    return frame[["label", "label_zh", "value", "kind", "source", "disputed"]].reset_index(
        drop=True
    )


def revenue(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Revenue by source as the text states it beside the columns of statutory table 02.

    The text's county appropriation stands beside the appropriation of all levels, for the table
    has no narrower column.

    Returns:
        label, label_zh, text, table, difference (万元), source, disputed.
    """
    stated = pick(amounts, "source", "executed", "revenue").reset_index(drop=True)
    if stated.empty:
        return stated
    totals = cells[(cells["table"] == "02") & (cells["row"] == "total")].set_index("column")
    columns = [
        next((i for i, name in enumerate(SOURCES, start=2) if label.endswith(name)), 0)
        for label in stated["label_zh"]
    ]
    frame = stated[["label", "label_zh", "disputed"]].copy()
    frame["text"] = stated["base"].astype(float) / WAN
    frame["table"] = list(totals["base"].astype(float).reindex(columns) / WAN)
    frame["difference"] = frame["text"] - frame["table"]
    table = totals["source"].reindex(columns).fillna("")
    frame["source"] = (stated["source"] + "; " + list(table)).str.removesuffix("; ")
    return frame


def pefa(amounts: pd.DataFrame) -> pd.DataFrame:
    """Indicative PEFA 2016 bands of one year: PI-1, PI-2 and PI-3 over the ORIGINAL budget.

    A formal score needs two of the last three years; one year gives an indication only. PI-2 is
    Σ|aᵢ − bᵢ·Σa/Σb| / Σa and needs a budget for each item.

    Returns:
        indicator, label, value (%), band, status, source.
    """
    rows = []
    for indicator, label, direction in (
        ("PI-1", "Aggregate expenditure outturn", "expenditure"),
        ("PI-2", "Expenditure composition outturn", "expenditure"),
        ("PI-3", "Revenue outturn", "revenue"),
    ):
        scheme = "project" if indicator == "PI-2" else "total"
        approved = pick(amounts, scheme, "approved", direction).set_index("item")
        executed = pick(amounts, scheme, "executed", direction).set_index("item")
        row: dict[str, object] = {
            "indicator": indicator,
            "label": label,
            "value": math.nan,
            "band": "—",
            "status": "",
            "source": "",
        }
        rows.append(row)
        if approved.empty or executed.empty:
            row["status"] = f"not disclosed: {LACK[indicator]}"
            continue
        row["source"] = "; ".join([*approved["source"], *executed["source"]])
        a, b = executed["base"].astype(float), approved["base"].astype(float)
        if not b.sum() or not a.sum():
            row["status"] = "not applicable: the base is zero"
        elif {*a.index} != {*b.index}:
            row["status"] = "not disclosed: not every item has both a budget and an outturn"
        elif indicator == "PI-2":
            expected = b * a.sum() / b.sum()
            variance = float((a - expected).abs().sum() / expected.sum() * 100)
            row["value"] = variance
            row["band"] = next((band for band, limit in PI2 if variance < limit), "D")
        else:
            outturn = round(float(a.sum() / b.sum() * 100), 9)  # 110 % is 110 %
            row["value"] = outturn
            row["band"] = next(
                (band for band, low, high in PEFA[indicator] if low <= outturn <= high), "D"
            )
    return pd.DataFrame(rows)


# what every disclosure must state: 《地方预决算公开操作规程》 (财预〔2016〕143号)
STATED = (
    "basic",
    "agency",
    "three_public_total",
    "three_public",
    "vehicle",
    "general",
    "procurement_of_which",
)


def others(amounts: pd.DataFrame) -> pd.DataFrame:
    """Figures that every disclosure states: label, label_zh, approved, executed (万元), status."""
    chosen = amounts[amounts["scheme"].isin(STATED) & amounts["own"]].copy()
    if chosen.empty:
        return pd.DataFrame()
    chosen["value"] = chosen["base"].astype(float) / WAN
    rows = []
    for _, group in chosen.groupby("item", sort=False):
        phases = group.set_index("phase")["value"]
        rows.append(
            {
                "label": group["label"].iloc[0],
                "label_zh": group["label_zh"].iloc[0],
                "approved": phases.get("approved", math.nan),
                "executed": phases.get("executed", math.nan),
                "status": "not stated",
                "source": "; ".join(group["source"]),
                "disputed": next((one for one in group["disputed"] if one), ""),
            }
        )
    return pd.DataFrame(rows)


def change(amounts: pd.DataFrame) -> dict[str, float] | None:
    """Change of the executed total on the year before, where that is stated or implied.

    Returns:
        this, last, last_low, last_high (万元), rate (%); None where the year before is unknown.
    """
    totals = amounts[(amounts["scheme"] == "total") & (amounts["phase"] == "executed")]
    totals = totals[(totals["direction"] == "expenditure") & totals["base"].notna()]
    by_year = {int(row["year"]): row for row in records(totals)}
    year = next((int(row["year"]) for row in records(totals) if row["own"]), 0)
    if year not in by_year or year - 1 not in by_year:
        return None
    this, last = by_year[year], by_year[year - 1]
    return {
        "this": float(this["base"]) / WAN,
        "last": float(last["base"]) / WAN,
        "last_low": float(last["low"]) / WAN,
        "last_high": float(last["high"]) / WAN,
        "derived": last["basis"] == "derived",
        "rate": (float(this["base"]) / float(last["base"]) - 1) * 100 if last["base"] else math.nan,
    }


def procurement(amounts: pd.DataFrame) -> dict[str, float] | None:
    """Procurement (万元) and its share of the expenditure (%); None where it is not disclosed."""
    procured = pick(amounts, "procurement_total", "executed")
    spent = pick(amounts, "total", "executed")
    if procured.empty or spent.empty or not _sum(spent):
        return None
    value, rest = _sum(procured), _sum(spent) - _sum(procured)
    return {"value": value / WAN, "rest": rest / WAN, "share": value / _sum(spent) * 100}
