"""The transcribed tables: where they lie, what they hold, and how they are typed and corrected.

A data directory is a Frictionless Data Package: ``datapackage.json`` is the one dictionary of
columns, read here for types, by ``validation`` for rules and by any Frictionless tool.
"""

from __future__ import annotations

import csv
import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Where = str | int | bool
CORRECTED = ("amounts", "indicators")  # the tables that corrections apply to


class DataError(ValueError):
    """Data that cannot be used; the message is one line a person can act on."""


def data_directory(data: str | Path | None = None) -> Path:
    """Folder of the data package: `data`, else $ANALYSIS_DATA, else the repository's own.

    Raises:
        DataError: there is no datapackage.json in it.
    """
    chosen = data or os.environ.get("ANALYSIS_DATA")
    directory = Path(chosen) if chosen else Path(__file__).parents[3] / "data"
    if not (directory / "datapackage.json").is_file():
        raise DataError(f"{directory}: no datapackage.json found, expected a data package")
    return directory.resolve()


def dictionary(directory: Path) -> dict[str, dict[str, Any]]:
    """Descriptor of each table (path, schema), by name, from datapackage.json.

    Raises:
        DataError: the file is not readable as a data package.
    """
    return _dictionary(directory, _stamp(directory / "datapackage.json"))


@functools.lru_cache(maxsize=8)
def _dictionary(directory: Path, stamp: int) -> dict[str, dict[str, Any]]:
    path = directory / "datapackage.json"
    try:
        package = json.loads(path.read_text(encoding="utf-8-sig"))
        known = {resource["name"]: resource for resource in package["resources"]}
        for resource in known.values():  # what is used without asking again
            if not (directory / resource["path"]).resolve().is_relative_to(directory.resolve()):
                raise ValueError(f"the path {resource['path']} out of the folder")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"datapackage.json: found {error}, expected a data package") from None
    except KeyError as error:
        raise DataError(f"datapackage.json: found no {error}, expected a data package") from None
    return known


def _stamp(path: Path) -> int:
    """What makes an edited file another cache entry."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        raise DataError(f"{path.name}: not found, expected a file of the data package") from None


def tables(data: str | Path | None = None) -> list[str]:
    """Names of the tables, e.g. for ``load``."""
    return list(dictionary(data_directory(data)))


def rows(directory: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table as printed in its CSV, without pandas."""
    trace(name, {})
    path = directory / dictionary(directory)[name]["path"]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def years(data: str | Path | None = None) -> list[int]:
    """The fiscal years that have a document, ascending."""
    return sorted({int(row["year"]) for row in rows(data_directory(data), "documents")})


def load(name: str, data: str | Path | None = None, **where: Where) -> pd.DataFrame:
    """A table as a tidy DataFrame, typed and corrected.

    Args:
        name: one of ``tables()``.
        data: folder of the data package; see ``data_directory``.
        **where: keep rows whose column equals this, e.g. ``year=2024``.

    Returns:
        One row a printed figure. Blank numbers are missing, never zero; blank strings are "".
        Tables with a unit also have ``base``: the value in the base unit of its quantity
        (yuan, persons, 1 for a ratio), and ``corrected``: what was mended and why, or "".

    Raises:
        DataError: no such table or column, or a correction does not find what it expects.
    """
    directory = data_directory(data)
    known = dictionary(directory)
    if name not in known:
        raise DataError(f"no table {name!r}; there are: {', '.join(known)}")
    trace(name, where)
    frame = _typed(directory, name, _stamps(directory, name))
    for place, (column, wanted) in enumerate(where.items()):
        if column not in frame:
            raise DataError(
                f"{name}: no column {column!r}; there are: {', '.join(map(str, frame))}"
            )
        if place == 0:  # looked up, so that a report costs the same in a package of any size
            found = positions(name, column, directory).get(wanted)
            frame = frame.iloc[[] if found is None else found]
        else:
            frame = frame[frame[column] == wanted]
    return frame.reset_index(drop=True).copy()


