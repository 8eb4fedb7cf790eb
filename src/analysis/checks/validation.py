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
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.checks import formula
from analysis.data import forms, numerals
from analysis.data.package import TYPES, DataError, Package, find
from analysis.data.text import inert

FIGURES = ("amounts", "indicators", "claims")
# What may be told once by a document.
KEYS = {
    "amounts": ("document", "year", "direction", "phase", "item"),
    "indicators": ("document", "year", "indicator"),
}
MOST = 50  # lines told; of more only the number
LONGEST = 5000  # characters of a cell; 200 of those that were printed
DEEPEST = 50  # figures that follow from each other
LABEL = "'[^'\\\\]+'|T(" + "|".join(forms.TITLES) + ")"
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
MONEY = ("money", "price")

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
            if found := list(stage(package, frames)):
                break
    told = [inert(line if len(line) <= 400 else line[:397] + "...") for line in found[:MOST]]
    if len(found) > MOST:
        told.append(f"and {len(found) - MOST:,} more found like these")
    return told


def _frame(package: Package, name: str) -> pd.DataFrame:
    """The cells of a table as characters; the index is the row that messages name."""
    header, *rows = csv.reader(io.StringIO(package.text(name), newline=""))
    return pd.DataFrame(rows, columns=header, dtype=str, index=range(2, len(rows) + 2))


