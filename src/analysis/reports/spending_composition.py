"""What was the money spent on, and where did it come from?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.disclosure import Disclosure
from analysis.measures import budget, composition, indicators
from analysis.present import charts, tables
from analysis.present.labels import both, relabelled, word
from analysis.present.language import _, listing
from analysis.present.tables import Fragment
from analysis.present.text import money, number, percent
from analysis.reports import common
from analysis.reports.common import Tile, named, tile

__dir__ = own(__name__)


Cuts = Mapping[str, pd.DataFrame]  # what ``composition.cuts`` gives


def opening(disclosure: Disclosure, cuts: Cuts) -> Fragment:
    """The first screen of the report."""
    return tables.opening(
        disclosure,
        disclosure.year,
        _("Spending composition"),
        "支出构成",
        answer(disclosure, cuts),
        tiles(disclosure, cuts),
        findings(disclosure, cuts)[:5],
        common.cautions(disclosure.findings("money")),
    )


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    known = frame["kind"].eq("rest").map({True: "derived", False: "stated"})
    return relabelled(frame, "part").assign(known=known)


def answer(disclosure: Disclosure, cuts: Cuts) -> str:
    """What took most of the money, in one sentence."""
    procured = budget.procurement(disclosure.amounts)
    spent = budget.total(budget.pick(disclosure.amounts, "total", "executed"))
    name = next((one for one in ("project", "function", "nature") if one in cuts), "")
    values: dict[str, object] = {"year": disclosure.year, "spent": money(spent)}
    if pd.isna(spent) or not (name or procured):
        return _("What the money of {year} was spent on is not disclosed.").format(**values)
    if procured:
        values |= {"procured": percent(procured["share"])}
    if name:
        top = cuts[name].iloc[0]
        values |= {"share": percent(top["share"]), "top": named(top), "value": money(top["value"])}
    if not name or pd.isna(cuts[name]["share"].iloc[0]):
        if not procured:
            return _("The {spent} of {year} cannot be cut into shares.").format(**values)
        return _(
            "Of the {spent} spent in {year}, {procured} went through procurement; what it was "
            "spent on is not disclosed."
        ).format(**values)
    if name == "project":
        items = budget.pick(disclosure.amounts, "project", "executed")
        first = items.sort_values("base", ascending=False, kind="stable")["item"].tolist()[0]
        if indicators.results_of(disclosure.indicators, first).empty:
            return _(
                "Of the {spent} spent in {year}, {share} went to {top}, for which no result is "
                "reported."
            ).format(**values)
        return _("Of the {spent} spent in {year}, {share} went to {top}.").format(**values)
    if procured:
        return _(
            "Of the {spent} spent in {year}, {share} was booked as {top} and {procured} went "
            "through procurement; what each project cost is not disclosed."
        ).format(**values)
    return _(
        "Of the {spent} spent in {year}, {share} was booked as {top}; what each project cost is "
        "not disclosed."
    ).format(**values)


def tiles(disclosure: Disclosure, cuts: Cuts) -> list[Tile]:
    """The headline figures."""
    procured = budget.procurement(disclosure.amounts)
    spent = budget.total(budget.pick(disclosure.amounts, "total", "executed"))
    label = common.executed(disclosure.documents)
    made = [] if pd.isna(spent) else [tile(label, number(spent, 2), "万元")]

    def add(name: str | tuple[str, str], value: float, share: float, derived: bool = False) -> None:
        note = _("{share} of spending").format(share=percent(share))
        made.append(tile(name, number(value, 2), "万元", note, derived=derived))

    for scheme, most in (("project", 4), ("function", 1)):
        found = cuts.get(scheme)
        if found is not None and found["share"].notna().all():
            for row in records(found[found["value"] > 0].head(most)):
                add((row["label"], row["label_zh"]), row["value"], row["share"])
    if procured:
        add("procurement", procured["value"], procured["share"])
        add(both("part", "rest"), procured["rest"], 100 - procured["share"], derived=True)
    if "funding" in cuts:
        other = cuts["funding"][cuts["funding"]["kind"] == "part"]
        if len(other):
            add("outside_budget", other["value"].sum(), other["share"].sum(), derived=True)
    return made[:5]


def findings(disclosure: Disclosure, cuts: Cuts) -> list[str]:
    """One sentence a cut, and what the money cannot be told to have bought."""
    sentences = []
    for scheme, frame in cuts.items():
        if scheme == "source":  # the budget report sets it beside its table
            continue
        frame, whole = _labelled(frame), money(frame["value"].sum(skipna=False))
        real = frame[frame["value"] != 0]
        if frame["share"].isna().any():
            sentences.append(
                _("{heading}: no shares, for {reason}.").format(
                    heading=word("cut", scheme),
                    reason=word("reason", frame["reason"].iloc[0] or "no_number"),
                )
            )
        elif len(real) == 1:
            sentences.append(
                _("{heading}: all of the {whole} is {item}.").format(
                    heading=word("cut", scheme), whole=whole, item=named(real.iloc[0])
                )
            )
        elif scheme != "procurement":
            parts = common.each(
                real, _("{item} {value} ({share})"), item=named,
                value=lambda row: number(row["value"], 2), share=lambda row: percent(row["share"]),
            )  # fmt: skip
            sentences.append(
                _("{heading}: of {whole}, {parts}.").format(
                    heading=word("cut", scheme), whole=whole, parts=listing(parts)
                )
            )
    priced = indicators.at_list_price(disclosure.indicators, disclosure.amounts)
    return sentences + common.each(
        priced.dropna(subset=["rest", "share"]) if len(priced) else priced,
        _(
            "Priced at the {price} that the document prints, {item} ({count}), each counted once, "
            "would cost {cost}, {share} of the approved budget; {rest} was spent outside "
            "procurement. "
            "This is a test of ours, not a statement of the document."
        ),
        price=lambda row: money(row["price"]),
        count=lambda row: number(row["count"]),
        item=named,
        cost=lambda row: money(row["cost"]),
        share=lambda row: percent(row["share"]),
        rest=lambda row: money(row["rest"]),
    )


def cuts(frames: Cuts) -> Fragment:
    """One bar of the money, cut in every way that is disclosed (from ``composition.cuts``)."""
    shown = {name: _labelled(frame) for name, frame in frames.items() if name != "source"}
    if "project" not in shown:
        shown["project"] = pd.DataFrame(columns=["label", "label_zh", "value"])
    if not any(len(frame) for frame in shown.values()):
        return tables.notice(_("What the money was spent on is not disclosed."))
    panels: list[tables.Panel] = [
        (word("cut", name), charts.parts(_shaded(frame), unit="万元"), _apart(frame))
        for name, frame in shown.items()
    ]
    data = pd.concat(
        [frame.assign(section=word("cut", name)) for name, frame in shown.items() if len(frame)]
    )
    count = sum(len(frame) > 0 for frame in shown.values())
    title = (
        _("One bar of the money, cut {n} ways; by project it is not disclosed").format(n=count)
        if shown["project"].empty
        else _("The money by project; no other cut is disclosed")
        if count == 1
        else _("One bar of the money, cut {n} ways").format(n=count)
    )
    note = _("万元 (10,000 yuan) and share; each bar is the whole. Shares are rounded one by one.")
    return tables.figure(title, note, panels, data, ["section", "value", "share"])


def _shaded(frame: pd.DataFrame) -> pd.DataFrame:
    """Parts above zero, each a shade of its own as far as there are shades."""
    real = frame[frame["value"] > 0] if len(frame) else frame
    return real.assign(shade=[min(place + 1, 3) for place in range(len(real))])


def _apart(frame: pd.DataFrame) -> str:
    """A note where shares that are rounded one by one do not add up to 100."""
    if frame.empty or composition.add_up(frame["share"]):
        return ""
    return _("Rounded one by one, the shares add up to {sum}.").format(
        sum=percent(round(float(frame["share"].round(2).sum()), 2))
    )


def results(items: pd.DataFrame, disclosure: Disclosure) -> Fragment:
    """What the documents report beside the money of each project (from ``composition.by``)."""
    if items.empty:
        return tables.notice(
            _("No project is disclosed with its money, so no result stands beside any.")
        )
    rows = []
    for item in records(items):
        said, found = common.results_of(disclosure.indicators, item["item"])
        rows.append(
            {
                **item,
                "executed": item["base"] / budget.WAN,
                "result": common.sentence(said) if said else _("No result is reported."),
                "source": "; ".join([item["source"], *found["source"]]),
            }
        )
    return tables.table(
        pd.DataFrame(rows).sort_values("executed", ascending=False),
        _("Money and result, project by project"),
        {"executed": common.spent(disclosure.documents), "result": ""},
        _("The document ties no count to the money, so no unit cost can be had."),
    )


def hierarchy(frame: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """Expenditure from class to item (from ``composition.hierarchy``)."""
    if frame.empty:
        return common.lacking(_("No statutory table of expenditure is disclosed."), documents)
    return tables.table(
        frame.assign(detail=frame["code"].where(frame["level"] != "total", "")),
        _("Expenditure by class, division and item: statutory table 03"),
        ["total", "basic", "projects"],
        total=frame["level"] == "total",
    )


def cannot(frames: Cuts, year: int, documents: pd.DataFrame) -> Fragment:
    """Which cuts are missing, and what that rules out (from ``composition.cuts``)."""
    lack = [word("cut", name) for name in composition.SCHEMES if name not in frames]
    rows = [(common.silent(documents), one[:1].lower() + one[1:]) for one in lack]
    if lack:
        rows.append(
            (
                "not_comparable",
                _(
                    "{year} with a year that is cut in another way: no official concordance leads "
                    "from one classification to another"
                ).format(year=year),
            )
        )
    return tables.cannot(rows)
