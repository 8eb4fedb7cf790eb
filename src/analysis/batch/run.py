"""Runs what has to be run, each report in a process of its own, and writes it whole or not at all.

Workers compute; only the batch writes into the output folder, each file under another name first
and then renamed, so that a reader, a kill or a full disk never meets half a file. A report that
fails is replaced by its page as far as it came, with the failure on it, so that no stale figure
is taken for a current one; where there is not even that, the earlier page stays and the index
says so. The next run tries again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from analysis.batch.folder import Folder
from analysis.batch.plan import (
    Failure,
    Outcome,
    Report,
    Slices,
    State,
    WrongUseError,
    changed_files,
    code,
    key,
    reasons,
    reports,
    sha256,
)
from analysis.batch.pool import allow_many_files, outcomes, render_index, start_server


def plain_index(statuses: list[dict[str, Any]], reason: str) -> str:
    """A page that leads to the reports and says what failed, where the index itself has failed."""
    items = []
    for one in statuses:
        name = f"{one['title']} {one['year'] or ''}".strip()
        error = f": failed: {escape(one['error'])}" if one["error"] else ""
        link = (
            f'<a href="{escape(one["path"])}">{escape(name)}</a>' if one["path"] else escape(name)
        )
        items.append(f"<li>{link}{error}</li>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reports</title>'
        f"<h1>Reports</h1><p>The index could not be made: {escape(reason)}</p>"
        f"<ul>{''.join(items)}</ul></html>"
    )


class Show:
    """Tells people how far the batch is: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, total: int) -> None:
        self.progress: Any = None
        if total and all(stream and stream.isatty() for stream in (sys.stdout, sys.stderr)):
            from rich.progress import Progress

            self.progress = Progress(transient=True)
            self.progress.start()
            self.task = self.progress.add_task("reports", total=total)

    def line(self, text: str, error: bool = False) -> None:
        """One line; errors go to stderr."""
        if self.progress:
            self.progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            try:
                print(text, file=sys.stderr if error else sys.stdout, flush=True)
            except OSError:  # nobody reads on, as with `| head`; the work goes on
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if error else 1)

    def step(self) -> None:
        """One report is done."""
        if self.progress:
            self.progress.advance(self.task)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.progress:
            self.progress.stop()


@dataclass(frozen=True)
class Options:
    """What to run and how."""

    data: Path
    out: Path
    years: tuple[int, ...] = ()
    notebooks: tuple[str, ...] = ()
    jobs: int = 1
    force: bool = False
    engine: str = "forked"
    dask: str | None = None
    timeout: float = 600.0
    why: bool = False


