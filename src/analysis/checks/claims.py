"""What a document says, and whether it holds: claims are rows of the table `claims`.

Severity is a judgement and stands in the data with its reason; verdicts are computed here.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.checks import formula
from analysis.checks.identities import EPSILON
from analysis.data import forms, numerals
from analysis.data.package import Where, load, records

HOLDS = "reproduces"


NEARLY = "reproduces only by rounding up or truncating"


NOT = "cannot be reproduced"


NO_INTEGER = "cannot be reproduced (no integer base fits)"


TABLES = "contradicted by the tables"


TEXT = "contradicted elsewhere in the text"


UNIT = "wrong unit"


LABEL = "wrong label or year"


VERDICTS = (TABLES, TEXT, LABEL, NOT, NO_INTEGER, NEARLY, UNIT, HOLDS)


SEVERITIES = ("high", "medium", "low")


def findings(data: str | Path | None = None, **where: Where) -> pd.DataFrame:
    """Every claim with a formula, judged; `where` selects, e.g. ``year=2024, subject="money"``.

    Returns:
        The columns of `claims` and: verdict, holds, recomputed (in the claim's unit),
        arithmetic, other (list of the figures the other reading comes from).
    """
    claims = load("claims", data, **where)
    claims = claims[claims["formula"] != ""]
    figures = formula.Figures(data)
    years = load("documents", data).set_index("document")["year"].to_dict()
    judged = [
        {**claim, **judge(claim, figures, years[claim["document"]])} for claim in records(claims)
    ]
    # gravest first; among equals what the tables contradict, and slips of the unit last
    order = {name: place for place, name in enumerate((*SEVERITIES, "", *VERDICTS))}
    columns = [*claims, "verdict", "holds", "recomputed", "arithmetic", "other"]
    frame = pd.DataFrame(judged, columns=columns).astype({"holds": bool})
    return frame.sort_values(
        by=["holds", "severity", "verdict", "document", "line"],
        key=lambda column: column.map(order) if column.name in ("severity", "verdict") else column,
        kind="stable",
    ).reset_index(drop=True)


def judge(claim: Mapping[str, object], figures: formula.Figures, year: int) -> dict[str, object]:
    """Verdict on one claim, with the arithmetic that leads to it.

    A printed value v with rounding step s reproduces when the recomputed r lies within s/2 (for
    a repeated figure, within half the coarser of the two steps); by rounding up or truncating
    only, when v is the ceiling or floor of r at step s; it is in the wrong unit when they differ
    by exactly a factor of ten thousand.
    """
    text, document = str(claim["formula"]), str(claim["document"])
    if claim["kind"] == "label":
        return _judge_label(claim, figures, document)
    other: list[formula.Figure] = []
    try:
        other = formula.used(text, figures, document)
        result = formula.evaluate(text, figures, document, year)
    except ZeroDivisionError:
        return _verdict(NOT, arithmetic="the base is zero: a share of nothing", other=other)
    except LookupError as error:
        missing = str(error).strip("'")
        verdict = NO_INTEGER if "whole number" in missing else NOT
        return _verdict(verdict, arithmetic=missing, other=_sources(claim, text, figures))
    factor = figures.factor(str(claim["unit"]))
    printed, recomputed = float(str(claim["value"])), result.value / factor
    step = numerals.read(str(claim["printed"])).step
    coarse = max(step, (result.high - result.low) / factor) if claim["kind"] == "repeat" else step
    arithmetic = _spell(text, other)
    if text == "document_year":
        arithmetic = f"the document is of {year}"
    elif not re.fullmatch(r"[\w.]+|\w+\(.*\)", text):
        arithmetic += f" = {recomputed:,.6g} {claim['unit']}"
    if claim["relation"] != "=":
        excess = printed - recomputed if claim["relation"] == "<=" else recomputed - printed
        # a relation to arithmetic is ours; to a single figure it is the document's own
        broken = TEXT if re.fullmatch(r"\w+(\(.*\))?", text) else NOT
        verdict = HOLDS if excess <= EPSILON else broken
    elif abs(printed - recomputed) <= coarse / 2 + EPSILON:
        verdict = HOLDS
    elif any(
        math.isclose(printed, rounding(recomputed / step) * step)
        for rounding in (math.ceil, math.floor)
    ):
        verdict = NEARLY
    elif recomputed and math.isclose(abs(math.log10(abs(printed / recomputed or 1))), 4):
        verdict = UNIT
    elif claim["kind"] == "year":
        verdict = LABEL
    elif re.search(r"\bT\d\d\.", text):
        verdict = TABLES
    else:
        verdict = NOT if claim["kind"] in ("percentage", "growth") else TEXT
    return _verdict(verdict, recomputed, arithmetic, other)


def _judge_label(
    claim: Mapping[str, object], figures: formula.Figures, document: str
) -> dict[str, object]:
    """A label must equal the one quoted, or be among the labels of a statutory table."""
    text, printed = str(claim["formula"]), str(claim["printed"])
    if text.startswith("T"):
        title = forms.TITLES[text[1:]][0]
        frame = load("statutory_tables", figures.directory, document=document, title=title)
        items = frame[frame["row"].str.len() == 7].drop_duplicates("row")
        named = [
            formula.Figure(
                text,
                None,
                f"{row['row']} {row['label']}",
                document,
                int(row["row_line"]),
                row["label"],
                "",
                False,
            )
            for row in records(items)
        ]
        expected = [one.printed for one in named]
        holds = printed in set(frame["label"])
    else:
        expected = [str(ast.literal_eval(text))]
        holds, named = printed == expected[0], []
    arithmetic = f"printed {printed}, expected {' or '.join(expected)}"
    return _verdict(HOLDS if holds else LABEL, None, arithmetic, named)


def _verdict(
    verdict: str,
    recomputed: float | None = None,
    arithmetic: str = "",
    other: list[formula.Figure] | None = None,
) -> dict[str, object]:
    return {
        "verdict": verdict,
        "holds": verdict == HOLDS,
        "recomputed": recomputed,
        "arithmetic": arithmetic,
        "other": other or [],
    }


def _sources(
    claim: Mapping[str, object], text: str, figures: formula.Figures
) -> list[formula.Figure]:
    """The figures a formula names that can be named although it has no value."""
    tree = ast.parse(text, mode="eval")
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return [figures[name] for name in names if name in figures and name != claim["figure"]]


def _spell(text: str, other: list[formula.Figure]) -> str:
    """The formula with each name replaced by what is printed there."""
    for figure in sorted(other, key=lambda one: len(one.name), reverse=True):
        text = re.sub(rf"\b{re.escape(figure.name)}\b", figure.quantity, text)
    text = re.sub(r"count\('(.*)'\)", lambda m: f"{len(m[1].split('、'))} named: {m[1]}", text)
    text = re.sub(r"grade_floor\('(.)'\)", r"lowest score of grade \1", text)
    return text.replace("document_year", "year of the document").replace("*", "×")
