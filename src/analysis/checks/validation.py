"""Bad input is refused before anything runs: file, row, column, what was found and expected.

Types, closed lists, keys and references are those of ``data/tables.json``, checked a column at a
time; what a descriptor cannot say follows: values against the characters printed, cells against
the forms, formulas, corrections, and that a claim that can fail has its severity.
"""

from __future__ import annotations

import csv
import graphlib
import io
import itertools
import operator
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.checks import formula
from analysis.data import forms, numerals
from analysis.data.package import FIGURES, TYPES, DataError, Package, find
from analysis.data.text import inert

# What may be told once by a document.
KEYS = {
    "amounts": ("document", "year", "direction", "phase", "item"),
    "indicators": ("document", "year", "indicator"),
}
MOST = 50  # lines told; of more only the number
LONGEST = 5000  # characters of a cell; 200 of those that were printed
DEEPEST = 50  # figures that follow from each other
LABEL = re.compile("'[^'\\\\]+'|T(" + "|".join(forms.TITLES) + ")")
SPELLINGS = {
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,8})"),
    "number": re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?"),
    "boolean": re.compile("true|false"),
}
PRINTED = re.compile(r"-?(?:0|[1-9][0-9]{0,11}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,9})?")
# Units whose name leaves no choice: quantity and factor.
UNITS = {
    "元": ("money", 1.0), "万元": ("money", 1e4), "亿元": ("money", 1e8),
    "%": ("ratio", 0.01), "‰": ("ratio", 0.001),
    "吨": ("mass", 1.0), "千克": ("mass", 1e-3), "公斤": ("mass", 1e-3), "克": ("mass", 1e-6),
    "人": ("persons", 1.0), "名": ("persons", 1.0), "人次": ("person-times", 1.0),
}  # fmt: skip
Frames = dict[str, pd.DataFrame]


def problems(data: Package | str | Path | None = None) -> list[str]:
    """Everything wrong with a data package, one line each; empty when it can be used.

    At most some fifty lines, and how many more there are; no line moves a terminal.
    """
    try:
        package = find(data)
    except DataError as error:
        return [inert(line) for line in str(error).splitlines()]
    found = list(_unreadable(package))
    if not found:
        frames = {name: _frame(package, name) for name in package.tables}
        for stage in STAGES:
            if found := [one for check in stage for one in check(package, frames)]:
                break
    told = [inert(line if len(line) <= 400 else line[:397] + "...") for line in found[:MOST]]
    if len(found) > MOST:
        told.append(f"and {len(found) - MOST:,} more found like these")
    return told


def _frame(package: Package, name: str) -> pd.DataFrame:
    """The cells of a table as characters; the index is the row that messages name."""
    header, *rows = csv.reader(io.StringIO(package.text(name), newline=""))
    return pd.DataFrame(rows, columns=header, dtype=str, index=range(2, len(rows) + 2))


def _line(name: str, row: object, column: str, found: object, expected: str) -> str:
    """What is wrong with a cell, or with several of a row."""
    shown = repr(found) if len(str(found)) <= 200 else f"{len(str(found)):,} characters"
    shown = shown if found else "nothing"
    return f"{name}.csv, row {row}, column {column}: found {shown}, expected {expected}"


def _wrong(
    name: str, frame: pd.DataFrame, wrong: pd.Series[bool], column: str, expected: Any
) -> Iterator[str]:
    """A line for each row that is wrong in a column; what is expected may differ by row."""
    wrong = wrong.astype(bool)
    each = expected[wrong] if isinstance(expected, pd.Series) else itertools.repeat(expected)
    for (row, found), one in zip(frame.loc[wrong, column].items(), each, strict=False):
        yield _line(name, row, column, found, one)


def _rows(frames: Frames, *names: str) -> Iterator[tuple[str, Any, dict[str, str]]]:
    """The rows of some tables: table, number that messages name, cells."""
    for name in names:
        rows: list[Any] = frames[name].to_dict("records")
        yield from zip(itertools.repeat(name), frames[name].index, rows, strict=False)


