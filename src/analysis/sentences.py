"""What the figures say, in plain sentences computed from them."""

from __future__ import annotations

import pandas as pd

from . import audit, budget, composition, indicators
from .disclosure import Disclosure
from .tables import records

Findings = list[str]
Cautions = list[tuple[str, str | None]]
Tile = tuple[str, str, str, str, str, str]


# what the shares of each classification are of
WHOLES = {
    "project": "spent",
    "function": "spent, by functional item",
    "nature": "spent",
    "procurement": "procured",
    "source": "received, as the text splits it",
}


def money(value: float) -> str:
    """万元 with two decimals, e.g. ``75.50 万元``."""
    return f"{value:,.2f} 万元"


def percent(value: float, digits: int = 2) -> str:
    """A rate, e.g. ``98.75 %``."""
    return f"{value:,.{digits}f} %"


def cautions(findings: pd.DataFrame, most: int = 5) -> Cautions:
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
        more = f"{rest} more findings are" if rest > 1 else "One more finding is"
        told.append((f"{more} in the audit.", "data_quality.ipynb"))
    return told


def headline(rows: list[Tile]) -> pd.DataFrame:
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


def spending_composition(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on what the money was spent on."""
    amounts, cells = disclosure.amounts, disclosure.cells
    rows, told = [], []
    for scheme in composition.classifications(amounts, cells):
        frame = composition.by(scheme, amounts, cells)
        real = frame[frame["value"] > 0]
        if real.empty:
            continue
        top, whole = frame.iloc[0], money(float(frame["value"].sum()))
        base = f"of {whole} {WHOLES[scheme]}"
        if top["share"] != top["share"]:
            told.append(f"{base[0].upper()}{base[1:]}: no shares, for an item is negative.")
            continue
        if len(real) == 1:
            told.append(
                f"All {whole} {WHOLES[scheme]} were {top['label'][0].lower()}{top['label'][1:]}."
            )
            continue
        doubt = " (disputed)" if (real["disputed"] != "").any() and scheme == "source" else ""
        rows.append((top["label"], top["label_zh"], f"{top['share']:,.2f}", "%", "", base + doubt))
        split = ", ".join(f"{row['label']} {percent(row['share'])}" for row in records(real))
        told.append(f"{base[0].upper()}{base[1:]}: {split}{doubt}.")
    procured = budget.procurement(amounts)
    if procured:
        told.append(
            f"{money(procured['rest'])} ({percent(100 - procured['share'], 1)} of the "
            "expenditure) were spent outside procurement."
        )
    if not told:
        told = ["The documents of this year do not say what the money was spent on."]
    return headline(rows), told


def performance_indicators(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on drug-control performance."""
    observed = disclosure.indicators
    if observed.empty:
        return headline([]), ["The documents of this year give no performance figures."]
    told = []
    parts = indicators.parts(observed)
    counted = parts[~parts["sampled"]]
    for name, group in counted[counted["position"] <= 4].groupby("whole", sort=False):
        whole, n = str(name), group["n"].iloc[0]
        full = group["k"].sum() == n
        share = composition.shares(group["k"]) if full else group["estimate"] * 100
        split = ", ".join(
            f"{row['text']} {row['label'][0].lower()}{row['label'][1:]} ({percent(row['share'])})"
            for row in records(group.assign(share=share))
        )
        told.append(f"Of {n:,.0f} {whole[0].lower()}{whole[1:]}: {split}.")
    told += _changes(observed)
    tested = indicators.tests(observed)
    for row in records(tested[tested["k"] > 0]):
        told.append(
            f"{row['label']}: {row['positives']:,.0f} of {row['tests']} positive, "
            f"{percent(row['rate'])} (95 % interval {row['low']:.2f}–{percent(row['high'])})."
        )
    clean = tested[tested["k"] == 0]
    if len(clean):
        *most, last = [percent(high, 1) for high in clean["high"]]
        limits = f"{', '.join(most)} and {last}" if most else last
        told.append(
            "Nobody was positive among "
            + ", ".join(f"{row['tests']} {row['label'].lower()}" for row in records(clean))
            + f"; in random samples the true shares could still be up to {limits} "
            "(95 % interval)."
        )
    silent = tested[tested["status"].str.startswith("not disclosed")]
    if len(silent):
        told.append(
            "The result is not stated for "
            + ", ".join(f"{row['label'].lower()} ({row['tests']})" for row in records(silent))
            + "."
        )
    told += [f"{one[0].upper()}{one[1:]}." for one in disclosure.documents["period"]]
    return headline(_tiles(indicators.latest(observed), parts, _before(observed))), told


def _tiles(now: pd.DataFrame, parts: pd.DataFrame, before: dict[str, str]) -> list[Tile]:
    """The first telling figure of each theme: wholes before parts, no zeros, five at most."""
    known = now[(now["better"] != "neither") & now["base"].notna() & (now["base"] != 0)]
    known = known.assign(part=~known["indicator"].isin(now["share_of"]))
    known = known.sort_values(["position", "part"], kind="stable").drop_duplicates("theme")
    shares = parts.drop_duplicates("figure").set_index("figure")
    tiles = []
    for row in records(known.head(5)):
        notes = []
        if row["figure"] in shares.index:
            part = shares.loc[row["figure"]]
            whole = str(part["whole"])
            share = percent(part["estimate"] * 100, 1)
            notes.append(f"{share} of {part['n']:,.0f} {whole[0].lower()}{whole[1:]}")
        if row["basis"] == "derived":
            notes.append("derived from a printed change")
        if row["denominator"] == "not stated":
            notes.append("base not stated")
        unit = "%" if row["quantity"] == "ratio" else row["unit_en"]
        value = row["text"].removesuffix(" (derived)")
        change = before.get(row["indicator"], "")
        tiles.append((row["label"], row["label_zh"], value, unit, change, "; ".join(notes)))
    return tiles


def _before(observed: pd.DataFrame) -> dict[str, str]:
    """For each indicator known of the year before too: that value, and what time it is of."""
    last = observed[budget.before(observed) & observed["base"].notna()]
    told = {}
    for row in records(last):
        when = "the year before"
        if row["kind"] == "flow":
            when = "in the same period of the year before"
        elif row["basis"] == "derived":  # since when a stock has changed is not said
            when = "the year before, if the printed change is of one year"
        percent_sign = " %" if row["quantity"] == "ratio" else ""
        told[row["indicator"]] = f"{row['text']}{percent_sign} {when}"
    return told


def _changes(observed: pd.DataFrame) -> list[str]:
    """A sentence for each indicator that is known of the year before too."""
    before = _before(observed)
    now = indicators.latest(observed)
    return [
        f"{row['label']}: {row['text']}{' %' if row['quantity'] == 'ratio' else ''}, after "
        f"{before[row['indicator']]}"
        + ("; its base is not stated." if row["denominator"] == "not stated" else ".")
        for row in records(now[now["base"].notna()])
        if row["indicator"] in before
    ]


def data_quality(
    judged: pd.DataFrame, checked: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, Findings]:
    """Verdict on the documents: claims that fail, identities of each document that hold."""
    failed = judged[~judged["holds"]]
    counts = failed["severity"].value_counts()
    rows = [
        ("Statements that fail", "不成立的表述", str(len(failed)), "", "", f"of {len(judged)}"),
        ("High severity", "严重", str(counts.get("high", 0)), "", "", "change a figure in use"),
    ]
    told = [verdict(judged)]
    if checked:
        instances = pd.concat(checked.values())
        each = pd.concat([audit.identity_summary(frame) for frame in checked.values()])
        result = each["result"].value_counts()
        held, broken = result.get("holds", 0), result.get("fails", 0)
        real = instances[instances["result"] != "not checked"]
        zeros = int(((real["left"] == 0) & (real["right"] == 0)).sum())
        note = f"of {len(each)}; {broken} fail, {len(each) - held - broken} not checked"
        rows.append(("Table identities that hold", "表间勾稽", str(held), "", "", note))
        told.append(
            f"{broken} identities of the printed tables fail."
            if broken
            else f"The printed tables agree with each other: {held} identities hold, none fails "
            f"({len(real)} comparisons, {zeros} of them only of zeros). That proves consistency, "
            "not truth."
        )
    grave = failed[failed["severity"] == "high"].drop_duplicates(["statement", "verdict"])
    told += [
        f"{row['document']}, line {row['line']}: {row['statement']} ({row['printed']}): "
        f"{row['verdict']}. Use instead: {row['use_instead']}."
        for row in records(grave.head(8))
    ]
    return headline(rows), told


def verdict(judged: pd.DataFrame) -> str:
    """How far the documents hold, in one sentence."""
    failed = judged[~judged["holds"]]
    if failed.empty:
        return f"All {len(judged)} statements that can be checked hold."
    counts = failed["severity"].value_counts()
    split = ", ".join(f"{counts.get(one, 0)} {one}" for one in audit.SEVERITIES)
    return (
        f"The documents can be used with care: {len(failed)} of {len(judged)} statements that can "
        f"be checked do not hold or cannot be reconciled, by severity {split}; without repetitions "
        f"they are {failed['use_instead'].nunique()}."
    )


def trends(panels: pd.DataFrame, compared: pd.DataFrame) -> tuple[pd.DataFrame, Findings]:
    """Headline changes and findings over the years (from ``trends.panel`` and ``comparisons``)."""
    rows: list[Tile] = []
    told: Findings = []
    for key, group in panels.groupby("series", sort=False) if len(panels) else ():
        name = str(key)
        known = group[group["value"].notna()].sort_values("year")
        first, last = known.iloc[0], known.iloc[-1]
        change = float(last["value"]) - float(first["value"])
        derived = "derived" in (first["kind"], last["kind"])
        small = 0 < abs(float(first["value"])) < 30
        if name.endswith("(%)"):
            move = f"{change:+,.1f} points"
        elif small and change == round(change):
            move = f"{change:+,.0f}"
        else:
            move = f"{change / float(first['value']) * 100:+,.1f} %" if first["value"] else "new"
        move = move.replace("-", "−")
        if len(rows) < 5:
            since = f"{move} since {first['year']}"
            # a large move asks for its caveat at once
            large = first["value"] and abs(change / float(first["value"])) >= 0.4
            notes = ["derived"] * derived + [last["note"]] * bool(large and last["note"])
            rows.append((name, last["label_zh"], last["text"], "", since, "; ".join(notes)))
        told.append(
            f"{name}: {first['text']} in {first['year']}, {last['text']} in {last['year']} "
            f"({move}{', one of them derived' if derived else ''})"
            + (f"; {last['note']}." if last["note"] else ".")
        )
    apart = int((~compared["comparable"]).sum()) if len(compared) else 0
    if apart:
        told.append(
            f"{apart} more groups of figures look alike and are not: their definitions differ, so "
            "no series is drawn."
        )
    return headline(rows), told or ["No figure is known for two years under one definition."]
