"""Which figures hold, which do not, and what should be used instead?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.checks import claims
from analysis.checks.identities import identity_summary, undisclosed
from analysis.data import forms
from analysis.data.package import load, records
from analysis.disclosure import Disclosure
from analysis.measures import budget, indicators
from analysis.present import display
from analysis.present.display import Fragment
from analysis.reports.common import Findings, headline, told_claims


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
        each = pd.concat([identity_summary(frame) for frame in checked.values()])
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
    split = ", ".join(f"{counts.get(one, 0)} {one}" for one in claims.SEVERITIES)
    return (
        f"The documents can be used with care: {len(failed)} of {len(judged)} statements that can "
        f"be checked do not hold or cannot be reconciled, by severity {split}; without repetitions "
        f"they are {failed['use_instead'].nunique()}."
    )


ROWS = {
    "statutory_tables": "Table cells",
    "amounts": "Amounts",
    "indicators": "Indicators",
    "claims": "Statements",
    "not_transcribed": "Left out",
}


def findings(failed: pd.DataFrame) -> Fragment:
    """Failed statements with both readings, the arithmetic and what to use instead."""
    if failed.empty:
        return display.paragraphs("Every statement that can be recomputed holds.")
    headers = {
        "label": "Statement",
        "place": "Printed",
        "reading": "But",
        "other_places": "Printed there",
        "remark": "Why",
        "use_instead": "Use instead",
    }
    return display.cases(told_claims(failed), headers=headers, badge="severity", anchor="figure")


def holding(judged: pd.DataFrame) -> Fragment:
    """Statements that hold, with their arithmetic."""
    if judged.empty:
        return display.paragraphs("No statement holds.")
    return display.table(
        told_claims(judged),
        f"{len(judged)} statements that hold",
        headers={
            "label": "Statement",
            "place": "Printed",
            "arithmetic": "Arithmetic",
            "remark": "Remark",
        },
    )


def identities(checked: Mapping[str, pd.DataFrame]) -> Fragment:
    """Result of each identity, for every document that prints statutory tables."""
    frames = [
        identity_summary(frame).assign(document=document) for document, frame in checked.items()
    ]
    if not frames:
        return display.notice("No statutory table is disclosed, so no identity was checked.")
    frame = pd.concat(frames, ignore_index=True)
    frame["label"] = frame["identity"] + " " + frame["meaning"]
    return display.table(
        frame,
        "Identities of the statutory tables",
        headers={
            "label": "What must hold",
            "document": "Document",
            "result": "Result",
            "instances": "Checked",
            "zeros": "Only zeros",
            "reason": "Why not checked",
        },
        digits={"instances": 0, "zeros": 0},
    )


def missing(documents: pd.DataFrame) -> Fragment:
    """What the documents do not disclose."""
    said = []
    for document in records(documents):
        name, key = document["title_en"], document["document"]
        if document["kind"] == "performance_evaluation":
            said.append(
                f"{name}: an evaluation report, which need not carry the statutory tables; the "
                "accounts of its year are not at hand."
            )
            said += _silent(document["year"], name)
            continue
        cells = load("disclosed_tables", document=key)
        absent = undisclosed(cells)
        said.append(
            f"{name}: "
            + (
                "all nine statutory tables are printed."
                if not absent
                else f"{len(absent)} of the nine statutory tables are not printed: "
                + ", ".join(
                    f"{number} {forms.TITLES[number][1]} ({forms.TITLES[number][0]})"
                    for number in absent
                )
                + "."
            )
        )
        said += _silent(document["year"], name)
    known = set(documents["year"])
    gaps = [str(year) for year in range(min(known), max(known)) if year not in known]
    if gaps:
        said.append(
            f"No document of {', '.join(gaps)} is at hand; what is known of that year is what "
            "other documents say of it."
        )
    return display.paragraphs(*said)


def _silent(year: int, name: str) -> list[str]:
    """Measures without a base and tests without a result, of one year."""
    disclosure = Disclosure(year)
    measures = budget.measures(disclosure.amounts, disclosure.cells)
    lacking = measures[measures["status"].str.startswith("not disclosed")]
    told = []
    if len(lacking):
        labels = ", ".join(f"{label[0].lower()}{label[1:]}" for label in lacking["label"])
        told.append(f"{name}: too little is disclosed to compute {labels}.")
    tested = indicators.tests(disclosure.indicators)
    silent = tested[tested["status"].str.startswith("not disclosed")]
    if len(silent):
        rounds = ", ".join(f"{row['label']} ({row['tests']})" for row in records(silent))
        told.append(f"{name}: no result is stated for {rounds}.")
    return told


def coverage(
    documents: pd.DataFrame,
    tables: Mapping[str, str] = ROWS,
    caption: str = "Rows transcribed from each document",
    note: str = "Every numeral of the documents is in a table, or left out with its reason.",
    data: Path | None = None,
) -> Fragment:
    """How many rows each table holds from each document."""
    frame = documents.rename(columns={"title_en": "label", "title": "label_zh"})
    for name in tables:
        counts = load(name, data)["document"].value_counts()
        frame[name] = frame["document"].map(counts).fillna(0).astype(int)
    return display.table(
        frame,
        caption,
        headers={"label": "Document", **tables},
        digits=dict.fromkeys(tables, 0),
        note=note,
    )
