"""What there is to run, and what of it has changed since it was last run.

A report is run again when anything it is made from has changed: its notebook, its parameters, the
rows of the tables it has read, the library, the lock file or an installed package; or when what
it wrote is no longer there as written. This module needs none of the heavy packages, so that a
batch with nothing to do starts none of them.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import platform
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.data.package import dictionary, years

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = [
    "ipykernel",
    "ipython",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
]

Query = dict[str, Any]
"""One look at a table, as `tables.load` records it: {"table": …, "where": {column: value}}."""


class WrongUseError(ValueError):
    """A year or notebook that is not there."""


def sha256(*parts: bytes) -> str:
    """Hash of byte strings; their borders count."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def hash_of_files(files: dict[str, bytes]) -> str:
    """Hash of files and of what they are called."""
    return sha256(*(part for name in files for part in (name.encode(), files[name])))


@dataclass(frozen=True)
class Report:
    """One notebook with its parameters."""

    notebook: str
    year: int | None
    source: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Where it goes in the output folder, without the suffix."""
        return self.notebook if self.year is None else f"{self.year}/{self.notebook}"

    @property
    def parameters(self) -> dict[str, Any]:
        return {} if self.year is None else {"year": self.year}

    @property
    def title(self) -> str:
        """What readers call it."""
        return self.notebook.replace("_", " ").capitalize()

    @property
    def command(self) -> str:
        """What a reader types to make it again."""
        year = [] if self.year is None else ["--year", str(self.year)]
        name = self.notebook if self.notebook.isidentifier() else json.dumps(self.notebook)
        return " ".join(["analysis reports", *year, "--notebook", name])


@dataclass(frozen=True)
class Outcome:
    """What came of a report: its two files, what it has read, and why it failed if it did."""

    html: str = field(repr=False)
    notebook: str = field(repr=False)
    queries: list[Query]
    error: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why a report came to no outcome, and the cells that were done by then, as JSON."""

    name: str
    reason: str
    cells: list[bytes] = field(default_factory=list, repr=False)
    queries: list[Query] = field(default_factory=list)


def parameter_names(source: bytes) -> set[str]:
    """Names that the cell tagged `parameters` assigns."""
    names: set[str] = set()
    for cell in json.loads(source)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            for node in ast.parse("".join(cell["source"])).body:
                names |= {
                    target.id
                    for target in (*getattr(node, "targets", []), getattr(node, "target", None))
                    if isinstance(target, ast.Name)
                }
    return names


def reports(
    data: Path, only_years: Iterable[int] = (), only_notebooks: Iterable[str] = ()
) -> list[Report]:
    """Every notebook for every year, or those asked for; a cross-year notebook has no year.

    A notebook is named, or given as the path of an .ipynb file outside the project's folder.
    """
    project = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    chosen: dict[str, Path] = {}
    for name in only_notebooks or project:
        path = project.get(name, Path(name))
        if path.suffix != ".ipynb" or not path.is_file():
            raise WrongUseError(f"no notebook {name!r}; there are: {', '.join(project)}")
        if path.stem == "index":
            raise WrongUseError(f"{path}: the page index.html is that of all reports")
        if chosen.setdefault(path.stem, path).resolve() != path.resolve():
            raise WrongUseError(f"two notebooks {path.stem!r}: {chosen[path.stem]} and {path}")
    known = years(data)
    unknown = [str(year) for year in only_years if year not in known]
    if unknown:
        raise WrongUseError(
            f"no document of the year {', '.join(unknown)}; there are: "
            + ", ".join(map(str, known))
        )
    found = []
    for name, path in chosen.items():
        source = path.read_bytes()
        try:
            yearly = "year" in parameter_names(source)
        except (ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
            raise WrongUseError(f"{path} is no notebook: {error}") from None
        which = sorted(set(only_years) or known) if yearly else [None] * (not only_years)
        found += [Report(name, year, source) for year in which]
    return sorted(found, key=lambda report: (report.year or 0, report.notebook))


class Slices:
    """The data as they are now, and hashes of the rows that a query sees.

    All is read at once, so that what is edited while a batch runs counts as changed in the next.
    Each table is indexed once for each set of columns, however many reports ask.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        paths = (PurePosixPath(resource["path"]) for resource in dictionary(data).values())
        self.files = {}
        for name in ("datapackage.json", *sorted(path.as_posix() for path in paths)):
            with suppress(OSError):  # the validation will say so
                self.files[name] = (data / name).read_bytes()
        self.hash = hash_of_files(self.files)
        self._indexes: dict[tuple[str, ...], tuple[bytes, dict[tuple[str, ...], bytes]]] = {}

    @cached_property
    def _resources(self) -> dict[str, Any]:
        descriptor = json.loads(self.files["datapackage.json"].decode("utf-8-sig"))
        return {resource["name"]: resource for resource in descriptor["resources"]}

    def digest(self, query: Query) -> str:
        """Hash of the rows in order, with the table's header and description."""
        columns = tuple(sorted(query["where"]))
        if (query["table"], *columns) not in self._indexes:
            self._indexes[query["table"], *columns] = self._index(query["table"], columns)
        table, rows = self._indexes[query["table"], *columns]
        return sha256(table, rows.get(tuple(_cell(query["where"][c]) for c in columns), b""))

    def digests(self, queries: Iterable[Query]) -> dict[str, str]:
        """Hash of each query, by a label that people can read."""
        return {label(query): self.digest(query) for query in queries}

    def _index(
        self, table: str, columns: tuple[str, ...]
    ) -> tuple[bytes, dict[tuple[str, ...], bytes]]:
        resource = self._resources.get(table)
        if resource is None:
            return b"no such table", {}
        groups: dict[tuple[str, ...], Any] = {}
        text = self.files[PurePosixPath(resource["path"]).as_posix()].decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""))
        header = next(rows, [])
        places = [header.index(column) for column in columns if column in header]
        for row in filter(None, rows):
            group = groups.setdefault(tuple(row[i] for i in places), hashlib.sha256())
            group.update(("\x1f".join(row) + "\x1e").encode())
        described = json.dumps([resource, header], sort_keys=True).encode()
        return described, {key: group.digest() for key, group in groups.items()}


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def label(query: Query) -> str:
    """A query as `amounts (year=2024)`."""
    where = ", ".join(f"{column}={value}" for column, value in sorted(query["where"].items()))
    return f"{query['table']} ({where})" if where else str(query["table"])


