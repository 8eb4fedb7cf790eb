"""What the figures say, in plain sentences computed from them."""

from __future__ import annotations

import pandas as pd

from . import audit, budget, composition, indicators
from .disclosure import Disclosure
from .tables import records

Findings = list[str]
Cautions = list[tuple[str, str | None]]


def money(value: float) -> str:
    """万元 with two decimals, e.g. ``75.50 万元``."""
    return f"{value:,.2f} 万元"


def percent(value: float, digits: int = 2) -> str:
    """A rate, e.g. ``98.75 %``."""
    return f"{value:,.{digits}f} %"


def cautions(findings: pd.DataFrame, most: int = 4) -> Cautions:
    """Where the document contradicts itself: the gravest failed claims, linked to the audit."""
    failed = findings[~findings["holds"] & (findings["severity"] == "high")]
    failed = failed.drop_duplicates(["statement", "verdict"])
    told: Cautions = [
        (
            f"{row['statement'][0].upper()}{row['statement'][1:]}: line {row['line']} prints "
            f"{row['printed']}; {row['verdict']}: {row['arithmetic']}.",
            f"data_quality.ipynb#{row['figure']}",
        )
        for row in records(failed.head(most))
    ]
    rest = int((~findings["holds"]).sum()) - len(told)
    if told and rest:
        told.append((f"{rest} more findings are in the audit.", "data_quality.ipynb"))
    return told


def headline(rows: list[tuple[str, str, str, str, str, str]]) -> pd.DataFrame:
    """Rows of label, label_zh, value, unit, change, note for the first screen."""
    columns = ["label", "label_zh", "value", "unit", "change", "note"]
    return pd.DataFrame(rows, columns=columns)


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
        told.append(
            f"Changes during the year raised the budget to {money(after['denominator'])}, by "
            f"{percent(every)} ({percent(own)} without what higher levels of government "
            f"gave); of this adjusted budget {percent(after['value'])} was spent."
        )
    projects = budget.projects(amounts)
    if len(projects):
        left = projects[:-1][projects[:-1]["unspent"] > 0]
        full = len(projects) - 1 - len(left)
        for row in records(left):
            told.append(
                f"{row['label']} spent {percent(row['rate'])} and left {money(row['unspent'])}; "
                f"{full} of the {len(projects) - 1} projects spent everything."
            )
    change = budget.change(amounts)
    if change:
        difference = change["this"] - change["last"]
        rows[0] = (*rows[0][:4], f"{difference:+,.2f} on the year before", "")
        told.append(
            f"On the year before, spending {'rose' if difference > 0 else 'fell'} by "
            f"{money(abs(difference))} ({percent(abs(change['rate']), 1)}), from "
            f"{change['last_low']:,.1f}–{change['last_high']:,.1f} 万元: the document states the "
            "change, not the earlier total."
        )
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


