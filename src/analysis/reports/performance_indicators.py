"""What does the department report of its work?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.disclosure import Disclosure
from analysis.measures import Status, indicators
from analysis.present import charts, tables
from analysis.present.labels import relabelled, word
from analysis.present.language import _, column, current, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import at_least, number, percent, span
from analysis.reports import common
from analysis.reports.common import Tile, called, counted, free, named, tile, value_of

__dir__ = own(__name__)

TIERS = ("high", "medium", "low")  # how the ids of the parts of an ordinal scale end


def opening(
    disclosure: Disclosure, ledger: pd.DataFrame, changes: pd.DataFrame, tests: pd.DataFrame
) -> Fragment:
    """The first screen of the report (from ``indicators.ledger``, ``changes`` and ``tests``)."""
    observed = disclosure.indicators
    return tables.opening(
        disclosure,
        disclosure.year,
        _("Performance indicators"),
        "绩效指标",
        answer(disclosure.year, observed, ledger, changes),
        tiles(observed, ledger, changes),
        findings(observed, ledger, changes, tests)[:5],
        common.cautions(disclosure.findings("indicators")),
    )


def answer(year: int, observed: pd.DataFrame, ledger: pd.DataFrame, changes: pd.DataFrame) -> str:
    """How things stand, and what changed most, in one sentence."""
    now = indicators.latest(observed)
    values: dict[str, object] = {"year": year, "n": len(now)}
    if now.empty:
        return _("The documents of {year} give no figures of performance.").format(**values)
    change = next(iter(_largest(changes)), None)
    cut = ledger[ledger["kind"] == "part"].groupby("ledger", sort=False)
    if len(cut):
        name = cut.size().idxmax()
        rows = ledger[ledger["ledger"] == name]
        parts = rows[rows["kind"] == "part"]
        values |= {
            "whole": named(rows.iloc[0]),
            "all": _counted(rows.iloc[0]),
            "parts": listing(
                common.each(parts.head(3), _("{value} {item}"), value=_counted, item=named)
            ),
        }
    if change:
        values |= {"item": named(change), "value": _now(change), "last": _last(change)}
    if len(cut) and change:
        message = _(
            "{all} {whole} are counted in {year}, of them {parts}; {item} came to {value}, after "
            "{last} before."
        )
        if change["same_period"]:
            message = _(
                "{all} {whole} are counted in {year}, of them {parts}; {item} came to {value}, "
                "after {last} in the same period of the year before."
            )
    elif len(cut):
        message = _("{all} {whole} are counted in {year}, of them {parts}.")
    elif change:
        message = _("The documents of {year} give {n} figures; {item} came to {value}, after "
                    "{last} before.")  # fmt: skip
    else:
        message = _("The documents of {year} give {n} figures of performance, none of them with "
                    "a year before.")  # fmt: skip
    return message.format(**values)


def _largest(changes: pd.DataFrame) -> list[dict[str, Any]]:
    """Changes on the year before that fit a number, the largest in relation to it first."""
    rows = [row for row in records(changes) if row["fits"] and row["last"]]
    return sorted(rows, key=lambda row: -abs(float(row["base"]) / row["last"] - 1))


def _marked(said: str, derived: bool) -> str:
    return _("{value} (derived)").format(value=said) if derived else said


def _now(change: Any) -> str:
    """The value of the own year, marked where it is derived."""
    return _marked(value_of(change), change["basis"] == "derived")


def _last(change: Any) -> str:
    """The value of the year before, marked where it is derived."""
    return _marked(_before(change), change["last_derived"])


def _before(change: Any) -> str:
    """The value of the year before, as an interval where more than one number fits."""
    if change["quantity"] == "ratio" or change["last_low"] == change["last_high"]:
        return value_of({**change, "qualifier": "exact"}, "last")
    unit = change["base_zh"] if current() == "zh" else ""
    return span(change["last_low"], change["last_high"], unit)


def tiles(observed: pd.DataFrame, ledger: pd.DataFrame, changes: pd.DataFrame) -> list[Tile]:
    """The headline figures: what is counted, its gravest part, and what changed most."""
    made: dict[str, Tile] = {}
    for _name, rows in ledger.groupby("ledger", sort=False):
        made[rows.iloc[0]["indicator"]] = _tile(rows.iloc[0], _counted(rows.iloc[0]), "")
        made |= gravest(rows)
    for row in _largest(changes):
        if row["indicator"] not in made:
            message = (
                _("{last} in the same period of the year before")
                if row["same_period"]
                else _("{last} before")
            )
            made[row["indicator"]] = _tile(
                row, value_of(row), message.format(last=_last(row)), row["basis"] == "derived"
            )
    now = indicators.latest(observed)
    telling = now[(now["better"] != "neither") & now["base"].notna() & (now["base"] != 0)]
    shares = indicators.parts(observed).set_index("figure")
    for row in records(telling.drop_duplicates("theme")):
        note = ""
        if row["figure"] in shares.index:
            share, whole = shares.loc[row["figure"], ["share", "n"]]
            note = _("{share} of {all}").format(share=percent(share), all=counted(whole, row))
        made.setdefault(row["indicator"], _tile(row, value_of(row), note))
    return list(made.values())[:5]


def gravest(ledger: pd.DataFrame) -> dict[str, Tile]:
    """The first part of the group that is cut into most parts; none where there is no group."""
    parts = ledger[ledger["kind"] == "part"]
    for name in parts["ledger"].value_counts().index[:1]:
        row = parts[parts["ledger"] == name].iloc[0]
        whole = ledger[ledger["ledger"] == name].iloc[0]
        note = _("{share} of {all}").format(share=percent(row["share"]), all=_counted(whole))
        return {row["indicator"]: _tile(row, _counted(row), note)}
    return {}


def _tile(row: Any, value: str, note: str, derived: bool = False) -> Tile:
    return tile((row["label"], row["label_zh"]), value, "", note, derived=derived)


def findings(
    observed: pd.DataFrame, ledger: pd.DataFrame, changes: pd.DataFrame, tests: pd.DataFrame
) -> list[str]:
    """What else a reader must know, most telling first."""
    return [
        *_ledgers(ledger),
        *_changes(changes)[:2],
        *_tests(tests),
        *common.grades(observed),
    ]


def _ledgers(ledger: pd.DataFrame) -> list[str]:
    sentences = []
    for _name, rows in ledger.groupby("ledger", sort=False):
        parts = common.each(
            rows[rows["kind"] == "part"], _("{value} {item} ({share})"), value=_counted, item=named,
            share=lambda row: percent(row["share"]),
        )  # fmt: skip
        if parts:
            message, whole = _("Of {all} {whole}: {parts}."), rows.iloc[0]
            sentences.append(
                message.format(all=_counted(whole), whole=named(whole), parts=listing(parts))
            )
    return sentences


def _changes(changes: pd.DataFrame) -> list[str]:
    sentences = []
    for row in records(changes):
        if not row["fits"]:
            continue
        if row["last_derived"]:
            message = (
                _("{item}: {value}, after {last} in the same period of the year before, as the "
                  "change printed implies.")
                if row["same_period"]
                else _("{item}: {value}, after {last} before, if the change printed is of one "
                       "year.")
            )  # fmt: skip
        else:
            message = (
                _("{item}: {value}, after {last} in the same period of the year before.")
                if row["same_period"]
                else _("{item}: {value}, after {last} in the year before.")
            )
        last = _before(row) if row["last_derived"] else _last(row)  # the message says it
        sentences.append(message.format(item=called(row), value=_now(row), last=last))
    return sentences


def _tests(tests: pd.DataFrame) -> list[str]:
    """Tests with positives, tests without, and tests of which no result is stated."""
    sentences = []
    for row in records(tests[tests["positives"] > 0]):
        values = {
            "item": called(row),
            "k": number(row["positives"]),
            "n": number(row["n"]),
            "rate": percent(row["rate"]),
            "interval": span(row["low"], row["high"], "%", 2),
            "ceiling": percent(row["ceiling"], 0),
        }
        if pd.isna(row["low"]):
            message = _("{item}: {k} of {n} positive, {rate}.")
        elif pd.isna(row["ceiling"]):
            message = _("{item}: {k} of {n} positive, {rate} (95 % interval {interval}).")
        else:
            message = _(
                "{item}: {k} of {n} positive, {rate} (95 % interval {interval}); the document "
                "names {ceiling} as its ceiling."
            )
        sentences.append(message.format(**values))
    clean, silent = tests[tests["positives"] == 0], tests[tests["reason"] == "no_result"]
    values = {"clean": _named_tests(clean), "silent": _named_tests(silent)}
    if len(clean) and len(silent):
        message = _("Nobody was positive in {clean}; no result is stated for {silent}.")
        sentences.append(message.format(**values))
    elif len(clean):
        sentences.append(_("Nobody was positive in {clean}.").format(**values))
    elif len(silent):
        sentences.append(_("No result is stated for {silent}.").format(**values))
    return sentences


def _named_tests(tests: pd.DataFrame) -> str:
    return listing(common.each(tests, _("{item} ({n})"), item=named, n=_count))


def _counted(row: Any) -> str:
    return counted(row["value"], row)


def _count(row: Any) -> str:
    if pd.isna(row["n"]):
        return _("no number given")
    said = counted(row["n"], row)
    return at_least(said) if row["qualifier"] == "at_least" else said


def ledger(frame: pd.DataFrame) -> Fragment:
    """Groups of persons and their parts (from ``indicators.ledger``)."""
    if frame.empty:
        return tables.notice(_("No group is stated together with its parts."))
    shown = relabelled(frame, "group").assign(
        known=frame["derived"].map({True: "derived", False: "stated"}),
        detail=[
            _("{whole}, but not here").format(whole=named(row)) if row["kind"] == "outside" else ""
            for row in records(frame)
        ],
    )
    most = float(shown["value"].max())
    panels: list[tables.Panel] = []
    for _name, rows in shown.groupby("ledger", sort=False):
        whole, parts = rows.iloc[0], rows[rows["kind"].isin(["part", "rest"])]
        tiers = [one.rpartition("_")[2] for one in parts["indicator"]]
        graded = {*tiers} <= {*TIERS} and (parts["kind"] == "part").all()
        drawn = parts.assign(shade=tiers if graded else [min(i, 2) + 1 for i in range(len(parts))])
        outside = rows[rows["kind"] == "outside"]
        note = "".join(
            _("{n} more are among {whole} only.").format(
                n=_counted(row), whole=named(records(frame.loc[[index]])[0])
            )
            for index, row in outside.iterrows()
        )
        panels.append((called(whole), charts.ledger(drawn, whole, most), note))
    firsts = [
        _("{value} {item} of {all}").format(
            value=_counted(rows.iloc[1]),
            all=_counted(rows.iloc[0]),
            item=named(rows.iloc[1]),
        )
        for _name, rows in frame.groupby("ledger", sort=False)
    ]  # fmt: skip
    return tables.figure(
        common.sentence(listing(firsts)).rstrip(".。"),
        _("Bars are on one scale, shares rounded one by one"),
        panels,
        shown,
        {"value": _("Number"), "share": _("Share (%)")},
        beside=True,
        caption=_("Groups and their parts"),
    )


def changes(frame: pd.DataFrame) -> Fragment:
    """What is told of the year before too (from ``indicators.changes``)."""
    if frame.empty:
        return tables.notice(_("No figure is told of the year before too."))
    panels: list[tables.Panel] = []
    rows = []
    for row in records(frame):
        ratio = 100 if row["quantity"] == "ratio" else 1
        before = _("Same period of the year before") if row["same_period"] else _("Year before")
        two = pd.DataFrame(
            [
                {"label": before, "value": row["last"] * ratio, "shade": 3,
                 "text": _before(row) if row["fits"] else _("no whole number fits"),
                 "known": "missing" if not row["fits"]
                 else "derived" if row["last_derived"] else "stated"},
                {"label": str(int(row["year"])), "value": float(row["base"]) * ratio, "shade": 1,
                 "text": value_of(row),
                 "known": "derived" if row["basis"] == "derived" else "stated"},
            ]
        )  # fmt: skip
        panels.append((called(row), charts.bars(two), common.sentence(_caveat(row))))
        rows.append({**row, "previous": two["text"].iloc[0], "after": two["text"].iloc[1],
                     "known": two["known"].iloc[0]})  # fmt: skip
    top = next(iter(_largest(frame)), None)
    heading = (
        _("{item}: {value}, after {last}").format(
            item=called(top), value=_now(top), last=_last(top)
        )
        if top
        else _("The changes printed fit no whole number")
    )
    return tables.figure(heading, _("Each panel has its own scale"), panels, pd.DataFrame(rows),
                         ["previous", "after"])  # fmt: skip


def _caveat(row: dict[str, Any]) -> str:
    return free(row, "note") or _("The document says no more")


def tests(frame: pd.DataFrame) -> Fragment:
    """Test results by population (from ``indicators.tests``)."""
    if frame.empty:
        return tables.notice(_("No tests of persons are reported."))
    names = [
        _("{test}: {result}").format(test=row["label"], result=row["result"])
        if row["result"]
        else row["label"]
        for row in records(frame)
    ]
    shown = frame.assign(
        label=names,
        tests=[_count(row) for row in records(frame)],
        said=[_outcome(row) for row in records(frame)],
        value=frame["n"],
        known=["at_least" if q == "at_least" else "stated" for q in frame["qualifier"]],
        shade=["outline" if s != Status.COMPUTED else 1 for s in frame["status"]],
    )
    drawn = shown.assign(note=shown["said"])
    silent = frame[frame["reason"] == "no_result"]
    known = frame[frame["status"] == Status.COMPUTED]
    heading = _("Of {all} tests told of, {silent} have no result").format(
        all=_sum(frame), silent=_sum(silent)
    ) if len(silent) else _("{k} positive of {all} tests").format(
        k=number(known["positives"].sum()), all=_sum(frame)
    )  # fmt: skip
    panels: list[tables.Panel] = [
        (_("How many were tested"), charts.bars(drawn), _("Outlines: the result is not stated."))
    ]
    sampled = known[known["low"].notna()]
    if len(sampled):
        limits = sampled["ceiling"].dropna()
        ceiling = float(limits.iloc[0]) if len(limits) else None
        words = "" if ceiling is None else _("ceiling {rate}").format(rate=percent(ceiling, 0))
        panels.append(
            (
                _("Share positive where the document speaks of a sample"),
                charts.shares(
                    sampled.assign(value=sampled["rate"]), ceiling=ceiling, ceiling_text=words
                ),
                _("Wilson's 95 % interval, defined for no positives too."),
            )
        )
    note = _("Tests; “more than” is taken as a lower bound")
    columns = {"tests": _("Tests"), "said": _("Result")}
    return tables.figure(heading, note, panels, shown, columns, beside=True,
                         caption=_("Tests by population"))  # fmt: skip


def _sum(tests: pd.DataFrame) -> str:
    said = counted(float(tests["n"].sum()), tests.iloc[0]) if len(tests) else number(0)
    bound = (tests["qualifier"] == "at_least").any() or tests["n"].isna().any()
    return at_least(said) if bound else said


def _outcome(row: Any) -> str:
    if row["status"] != Status.COMPUTED:
        return word("reason", row["reason"])
    if not row["positives"] and pd.isna(row["low"]):
        return _("none positive")
    if pd.isna(row["low"]):
        return _("{k} positive ({rate})").format(
            k=number(row["positives"]), rate=percent(row["rate"])
        )
    return _("{k} positive ({rate}; {interval})").format(
        k=number(row["positives"]),
        rate=percent(row["rate"]),
        interval=span(row["low"], row["high"], "%", 2),
    )


def intensity(frame: pd.DataFrame) -> Fragment:
    """How often each member of a group was reached (from ``indicators.intensity``)."""
    if frame.empty:
        return tables.notice(_("No work is told of together with the number of those it reached."))
    shown = frame.assign(
        detail=[
            _("over {whole}").format(whole=named({"label": row["per"], "label_zh": row["per_zh"]}))
            for row in records(frame)
        ],
        times=frame["rate"].round(2),
    )
    columns = {"events": _("Events"), "count": _("Number"), "times": _("Times each")}
    return tables.table(shown, _("Events over the number of those they reached"), columns,
                        _("Our own measure: a mean, which each may differ from."))  # fmt: skip


def left_over(observed: pd.DataFrame, *shown: pd.DataFrame) -> pd.DataFrame:
    """The observations that none of these frames cites, so that nothing stays unshown."""
    cited = {one for frame in shown for source in frame.get("source", ())
             for one in source.split("; ")}  # fmt: skip
    return observed[~observed["source"].isin(cited)]


def times(documents: pd.DataFrame) -> Fragment:
    """What time the figures are of, in our words."""
    return tables.paragraphs(*map(common.sentence, column(documents, "period")))


def themes(observed: pd.DataFrame) -> Fragment:
    """Every figure of these observations, a panel a theme (rows of ``Disclosure.indicators``)."""
    if observed.empty:
        return tables.paragraphs(_("Nothing else is reported."))
    panels: list[tables.Panel] = []
    for _theme, figures in observed.groupby("theme", sort=False):
        first = figures.iloc[0]
        name = named({"label": first["theme_en"], "label_zh": first["theme_zh"]})
        name = name[:1].upper() + name[1:]
        panels.append((name, common.listed(figures), ""))
    heading = ngettext(
        "{n} more figure, by theme", "{n} more figures, by theme", len(observed)
    ).format(n=number(len(observed)))
    return tables.figure(heading, panels=panels)


def cannot(observed: pd.DataFrame, changes: pd.DataFrame, tests: pd.DataFrame) -> Fragment:
    """What cannot be said of performance, by reason."""
    now = indicators.latest(observed)
    said = [
        *common.each(tests[tests["reason"] == "no_result"], _("the result of {item}"), item=named),
        *common.each(now[now["base"].isna()], _("a number for {item}"), item=named),
        *common.each(now[now["denominator"] == "not stated"], _("what {item} is over"), item=named),
        *common.each(
            changes[~changes["fits"]] if len(changes) else changes,
            _("{item} of the year before"),
            item=named,
        ),
    ]
    return tables.cannot([("not_disclosed", one) for one in said])
