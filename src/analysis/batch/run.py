"""Runs what has to be run, each report in a process of its own, and writes it whole or not at all.

Workers compute; only the batch writes into the output folder, each file under another name first
and then renamed, so that a reader, a kill or a full disk never meets half a file. A report that
fails is replaced by its page as far as it came, with the failure on it, so that no stale figure
is taken for a current one; where there is not even that, the earlier page stays and the index
says so. The next run tries again.
"""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

from analysis.batch.folder import Folder
from analysis.batch.plan import (
    LANGUAGES,
    NOTEBOOKS,
    Failure,
    Options,
    Outcome,
    Report,
    WrongUseError,
    notebooks,
    reports,
)
from analysis.batch.pool import Task, allow_many_files, answers, outcomes, start_server
from analysis.batch.show import Show, say
from analysis.batch.snapshot import Snapshot, sha256
from analysis.batch.state import Fact, changed_files, code, key, orphans, reasons
from analysis.data.package import ROOT, DataError, Package


def run(package: Package, options: Options) -> int:
    """Bring the reports up to date; 0 if all are written, 1 if not.

    Raises:
        WrongUseError, DataError: nothing was run, and what was there stays.
    """
    allow_many_files()
    chosen = notebooks(options.notebooks)
    inputs = [package.folder / "datapackage.json", *chosen.values(), *NOTEBOOKS.glob("*.ipynb")]
    for path in inputs:
        if path.resolve().is_relative_to(options.out):
            raise WrongUseError(
                f"{options.out} holds {path.name}, which is read: name another --out"
            )
    folder = Folder(options.out)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        snapshot = Snapshot(package.content, folder.scratch / "data")
        own = package.folder == (ROOT / "data").resolve()
        batch = Batch(options, folder, snapshot, chosen, own)
        return batch.preview() if options.dry_run else batch.run()
    except OSError as problem:
        raise WrongUseError(f"cannot write to {folder.path}: {problem.strerror}") from None
    except KeyboardInterrupt as interrupt:
        say(f"stopped by {str(interrupt) or 'Ctrl-C'}; what is written stays", error=True)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
        folder.close()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt("SIGTERM")


