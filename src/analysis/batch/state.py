"""What the last runs wrote, and so what has to be run again, and why.

A report is run again when anything it is made from has changed: its notebook, its parameters,
what it has looked at, the library, the lock file or an installed package; or when what it wrote
is no longer there as written.
"""

from __future__ import annotations

import json
import platform
import site
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from analysis.batch.plan import Report
from analysis.batch.snapshot import ALWAYS, Snapshot, hash_of_files, sha256
from analysis.data.package import ROOT, Look


@cache
def code() -> dict[str, str]:
    """What every report is made with: hashes of library and lock, and of what is installed."""
    package = Path(__file__).parents[1]
    files = sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    library = {path.relative_to(package).as_posix(): path.read_bytes() for path in files}
    lock = ROOT / "requirements.lock"
    installed = sorted(
        path.name for folder in site.getsitepackages() for path in Path(folder).glob("*.dist-info")
    )
    return {
        "library": hash_of_files(library),
        "requirements.lock": sha256(lock.read_bytes() if lock.is_file() else b""),
        "installed packages": sha256("\n".join(installed).encode()),
        "python": platform.python_version(),
    }


def code_version() -> str:
    """Hash of the library and the lock, for the reader."""
    return sha256(code()["library"].encode(), code()["requirements.lock"].encode())


@dataclass(frozen=True)
class Fact:
    """What is known of a report since it was last run."""

    error: str | None
    files: dict[str, str] = field(default_factory=dict)  # hashes of what it wrote
    key: dict[str, str] = field(default_factory=dict)  # hashes of what it was made from
    looks: list[Look] = field(default_factory=list)
    path: str = ""  # of a notebook that is not the project's


def _fact(name: str, line: dict[str, Any]) -> Fact:
    """A line read again. Raises TypeError or ValueError if it is none of ours."""
    fact = Fact(**line)
    if not {*fact.files} <= {f"{name}.html", f"{name}.ipynb"}:
        raise ValueError(name)
    hashes = {**fact.files, **fact.key}
    texts = [*hashes, *hashes.values(), fact.path, "" if fact.error is None else fact.error]
    looks = [(table, document) for table, document in fact.looks]
    texts += [part for look in looks for part in look if part is not None]
    "".join(texts).encode()  # neither other types nor half characters
    return replace(fact, looks=looks)


class State:
    """One JSON line a fact; the last line about a thing holds.

    Lines are only added while a batch runs, so that a killed one loses at most its last line.
    Whatever else stands in the file is nothing that was ever run.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.jsonl"
        self.reports: dict[str, Fact] = {}
        self.others: dict[str, Any] = {}
        self.added = 0
        if is_file(self.path):
            with self.path.open("rb") as lines:
                for line in lines:
                    with suppress(ValueError, TypeError, AttributeError, RecursionError):
                        kind, about, what = json.loads(line)
                        if kind == "report":
                            self.reports[Report.of(about).name] = _fact(about, what)
                        else:
                            self.others[str(about)] = what

    def add(self, name: str, fact: Fact) -> None:
        """Remember what came of a report, also on disk."""
        if self.reports.get(name) != fact:
            self.reports[name] = fact
            self._append("report", name, asdict(fact))

    def note(self, about: str, what: Any) -> None:
        """Remember something else."""
        if self.others.get(about) != what:
            self.others[about] = what
            self._append("other", about, what)

    def forget(self, name: str) -> None:
        """A report is no more."""
        del self.reports[name]
        self.added += 1

    def _append(self, *line: Any) -> None:
        self.added += 1
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(line) + "\n")

    def tidy(self, scratch: Path) -> None:
        """Drop the lines that no longer hold."""
        if self.added == 0:
            return
        lines: list[Any] = [("other", *item) for item in self.others.items()]
        lines += [("report", name, asdict(fact)) for name, fact in self.reports.items()]
        new = scratch / "state"
        new.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        new.replace(self.path)


def key(report: Report, snapshot: Snapshot, looks: Iterable[Look]) -> dict[str, str]:
    """Hashes of all that a report's bytes depend on."""
    parameters = json.dumps(report.parameters, sort_keys=True)
    own = {"notebook": sha256(report.source), "parameters": parameters}
    digests = snapshot.digests([*ALWAYS, *looks])
    return own | code() | {f"data: {name}": digest for name, digest in digests.items()}


def reasons(report: Report, state: State, snapshot: Snapshot, out: Path) -> list[str]:
    """Why a report has to be run; empty if it need not be."""
    last = state.reports.get(report.name)
    if last is None:
        return ["never run"]
    if last.error:
        return ["failed last time"]
    now = key(report, snapshot, last.looks)
    changed = [part for part in now if now[part] != last.key.get(part)]
    changed += [
        f"reads what is not of the package: {path}"
        for table, path in last.looks
        if not table and path is not None
    ]
    wanted = {f"{report.name}.html", f"{report.name}.ipynb"}
    return changed + changed_files(dict.fromkeys(wanted, "") | last.files, out)


def orphans(state: State, known: Collection[str], years: Collection[int]) -> list[str]:
    """Reports of notebooks and years that are gone; a notebook of one's own may still be there."""
    return [
        name
        for name, fact in state.reports.items()
        if name not in known
        and not (Path(fact.path).is_file() and Report.of(name).year in (None, *years))
    ]


def changed_files(files: dict[str, str], out: Path) -> list[str]:
    """Which files are not as they were written."""
    found = []
    for name, digest in sorted(files.items()):
        if not is_file(out / name):
            found.append(f"{name} is missing")
        elif sha256((out / name).read_bytes()) != digest:
            found.append(f"{name} was edited")
    return found


def is_file(path: Path) -> bool:
    """Whether it is a file, and not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False