# ------------------------------------------------------------------------ characters and columns


def _unreadable(package: Package) -> Iterator[str]:
    """Files in another encoding, cut off, of other columns, or with rows of another length."""
    for name in package.tables:
        path = package.resources[name]["path"]
        content = package.content[path]
        try:
            text = package.text(name)
        except DataError as error:
            yield str(error)
            continue
        if not content.endswith(b"\n"):
            row = content.count(b"\n") + 1
            yield f"{path}, row {row}: found no line end after the last row, expected one: cut off?"
        if "\0" in text:
            yield f"{path}: found a NUL character, expected text"
        expected = [field["name"] for field in package.fields(name)]
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = next(lines, [])
            if header != expected:
                odd = sorted({*header} ^ {*expected}, key=(expected + header).index)
                yield (
                    f"{path}, row 1, column {', '.join(odd) or 'order'}: "
                    f"found {','.join(header)!r}, expected {','.join(expected)!r}"
                )
                continue
            for number, cells in enumerate(lines, start=2):
                if len(cells) != len(expected):
                    shown = f"{len(cells)} cells" if cells else "an empty row"
                    yield f"{path}, row {number}: found {shown}, expected {len(expected)} cells"
        except csv.Error as error:
            yield (
                f"{path}, row {lines.line_num}: found {error}, "
                "expected quotes that open and close around a whole cell of at most "
                f"{LONGEST:,} characters"
            )


def _misspelled(package: Package, frames: Frames) -> Iterator[str]:
    """Cells that the dictionary of columns forbids: blanks, types, closed lists, limits."""
    for name, frame in frames.items():
        for field in package.fields(name):
            for wrong, expected in _spellings(frame[field["name"]], field):
                yield from _wrong(name, frame, wrong, field["name"], expected)


def _spellings(
    cells: pd.Series[str], field: dict[str, Any]
) -> Iterator[tuple[pd.Series[bool], str]]:
    """Which cells of a column break a rule, and what each rule expects."""
    rules, kind, filled = field.get("constraints", {}), field["type"], cells != ""
    longest = 200 if field["name"] == "printed" else LONGEST
    yield cells.str.len() > longest, f"at most {longest:,} characters"
    if rules.get("required"):
        yield ~filled, "a value: the column is required"
    if kind in SPELLINGS:
        spelled, expected = cells.str.fullmatch(SPELLINGS[kind]), TYPES[kind]
    else:  # what no reader sees must not make another key of it
        spelled, expected = cells.str.strip() == cells, "no space around it"
    yield filled & ~spelled, expected
    filled &= spelled
    if "enum" in rules:
        yield filled & ~cells.isin(rules["enum"]), "one of " + ", ".join(rules["enum"])
    if "pattern" in rules:
        fits = cells.str.fullmatch(rules["pattern"])
        yield filled & ~fits, f"characters like {rules['pattern']}"
    for limit, beyond, words in (
        ("minimum", operator.lt, "least"),
        ("maximum", operator.gt, "most"),
    ):
        if limit in rules:
            numbers = cells.where(filled).astype(float)
            yield beyond(numbers, rules[limit]), f"at {words} {rules[limit]}"


