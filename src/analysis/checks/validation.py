"""Bad input is refused before anything runs: file, row, column, what was found and expected."""

from __future__ import annotations

import csv
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.checks import formula
from analysis.data import forms, numerals
from analysis.data.package import DataError, data_directory, dictionary, load, rows

TABLES = ("amounts", "claims", "corrections", "documents", "explanations",
          "indicator_definitions", "indicators", "items", "not_transcribed", "statutory_tables",
          "themes", "units")  # fmt: skip
FIGURES = ("amounts", "indicators", "claims")
# What may be told once by a document.
KEYS = {
    "amounts": ("document", "year", "direction", "phase", "item"),
    "indicators": ("document", "year", "indicator"),
}


def problems(data: str | Path | None = None) -> list[str]:
    """Everything wrong with a data package, one line each; empty when it can be used."""
    try:
        directory = data_directory(data)
        resources = dictionary(directory)
    except DataError as error:
        return [str(error)]
    for stage in STAGES:
        found = list(stage(directory, resources))
        if found:
            return found
    return []


def _undescribed(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Tables that are not described, or whose columns have no name or type."""
    for name in TABLES:
        if name not in resources:
            yield f"datapackage.json: found no table {name}, expected one"
            continue
        try:
            for field in resources[name]["schema"]["fields"]:
                _ = field["name"] + field["type"]
        except (KeyError, TypeError) as error:
            yield f"datapackage.json, table {name}: found no {error}, expected columns with types"


def _unreadable(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Files that are missing, in another encoding, or cut off."""
    for resource in resources.values():
        path = directory / resource["path"]
        try:
            content = path.read_bytes()
        except OSError as error:
            yield f"{path.name}: found {error.strerror}, expected a CSV file"
            continue
        if not content.endswith(b"\n"):
            row = content.count(b"\n") + 1
            yield (
                f"{path.name}, row {row}: found no line end after the last row, "
                "expected one; the file looks cut off"
            )
        try:
            content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = content[: error.start].count(b"\n") + 1
            yield (
                f"{path.name}, row {row}: found byte {content[error.start]:#04x}, "
                "expected UTF-8 text"
            )


def _untidy(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """What the dictionary of columns forbids: types, allowed values, keys, references."""
    from frictionless import Package, system

    package = {"resources": [{**one, "encoding": "utf-8-sig"} for one in resources.values()]}
    try:
        with system.use_context(trusted=True):
            report = Package.from_descriptor(package, basepath=str(directory)).validate()
    except Exception as error:  # of whatever kind its own description upsets it with
        yield f"datapackage.json: found {error}, expected a description that Frictionless can use"
        return
    for problem in report.errors:
        yield f"datapackage.json: {problem.note}"
    for task in report.tasks:
        file = Path(task.place).name
        fields = {one["name"]: one for one in resources[task.name]["schema"]["fields"]}
        for problem in task.errors:
            yield _line(file, problem, fields)


def _misheaded(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Columns that are missing, unknown or out of order."""
    for resource in resources.values():
        expected = [field["name"] for field in resource["schema"]["fields"]]
        with (directory / resource["path"]).open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            try:
                found = next(lines, [])
                for _ in lines:
                    pass
            except csv.Error as error:
                yield (
                    f"{resource['path']}, row {lines.line_num}: found {error}, "
                    "expected quotes that open and close around a whole cell"
                )
                continue
        if found != expected:
            odd = sorted({*found} ^ {*expected}, key=(expected + found).index)
            yield (
                f"{resource['path']}, row 1, column {', '.join(odd) or 'order'}: "
                f"found {','.join(found)!r}, expected {','.join(expected)!r}"
            )


def _misspelled(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Numbers and truth values in another spelling, which other programs may read otherwise."""
    for name, resource in resources.items():
        spellings = {
            field["name"]: (SPELLINGS[field["type"]], TYPES[field["type"]])
            for field in resource["schema"]["fields"]
            if field["type"] in SPELLINGS
        }
        for number, row in enumerate(rows(directory, name), start=2):
            for column, (spelling, expected) in spellings.items():
                if row[column] and not spelling.fullmatch(row[column]):
                    yield (
                        f"{resource['path']}, row {number}, column {column}: "
                        f"found {row[column]!r}, expected {expected}"
                    )


LABEL = "'[^']+'|T(" + "|".join(forms.TITLES) + ")"
SPELLINGS = {
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,8})"),
    "number": re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?"),
    "boolean": re.compile("true|false"),
}
TYPES = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


def _line(file: str, problem: Any, fields: dict[str, Any]) -> str:
    """A Frictionless error in the house's form: file, row, column, found, expected."""
    row = getattr(problem, "row_number", None)
    column = getattr(problem, "field_name", None) or ""
    found = repr(getattr(problem, "cell", None))
    field = fields.get(column, {})
    rule = " ".join(problem.note.split())
    match problem.type:
        case "type-error":
            expected = TYPES.get(field["type"], field["type"])
        case "constraint-error" if found in ("''", "None", "'None'"):
            found, expected = "nothing", "a value: the column is required"
        case "constraint-error":
            expected = f"a value that meets its {rule}"
            if "enum" in field["constraints"]:
                expected = "one of " + ", ".join(field["constraints"]["enum"])
        case "unique-error" | "primary-key":
            expected = f"a key that is used once ({rule})"
            found = found if column else "this row again"
        case "foreign-key":
            column = ", ".join(problem.field_names)
            found = ", ".join(map(repr, problem.field_cells))
            expected = f"a value of {problem.reference_name or 'the same table'}"
        case "blank-row":
            found, expected = "an empty row", "a row of the table"
        case "extra-cell" | "missing-cell":
            found = "no cell" if problem.type == "missing-cell" else found
            expected = f"{len(fields)} cells in the row"
        case _:
            found, expected = problem.title.lower(), rule
    place = file + (f", row {row}" if row else "") + (f", column {column}" if column else "")
    return f"{place}: found {found}, expected {expected}"


def _numbered(directory: Path, *names: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of some tables, each with the place that a message names."""
    for name in names:
        for number, row in enumerate(rows(directory, name), start=2):
            yield f"{name}.csv, row {number}", row


def _misprinted(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Values that are not what the printed characters say, and lines that are not there."""
    length = {row["document"]: int(row["lines"]) for row in rows(directory, "documents")}
    if not length:
        yield "documents.csv: found no row, expected a document"
    for place, row in _numbered(directory, *FIGURES, "statutory_tables"):
        if int(row["line"]) > length[row["document"]]:
            yield (
                f"{place}, column line: found {row['line']}, expected "
                f"at most {length[row['document']]}, the lines of the document"
            )
    for name in FIGURES:
        for place, row in _numbered(directory, name):
            yield from (f"{place}, {text}" for text in _misread(name, row))
    for place, row in _numbered(directory, "statutory_tables"):
        yield from (f"{place}, {text}" for text in _misread_cell(row))
    for place, row in _numbered(directory, "units"):
        if not float(row["factor"]) > 0:
            yield f"{place}, column factor: found {row['factor']}, expected a number above zero"


def _repeated(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Names that are taken, and figures that one document tells twice."""
    seen: dict[str, str] = {}
    for place, row in _numbered(directory, *FIGURES):
        if seen.setdefault(row["figure"], place) != place:
            yield (
                f"{place}, column figure: found {row['figure']!r}, expected a name not in "
                f"use; {seen[row['figure']]} has it"
            )
    for name, keys in KEYS.items():
        told: dict[tuple[str, ...], str] = {}
        for place, row in _numbered(directory, name):
            first = told.setdefault(tuple(row[key] for key in keys), place)
            if first != place:
                yield (
                    f"{place}, column {', '.join(keys)}: found what {first} has, "
                    "expected one figure for each"
                )


def _misformed(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Formulas that are none, that name no figure, or that go round in a circle."""
    known = {row["figure"] for _, row in _numbered(directory, *FIGURES)}
    follows: dict[str, set[str]] = {}
    for place, row in _numbered(directory, *FIGURES):
        label = row.get("kind") == "label" and re.fullmatch(LABEL, row["formula"])
        for odd in [] if label else formula.misfits(row["formula"], known):
            yield (
                f"{place}, column formula: found {odd!r}, "
                "expected arithmetic over names of figures and cells like T01.r27.c1"
            )
        if row.get("basis") == "derived":
            follows[row["figure"]] = set(re.findall(r"\w+", row["formula"])) & known
        if row.get("disputes", "") not in {"", *known}:
            yield (
                f"{place}, column disputes: found {row['disputes']!r}, "
                "expected the name of a figure"
            )
    try:
        graphlib.TopologicalSorter(follows).prepare()
    except graphlib.CycleError as error:
        circle = " → ".join(error.args[1])
        yield f"amounts.csv and indicators.csv, column formula: found {circle}, expected no circle"


def _miscorrected(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Corrections of what cannot be corrected, or that do not find what they expect."""
    units = {row["unit"] for row in rows(directory, "units")}
    for place, row in _numbered(directory, "corrections"):
        to = row["corrected"]
        if not (
            (row["column"] == "unit" and to in units)
            or (row["column"] == "value" and SPELLINGS["number"].fullmatch(to))
        ):
            yield (
                f"{place}, column corrected: found {to!r} for the column {row['column']!r}, "
                "expected a known unit for unit, a number for value"
            )
            return
    try:
        load("amounts", directory), load("indicators", directory)
    except DataError as error:
        yield str(error)


def _valueless(directory: Path, resources: dict[str, Any]) -> Iterator[str]:
    """Derived figures whose formula has no value."""
    figures = formula.Figures(directory)
    for place, row in _numbered(directory, *KEYS):
        try:
            if row["basis"] == "derived":
                formula.evaluate(row["formula"], figures, row["document"])
        except (LookupError, ArithmeticError) as error:
            yield (
                f"{place}, column formula: found {str(error)!r}, "
                "expected a formula that has a value"
            )


def _misread_cell(row: dict[str, str]) -> Iterator[str]:
    """Whether a cell of a statutory table is one, and its value the number printed."""
    if not re.fullmatch(r"[0-9]+|total", row["row"]):
        yield f"column row: found {row['row']!r}, expected a number or total"
    if row["unit"] not in ("元", "万元"):
        yield f"column unit: found {row['unit']!r}, expected 元 or 万元"
    if row["title"] not in forms.NUMBERS:
        yield (f"column title: found {row['title']!r}, expected one of " + "、".join(forms.NUMBERS))
    printed = row["printed"].replace(",", "")
    if bool(printed) != bool(row["value"]):
        yield (
            f"column value: found {row['value']!r}, expected the number printed "
            f"as {row['printed']!r}, or blank for a blank cell"
        )
    elif printed and not SPELLINGS["number"].fullmatch(printed):
        yield f"column printed: found {row['printed']!r}, expected a number"
    elif printed and float(row["value"]) != float(printed):
        yield f"column value: found {row['value']}, expected {row['printed']}"


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


# Each relies on the ones before: text, then columns, cells and keys, then meaning.
STAGES = (
    _undescribed,
    _unreadable,
    _misheaded,
    _misspelled,
    _untidy,
    _misprinted,
    _repeated,
    _misformed,
    _miscorrected,
    _valueless,
)
