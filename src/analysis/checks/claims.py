"""What a document says, and whether it holds: claims are rows of the table `claims`.

Severity, and whether the two sides of a claim are the same thing, are judgements and stand in the
data with their reason; verdicts are computed here. A verdict and its reason are ids:

- ``holds``;
- ``contradicted``: two values of the same thing, by ``tables``, ``text``, ``arithmetic``, or a
  slip of ``unit`` or ``label``; ``rounding``: right but for rounding up or truncating;
  ``no_integer``: the count it is over would have to be a fraction;
- ``not_reconcilable``: ``different_basis``, ``open_definition`` or ``missing_figure``;
  ``zero_base``: a share of, or a growth from, nothing has no value that could differ;
- ``own_test``: a bound that the document never claimed does not hold.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.checks import formula
from analysis.checks.identities import EPSILON
from analysis.data import numerals
from analysis.data.package import Package, Where, find, records
from analysis.data.tab import own

__dir__ = own(__name__)

# From the gravest; within a verdict what the tables say first, slips of the unit last.
VERDICTS = ("contradicted", "not_reconcilable", "own_test", "holds")
SEVERITIES = ("high", "medium", "low")
# How a verdict and its reason are shown in English.
LABELS = {
    "holds": "holds",
    "tables": "contradicted by the tables",
    "text": "contradicted elsewhere in the text",
    "label": "wrong label or year",
    "arithmetic": "contradicted by its own arithmetic",
    "no_integer": "contradicted: no whole number fits",
    "rounding": "right only by rounding up or truncating",
    "unit": "wrong unit",
    "different_basis": "not reconcilable: different basis",
    "missing_figure": "not reconcilable: a figure is missing",
    "open_definition": "not reconcilable: the definition is open",
    "zero_base": "not reconcilable: the base is zero",
    "own_test": "our own test fails",
}
REASONS = (*LABELS, "")


class Counts(NamedTuple):
    """How many statements of the documents were checked, and how they fared.

    Severities count what is contradicted or not reconcilable; a test of our own is no statement.
    """

    statements: int
    hold: int
    contradicted: int
    not_reconcilable: int
    own_tests: int
    own_failed: int
    high: int
    medium: int
    low: int

    def __str__(self) -> str:
        told = (
            f"{self.statements} statements: {self.hold} hold, {self.contradicted} contradicted, "
            f"{self.not_reconcilable} not reconcilable"
        )
        if self.own_failed:
            one = self.own_failed == 1
            told += f"; {self.own_failed} test{'s' * (not one)} of our own fail{'s' * one}"
        return told


def counts(judged: pd.DataFrame) -> Counts:
    """The counts that sentences, README, index and ``analysis check`` tell, of ``findings``."""
    own = judged["compares"] == "own_test"
    verdicts = judged.loc[~own, "verdict_id"].value_counts()
    severities = judged.loc[~own & ~judged["holds"], "severity"].value_counts()
    return Counts(
        statements=int((~own).sum()),
        hold=int(verdicts.get("holds", 0)),
        contradicted=int(verdicts.get("contradicted", 0)),
        not_reconcilable=int(verdicts.get("not_reconcilable", 0)),
        own_tests=int(own.sum()),
        own_failed=int((judged["verdict_id"] == "own_test").sum()),
        **{one: int(severities.get(one, 0)) for one in SEVERITIES},
    )


def findings(
    data: Package | str | Path | None = None, **where: Where | Collection[Where]
) -> pd.DataFrame:
    """Every claim with a formula, judged; `where` selects, e.g. ``year=2024, subject="money"``.

    Returns:
        The columns of `claims` and: verdict_id, reason_id (see the module), verdict (the same in
        English), holds, recomputed (in the claim's unit), arithmetic, other (list of the figures
        the other reading comes from). The gravest come first.
    """
    package = find(data)
    judged = package.remember(f"findings {where}", lambda: _findings(package, where))
    return judged.copy(deep=False)


def _findings(package: Package, where: Mapping[str, Where | Collection[Where]]) -> pd.DataFrame:
    figures = formula.Figures(package)
    claims = package.load("claims", **where)
    judged = [{**one, **judge(one, figures)} for one in records(claims[claims["formula"] != ""])]
    order = {"severity": (*SEVERITIES, ""), "verdict_id": VERDICTS, "reason_id": REASONS}

    def rank(one: dict[str, Any]) -> tuple[object, ...]:
        gravity = (ids.index(one[column]) for column, ids in order.items())
        return one["holds"], *gravity, one["document"], one["line"]

    new = ["verdict_id", "reason_id", "verdict", "holds", "recomputed", "arithmetic", "other"]
    # of a frame that is too wide to be shown the ends are seen
    first, last = ["figure", "severity", "verdict", "statement", "printed"], ["line", "holds"]
    between = [one for one in (*claims, *new) if one not in (*first, *last)]
    judged.sort(key=rank)
    frame = pd.DataFrame(judged, columns=[*first, *between, *last])
    return frame.assign(holds=frame["holds"].astype(bool))


def judge(claim: Mapping[str, Any], figures: formula.Figures) -> dict[str, object]:
    """Verdict on one claim, with the arithmetic that leads to it.

    A printed value v reproduces when it lies within half a unit of its last printed place of the
    recomputed r; where the formula only adds and subtracts, half a unit of the last printed place
    of each figure that is not zero is added, as for identities. It is in the wrong unit when it
    would reproduce ten thousand times larger or smaller, and right only by rounding when it is
    the ceiling or floor of r.
    """
    compare = _compare_label if claim["kind"] == "label" else _compare
    found = compare(claim, figures)
    reason, compares = found.reason, claim.get("compares", "same")
    if reason == "":
        verdict = "holds"
    elif reason in ("missing_figure", "zero_base"):
        verdict = "not_reconcilable"
    elif compares == "same":
        verdict = "contradicted"
    elif compares == "own_test":
        verdict = "own_test"
    else:
        verdict, reason = "not_reconcilable", compares
    return {
        "verdict_id": verdict,
        "reason_id": reason,
        "verdict": LABELS[verdict if verdict in LABELS else reason],
        "holds": verdict == "holds",
        "recomputed": found.recomputed,
        "arithmetic": found.arithmetic,
        "other": found.other,
    }


class _Compared(NamedTuple):
    """How a claim compares with its formula: the reason why it fails, or ""."""

    reason: str
    arithmetic: str
    other: list[formula.Figure]
    recomputed: float | None = None


def _compare(claim: Mapping[str, Any], figures: formula.Figures) -> _Compared:
    text, document = claim["formula"], claim["document"]
    other: list[formula.Figure] = []
    try:
        other = formula.used(text, figures, document)
        result = formula.evaluate(text, figures, document, compared=True)
    except ZeroDivisionError:
        return _Compared("zero_base", "the base is zero: a share of nothing", other)
    except OverflowError as error:
        return _Compared("arithmetic", str(error), other)
    except LookupError as error:
        reason = "no_integer" if isinstance(error, formula.NoIntegerError) else "missing_figure"
        named = [figures[name] for name in formula.names(text)
                 if name in figures and name != claim["figure"]]  # fmt: skip
        return _Compared(reason, str(error.args[0]), named)
    factor = figures.factor(claim["unit"])
    printed, recomputed = float(claim["value"]), result.value / factor
    step = numerals.read(claim["printed"]).step
    sums = formula.is_sum(text)
    own = 0.0 if sums and not printed else step / 2
    others = result.half / factor if sums else 0.0
    arithmetic = _spell(text, other)
    if text == "document_year":
        arithmetic = f"the document is of {figures.year(document)}"
    elif not re.fullmatch(r"[\w.]+|\w+\(.*\)", text):
        arithmetic += f" = {recomputed:,.6g} {claim['unit']}"

    def near(size: float) -> bool:
        return abs(printed * size - recomputed) <= own * size + others + EPSILON

    if claim["relation"] != "=":
        excess = printed - recomputed if claim["relation"] == "<=" else recomputed - printed
        # a relation to arithmetic is ours; to a single figure it is the document's own
        broken = "text" if re.fullmatch(r"\w+(\(.*\))?", text) else "arithmetic"
        # a count is exact: none is above another by half a one
        slack = (own if step < 1 and sums else 0.0) + others
        reason = "" if excess <= slack + EPSILON else broken
    elif near(1):
        reason = ""
    elif recomputed and (near(1e4) or near(1e-4)):
        reason = "unit"
    elif any(math.isclose(printed, to(recomputed / step) * step) for to in (math.ceil, math.floor)):
        reason = "rounding"
    elif claim["kind"] == "year":
        reason = "label"
    elif re.search(r"\bT\d\d\.", text):
        reason = "tables"
    else:
        reason = "arithmetic" if claim["kind"] in ("percentage", "growth") else "text"
    return _Compared(reason, arithmetic, other, recomputed)


def _compare_label(claim: Mapping[str, Any], figures: formula.Figures) -> _Compared:
    """A label must equal the one quoted, or be among the labels of a statutory table."""
    text, document, printed = claim["formula"], claim["document"], claim["printed"]
    named = []
    if text.startswith("T"):
        frame = figures.package.load("statutory_tables", document=document, table=text[1:])
        if frame.empty:
            return _Compared("missing_figure", f"table {text[1:]} is not disclosed", [])
        items = frame[frame["row"].str.len() == 7].drop_duplicates("row")
        named = [
            formula.Figure(
                text, None, f"{row['row']} {row['label']}", document, row["row_line"], row["label"]
            )
            for row in records(items)
        ]
        expected = [one.printed for one in named]
        holds = printed in {*frame["label"]}
    else:
        expected = [str(ast.literal_eval(text))]
        holds = printed == expected[0]
    arithmetic = f"printed {printed}, expected {' or '.join(expected)}"
    return _Compared("" if holds else "label", arithmetic, named)


def _spell(text: str, other: list[formula.Figure]) -> str:
    """The formula with each name replaced by what is printed there."""
    shown = {figure.name: figure.quantity for figure in other}
    text = re.sub(r"[\w.]+", lambda name: shown.get(name[0], name[0]), text)
    text = re.sub(r"count\('(.*)'\)", lambda m: f"{len(m[1].split('、'))} named: {m[1]}", text)
    text = re.sub(r"grade_floor\('(.)'\)", r"lowest score of grade \1", text)
    return text.replace("document_year", "year of the document").replace("*", "×")
