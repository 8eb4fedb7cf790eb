"""Was the money spent as planned?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.disclosure import Disclosure
from analysis.measures import Status, budget, indicators
from analysis.present import charts, tables
from analysis.present.labels import both, relabelled, word
from analysis.present.language import _, column, current, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import money, number, percent, span
from analysis.reports import common
from analysis.reports.common import Tile, amounts_of, tile

__dir__ = own(__name__)

# schemes that have a section of their own; the others are told under what every one must state
SHOWN = frozenset({"total", "adjustment", "balance", "source", "project", "function"})
Rows = dict[str, dict[str, Any]]


def opening(
    disclosure: Disclosure, measures: pd.DataFrame, steps: pd.DataFrame, items: pd.DataFrame
) -> Fragment:
    """The first screen of the report (from ``budget.measures``, ``bridge`` and ``items``)."""
    return tables.opening(
        disclosure,
        disclosure.year,
        _("Budget execution"),
        "预算执行",
        answer(disclosure.year, measures, steps),
        tiles(disclosure, measures, items),
        findings(disclosure, measures, steps, items)[:5],
        common.cautions(disclosure.findings("money")),
    )


def _by(column: str, frame: pd.DataFrame) -> Rows:
    """Each measure by its id; each step by its kind, of which only changes may be several."""
    return {row[column]: row for row in records(frame)}


def answer(year: int, measures: pd.DataFrame, steps: pd.DataFrame) -> str:
    """Whether the money was spent as planned, in one sentence."""
    completion = _by("measure", measures)["completion"]
    spent, approved = completion["numerator"], completion["denominator"]
    values = {
        "year": year,
        "spent": money(spent),
        "approved": money(approved),
        "rate": percent(completion["value"]),
    }
    if pd.isna(spent):
        return _("What was spent in {year} is not stated with a number.").format(**values)
    if pd.isna(completion["value"]):
        return _("{spent} was spent in {year}; {reason}.").format(
            **values, reason=word("reason", completion["reason"])
        )
    at = _by("kind", steps)
    left, over = at["left"]["accounts"], at["left"]["with_quota"]
    unnamed = at.get("unnamed", {}).get("accounts", 0.0)
    changes = steps[steps["kind"] == "change"]
    values |= {"left": money(left), "quota": money(over), "unnamed": money(unnamed),
             "changes": amounts_of(changes, "accounts")}  # fmt: skip
    if unnamed > 0:
        return _(
            "{spent} was spent in {year}, {rate} of the {approved} approved; where {unnamed} of "
            "it came from is not stated."
        ).format(**values)
    if changes.empty or left > 0:
        return _(
            "{spent} was spent in {year}, {rate} of the {approved} approved; {left} was not spent."
        ).format(**values)
    if pd.isna(over):
        return _(
            "{spent} was spent in {year}, {rate} of the {approved} approved; {changes} make up "
            "the difference."
        ).format(**values)
    return _(
        "{spent} was spent in {year}, {rate} of the {approved} approved; the changes named make up "
        "the difference, but the text also reports a quota of {quota} as left, which these figures "
        "do not contain."
    ).format(**values)


def tiles(disclosure: Disclosure, measures: pd.DataFrame, items: pd.DataFrame) -> list[Tile]:
    """The headline figures."""
    at, change = _by("measure", measures), budget.change(disclosure.amounts)
    spent, approved = at["completion"]["numerator"], at["completion"]["denominator"]
    made: list[Tile] = []
    if pd.notna(spent):
        note = ""
        if change:
            note = _("{difference} on {year}").format(
                difference=number(change["difference"], 2, sign=True), year=disclosure.year - 1
            )
        label = common.executed(disclosure.documents)
        made.append(tile(label, number(spent, 2), "万元", note))
    if pd.notna(approved):
        share = at["approved_share"]["value"]
        note = _("{share} of spending").format(share=percent(share)) if share < 100 else ""
        made.append(tile(both("step", "approved"), number(approved, 2), "万元", note))
    for name in ("completion", "quota_completion", "full_year_completion"):
        one, note = at[name], _("executed / approved")
        if name != "completion":
            note = f"{number(one['numerator'], 2)} / {number(one['denominator'], 2)}"
        if pd.notna(one["value"]):
            rate = number(one["value"], 2)
            made.append(tile(name, rate, "%", note, derived=name != "completion"))
    procured = budget.procurement(disclosure.amounts)
    parts = items[items["kind"] == "part"] if len(items) else items
    if procured:
        note = _("{share} of spending").format(share=percent(procured["share"]))
        made.append(tile("procurement", number(procured["value"], 2), "万元", note))
    elif len(parts) and parts["unspent"].notna().all():
        left = parts["unspent"].clip(lower=0)
        note = _("in {n} of {all} items").format(n=int((left > 0).sum()), all=len(parts))
        made.append(tile("unspent", number(left.sum(), 2), "万元", note, derived=True))
    return made[:5]


def findings(
    disclosure: Disclosure, measures: pd.DataFrame, steps: pd.DataFrame, items: pd.DataFrame
) -> list[str]:
    """What else a reader must know, most telling first."""
    at = _by("measure", measures)
    return [
        *_disagreements(disclosure),
        *_sources(at, steps),
        *_endings(at),
        *_change(disclosure),
        *_items(items, disclosure.indicators),
        *_adjustment(at),
        *common.grades(disclosure.indicators),
    ]


def _disagreements(disclosure: Disclosure) -> list[str]:
    """Amounts that two documents of the year state differently."""
    return [
        _("The documents of {year} give {item} as {amounts}; the first is used here.").format(
            year=disclosure.year,
            item=common.named(group.iloc[0]),
            amounts=listing([money(one / budget.WAN) for one in group["base"]]),
        )
        for _key, group in disclosure.disagreements.groupby("item", sort=False)
    ]


def _sources(at: Rows, steps: pd.DataFrame) -> list[str]:
    """How much of what was spent the approved budget promised."""
    share = at["approved_share"]["value"]
    changes = steps[steps["kind"] == "change"] if len(steps) else steps
    if not share < 100 or changes.empty:
        return []
    message = _(
        "The approved budget covered {share} of what was spent. The rest is named as "
        "{changes}, which no approved budget promises."
    )
    return [message.format(share=percent(share), changes=amounts_of(changes, "accounts"))]


def _endings(at: Rows) -> list[str]:
    """Both endings of the year, where the text tells of a quota."""
    named, over = at["named_completion"]["value"], at["quota_completion"]
    if pd.isna(over["value"]):
        return []
    message = (
        _("With the quota of {quota} that the text reports as left, {available} would have "
          "been available and {rate} of it spent.")
        if pd.isna(named)
        else _("Of the money named, {named} was spent. With the quota of {quota} that the text "
               "reports as left, {available} would have been available: {rate} spent, {rest} left. "
               "The two stand on different bases, and how they relate is not stated.")
    )  # fmt: skip
    return [
        message.format(
            named=percent(named),
            rate=percent(over["value"]),
            rest=percent(100 - over["value"]),
            available=money(over["denominator"]),
            quota=money(over["denominator"] - over["numerator"]),
        )
    ]


def _change(disclosure: Disclosure) -> list[str]:
    """The change of spending on the year before."""
    change = budget.change(disclosure.amounts)
    if not change:
        return []
    more = change["difference"] > 0
    if not round(change["difference"], 2):
        message = _("Spending was the same as in {year}.")
    elif change["derived"]:
        message = (
            _("Spending rose by {difference}, about {rate}; the total of {year} is not printed "
              "and lies between the bounds of {between}.")
            if more
            else _("Spending fell by {difference}, about {rate}; the total of {year} is not "
                   "printed and lies between the bounds of {between}.")
        )  # fmt: skip
    elif pd.isna(change["rate"]):
        message = _("Spending rose by {difference}; in {year} nothing was spent.")
    elif more:
        message = _("Spending rose by {difference} ({rate}) from {last} in {year}.")
    else:
        message = _("Spending fell by {difference} ({rate}) from {last} in {year}.")
    return [
        message.format(
            year=disclosure.year - 1,
            difference=money(abs(change["difference"])),
            last=money(change["last"]),
            between=span(change["last_low"], change["last_high"], "万元", 2),
            rate=percent(abs(change["rate"]), 1),
        )
    ]


def _adjustment(at: Rows) -> list[str]:
    """The adjustment rate in its two readings, the definition's first."""
    own, every = (at[name]["value"] for name in ("adjustment", "adjustment_all"))
    if pd.isna(own):
        return []
    message = _(
        "The budget adjustment rate is {own} as 财预〔2013〕53号 defines it, without what came "
        "from a higher level, and {every} with every change named. Whether money carried over "
        "is an adjustment at all, the definition leaves open."
    )
    return [message.format(own=percent(own), every=percent(every))]