def _repeated(package: Package, frames: Frames) -> Iterator[str]:
    """Keys that are used twice, references to nothing, and figures told twice."""
    for name, frame in frames.items():
        schema = package.resources[name]["schema"]
        unique = [[f["name"]] for f in schema["fields"] if f.get("constraints", {}).get("unique")]
        for columns in dict.fromkeys(map(tuple, [schema.get("primaryKey", []), *unique])):
            yield from _twice(name, frame, columns, "a key that is used once")
        yield from _twice(name, frame, KEYS.get(name, ()), "one figure for each")
        for reference in schema.get("foreignKeys", []):
            columns, other = reference["fields"], reference["reference"]["resource"] or name
            target = frames[other][reference["reference"]["fields"]]
            known = {*target.itertuples(index=False, name=None)}
            for row, *found in frame[columns].itertuples():
                if tuple(found) not in known and any(found):
                    yield (
                        f"{name}.csv, row {row}, column {', '.join(columns)}: found "
                        f"{', '.join(map(repr, found))}, expected a value of {other}"
                    )
    firsts: dict[str, str] = {}
    for name, row, cells in _rows(frames, *FIGURES):
        place = f"{name}.csv, row {row}"
        first = firsts.setdefault(cells["figure"], place)
        if first != place and not first.startswith(f"{name}.csv"):
            yield _line(name, row, "figure", cells["figure"], f"a name not in use; {first} has it")
    if frames["documents"].empty:
        yield "documents.csv: found no row, expected a document"


def _twice(
    name: str, frame: pd.DataFrame, columns: tuple[str, ...], expected: str
) -> Iterator[str]:
    if not columns:
        return
    firsts: dict[tuple[str, ...], int] = {}
    chosen = frame.loc[frame.duplicated([*columns], keep=False), [*columns]]
    for row, *key in chosen.itertuples():
        first = firsts.setdefault(tuple(key), row)
        if first != row:
            yield (
                f"{name}.csv, row {row}, column {', '.join(columns)}: "
                f"found what {name}.csv, row {first} has, expected {expected}"
            )


# -------------------------------------------------------------------------------------- meaning


def _misprinted(package: Package, frames: Frames) -> Iterator[str]:
    """Values that are not what the printed characters say, and lines that are not there."""
    lengths = frames["documents"].set_index("document")["lines"]
    for name in (*FIGURES, "statutory_tables", "disclosed_tables", "explanations", "corrections"):
        frame = frames[name]
        most = frame["document"].map(lengths)
        for column in frame.columns.intersection(["line", "row_line"]):
            beyond = frame[column].astype(int) > most.astype(int)
            limit = "at most " + most + ", the lines of the document"
            yield from _wrong(name, frame, beyond, column, limit)
    units = frames["units"].set_index("unit")
    money = units.index[units["quantity"].isin(["money", "price"])]
    amounts = frames["amounts"]
    yield from _wrong("amounts", amounts, ~amounts["unit"].isin(money), "unit", "a unit of money")
    told: dict[tuple[str, str, str], tuple[float, str, str]] = {}
    for name, row, cells in _rows(frames, *FIGURES):
        for column, expected in _misread(name, cells):
            yield _line(name, row, column, cells[column], expected)
        if not cells["value"]:
            continue
        unit, key = cells["unit"], (cells["document"], cells["line"], cells["printed"])
        base = float(cells["value"]) * float(units["factor"].get(unit, "0"))
        known, first, other = told.setdefault(key, (base, f"{name}.csv, row {row}", unit))
        if known != base:
            yield _line(
                name, row, "unit", unit,
                f"{other!r} as {first} reads the same characters {key[2]!r} of the same line",
            )  # fmt: skip


