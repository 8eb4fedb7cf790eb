"""What there is to run: the reports of a package, in each language.

This module needs none of the heavy packages, so that a batch with nothing to do starts none.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.data.package import ROOT, DataError, Look

NOTEBOOKS = ROOT / "notebooks"
if not NOTEBOOKS.is_dir():  # installed without the repository
    NOTEBOOKS = Path(sys.prefix, "share", "analysis", "notebooks")
LANGUAGES = ("en", "zh")
PLACE = re.compile(r"(?:(?P<language>zh)/)?(?:(?P<year>\d{1,4})/)?(?P<notebook>[^/\\\0]+)")


class WrongUseError(DataError):
    """What was asked for cannot be done; the message says why, and the way out."""


@dataclass(frozen=True)
class Options:
    """What to run and how, as the command was given it."""

    out: Path
    years: tuple[int, ...] = ()
    notebooks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    jobs: int = 1
    force: bool = False
    engine: str = "forked"
    dask: str | None = None
    timeout: float = 600.0
    why: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Report:
    """One notebook with its parameters; `path` is that of the notebook."""

    notebook: str
    year: int | None = None
    language: str = "en"
    path: str = ""
    source: bytes = field(default=b"", repr=False)
    takes_language: bool = False

    @classmethod
    def of(cls, name: str) -> Report:
        """The report that is called so. Raises ValueError if none can be."""
        match = PLACE.fullmatch(name)
        if match is None or match["notebook"] in (".", ".."):
            raise ValueError(name)
        year = int(match["year"]) if match["year"] else None
        return cls(match["notebook"], year, match["language"] or "en")

    @property
    def place(self) -> str:
        """Where it goes among the pages of its language, without the suffix."""
        return self.notebook if self.year is None else f"{self.year}/{self.notebook}"

    @property
    def name(self) -> str:
        """Where it goes in the output folder, without the suffix."""
        return self.place if self.language == LANGUAGES[0] else f"{self.language}/{self.place}"

    @property
    def parameters(self) -> dict[str, Any]:
        """What the notebook is given."""
        language = {"language": self.language} if self.takes_language else {}
        return ({} if self.year is None else {"year": self.year}) | language

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
    """What came of a report: its two files, what it has looked at, and why it failed if so."""

    html: str = field(repr=False)
    notebook: str = field(repr=False)
    looks: list[Look]
    error: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why a report came to no outcome, and the cells that were done by then, as JSON."""

    name: str
    reason: str
    cells: list[bytes] = field(default_factory=list, repr=False)


def parameter_names(source: bytes) -> set[str] | None:
    """Names that the cell tagged `parameters` assigns; None if there is no such cell.

    Nor is there one for the batch if it is tagged `lab` too: that notebook needs somebody to click.
    """
    names: set[str] | None = None
    for cell in json.loads(source)["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "parameters" in tags and "lab" not in tags:
            names = names or set()
            for node in ast.parse("".join(cell["source"])).body:
                names |= {
                    target.id
                    for target in (*getattr(node, "targets", []), getattr(node, "target", None))
                    if isinstance(target, ast.Name)
                }
    return names


def notebooks(only: Iterable[str]) -> dict[str, Path]:
    """The notebooks asked for, or the project's, by name.

    A notebook is named, or given as the path of an .ipynb file outside the project's folder.
    """
    project = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    chosen: dict[str, Path] = {}
    if not only and not project:
        raise WrongUseError("no notebooks are installed here: name some by path, --notebook PATH")
    for name in only or project:
        path = project.get(name, Path(name))
        if path.suffix != ".ipynb" or not path.is_file():
            raise WrongUseError(f"no notebook {name!r}; there are: {', '.join(project)}")
        if not path.stem.isprintable() or path.stem == "index":
            raise WrongUseError(f"{str(path)!r}: no report can have this name; rename the notebook")
        if chosen.setdefault(path.stem, path).resolve() != path.resolve():
            raise WrongUseError(f"two notebooks {path.stem!r}: {chosen[path.stem]} and {path}")
    return chosen


def reports(
    chosen: Mapping[str, Path],
    known: Iterable[int],
    years: Iterable[int] = (),
    languages: Iterable[str] = (),
) -> tuple[list[Report], list[str]]:
    """The reports of these notebooks, and which of the project's are none.

    A notebook is a report for each of the `known` years if it has the parameter `year`, and for
    each language if it has `language`; without it, it is one of the English pages. Sketches, the
    project's own files without a cell of parameters, are left alone.
    """
    if unknown := [str(year) for year in years if year not in known]:
        raise WrongUseError(
            f"no document of the year {', '.join(unknown)}; there are: "
            + ", ".join(map(str, known))
        )
    found, left = [], []
    for name, path in chosen.items():
        own = path.parent != NOTEBOOKS
        source = path.read_bytes()
        try:
            names = parameter_names(source)
        except (ValueError, KeyError, TypeError, AttributeError, SyntaxError, RecursionError) as e:
            raise WrongUseError(f"{path} is no notebook: {e}") from None
        if not own and (names is None or name.startswith("Untitled")):
            left.append(path.name)
            continue
        names = names or set()
        which = sorted(set(years) or known) if "year" in names else [None] * (not years)
        spoken = [one for one in LANGUAGES if one in (languages or LANGUAGES)]
        if "language" not in names:
            spoken = [one for one in spoken if one == LANGUAGES[0]]
        found += [
            Report(name, year, language, str(path.resolve()) * own, source, "language" in names)
            for year in which
            for language in spoken
        ]
    return sorted(found, key=lambda one: (one.year or 0, one.notebook, one.language)), left
