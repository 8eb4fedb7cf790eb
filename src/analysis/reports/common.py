"""Words, sections and sentences that several reports share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.measures import Status, indicators
from analysis.present import tables
from analysis.present.language import _, column, current, labelled, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import at_least, clauses, money, number, percent, plain, with_unit

__dir__ = own(__name__)

Tile = dict[str, Any]


def reason(name: str) -> str:
    """Why a measure has no value, from the id that the measures give."""
    return {
        "": "",
        "base_zero": _("the base is zero"),
        "more_positives": _("more positives than tests"),
        "negative": _("an item is negative"),
        "no_adjustment": _("no change of the budget is stated"),
        "no_budget": _("no budget is stated"),
        "no_closing_balance": _("no closing balance is disclosed"),
        "no_full_year": _("no full-year budget is stated"),
        "no_key_project": _("no project is marked as a key project"),
        "no_number": _("an amount is printed without a number"),
        "no_planned_progress": _("no planned progress is stated"),
        "no_procurement_budget": _("no procurement budget is stated"),
        "no_quota": _("no quota is stated"),
        "no_result": _("the result is not stated"),
        "no_total": _("the approved or the executed total is not stated"),
        "no_year_before": _("the year before is not stated"),
        "quota": _("quota and accounts are two bases"),
    }[name]


def called(row: Any) -> str:
    """The label of a row, in the language in use."""
    return str(labelled(pd.DataFrame([dict(row)]))["label"].iloc[0])


def named(row: Any) -> str:
    """The label of a row as it stands inside a sentence."""
    one = called(row)
    return one[0].lower() + one[1:] if current() == "en" and one[1:2].islower() else one


def free(row: Any, name: str) -> str:
    """Free text of a row, e.g. its `note`, in the language in use."""
    return str(column(pd.DataFrame([dict(row)]), name).iloc[0])


def sentence(text: str) -> str:
    """A clause of the data as a sentence: with a capital and a full stop."""
    text = plain(text)
    stop = "" if text.endswith((".", "。")) else "." if current() == "en" else "。"
    return text[:1].upper() + text[1:] + stop


def spent_word(documents: pd.DataFrame) -> str:
    """What the documents of a year call what was spent: an evaluation has no 决算."""
    return "支出决算" if (documents["kind"] == "final_accounts").any() else "支出"


def tile(label: str, term: str, value: str, unit: str = "", note: str = "", *,
         derived: bool = False) -> Tile:  # fmt: skip
    """A headline figure; `term` is its official Chinese name."""
    known = "derived" if derived else "stated"
    return {"label": label, "label_zh": term, "value": value, "unit": unit, "note": note,
            "known": known}  # fmt: skip


def amounts_of(rows: pd.DataFrame, value: str = "value") -> str:
    """Named amounts in a row: "grants (13.00) and quota carried over (19.60)"."""
    return listing(
        [
            _("{item} ({amount})").format(item=named(row), amount=number(row[value], 2))
            for row in records(rows)
        ]
    )


def value_of(row: Any, base: str = "base") -> str:
    """An observation's value with its unit, as a reader should see it; in words where none is.

    Money and mass stand in the unit printed, everything else in its base unit.
    """
    if pd.isna(row[base]):
        if row["basis"] == "derived":
            return _("no whole number fits")
        return _("“{printed}”, no number given").format(printed=plain(row["printed"]))
    if row["quantity"] == "ratio":
        said = percent(float(row[base]) * 100, digits_of(float(row[base]) * 100))
    elif row["quantity"] == "money":
        said = money(float(row["value"]), row["unit"])
    else:
        kept = "unit" if row["quantity"] in ("price", "mass") else "base"
        value = float(row["value" if kept == "unit" else base])
        # English names of units are plural, and the label names the thing
        bare = current() == "en" and (row["quantity"] == "persons" or value == 1)
        said = with_unit(number(value), "" if bare else row[f"{kept}_{current()}"])
    if row["qualifier"] == "at_least":
        return at_least(said)
    if row["qualifier"] == "approximately":
        return _("nearly {value}").format(value=said)
    return said


def counted(value: float, row: Any) -> str:
    """A count of what a row counts: bare in English, with its measure word in Chinese."""
    return with_unit(number(value), row["base_zh"] if current() == "zh" else "")


def digits_of(value: float) -> int:
    """Decimals of a rate that is printed: as few as it needs, two at most."""
    return next((n for n in (0, 1) if abs(round(value, n) - value) < 1e-9), 2)


def cautions(judged: pd.DataFrame) -> Fragment | None:
    """What does not hold, the gravest first and opened one by one; None where all holds."""
    frame = cases(judged[~judged["holds"]])
    if frame.empty:
        return None
    counts = frame["severity"].value_counts()
    intro = _(
        "Findings: {high} of high gravity, {medium} of medium, {low} of low. Open one to see what "
        "is printed."
    ).format(**{one: number(counts.get(one, 0)) for one in ("high", "medium", "low")})
    return tables.cases(frame, intro)


def cases(failed: pd.DataFrame) -> pd.DataFrame:
    """Judged claims as ``tables.cases`` reads them; repetitions are one case of several places."""
    rows = []
    said = failed.assign(said=column(failed, "statement"), why=column(failed, "remark"),
                         use=column(failed, "use_instead"))  # fmt: skip
    for _key, group in said.groupby(["document", "said", "reason_id"], sort=False):
        first = group.iloc[0]
        rows.append(
            {
                **{key: first[key] for key in ("figure", "severity", "document", "line")},
                "verdict": first["verdict_id"],
                "reason": _reason_of(first),
                "places": len(group),
                "label": sentence(
                    _("{statement}: {remark}").format(statement=first["said"], remark=first["why"])
                    if first["why"]
                    else first["said"]
                ),
                "printed": listing(
                    [
                        _("{printed} (line {line})").format(printed=p, line=line)
                        for p, line in zip(group["printed"], group["line"], strict=True)
                    ]
                ),
                "against": against(first),
                "use": first["use"],
            }
        )
    columns = ["figure", "severity", "document", "line", "verdict", "reason", "places", "label",
               "printed", "against", "use"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _reason_of(claim: Any) -> str:
    """Why two sides cannot be reconciled; a contradiction explains itself."""
    return {
        "different_basis": _("different basis"),
        "missing_figure": _("a figure is missing"),
        "open_definition": _("the definition is open"),
    }.get(str(claim["reason_id"]), "")


def against(claim: Any) -> str:
    """The other reading of a claim and where it stands, as far as both languages can say it."""
    places = listing(
        list(
            dict.fromkeys(
                _("{printed} (line {line})").format(printed=one.printed, line=one.line)
                for one in claim["other"]
                if one.printed
            )
        )
    )
    if claim["reason_id"] == "zero_base":
        return _("the base is zero: {places}").format(places=places)
    if claim["kind"] == "label" and places:
        return places
    worked = plain(claim["arithmetic"]).replace(" - ", " − ")
    # the arithmetic is figures and signs, or English
    if current() == "zh" and any(c.isascii() and c.isalpha() for c in worked):
        return places
    if current() == "zh":
        worked = re.sub(r"(?<=\d) (?=[^\W\d_]|%)|(?<=\d),(?=\d{3})", "", worked)
    if not places or (len(claim["other"]) == 1 and claim["recomputed"] is None):
        return worked or places
    return _("{arithmetic}: {places}").format(arithmetic=worked, places=places)


def explanations(frame: pd.DataFrame) -> Fragment:
    """What the documents say of their own figures, in our words (``Disclosure.explanations``)."""
    if frame.empty:
        return tables.paragraphs(_("We have transcribed no explanation of these figures."))
    said = [
        _("{said} ({place})").format(said=plain(text), place=tables.place(document, line))
        for text, document, line in zip(
            column(frame, "said"), frame["document"], frame["line"], strict=True
        )
    ]
    return tables.bullets(map(sentence, said))


def listed(observed: pd.DataFrame) -> Fragment:
    """Every figure of some observations with its share where it is a part; zeros in a sentence."""
    rows = records(observed)
    told = observed.assign(
        said=[value_of(row) for row in rows], detail=[_detail(row) for row in rows]
    )
    zero = (told["base"] == 0).fillna(False) & told["own"]
    shown, note = told[~zero], nothing(told[zero])
    if shown.empty:
        return tables.paragraphs(note)
    shares = indicators.parts(observed).set_index("figure")["share"]
    columns = {"said": _("Value")}
    if shown["figure"].isin(shares.index).any():
        shown = shown.assign(share=shown["figure"].map(shares))
        columns |= {"share": _("Share (%)")}
    return tables.table(shown, "", columns, note)


def nothing(rows: pd.DataFrame) -> str:
    """One sentence for rows that are stated as zero, with the lines that say so; "" for none."""
    if rows.empty:
        return ""
    lines = [int(one) for one in pd.unique(rows["source"].str.extract(r", line (\d+)")[0])]
    return _("Stated as none: {items} ({lines}).").format(
        items=listing([named(row) for row in records(rows)]),
        lines=ngettext("line {lines}", "lines {lines}", len(lines)).format(
            lines=listing([str(one) for one in sorted(lines)])
        ),
    )


def _detail(row: dict[str, Any]) -> str:
    """What a reader must know of a figure besides its name: its year, its base, its caveat."""
    base = free(row, "denominator")
    told = [
        "" if row["own"] else str(row["year"]),
        _("base: {base}").format(base=base) if base else "",
        free(row, "note"),
    ]
    return clauses(filter(None, map(plain, told)))


def cannot(measures: pd.DataFrame, more: Sequence[tuple[str, str]] = ()) -> Fragment:
    """The closing list of what cannot be computed, by reason.

    Published measures without a value, and those of ours that stand on another basis.
    """
    lack = measures[(measures["status"] != Status.COMPUTED)]
    lack = lack[(lack["definition"] != "") | (lack["status"] == Status.DIFFERENT_BASIS)]
    rows = [
        (
            str(row["status"]),
            _("{item} ({reason})").format(item=named(row), reason=reason(row["reason"])),
        )
        for row in records(lack)
    ]
    return tables.cannot([*rows, *more])