def run(options: Options) -> int:
    """Bring the reports up to date; 0 if all are written, 1 if not.

    Raises `plan.WrongUseError` before anything is touched.
    """
    allow_many_files()
    data, out = options.data, options.out
    slices = Slices(data)
    valid = sha256(slices.hash.encode(), code()["library"].encode())
    if State(out / ".analysis").facts.get("valid data") != {"about": "valid data", "hash": valid}:
        from analysis.checks.validation import problems

        start_server(data)
        if found := problems(data):
            raise WrongUseError("\n".join(found))
    chosen = reports(data, options.years, options.notebooks)
    if not chosen:
        raise WrongUseError("nothing to run: of these notebooks none has the parameter year")
    known = {report.name: report for report in [*reports(data), *chosen]}
    try:
        folder = Folder(out)
        folder.state.add("valid data", hash=valid)
    except OSError as error:
        raise WrongUseError(f"cannot write to {out}: {error.strerror}") from None
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _bring_up_to_date(options, folder, slices, chosen, known)
    except KeyboardInterrupt as interrupt:
        print(f"stopped by {str(interrupt) or 'Ctrl-C'}; what is written stays", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
        folder.close()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt("SIGTERM")


def _bring_up_to_date(
    options: Options,
    folder: Folder,
    slices: Slices,
    chosen: list[Report],
    known: dict[str, Report],
) -> int:
    why = {
        report.name: ["--force"] * options.force
        or reasons(report, folder.state, slices, folder.path)
        for report in chosen
    }
    todo = [report for report in chosen if why[report.name]]
    failed = 0
    show = Show(len(todo))
    try:
        if skipped := [report.name for report in chosen if not why[report.name]]:
            more = f" and {len(skipped) - 10} more" if len(skipped) > 10 else ""
            show.line(f"unchanged: {', '.join(skipped[:10])}{more}")
        for report in todo if options.why else ():
            show.line(f"{report.name}: {', '.join(why[report.name])}")
        for report, outcome in _outcomes(options, todo, slices, folder.scratch):
            error = keep(folder, report, outcome, slices)
            if error:
                failed += 1
                show.line(f"failed   {report.name}: {error}", error=True)
            else:
                show.line(f"written  {report.name}")
            show.step()
        error = keep_index(folder, known, slices)
        with suppress(OSError):
            folder.state.tidy()
        if error:
            show.line(f"failed   index: {error}", error=True)
    finally:
        show.close()
    counts = f"{len(todo) - failed} written, {len(skipped)} unchanged, {failed} failed"
    show.line(f"{counts}: {folder.path / 'index.html'}")
    return 1 if failed or error else 0


def _outcomes(
    options: Options, todo: list[Report], slices: Slices, scratch: Path
) -> Iterator[tuple[Report, Outcome | Failure]]:
    if options.dask and todo:
        from analysis.batch import cluster

        return cluster.outcomes(todo, slices, options.dask, options.engine, options.timeout)
    return outcomes(todo, slices, scratch, options.jobs, options.engine, options.timeout)


def keep(folder: Folder, report: Report, outcome: Outcome | Failure, slices: Slices) -> str | None:
    """Write what came of a report and remember it; the error if there is one."""
    files: dict[str, str] = {}
    queries = outcome.queries
    error = outcome.reason if isinstance(outcome, Failure) else outcome.error
    try:
        if isinstance(outcome, Outcome):
            files = folder.write(
                {
                    f"{report.name}.html": outcome.html.encode(),
                    f"{report.name}.ipynb": outcome.notebook.encode(),
                }
            )
        made_from = key(report, slices.digests(queries))
        folder.state.add(
            f"report {report.name}", error=error, files=files, key=made_from, queries=queries
        )
    except OSError as problem:
        error = f"could not be written: {problem.strerror}"
        with suppress(OSError):
            folder.state.add(f"report {report.name}", error=error, files={}, key={}, queries=[])
    return error


def keep_index(folder: Folder, known: dict[str, Report], slices: Slices) -> str | None:
    """Write index.html if what it shows has changed; the error if there is one."""
    statuses = []
    for name, report in known.items():
        fact = folder.state.facts.get(f"report {name}")
        if fact is not None:
            page = folder.path / f"{name}.html"
            error = fact["error"]
            if error and not fact["files"] and page.is_file():
                error += " (the page is of an earlier run)"
            statuses.append(
                {
                    "notebook": report.notebook,
                    "year": report.year,
                    "path": f"{name}.html" if page.is_file() else "",
                    "title": report.title,
                    "state": "failed" if error else "written",
                    "error": error,
                }
            )
    shown = sha256(json.dumps([statuses, slices.hash, code()]).encode())
    last = folder.state.facts.get("index", {"shown": "", "files": {}})
    if last["shown"] == shown and not changed_files(last["files"], folder.path):
        return None
    try:
        html = render_index(statuses, slices, folder.scratch)
        if isinstance(html, Failure):
            folder.write({"index.html": plain_index(statuses, html.reason).encode()})
            return html.reason
        files = folder.write({"index.html": html.encode()})
        folder.state.add("index", shown=shown, files=files)
    except OSError as problem:
        return f"could not be written: {problem.strerror}"
    return None
