"""The data package: what is where, as it was when it was opened, typed and corrected.

A data directory is a Frictionless Data Package. Its ``datapackage.json`` describes the columns to
people and to any Frictionless tool; what this library relies on is its own copy of that
description, ``tables.json``, which a package must repeat. So nothing that a stranger writes into a
descriptor is obeyed: it is compared, and refused where it differs.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Where = str | int | bool
Made = TypeVar("Made")
Method = TypeVar("Method", bound=Callable[..., Any])
CORRECTED = ("amounts", "indicators")  # the tables that corrections apply to
FIGURES = ("amounts", "indicators", "claims")  # the tables whose figures have names
ROOT = Path(__file__).parents[3]  # of the repository, where there is one
DESCRIPTOR = "datapackage.json"
LARGEST = 32 * 2**20  # bytes of a file: a county's departments of ten years are a tenth of it
LONGEST = 5000  # characters of a cell
ROWS = 200_000  # of a table
MANY = 100  # tables of a package, and lines told of one of them
DAY = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?)?", re.ASCII)

WORDS = {"title", "description", "title_zh", "description_zh"}  # for people, not compared
KNOWN = {"name", "version", "created", "licenses", "resources"} | WORDS
PATH = re.compile(r"[A-Za-z0-9_-]+\.csv")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class DataError(ValueError):
    """Data that cannot be used; each line of the message is one that a person can act on."""


@functools.cache
def standard() -> dict[str, dict[str, Any]]:
    """The tables of every package by name, as Frictionless resources."""
    text = Path(__file__).with_name("tables.json").read_text(encoding="utf-8")
    return {one["name"]: one for one in json.loads(text)["resources"]}


def _once(method: Method) -> Method:
    """Have a method make something of a package once."""

    @functools.wraps(method)
    def known(package: Package, *names: str) -> Any:
        key = (method.__name__, *names)
        if key not in package._known:
            package._known[key] = method(package, *names)
        return package._known[key]

    return known  # type: ignore[return-value]


class Package:
    """A data package as it was when it was opened: later edits do not reach it.

    Attributes:
        folder: where it lies.
        name, title: of the descriptor.
        resources: what the descriptor says of each table, by its name.
    """

    def __init__(self, folder: Path) -> None:
        """Read a folder; see ``find`` for one that need not be named.

        Raises:
            DataError: the descriptor, or a file it names, cannot be used.
        """
        self.folder = folder.resolve()
        self._content = {DESCRIPTOR: _read(self.folder, DESCRIPTOR)}
        try:
            descriptor = json.loads(self._content[DESCRIPTOR].decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{DESCRIPTOR}: found {error}, expected a data package") from None
        if odd := list(_odd(descriptor)):
            raise DataError("\n".join(f"{DESCRIPTOR}{one}" for one in odd[:50]))
        self.name, self.title = str(descriptor["name"]), str(descriptor["title"])
        self.descriptor: dict[str, Any] = descriptor
        self.resources: dict[str, dict[str, Any]] = {
            one["name"]: one for one in descriptor["resources"]
        }
        for one in self.resources.values():
            self._content[one["path"]] = _read(self.folder, one["path"])
        self._known: dict[Any, Any] = {}

    @property
    def content(self) -> dict[str, bytes]:
        """Bytes of ``datapackage.json`` and of each table's file, by file name."""
        trace("", {})
        return self._content

    @property
    def tables(self) -> list[str]:
        """Names of the tables."""
        return list(self.resources)

    @property
    def years(self) -> list[int]:
        """The fiscal years that have a document, ascending."""
        try:
            return sorted({int(row["year"]) for row in self.rows("documents")})
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"documents.csv, column year: found {error}, expected years") from None

    def fields(self, name: str) -> list[dict[str, Any]]:
        """The columns of a table, in order."""
        fields: list[dict[str, Any]] = self.resources[name]["schema"]["fields"]
        return fields

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a table as printed in its CSV, without pandas.

        Raises:
            DataError: it is in another encoding, cut off, of other columns, or has rows of another
                length; a line for each place.
        """
        trace(name, {})
        return self._rows(name)

    def corrected(self, name: str) -> list[dict[str, str]]:
        """The rows of a table as corrected, with ``corrected``: what was mended, or "".

        Raises:
            DataError: a correction does not find what it expects, for a source that no longer errs
                is an error.
        """
        trace(name, {})
        return self._corrected(name)

    def load(self, name: str, **where: Where | Collection[Where]) -> pd.DataFrame:
        """A table as a tidy DataFrame; see ``load``."""
        frame = self._typed(name)
        trace(name, where)
        closed = {one["name"]: one.get("constraints", {}).get("enum") for one in self.fields(name)}
        closed["document"] = [row["document"] for row in self.rows("documents")]
        chosen: list[set[int]] = []
        for column, wanted in where.items():
            if column not in frame:
                columns = ", ".join(map(str, frame))
                raise DataError(f"{name}: no column {column!r}; there are: {columns}")
            # looked up, so that a report costs the same in a package of any size
            rows, asked = self._positions(name, column), several(wanted)
            chosen.append({row for one in asked for row in rows.get(one, [])})
            known = {*(closed.get(column) or [])}
            if not known.issuperset(asked):  # else no other row is looked at
                trace(name, {})
                known.update(rows)
            if len(frame) and (odd := [one for one in asked if one not in known]):
                there = sorted(map(str, known - {""}))
                more = f" and {len(there) - 20} more" if len(there) > 20 else ""
                raise DataError(
                    f"{name}: no {column} {odd[0]!r}; there are: {', '.join(there[:20])}{more}"
                )
        if chosen:
            frame = frame.iloc[sorted(set.intersection(*chosen))]
        return frame.reset_index(drop=True)

    def figure(self, name: str) -> dict[str, str] | None:
        """The row of the figure of this name, as `corrected` has it; None where there is none."""
        for table in FIGURES:  # where names are used once
            if row := self._by_figure(table).get(name):
                trace(table, row)
                return row
        for table in FIGURES:
            trace(table, {})
        return None

    def remember(self, what: str, make: Callable[[], Made]) -> Made:
        """What is made of the package once; each who asks has looked at all that it is made of."""
        if what not in self._known:
            before = {*seen}
            seen.clear()
            try:
                self._known[what] = make(), {*seen}
            finally:
                seen.update(before)
        made: Made
        made, looks = self._known[what]
        seen.update(looks)
        return made

    @_once
    def _positions(self, name: str, column: str) -> dict[Any, Any]:
        """Positions of the rows that hold each value of a column."""
        return dict(self._typed(name).groupby(column).indices)

    @_once
    def _by_figure(self, name: str) -> dict[str, dict[str, str]]:
        return {row["figure"]: row for row in self._corrected(name)}

    @_once
    def _rows(self, name: str) -> list[dict[str, str]]:
        path, expected = self.resources[name]["path"], [one["name"] for one in self.fields(name)]
        content = self._content[path]
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = content[: error.start].count(b"\n") + 1
            raise DataError(
                f"{path}, row {row}: found byte {content[error.start]:#04x}, expected UTF-8 text"
            ) from None
        if not content.endswith(b"\n"):
            row = content.count(b"\n") + 1
            raise DataError(
                f"{path}, row {row}: found no line end after the last row, expected one: cut off?"
            )
        if "\0" in text:
            raise DataError(f"{path}: found a NUL character, expected text")
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[dict[str, str]] = []
        wrong: list[str] = []
        try:
            header = next(lines, [])
            for number, cells in enumerate(lines, start=2):
                if len(cells) == len(expected):
                    # a word of a thousand cells lies in memory once
                    rows.append(dict(zip(expected, map(sys.intern, cells), strict=True)))
                elif header == expected:
                    shown = f"{len(cells)} cells" if cells else "an empty row"
                    wrong.append(f"row {number}: found {shown}, expected {len(expected)} cells")
                if len(wrong) > MANY or len(rows) > ROWS or header != expected:
                    break
        except csv.Error as error:
            raise DataError(
                f"{path}, row {lines.line_num}: found {error}, expected quotes that open and close "
                f"around a whole cell of at most {LONGEST:,} characters"
            ) from None
        if header != expected:
            known = {*header} ^ {*expected}
            odd = [*dict.fromkeys(one for one in expected + header if one in known)]
            raise DataError(
                f"{path}, row 1, column {', '.join(odd) or 'order'}: "
                f"found {','.join(header)!r}, expected {','.join(expected)!r}"
            )
        if len(rows) > ROWS:
            wrong.append(f"row {ROWS + 2}: found more rows, expected at most {ROWS:,}")
        if wrong:
            raise DataError("\n".join(f"{path}, {one}" for one in wrong))
        return rows

    @_once
    def _corrected(self, name: str) -> list[dict[str, str]]:
        if name not in CORRECTED:
            return self._rows(name)
        rows = [row | {"corrected": ""} for row in self._rows(name)]
        for rule in self.rows("corrections"):
            if rule["table"] != name:
                continue
            figure, column, expected = rule["figure"], rule["column"], rule["expect"]
            found = [row for row in rows if row["figure"] == figure]
            if not found:
                raise DataError(f"corrections.csv: no figure {figure!r} in {name}.csv")
            if [row[column] for row in found] != [expected]:
                raise DataError(
                    f"corrections.csv, figure {figure}, column {column}: "
                    f"found {found[0][column]!r} in {name}.csv, expected {expected!r}"
                )
            found[0][column] = rule["corrected"]
            found[0]["corrected"] = f"{expected} → {rule['corrected']}"
        return rows

    @_once
    def _typed(self, name: str) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        if name not in self.resources:
            raise DataError(f"no table {name!r}; there are: {', '.join(self.resources)}")
        fields = self.fields(name)
        try:
            names = [*(field["name"] for field in fields), *["corrected"] * (name in CORRECTED)]
            # texts as objects lie in one block, which a filter takes at once
            frame = pd.DataFrame(self._corrected(name), columns=names, dtype=object)
            for field in fields:
                column = frame[field["name"]]
                if field["type"] in ("integer", "number"):
                    kind = "Int64" if field["type"] == "integer" else "Float64"
                    with np.errstate(invalid="ignore"):  # what does not fit is an error
                        column = pd.to_numeric(column.replace("", None)).astype(kind)
                    if field.get("constraints", {}).get("required"):
                        column = column.astype(kind.lower())
                    frame[field["name"]] = column
                elif field["type"] == "boolean":
                    frame[field["name"]] = column == "true"
            if "unit" in frame and "value" in frame:
                factors = {row["unit"]: float(row["factor"]) for row in self.rows("units")}
                frame["base"] = frame["value"] * frame["unit"].map(factors).astype("Float64")
            if name == "statutory_tables":
                _declare(frame, self.rows("disclosed_tables"))
        except DataError:
            raise
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            path = self.resources[name]["path"]
            raise DataError(f"{path}: found {error}, see `analysis check`") from None
        return frame.copy()  # which joins its blocks


def find(data: Package | str | Path | None = None) -> Package:
    """The package that is meant; only public entry points ask without naming one.

    Args:
        data: a package, or its folder; else $ANALYSIS_DATA, else the repository's ``data/``,
            else ``data/`` of the current folder.

    Raises:
        DataError: there is no datapackage.json in it, or it cannot be used.
    """
    if isinstance(data, Package):
        return data
    chosen = data or os.environ.get("ANALYSIS_DATA")
    places = [Path(chosen)] if chosen else [ROOT / "data", Path("data").resolve()]
    folder = next((one for one in places if (one / DESCRIPTOR).is_file()), None)
    if folder is None:
        where = " or ".join(map(str, places))
        raise DataError(
            f"{where}: no {DESCRIPTOR} found, expected a data package: "
            "name one as --data DIR, data=DIR or $ANALYSIS_DATA"
        )
    folder = folder.resolve()
    files = [folder / DESCRIPTOR, *sorted(folder.glob("*.csv"))]
    stats = [(file.name, file.lstat().st_mtime_ns, file.lstat().st_size) for file in files]
    return _opened(folder, tuple(stats))


@functools.lru_cache(maxsize=4)
def _opened(folder: Path, stats: tuple[tuple[str, int, int], ...]) -> Package:
    """A package is opened once for each state of its files."""
    return Package(folder)


def _read(folder: Path, name: str) -> bytes:
    """The bytes of a file of the folder: no link out of it, no device, no pipe, nothing huge."""
    path = folder / name
    try:
        found = path.resolve(strict=True)
        if not found.is_relative_to(folder):
            raise DataError(f"{name}: found a link out of the folder, expected a file")
        kind = found.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise DataError(f"{name}: found no regular file, expected one")
        if kind.st_size > LARGEST:
            raise DataError(f"{name}: found {kind.st_size:,} bytes, expected at most {LARGEST:,}")
        return found.read_bytes()
    except (OSError, RuntimeError) as error:
        text = getattr(error, "strerror", None) or error
        raise DataError(f"{name}: found {text}, expected a file of the data package") from None


def several(wanted: Any) -> list[Any]:
    """What a filter asks for: one value, or several."""
    return [*wanted] if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]


def _odd(descriptor: Any) -> Iterator[str]:
    """Whatever in a descriptor is not the standard's: where, what is found and expected."""
    if not isinstance(descriptor, dict):
        yield ": found no object, expected a data package"
        return
    for key in sorted({*descriptor} - KNOWN):
        yield f": found the key {_short(key)}, expected one of {', '.join(sorted(KNOWN))}"
    for key in ("name", "title", *sorted({*descriptor} & {*WORDS, "version", "created"})):
        value = descriptor.get(key)
        if not isinstance(value, str) or not value.strip() or len(value) > 1000:
            yield f": found {_short(value)} as {key}, expected a text"
        elif key == "name" and not NAME.fullmatch(value):
            yield f": found {_short(value)} as name, expected letters a–z, digits, - . _"
        elif key == "created" and not DAY.fullmatch(value):
            yield f": found {_short(value)} as created, expected a day like 2024-12-31"
    resources = descriptor.get("resources")
    if not isinstance(resources, list):
        yield f": found {_short(resources)} as resources, expected a list of tables"
        return
    if len(resources) > MANY:
        yield f": found {len(resources):,} tables, expected at most {MANY}"
        return
    seen: set[str] = set()
    for one in resources:
        name = one.get("name") if isinstance(one, dict) else one
        if not isinstance(one, dict) or not isinstance(name, str) or not NAME.fullmatch(name):
            yield f": found {_short(name)} as a table, expected an object with a name"
        elif name in seen:
            yield f": found two tables {name}, expected one"
        else:
            seen.add(name)
            yield from _odd_table(name, one)
    for name in sorted({*standard()} - seen):
        yield f": found no table {name}, expected one"


