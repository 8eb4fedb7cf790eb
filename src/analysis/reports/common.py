"""Words, sections and sentences that several reports share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.data.package import records
from analysis.data.tab import own
from analysis.measures import Status, indicators
from analysis.present import tables
from analysis.present.labels import both, word
from analysis.present.language import _, column, current, either, listing, ngettext
from analysis.present.tables import Fragment
from analysis.present.text import at_least, clauses, money, number, percent, plain, with_unit

__dir__ = own(__name__)

Tile = dict[str, Any]


def called(row: Any) -> str:
    """The label of a row, in the language in use."""
    chinese = plain(row.get("label_zh"))
    return chinese if chinese and current() == "zh" else str(row["label"])


def named(row: Any) -> str:
    """The label of a row as it stands inside a sentence."""
    one = called(row)
    return one[0].lower() + one[1:] if current() == "en" and one[1:2].islower() else one


def free(row: Any, name: str) -> str:
    """Free text of a row, e.g. its `note`, in the language in use."""
    chinese = f"{name}_zh"
    return str(row[chinese if chinese in row and current() == "zh" else name])


def sentence(text: str) -> str:
    """A clause of the data as a sentence: with a capital and a full stop."""
    text = plain(text)
    stop = "" if text.endswith((".", "。")) else "." if current() == "en" else "。"
    return text[:1].upper() + text[1:] + stop


def executed(documents: pd.DataFrame) -> tuple[str, str]:
    """What the documents of a year call what was spent: an evaluation has no 决算."""
    accounts = (documents["kind"] == "final_accounts").any()
    return both("step", "executed_accounts" if accounts else "executed")


def spent(documents: pd.DataFrame) -> str:
    """How a column of what was spent is headed, in the word of the documents."""
    return either("{} (万元)", "{}（万元）").format(either(*executed(documents)))


def lacking(said: str, documents: pd.DataFrame) -> Fragment:
    """What the final accounts would state is not in them, or they are not at hand."""
    if silent(documents) == Status.NOT_DISCLOSED:
        return tables.notice(said)
    return tables.notice(_("The final accounts of the year, which state this."), "not_at_hand")


def silent(documents: pd.DataFrame) -> str:
    """Why the documents of a year do not tell what final accounts state: the id of a status."""
    accounts = (documents["kind"] == "final_accounts").any()
    return Status.NOT_DISCLOSED if accounts else "not_at_hand"


def tile(name: str | tuple[str, str], value: str, unit: str = "", note: str = "", *,
         derived: bool = False) -> Tile:  # fmt: skip
    """A headline figure; `name` is an id among the tiles of `labels.csv`, or both its labels."""
    label, term = both("tile", name) if isinstance(name, str) else name
    known = "derived" if derived else "stated"
    return {"label": term if current() == "zh" else label, "label_zh": term, "value": value,
            "unit": unit, "note": note, "known": known}  # fmt: skip


def each(rows: pd.DataFrame, message: str, **said: Callable[[Any], object]) -> list[str]:
    """A message for each row, its places filled with what these functions say of the row."""
    return [
        message.format(**{name: say(row) for name, say in said.items()}) for row in records(rows)
    ]


def amounts_of(rows: pd.DataFrame, value: str) -> str:
    """Named amounts in a row: "grants (13.00) and quota carried over (19.60)"."""
    amount = _("{item} ({amount})")
    return listing(each(rows, amount, item=named, amount=lambda row: number(row[value], 2)))


def results_of(observed: pd.DataFrame, item: str) -> tuple[str, pd.DataFrame]:
    """What the documents report beside the money of an item, in words, and its rows."""
    found = indicators.results_of(observed, item)
    return listing(each(found, _("{item} {value}"), item=named, value=value_of)), found


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
    for _key, group in said.groupby(["document", "said", "why", "reason_id"], sort=False):
        first = group.iloc[0]
        rows.append(
            {
                **{key: first[key] for key in ("figure", "severity", "document", "line")},
                "verdict": first["verdict_id"],
                "reason": word("reason", first["reason_id"])
                if first["verdict_id"] == "not_reconcilable"
                else "",
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
    worked = plain(claim["arithmetic"]).replace(" - ", " − ").replace("= -", "= −")
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
    stated = observed.assign(
        said=[value_of(row) for row in rows], detail=[_detail(row) for row in rows]
    )
    zero = (stated["base"] == 0).fillna(False) & stated["own"]
    shown, note = stated[~zero], nothing(stated[zero])
    if shown.empty:
        return tables.paragraphs(note)
    columns = {"said": _("Value")}
    if observed["share_of"].isin(observed["indicator"]).any():
        shares = indicators.parts(observed).set_index("figure")["share"]
        shown = shown.assign(share=shown["figure"].map(shares))
        columns |= {"share": _("Share (%)")} if shown["share"].notna().any() else {}
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
    sentences = [
        "" if row["own"] else str(row["year"]),
        _("base: {base}").format(base=base) if base else "",
        free(row, "note"),
    ]
    return clauses(filter(None, map(plain, sentences)))


def cannot(measures: pd.DataFrame, documents: pd.DataFrame) -> Fragment:
    """The closing list of what cannot be computed from the documents of a year, by reason.

    Published measures without a value, and those of ours that stand on another basis.
    """
    lack = measures[(measures["status"] != Status.COMPUTED)]
    lack = lack[(lack["definition"] != "") | (lack["status"] == Status.DIFFERENT_BASIS)]
    rows = [
        (
            silent(documents) if row["status"] == Status.NOT_DISCLOSED else str(row["status"]),
            _("{item} ({reason})").format(item=named(row), reason=word("reason", row["reason"])),
        )
        for row in records(lack)
    ]
    return tables.cannot(rows)


def grades(observed: pd.DataFrame) -> list[str]:
    """What the score of the self-evaluation is worth, in a sentence each."""
    now = indicators.latest(observed)
    sentences = []
    for row in records(now[(now["kind"] == "score") & now["base"].notna()]):
        grade = indicators.grade(float(row["base"]))
        message = _(
            "The self-evaluation gives {score} points: {grade}, which begins at {least} points "
            "(by analogy with 财预〔2020〕10号, written for project expenditure)."
        )
        sentences.append(
            message.format(
                score=number(float(row["base"])),
                grade=word("grade", grade),
                least=indicators.GRADES[grade],
            )
        )
    return sentences
