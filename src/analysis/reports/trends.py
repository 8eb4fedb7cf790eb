"""Which figures may be compared from year to year, and what do they say?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.measures import Status
from analysis.measures.trends import moves
from analysis.present import charts, tables
from analysis.present.labels import both, relabelled, word
from analysis.present.language import _, column, current, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import money as wan
from analysis.present.text import number, percent, points, span, with_unit
from analysis.reports import common
from analysis.reports.common import Tile, called, free, named, tile, value_of

__dir__ = own(__name__)

NEWEST = 4  # years set side by side in a table: more fit no phone


def opening(
    documents: pd.DataFrame, money: pd.DataFrame, moved: pd.DataFrame, compared: pd.DataFrame
) -> Fragment:
    """The first screen (from ``trends.money``, ``trends.moves`` and ``trends.comparisons``)."""
    return tables.opening(
        documents,
        None,
        _("What changed over the years?"),
        "趋势",
        answer(money, compared),
        tiles(money, moved),
        findings(moved)[:5],
    )


def _approved(money: pd.DataFrame) -> dict[str, Any] | None:
    """The move of the approved budget, where it is known for two years."""
    if money.empty:
        return None
    known = money[(money["phase"] == "approved") & money["value"].notna()]
    return records(moves(known))[0] if known["year"].nunique() > 1 else None


def answer(money: pd.DataFrame, compared: pd.DataFrame) -> str:
    """What may be compared and how the budget moved, in one sentence."""
    can = int((compared["status"] == Status.COMPUTED).sum())
    values: dict[str, object] = {"can": can, "cannot": len(compared) - can}
    move = _approved(money)
    if move is None:
        return _(
            "{can} figures keep their definition over two years, {cannot} look alike and may not "
            "be compared."
        ).format(**values)
    values |= {
        "first": wan(move["first"]),
        "last": wan(move["last"]),
        "first_year": move["first_year"],
        "last_year": move["last_year"],
        "rate": percent(abs(move["rate"]), 0),
    }
    message = (
        _("From {first_year} to {last_year} the approved budget fell by {rate}, from {first} to "
          "{last}; {can} other figures keep their definition over two years, {cannot} look alike "
          "and may not be compared.")
        if move["difference"] < 0
        else _("From {first_year} to {last_year} the approved budget rose by {rate}, from {first} "
               "to {last}; {can} other figures keep their definition over two years, {cannot} look "
               "alike and may not be compared.")
    )  # fmt: skip
    return message.format(**values)


def _moved(move: Mapping[str, Any]) -> str:
    """The change over a series, in the terms of its figure."""
    if move["quantity"] == "ratio":
        return points(move["difference"], 1)
    small = 0 < abs(move["first"]) < 30 or not move["first"]
    if small and float(move["difference"]).is_integer():
        unit = move["base_zh"] if current() == "zh" else ""
        return with_unit(number(move["difference"], 0, sign=True), unit)
    return percent(move["rate"], 0 if move["derived"] else 1, sign=True)


def _value(value: float, move: Mapping[str, Any]) -> str:
    if move["quantity"] == "ratio":
        return percent(value, common.digits_of(value))
    return common.counted(value, move)


def tiles(money: pd.DataFrame, moved: pd.DataFrame) -> list[Tile]:
    """The headline changes."""
    made = []
    if move := _approved(money):
        note = _("{change} since {year}").format(
            change=percent(move["rate"], 1, sign=True), year=move["first_year"]
        )
        made.append(tile(both("step", "approved"), number(move["last"], 2), "万元", note))
    for move in records(moved):
        note = _("{change} since {year}").format(change=_moved(move), year=move["first_year"])
        made.append(
            tile((move["label"], move["label_zh"]), _value(move["last"], move), "", note,
                 derived=move["derived"])
        )  # fmt: skip
    return made[:5]


def findings(moved: pd.DataFrame) -> list[str]:
    """Each move with its caveat, the largest first."""
    sentences, noted = [], set()
    for move in sorted(records(moved), key=lambda one: -abs(one["rate"] if one["first"] else 1e9)):
        values = {
            "item": called(move),
            "first": _value(move["first"], move),
            "last": _value(move["last"], move),
            "first_year": move["first_year"],
            "last_year": move["last_year"],
            "change": _moved(move),
            "note": free(move, "note"),
        }
        if values["note"] in noted:  # once is enough
            values["note"] = ""
        noted.add(values["note"])
        message = (
            _("{item}: {first} in {first_year}, {last} in {last_year} ({change}); {note}.")
            if values["note"]
            else _("{item}: {first} in {first_year}, {last} in {last_year} ({change}).")
        )
        sentences.append(message.format(**values))
    return sentences or [_("No figure is known for two years under one definition.")]


def by_year(money: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """Approved beside executed, a panel a year (from ``trends.money``)."""
    if money.empty:
        return tables.notice(_("No total of money is known."))
    years = sorted(money["year"].unique())[-NEWEST:]
    most = float(money["value"].max())
    kinds = documents.set_index("document")["kind"]
    has = {*documents["year"]}
    panels: list[tables.Panel] = []
    for year in years:
        now = money[(money["year"] == year) & money["value"].notna()]
        approved = now[now["phase"] == "approved"]
        executed = now[now["phase"] == "executed"].sort_values("known", ascending=False)
        silent = _("not stated") if year in has else _("no document")
        final = executed["series"].map(kinds).eq("final_accounts")
        rows = pd.concat(
            [
                approved.assign(kind="approved", shade=2),
                executed.assign(kind=final.map({True: "executed_accounts", False: "executed"}),
                                shade=1),
            ]
        )  # fmt: skip
        if approved.empty:
            none = {"kind": "approved", "shade": 2, "known": "missing", "text": silent}
            rows = pd.concat([pd.DataFrame([none]), rows], ignore_index=True)
        rows = relabelled(rows.assign(label="", label_zh=""), "step")
        note = listing(
            common.each(
                executed[executed["known"] == "derived"],
                _("derived: {between}"),
                between=lambda row: span(row["low"], row["high"], "万元", 2),
            )
        )
        if len(approved) and len(executed):
            rate = executed["value"].iloc[0] / approved["value"].iloc[0] * 100
            note = _("{rate} completed").format(rate=percent(rate)) if rate == rate else ""
        panels.append((str(year), charts.bars(rows, most, unit="万元"), note))
    data = relabelled(money[money["value"].notna()].assign(label="", label_zh=""), "step", "phase")
    data = data.assign(executed=data["value"], year=data["year"].astype(str))
    move = _approved(money)
    title = (
        _("The approved budget went from {first} to {last}").format(
            first=wan(move["first"]), last=wan(move["last"])
        )
        if move
        else _("Approved beside executed, by year")
    )
    note = _(
        "万元 (10,000 yuan), one scale. Approved budgets compare; whether the executed totals of "
        "two documents include the same is not stated."
    )
    columns = {"year": _("Year"), "executed": _("Amount (万元)")}
    return tables.figure(title, note, panels, data, columns)


def net(moved: pd.DataFrame) -> Fragment:
    """Net change of the parts of one whole, e.g. of risk tiers (from ``trends.moves``)."""
    parts = moved[moved["share_of"] != ""]
    panels: list[tables.Panel] = []
    for _whole, rows in parts.groupby("share_of", sort=False):
        if len(rows) < 2 or rows["first_year"].nunique() > 1:
            continue
        heading = _("{first} to {last}").format(
            first=rows["first_year"].iloc[0], last=rows["last_year"].iloc[0]
        )
        note = common.sentence(column(rows, "note").iloc[0])
        panels.append((heading, charts.changes(rows.assign(value=rows["difference"])), note))
    if not panels:
        return tables.notice(_("No parts of a whole are known for two years."), "not_comparable")
    top = max(records(parts), key=lambda row: abs(row["difference"]))
    title = _("Net change: {item} {change}").format(
        item=named(top), change=number(top["difference"], sign=True)
    )
    note = _("Who moved from which part to which is not known")
    columns = {"first": _("First"), "last": _("Last"), "difference": _("Change")}
    return tables.figure(title, note, panels, parts, columns)


def series(panel: pd.DataFrame) -> Fragment:
    """Every series of one definition, as small multiples (from ``trends.panel``)."""
    if panel.empty:
        return tables.notice(_("No figure is known for two years."), "not_comparable")
    panels: list[tables.Panel] = []
    for _name, group in panel.groupby("series", sort=False):
        first = group.iloc[0]
        title = called(first)
        unit = "%" if first["quantity"] == "ratio" else ""
        panels.append((title, charts.series(group, unit=unit), ""))
    title = ngettext(
        "{n} figure is known for two years under one definition",
        "{n} figures are known for two years under one definition",
        len(panels),
    ).format(n=len(panels))
    note = _("Each panel has its own scale; rings are derived, gaps are years without the figure")
    shown = panel.assign(year=panel["year"].astype(str))
    columns = {"year": _("Year"), "value": _("Value")}
    return tables.figure(title, note, panels, shown, columns)


def comparable(compared: pd.DataFrame, money: pd.DataFrame) -> Fragment:
    """What may be set side by side, and what not (from ``trends.comparisons``)."""
    rows: list[dict[str, Any]] = []
    if len(money):
        for phase, label, label_zh, said in (
            ("approved", "Approved budget (万元)", "年初预算", _("yes")),
            ("executed", "Executed (万元)", "支出", _("no")),
        ):
            known = money[(money["phase"] == phase) & (money["known"] == "stated")]
            if known["year"].nunique() > 1:
                by = {int(one["year"]): number(one["value"], 2) for one in records(known)}
                why = (
                    "" if phase == "approved" else _("what they include is not stated to be equal")
                )
                rows.append({"label": label, "label_zh": label_zh, "by": by, "comparable": said,
                             "detail": why, "source": "; ".join(known["source"])})  # fmt: skip
    for one in records(compared):
        observed = one["observed"]
        names = {row["indicator"]: row for row in observed}
        values: dict[int, list[str]] = {}
        for row in observed:
            values.setdefault(int(row["year"]), []).append(value_of(row))
        note = free(one, "note")
        rows.append(
            {
                "label": " / ".join(row["label"] for row in names.values()),
                "label_zh": " / ".join(row["label_zh"] for row in names.values()),
                "by": {year: listing(each) for year, each in values.items()},
                "comparable": word("comparable", one["verdict"]),
                "detail": word("differs", one["differs"]) or note,
                "source": "; ".join(row["source"] for row in observed),
            }
        )
    if not rows:
        return tables.notice(_("No figure is known for two years."), "not_comparable")
    years = sorted({year for row in rows for year in row["by"]})[-NEWEST:]
    frame = pd.DataFrame(
        [{**row, **{str(year): row["by"].get(year, "") for year in years}} for row in rows]
    )
    order = {_("yes"): 0, _("probably"): 1, _("roughly"): 2}
    frame = frame.sort_values(
        "comparable", key=lambda one: one.map(order).fillna(3), kind="stable", ignore_index=True
    )
    columns = {str(year): str(year) for year in years} | {"comparable": _("Comparable")}
    return tables.table(frame.drop(columns="by"), _("Years side by side"), columns)