def _odd_table(name: str, found: dict[str, Any]) -> Iterator[str]:
    """A table of the standard is described as it is there; another has columns with types."""
    place = f", table {name}"
    path = found.get("path")
    if not isinstance(path, str) or not PATH.fullmatch(path):
        yield f"{place}: found the path {_short(path)}, expected a CSV file of the folder"
    if not isinstance(found.get("title"), str):
        yield f"{place}: found {_short(found.get('title'))} as title, expected a text"
    schema: dict[str, Any] = found["schema"] if isinstance(found.get("schema"), dict) else {}
    fields = schema.get("fields")
    if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
        yield f"{place}: found no columns, expected schema.fields"
        return
    expected = standard().get(name)
    if expected is None:  # a table of one's own: loaded, and its types checked, no more
        expected = {**standard()["themes"], "name": name, "schema": schema}
        for field in fields:
            plain = not {*field} - {"name", "type"} - WORDS and isinstance(field.get("name"), str)
            if not plain or field.get("type") not in [*TYPES]:
                yield f"{place}: found the column {_short(field)}, expected a name and a type"
        if {*schema} - {"fields", "missingValues"}:
            yield f"{place}: found {_short(schema)}, expected fields"
            return
        if len({str(field.get("name")) for field in fields}) < len(fields):
            yield f"{place}: found two columns of one name, expected one"
            return
    yield from _differing(place, found, expected, {"schema", "path"})
    yield from _differing(place, schema, expected["schema"], {"fields"})
    names = [one.get("name") for one in fields]
    wanted = [one["name"] for one in expected["schema"]["fields"]]
    if names != wanted:
        yield f"{place}: found the columns {_short(names)}, expected {', '.join(wanted)}"
        return
    for field, standing in zip(fields, expected["schema"]["fields"], strict=True):
        yield from _differing(f"{place}, column {field['name']}", field, standing, set())


