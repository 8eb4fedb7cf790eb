"""What holds in a document and what does not: identities of its tables, claims of its text.

Identities are data (``identities.csv``, in the notation ``table.rROW.cCOLUMN``); claims are rows
of the table `claims`. Severity is a judgement and stands in the data with its reason; verdicts
are computed here.
"""

from __future__ import annotations

import ast
import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from . import formula, numerals, statutory
from .statutory import Cell
from .tables import DataError, Where, load, records

EPSILON = 1e-9
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

# ------------------------------------------------------------------------------- identities

TERM = re.compile(
    r"(?P<last>last\.)?(?P<table>\d\d)\.r(?P<row>\w+)(?P<below>/\*)?(?:\.\.r(?P<row_to>\d+))?"
    r"\.c(?P<column>\d+)(?:\.\.c(?P<column_to>\d+))?"
)


@cache
def identity_rules() -> tuple[dict[str, str], ...]:
    """The identities a disclosure must satisfy, as read from ``identities.csv``."""
    path = Path(__file__).with_name("identities.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def identities(frame: pd.DataFrame, last: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every instance of every identity, checked against one document's statutory tables.

    Args:
        frame: rows of `statutory_tables` of one document.
        last: the same of the year before, for what is carried over.

    Returns:
        One row an instance: identity, formula, meaning, left, right, difference and tolerance
        (万元), compared (how many rounded figures), result (holds, fails, not checked), reason.
        The tolerance is half a unit of the last printed place for each figure compared.
    """
    known = statutory.cells(frame)
    before = {} if last is None else statutory.cells(last)
    found = []
    for rule in identity_rules():
        bindings = list(_bindings(rule["for"], known))
        if not bindings:
            found.append(_unchecked(rule, rule["formula"], _why_unbound(rule["for"], known)))
        for binding in bindings:
            found.append(_check(rule, rule["formula"].format(**binding), known, before))
    return pd.DataFrame(found)


def _bindings(scope: str, known: Mapping[Cell, float | None]) -> Iterator[Mapping[str, object]]:
    """What {row}, {column}, {line} and {next} stand for in an identity."""
    if not scope:
        yield {}
        return
    kind, form = scope.split(" of ")
    table = form[-2:]
    rows, columns = statutory.rows_of(table, known), statutory.columns_of(table, known)
    if "-column" in form and len(columns) != int(form.split("-")[0]):
        return
    for row in rows:
        below = list(statutory.children(row, rows))
        if kind == "parents" and below:
            yield from ({"row": row, "column": column} for column in columns)
        elif (
            kind == "rows"
            or (kind == "total" and row == "total")
            or (kind == "items" and len(row) == 7)
        ):
            yield {"row": row}
        elif kind == "classes" and row in statutory.CLASS_LINES:
            line = statutory.CLASS_LINES[row]
            yield {"row": row, "line": line, "next": line + 1}
        elif kind == "payments" and (33 <= int(row) <= 60 or row == "64"):
            yield {"row": row}
        elif kind == "class lines" and 32 <= int(row) <= 57:
            yield {"row": row, "next": int(row) + 1}
    if kind == "payment columns":
        yield from ({"column": column} for column in columns if column > 1)


def _why_unbound(scope: str, known: Mapping[Cell, float | None]) -> str:
    table = scope[-2:]
    if not statutory.rows_of(table, known):
        return f"table {table} is not disclosed"
    return f"table {table} has {len(statutory.columns_of(table, known))} columns here"


def _unchecked(rule: dict[str, str], text: str, reason: str) -> dict[str, object]:
    return {
        "identity": rule["identity"],
        "formula": text,
        "meaning": rule["meaning"],
        "result": "not checked",
        "compared": 0,
        "reason": reason,
    }


def _check(
    rule: dict[str, str],
    text: str,
    known: Mapping[Cell, float | None],
    before: Mapping[Cell, float | None],
) -> dict[str, object]:
    relation = "<=" if "<=" in text else "="
    sides = []
    compared: list[Cell] = []
    for side in text.split(relation):
        total = 0.0
        for term in side.split("+"):
            match = TERM.fullmatch(term.strip().removeprefix("Σ"))
            if not match:
                raise DataError(f"identities.csv: found {term!r}, expected table.rROW.cCOLUMN")
            source = before if match["last"] else known
            wanted = list(_expand(match, source))
            values = [source.get(cell) for cell in wanted]
            if not wanted or any(value is None for value in values):
                table = match["table"]
                if match["last"] and not before:
                    reason = "the accounts of the year before are not at hand"
                elif not statutory.rows_of(table, source):
                    reason = f"table {table} is not disclosed"
                else:
                    reason = f"a cell of table {table} is blank or missing"
                return _unchecked(rule, text, reason)
            compared += wanted
            total += sum(value for value in values if value is not None)
        sides.append(total)
    left, right = sides
    difference = left - right
    tolerance = 0.005 * len(compared)
    excess = difference if relation == "<=" else abs(difference)
    return {
        **_unchecked(rule, text, ""),
        "left": left,
        "right": right,
        "difference": round(difference, 6),
        "tolerance": tolerance,
        "compared": len(compared),
        "result": "holds" if excess <= tolerance + EPSILON else "fails",
    }


def _expand(match: re.Match[str], known: Mapping[Cell, float | None]) -> Iterator[Cell]:
    """The cells a term names: one, a range of rows or columns, or the level below a row."""
    table, row = match["table"], match["row"]
    first = int(match["column"])
    if match["below"]:
        rows = list(statutory.children(row, statutory.rows_of(table, known)))
    elif match["row_to"]:
        rows = [str(number) for number in range(int(row), int(match["row_to"]) + 1)]
    else:
        rows = [row]
    columns = range(first, int(match["column_to"] or first) + 1)
    return ((table, row, column) for row in rows for column in columns)


def identity_summary(checked: pd.DataFrame) -> pd.DataFrame:
    """Result per identity: instances that hold, fail, compare only zeros, or were not checked."""
    rows = []
    for identity, group in checked.groupby("identity", sort=False):
        counts = group["result"].value_counts()
        real = group[group["result"] != "not checked"]
        zeros = 0 if real.empty else int(((real["left"] == 0) & (real["right"] == 0)).sum())
        result = (
            "fails"
            if counts.get("fails", 0)
            else "holds"
            if counts.get("holds", 0)
            else "not checked"
        )
        rows.append(
            {
                "identity": identity,
                "meaning": group["meaning"].iloc[0],
                "result": result,
                "instances": len(real),
                "zeros": zeros,
                "reason": "; ".join(sorted({r for r in group["reason"] if r})),
            }
        )
    return pd.DataFrame(rows)


# ----------------------------------------------------------------------------------- claims


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
        title = statutory.TITLES[text[1:]][0]
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


# ---------------------------------------------------------------------------- what is missing


def undisclosed(frame: pd.DataFrame) -> list[str]:
    """Numbers of the nine statutory tables that a document's rows do not hold."""
    disclosed = set(frame["title"].map(statutory.NUMBERS))
    return [number for number in statutory.TITLES if number not in disclosed]


def checked_tables(
    data: str | Path | None = None, years: Sequence[int] = ()
) -> dict[str, pd.DataFrame]:
    """``identities`` of every document that prints statutory tables, by document."""
    documents = load("documents", data).sort_values("year")
    last: dict[int, pd.DataFrame] = {}
    checked = {}
    for year, document in zip(documents["year"], documents["document"], strict=True):
        frame = load("statutory_tables", data, document=document)
        if len(frame):
            last[year] = frame
            if not years or year in years:
                checked[document] = identities(frame, last.get(year - 1))
    return checked


def lines(data: str | Path | None = None) -> list[str]:
    """What ``analysis check`` prints: one line a finding, then what was checked."""
    told = []
    judged = findings(data)
    for row in records(judged[~judged["holds"]]):
        told.append(
            f"{row['severity']}: {row['document']}:{row['line']} {row['printed']}: "
            f"{row['statement']}: {row['verdict']}; {row['arithmetic']} [{row['figure']}]"
        )
    checked = checked_tables(data)
    for document in load("documents", data)["document"]:
        if document not in checked:
            told.append(f"identities: {document}: no statutory table is disclosed")
            continue
        for row in records(checked[document][checked[document]["result"] == "fails"]):
            told.append(
                f"high: {document}: {row['formula']}: fails by {row['difference']:.2f} 万元 "
                f"(identity {row['identity']})"
            )
        counts = checked[document]["result"].value_counts()
        absent = undisclosed(load("statutory_tables", data, document=document))
        told.append(
            f"identities: {document}: {counts.get('holds', 0)} hold, "
            f"{counts.get('fails', 0)} fail, {counts.get('not checked', 0)} not checked; "
            f"tables not disclosed: {', '.join(absent) or 'none'}"
        )
    told.append(f"claims: {int(judged['holds'].sum())} of {len(judged)} reproduce")
    return told