def spending_composition(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on what the money was spent on."""
    amounts, cells = disclosure.amounts, disclosure.cells
    rows, told = [], []
    for scheme in composition.classifications(amounts, cells):
        frame = composition.by(scheme, amounts, cells)
        top = frame.iloc[0]
        real = frame[frame["value"] > 0]
        if real.empty:
            continue
        rows.append(
            (top["label"], top["label_zh"], f"{top['share']:,.2f}", "%", "", f"largest {scheme}")
        )
        if len(real) == 1:
            told.append(f"Classified {composition.SCHEMES[scheme]}, everything is {top['label']}.")
        else:
            split = ", ".join(f"{row['label']} {percent(row['share'])}" for row in records(real))
            told.append(f"Classified {composition.SCHEMES[scheme]}: {split}.")
    if not told:
        told = ["The documents of this year do not say what the money was spent on."]
    return headline(rows), told


def performance_indicators(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on drug-control performance."""
    observed = disclosure.indicators
    if observed.empty:
        return headline([]), ["The documents of this year give no performance figures."]
    now = indicators.latest(observed)
    told = []
    parts = indicators.parts(observed)
    counted = parts[~parts["sampled"]]
    for name, group in counted[counted["position"] <= 4].groupby("whole", sort=False):
        split = ", ".join(
            f"{row['text']} {row['label'][0].lower()}{row['label'][1:]} "
            f"({percent(row['estimate'] * 100)})"
            for row in records(group)
        )
        whole = str(name)
        told.append(f"Of {group['n'].iloc[0]:,.0f} {whole[0].lower()}{whole[1:]}: {split}.")
    told += [change for change in _changes(observed) if change]
    for row in records(indicators.tests(observed)):
        if not pd.isna(row["rate"]) and row["k"]:
            told.append(
                f"{row['label']}: {row['positives']:,.0f} of {row['tests']} positive, "
                f"{percent(row['rate'])} (95 % interval {row['low']:.2f}–{percent(row['high'])})."
            )
    tested = indicators.tests(observed)
    if len(tested):
        clean = tested[tested["k"] == 0]
        if len(clean):
            told.append(
                f"{len(clean)} of {len(tested)} rounds of tests found nobody positive; zero found "
                f"still leaves a true share of up to {percent(clean['high'].max(), 1)} possible "
                "in the smallest round."
            )
        silent = tested[tested["status"] != ""]
        if len(silent):
            told.append(
                f"For {len(silent)} of {len(tested)} rounds of tests the result is not stated."
            )
    told += [f"{one[0].upper()}{one[1:]}." for one in disclosure.documents["period"]]
    # the first of each theme, wholes before their parts
    chosen = now[(now["better"] != "neither") & now["base"].notna()]
    chosen = chosen.assign(part=~chosen["indicator"].isin(now["share_of"]))
    chosen = chosen.sort_values(["position", "part"], kind="stable").drop_duplicates("theme")
    rows = [
        (
            row["label"],
            row["label_zh"],
            row["text"].removesuffix(" (derived)"),
            "%" if row["quantity"] == "ratio" else row["unit_en"],
            "",
            "derived from a printed change"
            if row["basis"] == "derived"
            else "base not stated"
            if row["denominator"] == "not stated"
            else "",
        )
        for row in records(chosen.head(5))
    ]
    return headline(rows), told


def _changes(observed: pd.DataFrame) -> list[str]:
    """A sentence for each indicator that the year's documents give for the year before too."""
    told = []
    year = observed["year"].max()
    for _, group in observed[observed["base"].notna()].groupby("indicator", sort=False):
        both = group.set_index("year")
        if len(both) < 2 or year not in both.index or year - 1 not in both.index:
            continue
        this, last = both.loc[year], both.loc[year - 1]
        unit = " %" if this["quantity"] == "ratio" else ""
        base = "; its base is not stated" if this["denominator"] == "not stated" else ""
        told.append(
            f"{this['label']}: {this['text']}{unit}, after {last['text']}{unit} the year "
            f"before{base}."
        )
    return told


def data_quality(
    judged: pd.DataFrame, checked: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, Findings]:
    """Verdict on the documents: claims that fail, identities of each document that hold."""
    failed = judged[~judged["holds"]]
    counts = failed["severity"].value_counts()
    held = sum(int((frame["result"] == "holds").sum()) for frame in checked.values())
    broken = sum(int((frame["result"] == "fails").sum()) for frame in checked.values())
    rows = [
        ("Statements that fail", "不成立的表述", str(len(failed)), "", "", f"of {len(judged)}"),
        ("High severity", "严重", str(counts.get("high", 0)), "", "", "change a headline figure"),
        ("Table identities that hold", "表间勾稽", str(held), "", "", f"{broken} fail"),
    ]
    told = [
        f"{len(failed)} of {len(judged)} statements that can be checked do not hold; "
        + ", ".join(f"{counts.get(one, 0)} are {one}" for one in audit.SEVERITIES)
        + " in severity."
    ]
    if held or broken:
        told.append(
            "The printed tables agree with each other: every identity that can be checked holds. "
            "Where text and tables differ, the tables are the safer reading."
            if not broken
            else f"{broken} identities of the printed tables fail."
        )
    grave = failed[failed["severity"] == "high"].drop_duplicates("disputes")
    told += [
        f"{row['document']}, line {row['line']}: {row['statement']} ({row['printed']}): "
        f"{row['verdict']}. Use instead: {row['use_instead']}."
        for row in records(grave.head(6))
    ]
    return headline(rows), told


def trends(panels: pd.DataFrame, compared: pd.DataFrame) -> tuple[pd.DataFrame, Findings]:
    """Headline changes and findings over the years (from ``trends.panel`` and ``comparisons``)."""
    rows: list[tuple[str, str, str, str, str, str]] = []
    told: Findings = []
    for key, group in panels.groupby("series", sort=False) if len(panels) else ():
        name = str(key)
        known = group[group["value"].notna()].sort_values("year")
        first, last = known.iloc[0], known.iloc[-1]
        change = float(last["value"]) - float(first["value"])
        derived = "derived" in (first["kind"], last["kind"])
        if name.endswith("(%)"):
            move = f"{change:+,.1f} points"
        else:
            move = f"{change / float(first['value']) * 100:+,.1f} %" if first["value"] else "new"
        move = move.replace("-", "−")
        if len(rows) < 5:
            since = f"{move} since {first['year']}"
            note = "derived" if derived else ""
            rows.append((name, last["label_zh"], last["text"], "", since, note))
        # a large move asks for its caveat
        large = first["value"] and abs(change / float(first["value"])) >= 0.5
        told.append(
            f"{name}: {first['text']} in {first['year']}, {last['text']} in {last['year']} "
            f"({move}{', one of them derived' if derived else ''})"
            + (f"; {last['note']}." if large and last["note"] else ".")
        )
    apart = int((~compared["comparable"]).sum()) if len(compared) else 0
    if apart:
        told.append(
            f"{apart} more pairs look alike and are not: their definitions differ, so no series "
            "is drawn."
        )
    return headline(rows), told or ["No figure is known for two years under one definition."]