def _differing(
    place: str, found: dict[str, Any], expected: dict[str, Any], elsewhere: set[str]
) -> Iterator[str]:
    """The keys that differ, but for words and for what is compared elsewhere."""
    for key in sorted(({*found} | {*expected}) - elsewhere - WORDS):
        if found.get(key) != expected.get(key):
            yield (
                f"{place}: found {_short(found.get(key))} as {key}, "
                f"expected {_short(expected.get(key))}"
            )


TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _short(value: object) -> str:
    """A value as a message shows it: one line, inert, not long."""
    try:
        text = "nothing" if value is None else json.dumps(value)
    except RecursionError:
        text = "something very deep"
    return text if len(text) <= 80 else text[:77] + "..."


def tables(data: Package | str | Path | None = None) -> list[str]:
    """Names of the tables, e.g. for ``load``."""
    return find(data).tables


def years(data: Package | str | Path | None = None) -> list[int]:
    """The fiscal years that have a document, ascending."""
    return find(data).years


def load(
    name: str, data: Package | str | Path | None = None, **where: Where | Collection[Where]
) -> pd.DataFrame:
    """A table as a tidy DataFrame, typed and corrected.

    Args:
        name: one of ``tables()``.
        data: a package or its folder; see ``find``.
        **where: keep rows whose column has this value, or one of a list: ``year=[2022, 2024]``.

    Returns:
        One row a printed figure. Blank numbers are missing, never zero; blank strings are "".
        Tables with a unit also have ``base``: the value in the base unit of its quantity
        (yuan, persons, 1 for a ratio), and ``corrected``: what was mended, or "".
        Cells of statutory tables have ``declared_zero``: blank, and their table declares that
        its blanks mean zero. Of these alone ``base`` is 0 where ``value`` is missing.

    Raises:
        DataError: no such table, column or value, or a correction does not find what it expects.
    """
    return find(data).load(name, **where)


