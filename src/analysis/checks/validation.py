"""Bad input is refused before anything runs: file, row, column, what was found and expected.

Types, closed lists, keys and references are those of ``data/tables.json``; what a descriptor cannot
say follows: values against the characters printed, cells against
the forms, formulas, corrections, and that a claim that can fail has its severity.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from analysis.checks import formula
from analysis.data import forms, numerals
from analysis.data.package import (
    CORRECTED,
    FIGURES,
    LONGEST,
    TYPES,
    DataError,
    Package,
    find,
    standard,
)
from analysis.data.text import inert

# What may be told once by a document.
KEYS = {
    "amounts": ("document", "year", "direction", "phase", "item"),
    "indicators": ("document", "year", "indicator"),
}
MOST = 50  # lines told; of more only the number
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
Tables = dict[str, list[dict[str, str]]]


def problems(data: Package | str | Path | None = None) -> list[str]:
    """Everything wrong with a data package, one line each; empty when it can be used.

    At most some fifty lines, and how many more there are; no line moves a terminal.
    """
    found: list[str] = []
    tables: Tables = {}
    try:
        package = find(data)
    except DataError as error:
        return [inert(line) for line in str(error).splitlines()]
    for name in package.tables:
        try:
            tables[name] = package.rows(name)
        except DataError as error:
            found += str(error).splitlines()
    for stage in () if found else STAGES:
        if found := [one for check in stage for one in check(package, tables)]:
            break
    told = [inert(line if len(line) <= 400 else line[:397] + "...") for line in found[:MOST]]
    if len(found) > MOST:
        told.append(f"and {len(found) - MOST:,} more found like these")
    return told


def _line(name: str, row: int, column: str, found: str, expected: str) -> str:
    """What is wrong with a cell, or with several of a row."""
    shown = repr(found) if len(found) <= 200 else f"{len(found):,} characters"
    shown = shown if found else "nothing"
    return f"{name}.csv, row {row}, column {column}: found {shown}, expected {expected}"


def _rows(tables: Tables, *names: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """The rows of some tables: table, number that messages name, cells."""
    for name in names:
        for number, row in enumerate(tables[name], start=2):
            yield name, number, row


def _keys(rows: list[dict[str, str]], columns: Iterable[str]) -> list[tuple[str, ...]]:
    """What each row has in these columns."""
    return [*zip(*([row[column] for row in rows] for column in columns), strict=True)]


# ------------------------------------------------------------------------------ cells and keys


def _misspelled(package: Package, tables: Tables) -> Iterator[str]:
    """Cells that the dictionary of columns forbids: blanks, types, closed lists, limits."""
    for name, rows in tables.items():
        for field in package.fields(name):
            column = field["name"]
            expected = {cell: _spelling(cell, field) for cell in {row[column] for row in rows}}
            if any(expected.values()):
                for number, row in enumerate(rows, start=2):
                    if expected[row[column]]:
                        yield _line(name, number, column, row[column], expected[row[column]])


def _spelling(cell: str, field: dict[str, Any]) -> str:
    """What its column expects instead of a cell; "" where it may be so."""
    rules, kind = field.get("constraints", {}), field["type"]
    longest = 200 if field["name"] == "printed" else LONGEST
    if not cell:
        return "a value: the column is required" if rules.get("required") else ""
    if len(cell) > longest:
        return f"at most {longest:,} characters"
    if kind in SPELLINGS and not SPELLINGS[kind].fullmatch(cell):
        return TYPES[kind]
    if cell.strip() != cell:  # what no reader sees must not make another key of it
        return "no space around it"
    if cell not in rules.get("enum", [cell]):
        return "one of " + ", ".join(rules["enum"])
    if "pattern" in rules and not re.fullmatch(rules["pattern"], cell):
        return f"characters like {rules['pattern']}"
    if "minimum" in rules and float(cell) < rules["minimum"]:
        return f"at least {rules['minimum']}"
    if "maximum" in rules and float(cell) > rules["maximum"]:
        return f"at most {rules['maximum']}"
    return ""


def _repeated(package: Package, tables: Tables) -> Iterator[str]:
    """Keys that are used twice, references to nothing, and figures told twice."""
    for name, rows in tables.items():
        schema = package.resources[name]["schema"]
        unique = [[f["name"]] for f in schema["fields"] if f.get("constraints", {}).get("unique")]
        for columns in dict.fromkeys(map(tuple, [schema.get("primaryKey", []), *unique])):
            yield from _twice(name, rows, columns, "a key that is used once")
        yield from _twice(name, rows, KEYS.get(name, ()), "one figure for each")
        for reference in schema.get("foreignKeys", []):
            columns, other = reference["fields"], reference["reference"]["resource"] or name
            known = {*_keys(tables[other], reference["reference"]["fields"])}
            for number, found in enumerate(_keys(rows, columns), start=2):
                if found not in known and any(found):
                    yield (
                        f"{name}.csv, row {number}, column {', '.join(columns)}: found "
                        f"{', '.join(map(repr, found))}, expected a value of {other}"
                    )
    firsts: dict[str, str] = {}
    for name, number, row in _rows(tables, *FIGURES):
        place, figure = f"{name}.csv, row {number}", row["figure"]
        first = firsts.setdefault(figure, place)
        if not first.startswith(f"{name}.csv"):
            yield _line(name, number, "figure", figure, f"a name not in use; {first} has it")
    if not tables["documents"]:
        yield "documents.csv: found no row, expected a document"


def _twice(
    name: str, rows: list[dict[str, str]], columns: tuple[str, ...], expected: str
) -> Iterator[str]:
    firsts: dict[tuple[str, ...], int] = {}
    for number, key in enumerate(_keys(rows, columns), start=2):
        first = firsts.setdefault(key, number)
        if first != number:
            yield (
                f"{name}.csv, row {number}, column {', '.join(columns)}: "
                f"found what {name}.csv, row {first} has, expected {expected}"
            )


# -------------------------------------------------------------------------------------- meaning


def _misprinted(package: Package, tables: Tables) -> Iterator[str]:
    """Values that are not what the printed characters say, and lines that are not there."""
    lengths = {row["document"]: int(row["lines"]) for row in tables["documents"]}
    for name, number, row in _rows(tables, *standard()):
        for column in ("line", "row_line", "last_line"):
            if row.get(column) and int(row[column]) > (most := lengths[row["document"]]):
                expected = f"at most {most}, the lines of the document"
                yield _line(name, number, column, row[column], expected)
    for name, number, row in _rows(tables, "not_transcribed"):
        first, last = row["line"], row["last_line"]
        if int(last or 0) < int(first or 0) or (last and not first):
            expected = f"a line from {first} on" if first else "blank, as is the first line"
            yield _line(name, number, "last_line", last, expected)
    units = {row["unit"]: row for row in tables["units"]}
    told: dict[tuple[str, str, str], tuple[float, str, str]] = {}
    for name, number, row in _rows(tables, *FIGURES):
        unit, key = row["unit"], (row["document"], row["line"], row["printed"])
        if name == "amounts" and units[unit]["quantity"] not in ("money", "price"):
            yield _line(name, number, "unit", unit, "a unit of money")
        for column, expected in _misread(name, row):
            yield _line(name, number, column, row[column], expected)
        if not row["value"]:
            continue
        base = float(row["value"]) * (float(units[unit]["factor"]) if unit else 0.0)
        known, first, other = told.setdefault(key, (base, f"{name}.csv, row {number}", unit))
        if known != base:
            yield _line(
                name, number, "unit", unit,
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
    if not (spelled or bare or row["unit"] in re.sub("[余多]", "", printed)):
        yield "unit", f"the unit printed in {printed!r}"


def _misformed_cells(package: Package, tables: Tables) -> Iterator[str]:
    """Cells that no form has, or that are not what is printed."""
    for name, number, cell in _rows(tables, "statutory_tables"):
        table, row, printed, value = (cell[one] for one in ("table", "row", "printed", "value"))
        of = f"of table {table} ({forms.TITLES[table][0]})"
        span = forms.columns_of_row(table, row) or range(1, forms.widths(table)[-1] + 1)
        if not forms.has_row(table, row):
            yield _line(name, number, "row", row, f"a row {of}")
        elif int(cell["column"]) not in span:
            inside = f"{span[0]} to {span[-1]} in row {row} {of}"
            yield _line(name, number, "column", cell["column"], inside)
        if (printed == "") != (value == ""):
            expected = f"the number printed as {printed!r}, or blank for a blank cell"
            yield _line(name, number, "value", value, expected)
        elif printed and not PRINTED.fullmatch(printed):
            yield _line(name, number, "printed", printed, "a number")
        elif printed and float(printed.replace(",", "")) != float(value):
            yield _line(name, number, "value", value, printed)


def _misdeclared(package: Package, tables: Tables) -> Iterator[str]:
    """Tables whose title, unit or emptiness is not that of their cells."""
    units: dict[tuple[str, str], dict[str, None]] = {}
    filled = set()
    for _, _, cell in _rows(tables, "statutory_tables"):
        units.setdefault((cell["document"], cell["table"]), {})[cell["unit"]] = None
        if cell["value"]:
            filled.add((cell["document"], cell["table"]))
    for name, number, row in _rows(tables, "disclosed_tables"):
        title, table, key = row["title"], row["table"], (row["document"], row["table"])
        if (other := forms.number(title) or table) != table:
            expected = f"a title of table {table}; this is one of table {other}"
            yield _line(name, number, "title", title, expected)
        if (printed := " and ".join(units.get(key, [row["unit"]]))) != row["unit"]:
            yield _line(name, number, "unit", row["unit"], f"{printed!r} as in its cells")
        if (row["empty"] == "true") == (key in filled):
            expected = "true for a table without any amount, false for one with amounts"
            yield _line(name, number, "empty", row["empty"], expected)


def _odd_units(package: Package, tables: Tables) -> Iterator[str]:
    """Units whose quantity or factor is not what their name says."""
    for name, number, row in _rows(tables, "units"):
        unit, quantity, factor = row["unit"], row["quantity"], float(row["factor"])
        known, expected = UNITS.get(unit, (quantity, _factor(unit, quantity)))
        if not factor > 0:
            yield _line(name, number, "factor", row["factor"], "a number above zero")
        elif known != quantity:
            yield _line(name, number, "quantity", quantity, known)
        elif quantity == "money" and unit not in UNITS:
            other = "another for a unit that is not 元, 万元 or 亿元"
            yield _line(name, number, "quantity", quantity, other)
        elif expected and factor != expected:
            yield _line(name, number, "factor", row["factor"], f"{expected:g}")


def _factor(unit: str, quantity: str) -> float | None:
    """One of a counted thing is one, of 万 ten thousand; a measure has the factor it has."""
    if quantity in formula.ROUNDED and quantity != "price":
        return None
    return {"万": 1e4, "亿": 1e8}.get(unit[:1], 1.0)


def _misformed(package: Package, tables: Tables) -> Iterator[str]:
    """Formulas that are none, that name no figure, or that go round in a circle."""
    known = {row["figure"] for _, _, row in _rows(tables, *FIGURES)}
    follows: dict[str, set[str]] = {}
    for name, number, row in _rows(tables, *FIGURES):
        text, figure, disputed = row["formula"], row["figure"], row.get("disputes", "")
        if disputed and disputed not in known:
            yield _line(name, number, "disputes", disputed, "the name of a figure")
        if row.get("kind") == "label" and LABEL.fullmatch(text):
            continue
        odd = formula.misfits(text, known)
        for one in odd:
            expected = "arithmetic over names of figures and cells like T01.r27.c1"
            yield _line(name, number, "formula", one[:100], expected)
        names = {*formula.names(text)} if text and not odd else set()
        if name == "claims" and figure in names:
            yield (
                f"{name}.csv, row {number}, column formula: found {figure!r} itself, "
                "expected other figures: nothing is proved by itself"
            )
        if row.get("basis") == "derived":
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


def _miscorrected(package: Package, tables: Tables) -> Iterator[str]:
    """Corrections of what cannot be corrected, or that do not find what they expect."""
    units, found = {row["unit"] for row in tables["units"]}, False
    for name, number, row in _rows(tables, "corrections"):
        new = row["corrected"]
        fits = new in units if row["column"] == "unit" else SPELLINGS["number"].fullmatch(new)
        if not fits:
            found = True
            yield _line(name, number, "corrected", new, "a known unit for unit, a number for value")
    for name in () if found else CORRECTED:
        try:
            package.corrected(name)
        except DataError as error:
            yield str(error)


def _valueless(package: Package, tables: Tables) -> Iterator[str]:
    """Derived figures whose formula has no value."""
    figures = formula.Figures(package)
    for name, number, row in _rows(tables, *KEYS):
        try:
            if row["basis"] == "derived":
                formula.evaluate(row["formula"], figures, row["document"])
        except (LookupError, ArithmeticError) as error:
            yield _line(name, number, "formula", str(error), "a formula that has a value")


def _unweighed(package: Package, tables: Tables) -> Iterator[str]:
    """Claims that can fail without a severity: nobody has judged how much harm they would do."""
    for name, number, row in _rows(tables, "claims"):
        if row["formula"] and not row["severity"]:
            yield _line(name, number, "severity", "", "high, medium or low: it can fail")


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