class Batch:
    """One run: what is to be done in a folder that is held, with data that stay the same."""

    def __init__(
        self,
        options: Options,
        folder: Folder,
        snapshot: Snapshot,
        chosen: dict[str, Path],
        own: bool,
    ) -> None:
        self.options, self.folder, self.snapshot, self.own = options, folder, snapshot, own
        name = snapshot.package.name
        self.state = folder.state
        if (other := self.state.others.get("package", name)) != name:
            raise WrongUseError(
                f"{folder.path} holds the reports of {other!r}, and these are of {name!r}: "
                "name another --out, or remove that folder"
            )
        self._validate()
        there = snapshot.package.years
        self.chosen, self.left = reports(chosen, there, options.years, options.languages)
        if not self.chosen:
            raise WrongUseError("nothing to run: none of these notebooks has such parameters")
        everything = notebooks(()) if NOTEBOOKS.is_dir() else {}
        project, _ = reports(everything, there)
        self.known = {one.name: one for one in [*project, *self.chosen]}
        self.gone = orphans(self.state, self.known, there)
        self.why = {
            report.name: ["--force"] * options.force
            or reasons(report, self.state, snapshot, folder.path)
            for report in self.chosen
        }
        self.todo = [report for report in self.chosen if self.why[report.name]]

    def _validate(self) -> None:
        self.valid = sha256(self.snapshot.hash.encode(), code()["library"].encode())
        if self.state.others.get("valid data") == self.valid:
            return
        start_server(self.snapshot.folder)  # before pandas is imported here: both take a while
        from analysis.checks.validation import problems

        if found := problems(self.snapshot.package):
            raise DataError("\n".join(found))

    def preview(self) -> int:
        """Say what `run` would do."""
        for report in self.todo:
            say(f"would run {report.name}: {', '.join(self.why[report.name])}")
        for name in self.gone:
            say(f"would remove {name}: its notebook or year is gone")
        say(f"{len(self.todo)} to run, {len(self.chosen) - len(self.todo)} unchanged")
        return 0

    def run(self) -> int:
        """Run what has to be run, and the index."""
        failed = 0
        show = Show(len(self.todo))
        unchanged = [report.name for report in self.chosen if not self.why[report.name]]
        try:
            self.state.note("package", self.snapshot.package.name)
            self.state.note("valid data", self.valid)
            for name in self.left:
                show.line(f"left alone: {name}, which has no cell tagged parameters or no name yet")
            for name in self.gone:
                self.folder.remove(name)
                show.line(f"removed  {name}: its notebook or year is gone")
            if unchanged:
                more = f" and {len(unchanged) - 10} more" if len(unchanged) > 10 else ""
                show.line(f"unchanged: {', '.join(unchanged[:10])}{more}")
            for report in self.todo if self.options.why else ():
                show.line(f"{report.name}: {', '.join(self.why[report.name])}")
            for report, outcome in self._outcomes(show):
                error = self._keep(report, outcome)
                failed += bool(error)
                show.done(report.name, error)
            error = self._finish()
            with suppress(OSError):
                self.state.tidy(self.folder.scratch)
            if error:
                show.line(f"failed   index: {error}", error=True)
        finally:
            show.close()
        counts = f"{len(self.todo) - failed} written, {len(unchanged)} unchanged, {failed} failed"
        show.line(f"{counts}: {self.folder.path / 'index.html'}")
        return 1 if failed or error else 0

    def _outcomes(self, show: Show) -> Iterator[tuple[Report, Outcome | Failure]]:
        if self.options.dask and self.todo:
            from analysis.batch import cluster

            return cluster.outcomes(self.todo, self.snapshot, self.options)
        return outcomes(
            self.todo,
            self.snapshot,
            self.folder.scratch,
            self.options,
            lambda r: show.starts(r.name),
        )

    def _keep(self, report: Report, outcome: Outcome | Failure) -> str | None:
        """Write what came of a report and remember it; the error if there is one."""
        try:
            if isinstance(outcome, Failure):
                self.state.add(report.name, Fact(outcome.reason, path=report.path))
                return outcome.reason
            files = self.folder.write(
                {
                    f"{report.name}.html": outcome.html.encode(),
                    f"{report.name}.ipynb": outcome.notebook.encode(),
                }
            )
            made_from = key(report, self.snapshot, outcome.looks)
            fact = Fact(outcome.error, files, made_from, outcome.looks, report.path)
            self.state.add(report.name, fact)
            return outcome.error
        except OSError as problem:
            error = f"could not be written: {problem.strerror}"
            with suppress(OSError):
                self.state.add(report.name, Fact(error, path=report.path))
            return error

    def _finish(self) -> str | None:
        """Sign notebooks, and write each index that shows something else; the error if any."""
        everything = ({name: Report.of(name) for name in self.state.reports} | self.known).values()
        found = {
            language: [*self._statuses(one for one in everything if one.language == language)]
            for language in LANGUAGES
        }
        tasks, shown = deque[Task](), {}
        for language, statuses in found.items():
            facts = [statuses, all(found.values()), self.snapshot.hash, code()]
            shown[language] = sha256(json.dumps(facts).encode())
            if statuses and not self._is_shown(_index(language), shown[language]):
                pages = (self.folder.path / _index(language)).parent
                tasks.append(("index", statuses, language, all(found.values()), pages))
        written = [self.folder.path / f"{one.name}.ipynb" for one in self.todo if not one.path]
        if self.own and written:  # have Jupyter trust what the project made of its own data
            tasks.append(("sign", [path for path in written if path.is_file()]))
        problem = None
        more = self.options.jobs + 1  # for signing waits for the disk
        done = answers(tasks, self.snapshot, self.folder.scratch, more)
        for (task, *arguments), answer in done:
            if task == "index":
                statuses, language, *_ = arguments
                problem = self._keep_index(language, statuses, answer, shown[language]) or problem
        return problem

    def _is_shown(self, name: str, shown: str) -> bool:
        last = self.state.others.get(name, {})
        with suppress(TypeError, KeyError):  # never made
            made = {name: last["files"][name]}
            return last["shown"] == shown and not changed_files(made, self.folder.path)
        return False

    def _statuses(self, shown: Iterable[Report]) -> Iterator[dict[str, Any]]:
        for report in sorted(shown, key=lambda one: (one.year or 0, one.notebook)):
            if fact := self.state.reports.get(report.name):
                page = self.folder.path / f"{report.name}.html"
                error = fact.error
                if error and not fact.files and page.is_file():
                    error += " (the page is of an earlier run)"
                # what another run left may be of other data
                fresh = report.name in self.why or not reasons(
                    report, self.state, self.snapshot, self.folder.path
                )
                yield {
                    "notebook": report.notebook,
                    "year": report.year,
                    "path": f"{report.place}.html" if page.is_file() else "",
                    "title": report.title,
                    "error": error,
                    "current": fact.files if page.is_file() and not error and fresh else {},
                }

    def _keep_index(
        self, language: str, statuses: list[dict[str, Any]], html: str | Failure, shown: str
    ) -> str | None:
        """Write an index; the error if there is one."""
        name = _index(language)
        failed = isinstance(html, Failure)
        content = plain_index(statuses, html.reason) if isinstance(html, Failure) else html
        try:
            files = self.folder.write({name: content.encode()})
            if not failed:
                self.state.note(name, {"shown": shown, "files": files})
        except OSError as problem:
            return f"could not be written: {problem.strerror}"
        return html.reason if isinstance(html, Failure) else None


def _index(language: str) -> str:
    return "index.html" if language == LANGUAGES[0] else f"{language}/index.html"


def plain_index(statuses: list[dict[str, Any]], reason: str) -> str:
    """A page that leads to the reports and says what failed, where the index itself has failed."""
    items = []
    for one in statuses:
        name = escape(f"{one['title']} {one['year'] or ''}".strip())
        error = f": failed: {escape(one['error'])}" if one["error"] else ""
        link = f'<a href="{escape(one["path"])}">{name}</a>' if one["path"] else name
        items.append(f"<li>{link}{error}</li>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reports</title>'
        f"<h1>Reports</h1><p>The index could not be made: {escape(reason)}</p>"
        f"<ul>{''.join(items)}</ul></html>"
    )
