"""Was the money spent as planned?"""

from __future__ import annotations

import pandas as pd

from analysis.data.package import records
from analysis.disclosure import Disclosure
from analysis.measures import budget
from analysis.present import display
from analysis.present import old_charts as charts
from analysis.present.display import Fragment
from analysis.reports.common import Findings, headline, money, percent, table_or_notice


def budget_execution(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on budget execution."""
    amounts = disclosure.amounts
    measures = budget.measures(amounts, disclosure.cells).set_index("label")
    completion = measures.loc["Budget completion"]
    if pd.isna(completion["value"]):
        return headline([]), [f"Budget completion: {completion['status']}."]
    executed, approved = completion["numerator"], completion["denominator"]
    rate = completion["value"]
    rows = [
        ("Executed", "支出决算", f"{executed:,.2f}", "万元", "", ""),
        ("Approved budget", "年初预算", f"{approved:,.2f}", "万元", "", ""),
        ("Budget completion", "预算完成率", f"{rate:,.2f}", "%", "", "executed over approved"),
    ]
    told = [
        f"The office spent {money(executed)}, {percent(rate)} of the {money(approved)} approved "
        "at the start of the year."
    ]
    after = measures.loc["Completion of the adjusted budget"]
    if after["status"]:
        told.append("No adjustment of the budget is disclosed.")
    else:
        every = measures.loc["Budget adjustment, every change", "value"]
        own = measures.loc["Budget adjustment without changes from higher level", "value"]
        rows.append(("Budget adjustment", "预算调整率", f"{every:,.2f}", "%", "", "every change"))
        changes = budget.pick(amounts, "adjustment", "adjusted")
        named = ", ".join(
            f"{row['label'].lower()} ({row['base'] / budget.WAN:+,.2f})" for row in records(changes)
        )
        told.append(
            f"With the changes that the documents name, {named}, the budget comes to "
            f"{money(after['denominator'])}: an adjustment of {percent(every)} ({percent(own)} "
            f"without what higher levels of government gave). Of this {percent(after['value'])} "
            "was spent."
        )
        left = budget.pick(amounts, "balance", "executed", "balance")
        rest = after["denominator"] - executed
        for row in records(left[left["base"] != 0]):
            if abs(row["base"] / budget.WAN - rest) > 0.005:
                told.append(
                    f"The text also tells of {money(row['base'] / budget.WAN)} left at the end of "
                    f"the year; these figures leave {money(rest)}. The documents do not settle it."
                )
    projects = budget.projects(amounts)
    if len(projects):
        left = projects[:-1][projects[:-1]["unspent"] > 0]
        for row in records(left):
            told.append(
                f"{row['label']} spent {percent(row['rate'])} and left {money(row['unspent'])}."
            )
        full = int((projects[:-1]["unspent"] <= 0).sum())
        told.append(f"{full} of the {len(projects) - 1} projects spent everything.")
    change = budget.change(amounts)
    if change:
        told.append(_change(change))
        difference = change["this"] - change["last"]
        rows[0] = (*rows[0][:4], f"{difference:+,.2f} on the year before", "")
    procurement = budget.procurement(amounts)
    if procurement:
        rows.append(
            ("Procurement", "政府采购", f"{procurement['share']:,.1f}", "%", "", "of spending")
        )
        told.append(
            f"Procurement took {money(procurement['value'])}, "
            f"{percent(procurement['share'], 1)} of all spending."
        )
    return headline(rows), told


def _change(change: dict[str, float]) -> str:
    """The change of spending on the year before (from ``budget.change``)."""
    difference = round(change["this"] - change["last"], 6)
    if not difference:
        return "Spending was the same as in the year before."
    rate = "" if pd.isna(change["rate"]) else f" ({percent(abs(change['rate']), 1)})"
    told = (
        f"On the year before, spending {'rose' if difference > 0 else 'fell'} by "
        f"{money(abs(difference))}{rate}, from "
    )
    if not change["derived"]:
        return f"{told}{money(change['last'])}."
    return (
        f"{told}{change['last_low']:,.2f}–{change['last_high']:,.2f} 万元: the document states the "
        "change, not the earlier total."
    )


def rates(measures: pd.DataFrame, year: int) -> Fragment:
    """The measures that can be computed (from ``budget.measures``)."""
    return table_or_notice(
        measures[measures["value"].notna()],
        f"Measures of budget execution, {year}",
        {
            "label": "Measure",
            "value": "Rate (%)",
            "numerator": "Numerator (万元)",
            "denominator": "Base (万元)",
            "formula": "Formula",
        },
        "None of the published measures can be computed.",
    )


def not_computed(measures: pd.DataFrame, year: int) -> Fragment:
    """The measures that have no value, and why (from ``budget.measures``)."""
    missing = measures[measures["value"].isna()]
    if missing.empty:
        return display.paragraphs("Every measure can be computed.")
    return display.table(
        missing,
        f"Measures without a value, {year}",
        headers={"label": "Measure", "status": "Why", "formula": "Formula"},
    )


def projects(frame: pd.DataFrame) -> Fragment:
    """Approved and executed by project (from ``budget.projects``)."""
    if frame.empty:
        return display.notice(
            "The documents state one approved budget for the whole office and none for each "
            "project, so execution by project cannot be computed.",
            "not disclosed",
        )
    single = frame[frame["label"] != "Total"]
    title = (
        f"{(single['unspent'] <= 0).sum()} of {len(single)} projects spent everything; "
        f"{money(float(single['unspent'].sum()))} were left"
    )
    said = "; ".join(
        f"{row['label']} {money(row['executed'])} of {money(row['approved'])} "
        f"({percent(row['rate'])})"
        for row in records(single)
    )
    return display.chart(
        charts.bullet(single, unit="万元"),
        frame,
        title,
        f"Executed against approved: {said}.",
        headers={
            "label": "Project",
            "approved": "Approved (万元)",
            "executed": "Executed (万元)",
            "unspent": "Unspent (万元)",
            "rate": "Completion (%)",
        },
    )


def bridge(frame: pd.DataFrame) -> Fragment:
    """From the approved budget to the executed total (from ``budget.bridge``)."""
    if frame.empty:
        return display.notice(
            "No change of the budget during the year is stated, and none can be excluded.",
            "not disclosed",
        )
    first, last, steps = frame.iloc[0], frame.iloc[-1], frame.iloc[1:-1]
    said = ", ".join(f"{row['label']} {row['value']:+,.2f}" for row in records(steps))
    texts = [
        f"{row['value']:{'+' if row['kind'] == 'change' else ''},.2f}" for row in records(frame)
    ]
    named = steps[steps["label"] != "Not explained"]
    amounts = ", ".join(f"{value:+,.2f}" for value in named["value"])
    unexplained = (frame["label"] == "Not explained").any()
    return display.chart(
        charts.bridge(frame.assign(text=texts), unit="万元"),
        frame,
        f"The changes that the text names ({amounts}) "
        + ("do not close" if unexplained else "close")
        + f" the gap between {money(first['value'])} and {money(last['value'])}",
        f"Approved {money(first['value'])}; {said}; executed {money(last['value'])}.",
        headers={"label": "Step", "value": "Amount (万元)"},
    )


def others(frame: pd.DataFrame, year: int) -> Fragment:
    """What every disclosure must state besides (from ``budget.others``)."""
    return table_or_notice(
        frame,
        f"Operating cost, the three public expenses, meetings, contracts, {year}",
        {"label": "Item", "approved": "Approved (万元)", "executed": "Executed (万元)"},
        "The documents state none of these.",
    )


def revenue(frame: pd.DataFrame, year: int) -> Fragment:
    """Revenue by source, text beside table (from ``budget.revenue``)."""
    return table_or_notice(
        frame,
        f"Revenue by source: what the text says and what statutory table 02 says, {year}",
        {
            "label": "Source",
            "text": "Text (万元)",
            "table": "Table 02 (万元)",
            "difference": "Difference (万元)",
        },
        "The documents do not say where the money came from.",
        note="The text's county appropriation stands beside the table's appropriation of all "
        "levels (财政拨款收入): the table has no narrower column.",
    )
