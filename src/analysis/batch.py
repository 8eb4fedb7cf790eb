"""Runs what has to be run, each report in a process of its own, and writes it whole or not at all.

Workers compute; only the batch writes into the output folder, each file under another name first
and then renamed, so that a reader, a kill or a full disk never meets half a file. A report that
fails is replaced by its page as far as it came, with the failure on it, so that no stale figure
is taken for a current one; where there is not even that, the earlier page stays and the index
says so. The next run tries again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import IO, Any

from analysis.plan import (
    Failure,
    Outcome,
    Report,
    Slices,
    State,
    WrongUseError,
    changed_files,
    code,
    code_version,
    key,
    reasons,
    reports,
    sha256,
    traced,
)

GRACE = 5.0  # seconds between a worker's own time limit and its end by force
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # the order of a printed set
    "SOURCE_DATE_EPOCH": "0",  # the date in an SVG of matplotlib
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of the debugger that nobody uses
}
STARTING = threading.Lock()  # a Dask worker has several threads


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for the processes started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def allow_many_files() -> None:
    """Each worker takes three file descriptors here, and many systems allow but 1,024 at first."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start_server(data: Path) -> Any:
    """How to start workers: from a server that has everything imported, and is started here.

    Starting takes it a few seconds, but not this process: call it early.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analysis.warm"])
    with STARTING, environment(ENVIRONMENT | {"ANALYSIS_DATA": str(data)}):
        forkserver.ensure_running()
    return context


def _work(*arguments: Any) -> None:
    channel = arguments[1]
    try:
        from analysis import worker  # has long been imported where this is run
    except Exception as error:
        channel.send(Failure("Library", f"the library cannot be imported: {error!r}"))
    else:
        worker.work(*arguments)


class Worker:
    """A process that does one task, and what the batch knows of it."""

    def __init__(self, task: str, scratch: Path, data: Path, *arguments: Any) -> None:
        context = start_server(data)
        self.channel, theirs = context.Pipe()
        self.scratch = Path(tempfile.mkdtemp(dir=scratch))
        self.process = context.Process(
            target=_work, args=(task, theirs, self.scratch, data, *arguments)
        )
        self.process.start()
        theirs.close()
        self.started = time.monotonic()
        self.cells: list[bytes] = []

    def end(self) -> None:
        """End it and all it has started."""
        with suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.channel.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def answer(self, slices: Slices) -> Any:
        """What has come of its task, or None if it said something else or nothing."""
        try:
            message = self.channel.recv() if self.channel.poll() else None
        except (EOFError, OSError):
            self.process.join()
            message = None
        if isinstance(message, list):  # what it has read; it wants to print the hash of it
            digests = slices.digests(message)
            data_hash = sha256(json.dumps(digests, sort_keys=True).encode())
            self.channel.send({"data_hash": data_hash, "code_version": code_version()})
        elif isinstance(message, bytes):
            self.cells.append(message)
        elif isinstance(message, Failure):
            return self.failure(message.name, message.reason)
        elif message is not None:
            return message
        elif not self.process.is_alive():
            return self.failure("Killed", _ending(self.process.exitcode))
        return None

    def failure(self, name: str, reason: str) -> Failure:
        """Its end without an answer."""
        trace = self.scratch / "queries.jsonl"
        return Failure(name, reason, self.cells, traced(trace))


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"its process ended by itself with exit code {exitcode}"
    name = signal.Signals(-exitcode).name
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"its process was killed by signal {-exitcode} ({name}{hint})"


def outcomes(
    reports: Iterable[Report], slices: Slices, scratch: Path, jobs: int, engine: str, timeout: float
) -> Iterator[tuple[Report, Outcome | Failure]]:
    """Run reports, some at a time; each comes back as soon as it is done."""
    waiting: deque[tuple[Report, Failure | None]] = deque((report, None) for report in reports)
    running: dict[Worker, tuple[Report, Failure | None]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                report, failure = waiting.popleft()
                try:
                    worker = Worker(
                        "report", scratch, slices.data, report, engine, timeout, failure
                    )
                except OSError as error:
                    if running:  # as many as this machine can have
                        waiting.appendleft((report, failure))
                        break
                    yield report, Failure("OSError", f"could not be started: {error}")
                else:
                    running[worker] = report, failure
            for worker, answer in _answers(list(running), slices, timeout):
                report, failure = running.pop(worker)
                worker.end()
                if isinstance(answer, Failure) and failure is None:
                    waiting.appendleft((report, answer))  # once more, for the page that says so
                else:
                    yield report, failure or answer if isinstance(answer, Failure) else answer
    finally:
        for worker in running:
            worker.end()


def _answers(workers: list[Worker], slices: Slices, timeout: float) -> Iterator[tuple[Worker, Any]]:
    """Wait for the workers to say something, and give what has come to its end."""
    speakers = [end for worker in workers for end in (worker.channel, worker.process.sentinel)]
    deadline = min((worker.started for worker in workers), default=0.0) + timeout + GRACE
    connection.wait(speakers, max(0.0, deadline - time.monotonic()))
    for worker in workers:
        answer = worker.answer(slices)
        if answer is None and time.monotonic() > worker.started + timeout + GRACE:
            reason = f"the report took longer than {timeout:g} s (--timeout)"
            answer = worker.failure("Timeout", reason)
        if answer is not None:
            yield worker, answer


def render_index(statuses: list[dict[str, Any]], slices: Slices, scratch: Path) -> str | Failure:
    """The page that leads to all reports, from a worker, so that this process stays slim."""
    worker = Worker("index", scratch, slices.data, statuses)
    try:
        while (answer := worker.answer(slices)) is None:
            connection.wait([worker.channel, worker.process.sentinel])
    finally:
        worker.end()
    return answer  # type: ignore[no-any-return]


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


class Folder:
    """The output folder, held by one batch at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.private = path / ".analysis"
        self.private.mkdir(parents=True, exist_ok=True)
        self._lock = (self.private / "lock").open("w")
        _lock(self._lock, f"waiting for another batch that writes to {path}")
        for leftover in self.private.iterdir():  # of a batch that was killed
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            elif leftover.name not in ("lock", "state.jsonl"):
                leftover.unlink()
        self.scratch = Path(tempfile.mkdtemp(dir=self.private))
        self.state = State(self.private)

    def close(self) -> None:
        """Give it free, without leftovers."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._lock.close()

    def write(self, files: dict[str, bytes]) -> dict[str, str]:
        """Put files into place, each of them whole, and give their hashes."""
        new = {name: self.private / f"new-{number}" for number, name in enumerate(files)}
        try:
            for name, path in new.items():
                path.write_bytes(files[name])
            for name, path in new.items():
                (self.path / name).parent.mkdir(exist_ok=True)
                path.replace(self.path / name)
        finally:
            for path in new.values():
                path.unlink(missing_ok=True)
        return {name: sha256(content) for name, content in files.items()}


def _lock(file: IO[str], waiting: str) -> None:
    if sys.platform == "win32":
        return  # two batches at once are then up to the user
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(waiting, file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)


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
        from analysis.validation import problems

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
        from analysis import cluster

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
