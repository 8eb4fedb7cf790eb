"""Which figures hold, which do not, and what should be used instead?"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from analysis.checks import claims
from analysis.checks.identities import identity_rules, identity_summary, undisclosed
from analysis.data import forms
from analysis.data.package import Package, records
from analysis.data.tab import own
from analysis.disclosure import Disclosure
from analysis.measures import Status, budget, indicators
from analysis.present import charts, tables
from analysis.present.labels import word
from analysis.present.language import _, column, current, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import number, plain
from analysis.reports import common
from analysis.reports.common import Tile, named, tile

__dir__ = own(__name__)

Checked = Mapping[str, pd.DataFrame]  # what ``checked_tables`` gives: identities by document


def opening(
    documents: pd.DataFrame, judged: pd.DataFrame, checked: Checked, printed: pd.DataFrame
) -> Fragment:
    """The first screen of the report; `printed` are rows of `disclosed_tables`."""
    return tables.opening(
        documents,
        None,
        _("Can the documents be trusted?"),
        "数据质量",
        answer(judged, documents, printed),
        tiles(judged, checked, documents, printed),
        findings(judged, checked, documents),
    )


def answer(judged: pd.DataFrame, documents: pd.DataFrame, printed: pd.DataFrame) -> str:
    """How far the documents hold, in one sentence."""
    counts, (shown, due) = claims.counts(judged), printed_of(documents, printed)
    values = {
        "n": number(counts.statements),
        "hold": number(counts.hold),
        "contradicted": number(counts.contradicted),
        "not_reconcilable": number(counts.not_reconcilable),
        "missing": due - shown,
        "due": due,
    }
    if not counts.statements:
        return _("No statement of the documents can be checked.")
    if counts.hold == counts.statements:
        return _("All {n} statements that can be checked hold.").format(**values)
    if shown == due:
        return _(
            "{hold} of {n} statements hold, {contradicted} are contradicted and "
            "{not_reconcilable} cannot be reconciled."
        ).format(**values)
    return _(
        "{hold} of {n} statements hold, {contradicted} are contradicted and {not_reconcilable} "
        "cannot be reconciled; {missing} of {due} statutory tables are not printed."
    ).format(**values)


def printed_of(documents: pd.DataFrame, printed: pd.DataFrame) -> tuple[int, int]:
    """Statutory tables printed, and due: nine for each final account."""
    accounts = documents[documents["kind"] == "final_accounts"]["document"]
    shown = printed[printed["document"].isin(accounts)].drop_duplicates(["document", "table"])
    return len(shown), len(accounts) * len(forms.TITLES)


def tiles(
    judged: pd.DataFrame, checked: Checked, documents: pd.DataFrame, printed: pd.DataFrame
) -> list[Tile]:
    """The headline figures."""
    counts, (shown, due) = claims.counts(judged), printed_of(documents, printed)
    note = _("of {n} checked").format(n=number(counts.statements))
    same = _("same thing, two values")
    bases = _("bases differ, or nothing to set beside")
    made = [
        tile("hold", number(counts.hold), "", note),
        tile("contradicted", number(counts.contradicted), "", same),
        tile("not_reconcilable", number(counts.not_reconcilable), "", bases),
    ]
    if checked:
        result = _summary(checked)["result"].value_counts()
        note = _("{held} hold, {open} not checked").format(
            held=number(result.get("holds", 0)), open=number(result.get("not checked", 0))
        )
        fails = number(result.get("fails", 0))
        made.append(tile("identities", fails, "", note))
    if due:
        note = _("of {n}").format(n=due)
        made.append(tile("printed", number(shown), "", note))
    return made


def _summary(checked: Checked) -> pd.DataFrame:
    """Result of each identity of each document, with what it means in both languages."""
    meanings = {rule["identity"]: rule.get("meaning_zh", "") for rule in identity_rules()}
    frames = [identity_summary(one).assign(document=name) for name, one in checked.items()]
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(meaning_zh=frame["identity"].map(meanings))


def findings(judged: pd.DataFrame, checked: Checked, documents: pd.DataFrame) -> list[str]:
    """Counts by document, what the tables prove, and what is ours."""
    sentences = []
    for document in records(documents):
        counts = claims.counts(judged[judged["document"] == document["document"]])
        if counts.statements:
            sentences.append(
                _(
                    "{document}: {hold} of {n} statements hold; of the others {high} are of high "
                    "gravity, {medium} of medium, {low} of low."
                ).format(
                    document=_name(document),
                    hold=number(counts.hold),
                    n=number(counts.statements),
                    high=counts.high,
                    medium=counts.medium,
                    low=counts.low,
                )
            )
    if checked:
        instances = pd.concat(checked.values())
        real = instances[instances["result"] != "not checked"]
        fails = int((real["result"] == "fails").sum())
        values = {"n": number(len(real)), "fails": number(fails),
                  "zeros": number(int(real["zeros"].sum()))}  # fmt: skip
        sentences.append(
            _("The printed tables disagree with each other in {fails} of {n} comparisons.").format(
                **values
            )
            if fails
            else _(
                "The printed tables agree with each other in all {n} comparisons, {zeros} of them "
                "of zeros only. That proves consistency, not truth."
            ).format(**values)
        )
    own = claims.counts(judged)
    if own.own_failed:
        sentences.append(
            ngettext(
                "{n} test of our own fails: a bound that no document claims, so it is counted "
                "apart.",
                "{n} tests of our own fail: bounds that no document claims, so they are counted "
                "apart.",
                own.own_failed,
            ).format(n=own.own_failed)
        )
    return sentences[:5]


def _name(document: Mapping[str, object]) -> str:
    short = document.get(f"short_{current()}")
    return plain(short) or plain(document["title" if current() == "zh" else "title_en"])


def verdict(judged: pd.DataFrame, checked: Checked) -> str:
    """How many statements hold, and whether the tables agree, in a few words."""
    counts = claims.counts(judged)
    fails = sum(int((one["result"] == "fails").sum()) for one in checked.values())
    values = {"hold": number(counts.hold), "n": number(counts.statements), "fails": number(fails)}
    if not checked:
        return _("{hold} of {n} statements hold").format(**values)
    if fails:
        return _("{hold} of {n} statements hold; {fails} comparisons of the tables fail").format(
            **values
        )
    return _("{hold} of {n} statements hold; the printed tables agree with each other").format(
        **values
    )


def overview(documents: pd.DataFrame, judged: pd.DataFrame, checked: Checked) -> Fragment:
    """Every check as a mark, by document and kind."""
    panels: list[tables.Panel] = []
    for document in records(documents):
        chosen = judged[judged["document"] == document["document"]]
        if chosen.empty:
            continue
        marks = pd.DataFrame(
            {
                "section": chosen["kind"].map(lambda kind: word("claim", kind)),
                "verdict": chosen["verdict_id"],
                "severity": chosen["severity"].where(chosen["verdict_id"] != "holds", ""),
            }
        )
        counts = claims.counts(chosen)
        heading = _("{document}: {hold} of {n} statements hold").format(
            document=_name(document), hold=number(counts.hold), n=number(counts.statements)
        )
        panels.append((heading, charts.dots(marks), ""))
    if checked:
        frame = _summary(checked)
        verdicts = frame["result"].map({"fails": "contradicted", "not checked": "not_checked"})
        only_zeros = (frame["zeros"] == frame["instances"]) & (frame["result"] == "holds")
        marks = pd.DataFrame(
            {
                "section": frame["identity"].map(_of_table),
                "verdict": verdicts.fillna("holds").mask(only_zeros, "zero"),
                "severity": (frame["result"] == "fails").map({True: "high", False: ""}),
            }
        )
        fails = int((frame["result"] == "fails").sum())
        heading = (
            _("Identities of the printed tables: none fails")
            if not fails
            else ngettext(
                "Identities of the printed tables: {n} fails",
                "Identities of the printed tables: {n} fail",
                fails,
            ).format(n=fails)
        )
        note = _("Hollow: only zeros were compared. A dash: not checked, since a table is missing.")
        panels.append((heading, charts.dots(marks.sort_values("section", kind="stable")), note))
    title = _("Where the documents hold, and where they do not")
    note = _("One mark is one statement that can be recomputed or is found twice")
    return tables.figure(title, note, panels)


def _of_table(identity: str) -> str:
    """The last of the tables that an identity compares, as a heading."""
    rule = next(rule for rule in identity_rules() if rule["identity"] == identity)
    return _("Table {number}").format(number=max(re.findall(r"T(\d\d)", rule["formula"])))


def disclosed(documents: pd.DataFrame, printed: pd.DataFrame) -> Fragment:
    """The nine statutory tables: printed or not, by document (rows of `disclosed_tables`)."""
    due = documents[documents["kind"] == "final_accounts"]
    if due.empty:
        return tables.notice(_("No final accounts are at hand, which would print them."))
    frame = pd.DataFrame(
        [
            {"label": f"{number} {english}", "label_zh": f"{number} {chinese}", "table": number}
            for number, (chinese, english) in forms.TITLES.items()
        ]
    )
    columns = {}
    for document in records(due):
        rows = printed[printed["document"] == document["document"]].set_index("table")
        empty = rows["empty"].to_dict()
        said = {True: _("printed, empty"), False: _("printed")}
        key = document["document"]
        frame[key] = [
            said[bool(empty[one])] if one in empty else _("not printed") for one in frame["table"]
        ]
        columns[key] = _name(document)
    return tables.table(frame.drop(columns="table"), _("The statutory tables"), columns)


def failures(failed: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """Statements of one document that do not hold, by gravity: the gravest stand open."""
    heading = ngettext("{document}: {n} place", "{document}: {n} places", len(failed)).format(
        document=name_of(failed["document"].iloc[0], documents), n=number(len(failed))
    )
    panels: list[tables.Panel] = []
    for severity in ("high", "medium", "low"):
        found = failed[failed["severity"] == severity]
        if len(found):  # the gravest stand open, slips are folded after the first
            made = tables.cases(common.cases(found), most=4, opened=severity == "high")
            panels.append((word("severity", severity), made, ""))
    return tables.figure(heading, panels=panels)


def name_of(document: str, documents: pd.DataFrame) -> str:
    """What a document is called in the language in use."""
    return _name(records(documents[documents["document"] == document])[0])


def missing(documents: pd.DataFrame, printed: pd.DataFrame, package: Package) -> Fragment:
    """What the documents do not disclose, by document and year."""
    said = []
    for document in records(documents):
        name = _name(document)
        absent = undisclosed(printed[printed["document"] == document["document"]])
        if document["kind"] != "final_accounts":
            said.append(
                _("{document}: the final accounts of its year are not at hand.").format(
                    document=name
                )
            )
        elif absent:
            titles = [forms.TITLES[one][current() == "en"] for one in absent]
            said.append(
                _("{document}: not printed are the tables of {tables}.").format(
                    document=name, tables=listing([one[:1].lower() + one[1:] for one in titles])
                )
            )
    for year in dict.fromkeys(documents["year"]):
        disclosure = Disclosure(int(year), package)
        measures = budget.measures(disclosure.amounts, disclosure.cells)
        lacking = measures[
            (measures["status"] == Status.NOT_DISCLOSED) & (measures["definition"] != "")
        ]
        tested = indicators.tests(disclosure.indicators)
        silent = [named(row) for row in records(tested[tested["reason"] == "no_result"])]
        if len(lacking):
            said.append(
                _("{year}: too little is disclosed to compute {measures}.").format(
                    year=year, measures=listing([named(row) for row in records(lacking)])
                )
            )
        if silent:
            said.append(
                _("{year}: no result is stated of {tests}.").format(
                    year=year, tests=listing(silent)
                )
            )
    known = {*documents["year"]}
    gaps = [str(year) for year in range(min(known), max(known)) if year not in known]
    if gaps:
        said.append(
            ngettext(
                "{years}: no document is at hand; what is known is what others say of it.",
                "{years}: no document is at hand; what is known is what others say of them.",
                len(gaps),
            ).format(years=listing(gaps))
        )
    return tables.bullets(said)


def transcribed(package: Package, documents: pd.DataFrame) -> Fragment:
    """How much was transcribed of these documents."""

    def count(name: str) -> str:
        frame = package.load(name)
        return number(int(frame["document"].isin(documents["document"]).sum()))

    return tables.paragraphs(
        _(
            "Transcribed: {cells} table cells, {amounts} amounts, {indicators} indicators and "
            "{claims} statements; {left} numerals are left out, each with its reason."
        ).format(
            cells=count("statutory_tables"),
            amounts=count("amounts"),
            indicators=count("indicators"),
            claims=count("claims"),
            left=count("not_transcribed"),
        )
    )


def corrections(frame: pd.DataFrame) -> Fragment:
    """Source errors that were mended on loading (rows of `corrections`)."""
    if frame.empty:
        return tables.paragraphs(_("No source error was mended."))
    shown = frame.assign(
        label=frame["printed"],
        source=frame["document"] + ", line " + frame["line"].astype(str),
        read=frame["corrected"],
        why=column(frame, "reason"),
    )
    columns = {"label": _("Printed"), "read": _("Read as"), "why": _("Why")}
    return tables.table(
        shown.drop(columns="corrected"), _("Source errors mended on loading"), columns
    )


def holding(judged: pd.DataFrame) -> Fragment:
    """Statements that hold, folded."""
    held = judged[judged["holds"]]
    if held.empty:
        return tables.paragraphs(_("No statement holds."))
    frame = pd.DataFrame(
        {
            "label": [common.sentence(one).rstrip(".。") for one in column(held, "statement")],
            "printed": held["printed"],
            "place": [
                tables.place(document, line)
                for document, line in zip(held["document"], held["line"], strict=True)
            ],
        }
    )
    title = ngettext("{n} statement holds", "{n} statements hold", len(held)).format(
        n=number(len(held))
    )
    columns = {"label": _("Statement"), "printed": _("Printed"), "place": _("Place")}
    return tables.figure(title, data=frame, columns=columns)


def identities(checked: Checked) -> Fragment:
    """Result of each identity, folded."""
    if not checked:
        return tables.paragraphs(_("No statutory table is disclosed, so no identity was checked."))
    frame = _summary(checked)
    zeros = (frame["zeros"] == frame["instances"]) & (frame["result"] == "holds")
    meaning = column(frame, "meaning")
    shown = pd.DataFrame(
        {
            "label": frame["identity"] + " " + meaning.where(meaning != "", frame["meaning"]),
            "result": [
                word("result", "zeros" if zero else one)
                for one, zero in zip(frame["result"], zeros, strict=True)
            ],
        }
    )
    title = ngettext(
        "{n} identity of the statutory tables", "{n} identities of the statutory tables", len(shown)
    ).format(n=number(len(shown)))
    columns = {"label": _("What must hold"), "result": _("Result")}
    return tables.figure(title, data=shown, columns=columns)
