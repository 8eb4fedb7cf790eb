"""Was the money spent as planned? Measures of budget execution, with their published definitions.

Sources: 财预〔2013〕53号 (the ministry's reference indicators for overall-expenditure performance,
department level) and the PEFA Framework 2016, indicators PI-1 to PI-3. Money comes in yuan and
leaves in 万元; a rate is in per cent. A measure whose base is zero or not disclosed has no value
but a status that says why.
"""

from __future__ import annotations

import math

import pandas as pd

from .tables import records

WAN = 10_000
PEFA = {  # indicator: bands of the outturn in per cent, best first
    "PI-1": (("A", 95, 105), ("B", 90, 110), ("C", 85, 115)),
    "PI-3": (("A", 97, 106), ("B", 94, 112), ("C", 92, 116)),
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
        & (amounts["year"] == amounts["year"].max())
    ]
    return chosen


def measures(amounts: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The measures of 财预〔2013〕53号 that concern money.

    Returns:
        One row a measure: label, label_zh, value (%), numerator and denominator (万元), formula,
        status (why there is no value, or ""), source, disputed.
    """
    approved = pick(amounts, "total", "approved")
    executed = pick(amounts, "total", "executed")
    changes = pick(amounts, "adjustment", "adjusted")
    own_changes = changes[~changes["higher_level"]]
    after = pd.concat([approved, changes]) if len(changes) else changes
    public = ("three_public_total", "executed"), ("three_public_total", "approved")
    last_public = amounts[
        (amounts["scheme"] == "three_public")
        & (amounts["phase"] == "executed")
        & (amounts["year"] == amounts["year"].max() - 1)
    ]
    this_public = pick(amounts, "three_public", "executed")
    closing = _cell(cells, "01", "60", 2)
    opening = _cell(cells, "01", "29", 1)
    procurement = pick(amounts, "procurement_total", "executed")
    nothing = amounts.iloc[:0]
    rows = [
        _rate("Budget completion", "预算完成率", executed, approved, "executed / approved"),
        _rate(
            "Completion of the adjusted budget",
            "调整预算完成率",
            executed,
            after,
            "executed / (approved + adjustments), our addition",
            "no adjustment is disclosed",
        ),
        _rate(
            "Budget adjustment, every change",
            "预算调整率",
            changes,
            approved,
            "sum of changes / approved",
            "no adjustment is disclosed",
        ),
        _rate(
            "Budget adjustment without changes from higher level",
            "预算调整率（不含上级调整）",
            own_changes,
            approved,
            "sum of own changes / approved",
            "no adjustment is disclosed",
        ),
        _rate(
            "Payment progress",
            "支付进度率",
            executed,
            nothing,
            "actual / planned progress",
            "no planned progress is disclosed",
        ),
        _rate(
            "Carry-over rate",
            "结转结余率",
            # the text may tell of a balance that the table does not hold
            closing.assign(
                disputed=next(
                    (x for x in pick(amounts, "balance", "executed", "balance")["disputed"] if x),
                    "",
                )
            ),
            after if len(changes) else approved,
            "closing balance (table 01, line 60) / "
            + ("adjusted budget" if len(changes) else "expenditure budget"),
            "no closing balance is disclosed",
        ),
        _rate(
            "Change of the carry-over",
            "结转结余变动率",
            closing,
            opening.assign(
                disputed=next(
                    (x for x in pick(amounts, "adjustment", "adjusted")["disputed"] if x), ""
                )
            ),
            "closing / opening balance − 1",
            "no balance is disclosed",
            minus_one=True,
        ),
        _rate(
            "Control of the three public expenses",
            "“三公”经费控制率",
            pick(amounts, *public[0]),
            pick(amounts, *public[1]),
            "executed / budgeted",
            "not disclosed",
        ),
        _rate(
            "Change of the three public expenses",
            "“三公”经费变动率",
            this_public,
            last_public,
            "this year / last year − 1",
            "not disclosed",
            minus_one=True,
        ),
        _rate(
            "Control of operating cost",
            "公用经费控制率",
            pick(amounts, "agency", "executed"),
            pick(amounts, "agency", "approved"),
            "executed / budgeted",
            "not disclosed",
        ),
        _rate(
            "Procurement execution",
            "政府采购执行率",
            procurement,
            pick(amounts, "procurement_total", "approved"),
            "procured / procurement budget",
            "no procurement budget is disclosed",
        ),
        _rate(
            "Share of key projects",
            "重点支出安排率",
            nothing,
            pick(amounts, "project", "executed"),
            "key projects / all projects",
            "no project is marked as a key project",
        ),
    ]
    return pd.DataFrame(rows)


def _cell(cells: pd.DataFrame, table: str, row: str, column: int) -> pd.DataFrame:
    chosen = (cells["table"] == table) & (cells["row"] == row) & (cells["column"] == column)
    return cells[chosen].assign(disputed="")


def _sum(rows: pd.DataFrame) -> float:
    return float(rows["base"].sum())


def _rate(
    label: str,
    label_zh: str,
    numerator: pd.DataFrame,
    denominator: pd.DataFrame,
    formula: str,
    missing: str = "not disclosed",
    *,
    minus_one: bool = False,
) -> dict[str, object]:
    """A rate over disclosed figures, or the reason why there is none."""
    parts = pd.concat([numerator, denominator])
    row: dict[str, object] = {
        "label": label,
        "label_zh": label_zh,
        "value": math.nan,
        "numerator": _sum(numerator) / WAN if len(numerator) else math.nan,
        "denominator": _sum(denominator) / WAN if len(denominator) else math.nan,
        "formula": formula,
        "status": "",
        "source": "; ".join(dict.fromkeys(parts["source"])),
        "disputed": next((one for one in parts["disputed"] if one), ""),
    }
    if numerator.empty or denominator.empty:
        row["status"] = f"not disclosed: {missing}" if missing != "not disclosed" else missing
    elif _sum(denominator) == 0:
        row["status"] = "not applicable: the base is zero"
    else:
        row["value"] = (_sum(numerator) / _sum(denominator) - minus_one) * 100
    return row


def projects(amounts: pd.DataFrame) -> pd.DataFrame:
    """Approved and executed money of each project, with a total; empty if not disclosed.

    Returns:
        label, label_zh, approved, executed, unspent (万元), rate (%), source, disputed, corrected.
    """
    parts = []
    for scheme in ("project", "total"):
        approved = pick(amounts, scheme, "approved").set_index("item")
        executed = pick(amounts, scheme, "executed").set_index("item")
        both = approved.merge(
            executed, left_index=True, right_index=True, suffixes=("", "_executed")
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
                    "source": both["source"] + "; " + both["source_executed"],
                    "disputed": both["disputed"].where(
                        both["disputed"] != "", both["disputed_executed"]
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
    totals = cells[(cells["table"] == "02") & (cells["row"] == "total") & (cells["column"] > 1)]
    frame = stated[["label", "label_zh", "disputed"]].copy()
    frame["text"] = stated["base"].astype(float) / WAN
    # both follow the order of the national form
    frame["table"] = [float(value) for value in totals["value"]][: len(frame)] or math.nan
    frame["difference"] = frame["text"] - frame["table"]
    frame["source"] = stated["source"] + "; " + pd.Series(list(totals["source"]))[: len(frame)]
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
            what = "approved revenue" if direction == "revenue" else "budget for each item"
            row["status"] = f"not disclosed: no {what} is stated"
            continue
        row["source"] = "; ".join([*approved["source"], *executed["source"]])
        a, b = executed["base"].astype(float), approved["base"].astype(float)
        if not b.sum() or not a.sum():
            row["status"] = "not applicable: the base is zero"
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
    chosen = amounts[
        amounts["scheme"].isin(STATED) & (amounts["year"] == amounts["year"].max())
    ].copy()
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
    year = max(by_year, default=0)
    if year - 1 not in by_year:
        return None
    this, last = by_year[year], by_year[year - 1]
    return {
        "this": float(this["base"]) / WAN,
        "last": float(last["base"]) / WAN,
        "last_low": float(last["low"]) / WAN,
        "last_high": float(last["high"]) / WAN,
        "rate": (float(this["base"]) / float(last["base"]) - 1) * 100,
    }


def procurement(amounts: pd.DataFrame) -> dict[str, float] | None:
    """Procurement (万元) and its share of the expenditure (%); None where it is not disclosed."""
    procured = pick(amounts, "procurement_total", "executed")
    spent = pick(amounts, "total", "executed")
    if procured.empty or spent.empty or not _sum(spent):
        return None
    return {"value": _sum(procured) / WAN, "share": _sum(procured) / _sum(spent) * 100}