def traced(trace: Path) -> list[Query]:
    """The queries that `tables.load` has written down, each once."""
    lines = trace.read_text("utf-8").splitlines() if trace.exists() else []
    return [json.loads(line) for line in dict.fromkeys(lines)]


@cache
def code() -> dict[str, str]:
    """What every report is made with: hash of the library and of the lock, installed versions."""
    package = Path(__file__).parents[1]
    files = sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    library = {path.relative_to(package).as_posix(): path.read_bytes() for path in files}
    lock = ROOT / "requirements.lock"
    return {
        "library": hash_of_files(library),
        "requirements.lock": sha256(lock.read_bytes() if lock.is_file() else b""),
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def code_version() -> str:
    """Hash of the library and the lock, for the reader."""
    return sha256(code()["library"].encode(), code()["requirements.lock"].encode())


def key(report: Report, data: dict[str, str]) -> dict[str, str]:
    """All that a report's bytes depend on; `data` are the hashes of what it has read."""
    parameters = json.dumps(report.parameters, sort_keys=True)
    own = {"notebook": sha256(report.source), "parameters": parameters}
    return own | code() | {f"data: {name}": digest for name, digest in data.items()}


class State:
    """What the last runs wrote, one JSON line a fact; the last line about a thing holds.

    Lines are only added while a batch runs, so that a killed one loses at most its last line.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.jsonl"
        self.facts: dict[str, dict[str, Any]] = {}
        self.added = 0
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                with suppress(ValueError, TypeError, KeyError):  # cut short by a kill
                    fact = json.loads(line)
                    if fact["about"].startswith("report "):
                        _ = fact["error"], fact["key"], fact["files"], fact["queries"]
                    self.facts[fact["about"]] = fact

    def add(self, about: str, **fact: Any) -> None:
        """Remember a fact, also on disk."""
        known = self.facts.get(about)
        self.facts[about] = {"about": about, **fact}
        if known != self.facts[about]:
            self.added += 1
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(self.facts[about], ensure_ascii=False) + "\n")

    def tidy(self) -> None:
        """Drop the lines that no longer hold."""
        if self.added == 0:
            return
        new = self.path.with_name("state.new")
        lines = [json.dumps(fact, ensure_ascii=False) + "\n" for fact in self.facts.values()]
        new.write_text("".join(lines), encoding="utf-8")
        new.replace(self.path)


def reasons(report: Report, state: State, slices: Slices, out: Path) -> list[str]:
    """Why a report has to be run; empty if it need not be."""
    last = state.facts.get(f"report {report.name}")
    if last is None:
        return ["never run"]
    if last["error"]:
        return ["failed last time"]
    now, then = key(report, slices.digests(last["queries"])), last["key"]
    changed = [
        f"{part} {then.get(part)} → {now[part]}" if part in ("python", *PACKAGES) else part
        for part in now
        if now[part] != then.get(part)
    ]
    return changed + changed_files(last["files"], out)


def changed_files(files: dict[str, str], out: Path) -> list[str]:
    """Which files are not as they were written."""
    found = []
    for name, digest in files.items():
        try:
            if sha256((out / name).read_bytes()) != digest:
                found.append(f"{name} was edited")
        except OSError:
            found.append(f"{name} is missing")
    return found