def _items(frame: pd.DataFrame, observed: pd.DataFrame) -> list[str]:
    """Items that were not spent in full, and how many were (from ``budget.items``)."""
    if frame.empty:
        return []
    budgeted = frame[frame["kind"] == "part"]
    parts = budgeted[budgeted["executed"].notna()]
    sentences = common.each(
        parts[parts["unspent"] > budget.TOLERANCE].head(2),
        _("{item}: {spent} of {budget} spent, {rate}; {left} was not spent."),
        item=common.called,
        spent=lambda row: number(row["executed"], 2),
        budget=lambda row: money(row["approved"]),
        rate=lambda row: percent(row["rate"]),
        left=lambda row: money(row["unspent"]),
    )
    full = int((parts["unspent"] <= budget.TOLERANCE).sum())
    message = ngettext(
        "{full} of the {n} item with a budget spent all of it.",
        "{full} of the {n} items with a budget spent all of it.",
        len(budgeted),
    )
    silent = parts[[indicators.results_of(observed, item).empty for item in parts["item"]]]
    return [
        *sentences,
        message.format(full=full, n=len(budgeted)),
        *common.each(
            silent.sort_values("executed").tail(1),
            _("For {item}, {spent}, no result is reported."),
            item=common.named,
            spent=lambda row: money(row["executed"]),
        ),
    ]