def cite(frame: pd.DataFrame) -> pd.Series[str]:
    """Where each row was read: document, line and the characters as printed."""
    return (
        frame["document"] + ", line " + frame["line"].astype(str) + ": “" + frame["printed"] + "”"
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each as a dict by column."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


Look = tuple[str, str | None]
seen: set[Look] = set()  # what was looked at in this process: a table, or its rows of a document


def trace(name: str, where: Mapping[str, object]) -> None:
    """Note for the batch what is looked at; all that this module reads from tables is noted."""
    document = where.get("document")
    seen.add((name, document if isinstance(document, str) else None))


def lookup(name: str, figure: str, data: str | Path | None = None) -> dict[str, Any]:
    """The row of one figure, as `load` with ``figure=`` gives it, at the cost of a look-up.

    Raises:
        KeyError: the table has no such figure.
    """
    directory = data_directory(data)
    row = _by_figure(directory, name, _stamps(directory, name))[figure]
    trace(name, row)
    return row


def has(name: str, figure: str, directory: Path) -> bool:
    """Whether a table has a figure of this name."""
    return figure in _by_figure(directory, name, _stamps(directory, name))


@functools.lru_cache(maxsize=64)
def _by_figure(directory: Path, name: str, stamps: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    return {row["figure"]: row for row in records(_typed(directory, name, stamps))}


def positions(name: str, column: str, directory: Path) -> dict[Any, Any]:
    """Positions of the rows that hold each value of a column."""
    return _positions(directory, name, column, _stamps(directory, name))


@functools.lru_cache(maxsize=64)
def _positions(directory: Path, name: str, column: str, stamps: tuple[int, ...]) -> dict[Any, Any]:
    return dict(_typed(directory, name, stamps).groupby(column).indices)


def _stamps(directory: Path, name: str) -> tuple[int, ...]:
    """Of the files that a typed table depends on."""
    known = dictionary(directory)
    parts = (known[part]["path"] for part in (name, "corrections", "units"))
    return tuple(_stamp(directory / part) for part in ("datapackage.json", *parts))


@functools.lru_cache(maxsize=64)
def _typed(directory: Path, name: str, stamps: tuple[int, ...]) -> pd.DataFrame:
    """Read, correct and type one table."""
    import pandas as pd

    path = directory / dictionary(directory)[name]["path"]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if name in CORRECTED:
        _correct(frame, name, rows(directory, "corrections"))
    for field in dictionary(directory)[name]["schema"]["fields"]:
        column = frame[field["name"]]
        if field["type"] == "integer":
            frame[field["name"]] = pd.to_numeric(column.replace("", None)).astype("Int64")
        elif field["type"] == "number":
            frame[field["name"]] = pd.to_numeric(column.replace("", None)).astype("Float64")
        elif field["type"] == "boolean":
            frame[field["name"]] = column == "true"
    if "unit" in frame and "value" in frame:
        factors = {row["unit"]: float(row["factor"]) for row in rows(directory, "units")}
        frame["base"] = frame["value"] * frame["unit"].map(factors).astype("Float64")
    return frame


def _correct(frame: pd.DataFrame, name: str, corrections: list[dict[str, str]]) -> None:
    """Apply the corrections of one table in place; a source that no longer errs is an error."""
    frame["corrected"] = ""
    for rule in corrections:
        if rule["table"] != name:
            continue
        chosen = frame["figure"] == rule["figure"]
        found = frame.loc[chosen, rule["column"]].tolist()
        if found != [rule["expect"]]:
            raise DataError(
                f"corrections.csv, figure {rule['figure']}, column {rule['column']}: "
                f"found {found[0]!r} in {name}.csv, expected {rule['expect']!r}"
                if found
                else f"corrections.csv: no figure {rule['figure']!r} in {name}.csv"
            )
        frame.loc[chosen, rule["column"]] = rule["corrected"]
        frame.loc[chosen, "corrected"] = (
            f"printed {rule['expect']}, read as {rule['corrected']}: {rule['reason']}"
        )