def _misread(name: str, row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Columns that are not what the printed characters say: value, unit and qualifier."""
    derived, printed = row.get("basis") == "derived", row["printed"]
    label = name == "claims" and row["kind"] == "label"
    if name != "claims" and derived != bool(row["formula"]):
        yield "formula", f"{'a formula' if derived else 'blank'} for a {row['basis']} figure"
    if name == "claims" and not label and not row["unit"]:
        yield "unit", "a unit, or blank for a label"
    if name == "claims" and not label and not row["value"]:
        yield "value", "a number, or blank for a label"
    if derived or label:
        if row["value"]:
            yield "value", "blank: nothing is read here"
        return
    try:
        reading = numerals.read(printed)
    except ValueError as error:
        yield "printed", f"the characters of a figure: {error}"
        return
    if (float(row["value"]) if row["value"] else None) != reading.value:
        yield "value", f"{reading.value} as printed in {printed!r}"
    if row.get("qualifier", reading.qualifier) != reading.qualifier:
        yield "qualifier", f"{reading.qualifier!r} for {printed!r}"
    spelled = numerals.ABSENT.match(printed) or printed.startswith(("第", "零"))
    bare = printed.replace(".", "").isdigit()
    if not (spelled or bare or numerals.prints_unit(printed, row["unit"])):
        yield "unit", f"the unit printed in {printed!r}"


def _misformed_cells(package: Package, frames: Frames) -> Iterator[str]:
    """Cells that no form has, or that are not what is printed."""
    name, frame = "statutory_tables", frames["statutory_tables"]
    table, row, printed, value = (frame[one] for one in ("table", "row", "printed", "value"))
    of = " of table " + table + table.map(lambda one: f" ({forms.TITLES[one][0]})")
    known = pd.Series(map(forms.has_row, table, row), frame.index, dtype=bool)
    yield from _wrong(name, frame, ~known, "row", "a row" + of)
    spans = [
        forms.columns_of_row(*one) or range(1, forms.widths(one[0])[-1] + 1)
        for one in zip(table, row, strict=True)
    ]
    inside = [int(one) in span for one, span in zip(frame["column"], spans, strict=True)]
    span = pd.Series([f"{one[0]} to {one[-1]}" for one in spans], frame.index, dtype=str)
    yield from _wrong(name, frame, known & ~pd.Series(inside, frame.index, dtype=bool), "column",
                      span + " in row " + row + of)  # fmt: skip
    wrong = (printed == "") != (value == "")
    expected = "the number printed as " + printed.map(repr) + ", or blank for a blank cell"
    yield from _wrong(name, frame, wrong, "value", expected)
    filled = (printed != "") & (value != "")
    number = printed.str.fullmatch(PRINTED)
    yield from _wrong(name, frame, filled & ~number, "printed", "a number")
    filled &= number
    read = printed[filled].str.replace(",", "").astype(float)
    differ = (read != value[filled].astype(float)).reindex(frame.index, fill_value=False)
    yield from _wrong(name, frame, differ, "value", printed)


def _misdeclared(package: Package, frames: Frames) -> Iterator[str]:
    """Tables whose title, unit or emptiness is not that of their cells."""
    name, frame, cells = "disclosed_tables", frames["disclosed_tables"], frames["statutory_tables"]
    other = frame["title"].map(forms.number).fillna(frame["table"])
    title = "a title of table " + frame["table"] + "; this is one of table " + other
    yield from _wrong(name, frame, other != frame["table"], "title", title)
    keys = ["document", "table"]
    units = cells.drop_duplicates([*keys, "unit"]).groupby(keys)["unit"].agg(" and ".join)
    printed = frame[keys].merge(units.reset_index(), how="left")["unit"].set_axis(frame.index)
    wrong = printed.notna() & (printed != frame["unit"])
    yield from _wrong(name, frame, wrong, "unit", printed.map(repr) + " as in its cells")
    filled = {*cells.loc[cells["value"] != "", keys].itertuples(index=False, name=None)}
    full = [one in filled for one in frame[keys].itertuples(index=False, name=None)]
    expected = "true for a table without any amount, false for one with amounts"
    yield from _wrong(name, frame, (frame["empty"] == "true") == full, "empty", expected)


def _odd_units(package: Package, frames: Frames) -> Iterator[str]:
    """Units whose quantity or factor is not what their name says."""
    for name, row, cells in _rows(frames, "units"):
        unit, quantity, factor = cells["unit"], cells["quantity"], float(cells["factor"])
        known, expected = UNITS.get(unit, (quantity, _factor(unit, quantity)))
        if not factor > 0:
            yield _line(name, row, "factor", cells["factor"], "a number above zero")
        elif known != quantity:
            yield _line(name, row, "quantity", quantity, known)
        elif quantity == "money" and unit not in UNITS:
            other = "another for a unit that is not 元, 万元 or 亿元"
            yield _line(name, row, "quantity", quantity, other)
        elif expected and factor != expected:
            yield _line(name, row, "factor", cells["factor"], f"{expected:g}")


def _factor(unit: str, quantity: str) -> float | None:
    """One of a counted thing is one, of 万 ten thousand; a measure has the factor it has."""
    if quantity in formula.ROUNDED and quantity != "price":
        return None
    return {"万": 1e4, "亿": 1e8}.get(unit[:1], 1.0)


def _misformed(package: Package, frames: Frames) -> Iterator[str]:
    """Formulas that are none, that name no figure, or that go round in a circle."""
    known = {figure for name in FIGURES for figure in frames[name]["figure"]}
    follows: dict[str, set[str]] = {}
    for name, row, cells in _rows(frames, *FIGURES):
        text, figure = cells["formula"], cells["figure"]
        if cells.get("disputes", "") not in {"", *known}:
            yield _line(name, row, "disputes", cells["disputes"], "the name of a figure")
        if cells.get("kind") == "label" and LABEL.fullmatch(text):
            continue
        odd = formula.misfits(text, known)
        for one in odd:
            expected = "arithmetic over names of figures and cells like T01.r27.c1"
            yield _line(name, row, "formula", one[:100], expected)
        names = {*formula.names(text)} if text and not odd else set()
        if name == "claims" and figure in names:
            yield (
                f"{name}.csv, row {row}, column formula: found {figure!r} itself, "
                "expected other figures: nothing is proved by itself"
            )
        if cells.get("basis") == "derived":
            follows[figure] = names
    place = "amounts.csv and indicators.csv, column formula"
    depth: dict[str, int] = {}
    try:
        for figure in graphlib.TopologicalSorter(follows).static_order():
            depth[figure] = 1 + max((depth[one] for one in follows.get(figure, ())), default=0)
    except graphlib.CycleError as error:
        yield f"{place}: found {' → '.join(error.args[1][:9])}, expected no circle"
    if max(depth.values(), default=0) > DEEPEST:
        yield f"{place}: found a chain of {max(depth.values())} figures, expected {DEEPEST}"


def _miscorrected(package: Package, frames: Frames) -> Iterator[str]:
    """Corrections of what cannot be corrected, or that do not find what they expect."""
    units, frame = frames["units"]["unit"], frames["corrections"]
    number = frame["corrected"].str.fullmatch(SPELLINGS["number"])
    fits = frame["corrected"].isin(units).where(frame["column"] == "unit", number)
    expected = "a known unit for unit, a number for value"
    if found := [*_wrong("corrections", frame, ~fits.astype(bool), "corrected", expected)]:
        yield from found
        return
    for name in KEYS:
        try:
            package.load(name)
        except DataError as error:
            yield str(error)


def _valueless(package: Package, frames: Frames) -> Iterator[str]:
    """Derived figures whose formula has no value."""
    figures = formula.Figures(package)
    for name, row, cells in _rows(frames, *KEYS):
        try:
            if cells["basis"] == "derived":
                formula.evaluate(cells["formula"], figures, cells["document"])
        except (LookupError, ArithmeticError) as error:
            yield _line(name, row, "formula", str(error), "a formula that has a value")


def _unweighed(package: Package, frames: Frames) -> Iterator[str]:
    """Claims that can fail without a severity: nobody has judged how much harm they would do."""
    frame = frames["claims"]
    wrong = (frame["formula"] != "") & (frame["severity"] == "")
    yield from _wrong("claims", frame, wrong, "severity", "high, medium or low: it can fail")


# Each relies on those of the groups before: cells and keys, then meaning.
STAGES = (
    (_misspelled,),
    (_repeated,),
    (_odd_units,),
    (_misprinted, _misformed_cells, _misdeclared),
    (_misformed,),
    (_miscorrected,),
    (_valueless,),
    (_unweighed,),
)