def bridge(steps: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """From the approved budget to what was spent and what is left (from ``budget.bridge``)."""
    if steps.empty:
        return tables.notice(_("The approved or the executed total is not stated with a number."))
    frame = relabelled(steps, "step")
    at, stated = _by("kind", frame), common.executed(documents)
    told = bool(at["left"]["source"])  # else it is what these figures leave
    for kind, names in {
        "executed": stated,
        "left": both("step", "left" if told else "unspent"),
    }.items():
        frame.loc[frame["kind"] == kind, ["label", "label_zh"]] = names
    unnamed = at.get("unnamed", {}).get("accounts", 0.0)
    hidden = frame["kind"].eq("available") | (frame["kind"].eq("unnamed") & (unnamed == 0))
    kinds = {"approved": "start", "unnamed": "change", "executed": "total", "left": "total"}
    first = frame[~hidden].assign(
        value=frame["accounts"],
        known=frame["kind"]
        .isin(["unnamed", *["left"] * (not told)])
        .map({True: "derived", False: "stated"}),
        kind=frame["kind"].replace(kinds),
    )
    quota = at["left"]["with_quota"]
    most = max(at["available"]["accounts"], float(frame["with_quota"].fillna(0).max()))
    spent, available = at["executed"]["accounts"], at["available"]["accounts"]
    panels: list[tables.Panel] = [
        (
            (
                _("In the accounts: {available} to spend, {spent} spent")
                if (documents["kind"] == "final_accounts").any()
                else _("As stated: {available} to spend, {spent} spent")
            ).format(available=number(available, 2), spent=number(spent, 2)),
            charts.steps(first, most, unit="万元"),
            "",
        )
    ]
    columns = {"accounts": "" if pd.notna(quota) else _("Amount (万元)")}
    if pd.notna(quota):
        columns["with_quota"] = ""
        whole = at["available"]["with_quota"]
        second = frame.set_index("kind").loc[["executed", "left", "available"]].reset_index()
        second = second.assign(value=second["with_quota"], kind=["start", "change", "total"],
                               known=["stated", "other_basis", "derived"])  # fmt: skip
        second.loc[1, ["label", "label_zh"]] = both("step", "quota")
        split = [
            (spent, _("{rate} spent").format(rate=percent(spent / whole * 100))),
            (quota, _("{rate} left").format(rate=percent(quota / whole * 100))),
        ]
        panels.append(
            (
                _("With the quota that the text reports as left: {whole} to spend").format(
                    whole=number(whole, 2)
                ),
                charts.steps(second, most, unit="万元", split=split),
                _("Where the {quota} comes from, and why the accounts do not show it, is not "
                  "stated.").format(quota=money(quota)),
            )
        )  # fmt: skip
        title = _("The changes named lead to what was spent; the quota reported as left has no "
                  "place in the accounts")  # fmt: skip
    elif unnamed:
        title = _("{unnamed} of what was spent is not accounted for by the changes named").format(
            unnamed=money(unnamed)
        )
    elif (steps["kind"] == "change").any():
        title = _("The changes named lead from the approved budget to what was spent")
    else:
        title = _("{left} of the approved {approved} was not spent; no change is stated").format(
            left=money(at["left"]["accounts"]), approved=money(at["approved"]["accounts"])
        )
    note = _("万元 (10,000 yuan); panels are on one scale")
    return tables.figure(title, note, panels, frame, columns, beside=True,
                         caption=_("The steps in figures (万元)"))  # fmt: skip


def rates(measures: pd.DataFrame) -> Fragment:
    """The measures that can be computed (from ``budget.measures``)."""
    known = measures[measures["status"] == Status.COMPUTED]
    formulas = zip(column(known, "formula"), known["definition"], strict=True)
    frame = known.assign(
        rate=known["value"],
        detail=[
            formula if source else _("{formula}; our own measure").format(formula=formula)
            for formula, source in formulas
        ],
    )
    note = _("Defined in 财预〔2013〕53号, but for those marked as our own.")
    for row in records(known[known["measure"] == "completion"]):
        note += (" " if current() == "en" else "") + _(
            "No norm is published for the completion rate of a department. For illustration only: "
            "PEFA 2016, which rates governments over three years, would give {rate} of the "
            "approved budget a {band} (A: 95 to 105 %, D: outside 85 to 115 %)."
        ).format(rate=percent(row["value"]), band=budget.pefa(row["value"]))
    columns = ["rate", "numerator", "denominator"]
    return tables.table(frame, _("Measures of budget execution"), columns, note)


def revenue(frame: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """Revenue by source, text beside table (from ``budget.revenue``)."""
    if frame.empty:
        return common.lacking(_("Where the money came from is not stated by source."), documents)
    zero = (frame["told"] == 0) & ~(frame["booked"] != 0)
    return tables.table(
        frame[~zero],
        _("Revenue by source: the text beside statutory table 02"),
        ["told", "booked", "difference"],
        common.nothing(frame[zero]),
        total=frame.loc[~zero, "kind"] == "total",
    )


def items(frame: pd.DataFrame, disclosure: Disclosure) -> Fragment:
    """Budget, outturn and reported result of each item (from ``budget.items``)."""
    if frame.empty:
        return tables.notice(
            _("No budget is stated by project or item, so completion is known for the whole only.")
        )
    parts = frame[frame["kind"] == "part"]
    most = float(parts[["approved", "executed"]].max().max())
    panels: list[tables.Panel] = []
    for row in records(parts):
        known = "stated" if pd.notna(row["executed"]) else "missing"
        two = pd.DataFrame(
            [(*both("step", "approved"), row["approved"], 2, "stated"),
             (*both("step", "executed"), row["executed"], 1, known)],
            columns=["label", "label_zh", "value", "shade", "known"],
        )  # fmt: skip
        said, _rows = common.results_of(disclosure.indicators, str(row["item"]))
        note = _("Reported beside it: {results}.").format(results=said)
        panels.append(
            (common.called(row), charts.bars(two, most, unit="万元"),
             note if said else _("No result is reported."))
        )  # fmt: skip
    full = int((parts["unspent"] <= budget.TOLERANCE).sum())
    left = parts["unspent"].clip(lower=0).sum()
    title = _("{full} of {n} spent all of their budget; {left} was not spent").format(
        full=full, n=len(parts), left=money(float(left))
    )
    return tables.figure(
        title,
        _("万元 (10,000 yuan); panels are on one scale. The document ties no count to the money, "
          "so no unit cost can be had."),
        panels,
        frame,
        {"approved": "", "executed": common.spent(disclosure.documents), "rate": ""},
    )  # fmt: skip


def others(frame: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """What every disclosure must state besides (from ``budget.others``)."""
    if frame.empty:
        said = _(
            "Operating cost, the three public expenses, meetings and procurement are not stated."
        )
        return common.lacking(said, documents)
    figures = {"approved": "", "executed": common.spent(documents), "last": "", "named": ""}
    zero = (frame[[*figures]].fillna(0) == 0).all(axis=1)
    unknown = frame[[*figures]].isna().all(axis=1)
    shown = frame[~zero | unknown]
    whole = shown["scheme"] == "total"  # of the year before
    shown = shown.assign(
        label=shown["label"].mask(whole, "Expenditure of the year before"),
        label_zh=shown["label_zh"].mask(whole, "上年支出"),
        known=shown["derived"].map({True: "derived", False: "stated"}),
        last=[
            span(row["last_low"], row["last_high"], digits=2) if pd.notna(row["last"]) else ""
            for row in records(shown)
        ],
    )
    columns = {c: name for c, name in figures.items() if shown[c].notna().any()}
    note = common.nothing(frame[zero & ~unknown])
    if shown.empty:
        return tables.paragraphs(note)
    return tables.table(shown, _("Money stated besides"), columns, note)