def _rows(frame: pd.DataFrame) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table, each with the number that messages name."""
    return zip(frame.index.tolist(), frame.to_dict("records"), strict=True)  # type: ignore[arg-type]


def _wrong(
    name: str, frame: pd.DataFrame, wrong: pd.Series[bool], column: str, expected: str
) -> Iterator[str]:
    """A line for each row that is wrong in a column."""
    for row, found in frame.loc[wrong.astype(bool), column].items():
        shown = repr(found) if len(found) <= 200 else f"{len(found):,} characters"
        shown = shown if found else "nothing"
        yield f"{name}.csv, row {row}, column {column}: found {shown}, expected {expected}"


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
            yield (
                f"{path}, row {row}: found no line end after the last row, "
                "expected one; the file looks cut off"
            )
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
                if not cells:
                    yield f"{path}, row {number}: found an empty row, expected a row of the table"
                elif len(cells) != len(expected):
                    yield (
                        f"{path}, row {number}: found {len(cells)} cells, "
                        f"expected {len(expected)} cells in the row"
                    )
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
            yield from _misspelled_column(name, frame, field)


def _misspelled_column(name: str, frame: pd.DataFrame, field: dict[str, Any]) -> Iterator[str]:
    column, rules = field["name"], field.get("constraints", {})
    cells = frame[column]
    longest = 200 if column == "printed" else LONGEST
    yield from _wrong(
        name, frame, cells.str.len() > longest, column, f"at most {longest:,} characters"
    )
    filled = cells != ""
    if rules.get("required"):
        for row in frame.index[~filled]:
            yield (
                f"{name}.csv, row {row}, column {column}: found nothing, "
                "expected a value: the column is required"
            )
    kind = field["type"]
    if kind in SPELLINGS:
        spelled = cells.str.fullmatch(SPELLINGS[kind])
        yield from _wrong(name, frame, filled & ~spelled, column, TYPES[kind])
        filled &= spelled
    else:
        # what no reader sees must not make another key of it
        padded = cells.str.strip() != cells
        yield from _wrong(name, frame, padded, column, "no space around it")
        filled &= ~padded
    if "enum" in rules:
        listed = cells.isin(rules["enum"])
        expected = "one of " + ", ".join(rules["enum"])
        yield from _wrong(name, frame, filled & ~listed, column, expected)
    if "pattern" in rules:
        fits = cells.str.fullmatch(rules["pattern"])
        expected = f"characters like {rules['pattern']}"
        yield from _wrong(name, frame, filled & ~fits, column, expected)
    if "minimum" in rules or "maximum" in rules:
        numbers = pd.to_numeric(cells.where(filled))
        low, high = rules.get("minimum"), rules.get("maximum")
        if low is not None:
            yield from _wrong(name, frame, filled & (numbers < low), column, f"at least {low}")
        if high is not None:
            yield from _wrong(name, frame, filled & (numbers > high), column, f"at most {high}")


def _repeated(package: Package, frames: Frames) -> Iterator[str]:
    """Keys that are used twice, references to nothing, and figures told twice."""
    for name, frame in frames.items():
        schema = package.resources[name]["schema"]
        key = schema.get("primaryKey", [])
        unique = [[f["name"]] for f in schema["fields"] if f.get("constraints", {}).get("unique")]
        for columns in [key, *(one for one in unique if one != key)] if key else unique:
            yield from _twice(name, frame, columns, "a key that is used once")
        for reference in schema.get("foreignKeys", []):
            columns, other = reference["fields"], reference["reference"]
            target = frames[other["resource"] or name]
            known = {*zip(*(target[one] for one in other["fields"]), strict=True)}
            for row, *found in frame[columns].itertuples():
                if tuple(found) not in known and any(found):
                    yield (
                        f"{name}.csv, row {row}, column {', '.join(columns)}: found "
                        f"{', '.join(map(repr, found))}, expected a value of "
                        f"{other['resource'] or 'the same table'}"
                    )
    for name, keys in KEYS.items():
        yield from _twice(name, frames[name], [*keys], "one figure for each")
    names = pd.concat([frames[one]["figure"] for one in FIGURES], keys=FIGURES)
    for (name, row), figure in names[names.duplicated()].items():
        first = names.index[names == figure][0]
        yield (
            f"{name}.csv, row {row}, column figure: found {figure!r}, expected a name not in "
            f"use; {first[0]}.csv, row {first[1]} has it"
        )
    if frames["documents"].empty:
        yield "documents.csv: found no row, expected a document"


def _twice(name: str, frame: pd.DataFrame, columns: list[str], expected: str) -> Iterator[str]:
    firsts: dict[tuple[str, ...], int] = {}
    for row, *key in frame.loc[frame.duplicated(columns, keep=False), columns].itertuples():
        first = firsts.setdefault(tuple(key), row)
        if first != row:
            yield (
                f"{name}.csv, row {row}, column {', '.join(columns)}: "
                f"found what {name}.csv, row {first} has, expected {expected}"
            )


# -------------------------------------------------------------------------------------- meaning


def _misprinted(package: Package, frames: Frames) -> Iterator[str]:
    """Values that are not what the printed characters say, and lines that are not there."""
    documents = frames["documents"]
    length = dict(zip(documents["document"], documents["lines"].astype(int), strict=True))
    for name in (*FIGURES, "statutory_tables", "disclosed_tables", "explanations", "corrections"):
        for row, cells in _rows(frames[name]):
            most = length[cells["document"]]
            for column in ("line", "row_line"):
                if int(cells.get(column, 0)) > most:
                    yield (
                        f"{name}.csv, row {row}, column {column}: found {cells[column]}, "
                        f"expected at most {most}, the lines of the document"
                    )
    quantities = dict(zip(frames["units"]["unit"], frames["units"]["quantity"], strict=True))
    for name in FIGURES:
        for row, cells in _rows(frames[name]):
            yield from (f"{name}.csv, row {row}, {text}" for text in _misread(name, cells))
            if name == "amounts" and quantities[cells["unit"]] not in MONEY:
                yield (
                    f"{name}.csv, row {row}, column unit: found {cells['unit']!r}, "
                    "expected a unit of money"
                )
    yield from _contradicted(frames)


def _misread(name: str, row: dict[str, str]) -> Iterator[str]:
    """Whether value, unit and qualifier are what the printed characters say."""
    derived = row.get("basis") == "derived"
    if derived != bool(row["formula"]) and name != "claims":
        yield (
            f"column formula: found {row['formula']!r}, expected "
            + ("a formula for a derived figure" if derived else "blank for a stated figure")
        )
    if name == "claims" and bool(row["value"]) == (row["kind"] == "label"):
        yield f"column value: found {row['value']!r}, expected a number, or blank for a label"
    if name == "claims" and row["kind"] != "label" and not row["unit"]:
        yield "column unit: found nothing, expected a unit, or blank for a label"
    if derived or (name == "claims" and row["kind"] == "label"):
        if row["value"]:
            yield f"column value: found {row['value']!r}, expected blank: nothing is read here"
        return
    try:
        reading = numerals.read(row["printed"])
    except ValueError as error:
        yield f"column printed: found {error}, expected the characters of a figure"
        return
    if (float(row["value"]) if row["value"] else None) != reading.value:
        yield (
            f"column value: found {row['value']!r}, expected {reading.value} as printed "
            f"in {row['printed']!r}"
        )
    if row.get("qualifier", reading.qualifier) != reading.qualifier:
        yield (
            f"column qualifier: found {row['qualifier']!r}, expected {reading.qualifier!r} "
            f"for {row['printed']!r}"
        )
    spelled = numerals.ABSENT.match(row["printed"]) or row["printed"].startswith(("第", "零"))
    bare = row["printed"].replace(".", "").isdigit()
    if not (spelled or bare or numerals.prints_unit(row["printed"], row["unit"])):
        yield (
            f"column unit: found {row['unit']!r}, expected the unit printed in {row['printed']!r}"
        )


def _contradicted(frames: Frames) -> Iterator[str]:
    """Rows that read the same characters of one line as different quantities."""
    factors = dict(zip(frames["units"]["unit"], frames["units"]["factor"], strict=True))
    told: dict[tuple[str, str, str], tuple[float, str, str]] = {}
    for name in FIGURES:
        for row, cells in _rows(frames[name]):
            if not cells["value"]:
                continue
            key = cells["document"], cells["line"], cells["printed"]
            base = float(cells["value"]) * float(factors[cells["unit"]])
            place = f"{name}.csv, row {row}"
            known, first, unit = told.setdefault(key, (base, place, cells["unit"]))
            if known != base:
                yield (
                    f"{place}, column unit: found {cells['unit']!r}, expected {unit!r} as {first} "
                    f"reads the same characters {cells['printed']!r} of the same line"
                )


def _misformed_tables(frames: Frames) -> Iterator[str]:
    """Cells that no form has, that are not what is printed, and tables that are not as declared."""
    frame = frames["statutory_tables"]
    for number, row in _rows(frame):
        place, table, printed, value = _place(number), row["table"], row["printed"], row["value"]
        columns = forms.columns_of_row(table, row["row"]) or range(1, forms.widths(table)[-1] + 1)
        if not forms.has_row(table, row["row"]):
            yield (
                f"{place} row: found {row['row']!r}, expected a row of table {table} "
                f"({forms.TITLES[table][0]})"
            )
        elif int(row["column"]) not in columns:
            yield (
                f"{place} column: found {row['column']}, expected {columns[0]} to {columns[-1]} in "
                f"row {row['row']} of table {table} ({forms.TITLES[table][0]})"
            )
        if bool(printed) != bool(value):
            yield (
                f"{place} value: found {value!r}, expected the number printed as {printed!r}, "
                "or blank for a blank cell"
            )
        elif printed and not PRINTED.fullmatch(printed):
            yield f"{place} printed: found {printed!r}, expected a number"
        elif printed and float(printed.replace(",", "")) != float(value):
            yield f"{place} value: found {value}, expected {printed}"
    yield from _misdeclared(frames)


def _place(row: int) -> str:
    return f"statutory_tables.csv, row {row}, column"


def _misdeclared(frames: Frames) -> Iterator[str]:
    """Tables whose title, unit or emptiness is not that of their cells."""
    units: dict[tuple[str, str], set[str]] = defaultdict(set)
    filled: set[tuple[str, str]] = set()
    for _, row in _rows(frames["statutory_tables"]):
        units[row["document"], row["table"]].add(row["unit"])
        if row["value"]:
            filled.add((row["document"], row["table"]))
    for number, row in _rows(frames["disclosed_tables"]):
        place, key = f"disclosed_tables.csv, row {number}", (row["document"], row["table"])
        if forms.number(row["title"]) not in (None, row["table"]):
            yield (
                f"{place}, column title: found {row['title']!r}, which is table "
                f"{forms.number(row['title'])}, expected a title of table {row['table']}"
            )
        for unit in units[key] - {row["unit"]}:
            yield f"{place}, column unit: found {row['unit']!r}, expected {unit!r} as in its cells"
        if (row["empty"] == "true") == (key in filled):
            yield (
                f"{place}, column empty: found {row['empty']!r}, expected true for a table "
                "without any amount, false for one with amounts"
            )


def _odd_units(package: Package, frames: Frames) -> Iterator[str]:
    """Units whose quantity or factor is not what their name says."""
    for row, cells in _rows(frames["units"]):
        place, unit, quantity = f"units.csv, row {row}", cells["unit"], cells["quantity"]
        factor = float(cells["factor"])
        known, expected = UNITS.get(unit, (quantity, _factor(unit, quantity)))
        if not factor > 0:
            yield f"{place}, column factor: found {cells['factor']}, expected a number above zero"
        elif known != quantity or (quantity == "money" and unit not in UNITS):
            yield f"{place}, column quantity: found {quantity!r}, expected {_other(unit, known)}"
        elif expected and factor != expected:
            yield f"{place}, column factor: found {cells['factor']}, expected {expected:g}"


def _other(unit: str, known: str) -> str:
    return known if unit in UNITS else "another for a unit that is not 元, 万元 or 亿元"


def _factor(unit: str, quantity: str) -> float | None:
    """One of a counted thing is one, of 万 ten thousand; a measure has the factor it has."""
    if quantity in formula.ROUNDED and quantity != "price":
        return None
    return {"万": 1e4, "亿": 1e8}.get(unit[:1], 1.0)


def _misformed(package: Package, frames: Frames) -> Iterator[str]:
    """Formulas that are none, that name no figure, or that go round in a circle."""
    known = {figure for name in FIGURES for figure in frames[name]["figure"]}
    follows: dict[str, set[str]] = {}
    for name in FIGURES:
        for row, cells in _rows(frames[name]):
            place, text = f"{name}.csv, row {row}", cells["formula"]
            if cells.get("kind") == "label" and re.fullmatch(LABEL, text):
                continue
            odd = formula.misfits(text, known)
            for one in odd:
                yield (
                    f"{place}, column formula: found {one[:100]!r}, "
                    "expected arithmetic over names of figures and cells like T01.r27.c1"
                )
            names = {*formula.names(text)} if text and not odd else set()
            if name == "claims" and cells["figure"] in names:
                yield (
                    f"{place}, column formula: found {cells['figure']!r} itself, "
                    "expected other figures: nothing is proved by itself"
                )
            if cells.get("basis") == "derived":
                follows[cells["figure"]] = names
            if cells.get("disputes", "") not in {"", *known}:
                yield (
                    f"{place}, column disputes: found {cells['disputes']!r}, "
                    "expected the name of a figure"
                )
    place = "amounts.csv and indicators.csv, column formula"
    try:
        depth: dict[str, int] = defaultdict(int)
        for figure in graphlib.TopologicalSorter(follows).static_order():
            depth[figure] = 1 + max((depth[one] for one in follows.get(figure, ())), default=0)
    except graphlib.CycleError as error:
        yield f"{place}: found {' → '.join(error.args[1][:9])}, expected no circle"
    else:
        if max(depth.values(), default=0) > DEEPEST:
            yield f"{place}: found a chain of {max(depth.values())} figures, expected {DEEPEST}"


def _miscorrected(package: Package, frames: Frames) -> Iterator[str]:
    """Corrections of what cannot be corrected, or that do not find what they expect."""
    units = {*frames["units"]["unit"]}
    for row, cells in _rows(frames["corrections"]):
        to = cells["corrected"]
        if not (
            (cells["column"] == "unit" and to in units)
            or (cells["column"] == "value" and SPELLINGS["number"].fullmatch(to))
        ):
            yield (
                f"corrections.csv, row {row}, column corrected: found {to!r} for the column "
                f"{cells['column']!r}, expected a known unit for unit, a number for value"
            )
            return
    for name in ("amounts", "indicators"):
        try:
            package.load(name)
        except DataError as error:
            yield str(error)


def _valueless(package: Package, frames: Frames) -> Iterator[str]:
    """Derived figures whose formula has no value."""
    figures = formula.Figures(package)
    for name in KEYS:
        frame = frames[name]
        chosen = frame[frame["basis"] == "derived"][["document", "formula"]]
        for row, document, text in chosen.itertuples():
            try:
                formula.evaluate(text, figures, document)
            except (LookupError, ArithmeticError) as error:
                yield (
                    f"{name}.csv, row {row}, column formula: found {str(error)!r}, "
                    "expected a formula that has a value"
                )


def _unweighed(package: Package, frames: Frames) -> Iterator[str]:
    """Claims that can fail without a severity: nobody has judged how much harm they would do."""
    frame = frames["claims"]
    wrong = (frame["formula"] != "") & (frame["severity"] == "")
    yield from _wrong("claims", frame, wrong, "severity", "high, medium or low: it can fail")


# Each relies on the ones before: cells and keys, then meaning.
STAGES = (
    _misspelled,
    _repeated,
    _odd_units,
    lambda package, frames: itertools.chain(
        _misprinted(package, frames), _misformed_tables(frames)
    ),
    _misformed,
    _miscorrected,
    _valueless,
    _unweighed,
)