def unreviewed(data: Package | str | Path | None = None) -> int:
    """How many points of a drafted package nobody has looked at yet; 0 for one without drafts."""
    package = find(data)
    if "review" not in package.resources:
        return 0
    trace("review", {})
    rows = package.rows("review")
    return sum(row.get("state") != "done" for row in rows)


def cite(frame: pd.DataFrame) -> pd.Series[str]:
    """Where each row was read: document, line and the characters as printed."""
    import pandas as pd

    places = zip(frame["document"], frame["line"], frame["printed"], strict=True)
    told = [f"{document}, line {line}: “{printed}”" for document, line, printed in places]
    return pd.Series(told, frame.index, dtype=str)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each as a dict by column."""
    names = [str(name) for name in frame]
    return [dict(zip(names, row, strict=True)) for row in frame.to_numpy(object).tolist()]


Look = tuple[str, str | None]
seen: set[Look] = set()
"""What was looked at in this process: a table, or the rows of one document in it; "" is all."""


def trace(name: str, where: Mapping[str, object]) -> None:
    """Note for the batch what is looked at; nothing else in this module reads a table."""
    document = where.get("document")
    seen.add((name, document if isinstance(document, str) else None))


def _declare(cells: pd.DataFrame, disclosed: list[dict[str, str]]) -> None:
    """Mark the blanks that count as zero in place, because their table says that they do."""
    zero = {(row["document"], row["table"]) for row in disclosed if row["blanks"] == "zero"}
    places = zip(cells["document"], cells["table"], cells["printed"], strict=True)
    cells["declared_zero"] = [(one, table) in zero and not text for one, table, text in places]
    cells.loc[cells["declared_zero"], "base"] = 0.0
