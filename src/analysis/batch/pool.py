"""Worker processes, each for one task, forked from a server that has everything imported."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from analysis.batch.plan import Failure, Options, Outcome, Report
from analysis.batch.snapshot import Snapshot

GRACE = 5.0  # seconds between a worker's own time limit and its end by force
LONGEST = 60  # a socket's path may have some 100 characters, and Python adds to it

ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # code in the folder where the command was called stays what it is
    "PYTHONHASHSEED": "0",  # the order of a printed set
    "SOURCE_DATE_EPOCH": "0",  # the date in an SVG of matplotlib
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": os.devnull,  # nobody's own style
    "OPENBLAS_NUM_THREADS": "1",  # the batch has a process for each processor
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of the debugger that nobody uses
}

STARTING = threading.Lock()  # a Dask worker has several threads


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
    own = {"ANALYSIS_DATA": str(data), "ANALYSIS_BATCH": str(os.getpid())}
    os.environ.update(ENVIRONMENT | own)
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analysis.batch.warm"])
    with STARTING:
        if len(tempfile.gettempdir()) > LONGEST:
            tempfile.tempdir = "/tmp"
        forkserver.ensure_running()
    return context


def _work(*arguments: Any) -> None:
    channel, scratch = arguments[1:3]
    (scratch / "here").mkdir()
    os.chdir(scratch / "here")  # a folder of its own, for reports that write files
    try:
        from analysis.batch import worker  # has long been imported where this is run
    except Exception as error:
        channel.send(Failure("Library", f"the library cannot be imported: {error!r}"))
    else:
        worker.work(*arguments)


class Worker:
    """A process that does one task, and what the batch knows of it."""

    def __init__(self, task: str, scratch: Path, snapshot: Snapshot, *arguments: Any) -> None:
        context = start_server(snapshot.folder)
        self.channel, theirs = context.Pipe()
        self.scratch = Path(tempfile.mkdtemp(dir=scratch))
        self.process = context.Process(
            target=_work, args=(task, theirs, self.scratch, snapshot.folder, *arguments)
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

    def answer(self) -> Any:
        """What has come of its task, or None if it said something else or nothing."""
        try:
            message = self.channel.recv() if self.channel.poll() else None
        except (EOFError, OSError):
            self.process.join()
            message = None
        if isinstance(message, bytes):
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
        return Failure(name, reason, self.cells)


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"its process ended by itself with exit code {exitcode}"
    name = signal.Signals(-exitcode).name
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"its process was killed by signal {-exitcode} ({name}{hint})"


Started = Callable[[Report], None]


def outcomes(
    reports: Iterable[Report], snapshot: Snapshot, scratch: Path, options: Options, tell: Started
) -> Iterator[tuple[Report, Outcome | Failure]]:
    """Run reports, some at a time, and tell which; each comes back as soon as it is done."""
    waiting: deque[tuple[Report, Failure | None]] = deque((report, None) for report in reports)
    running: dict[Worker, tuple[Report, Failure | None]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                report, failure = waiting.popleft()
                tell(report)
                try:
                    worker = Worker("report", scratch, snapshot, report, options, failure)
                except OSError as error:
                    if running:  # as many as this machine can have
                        waiting.appendleft((report, failure))
                        break
                    yield report, Failure("OSError", f"could not be started: {error}")
                else:
                    running[worker] = report, failure
            for worker, answer in _answers(list(running), options.timeout):
                report, failure = running.pop(worker)
                worker.end()
                if isinstance(answer, Failure) and failure is None:
                    waiting.appendleft((report, answer))  # once more, for the page that says so
                else:
                    yield report, failure or answer if isinstance(answer, Failure) else answer
    finally:
        for worker in running:
            worker.end()


def _answers(workers: list[Worker], timeout: float) -> Iterator[tuple[Worker, Any]]:
    """Wait for the workers to say something, and give what has come to its end."""
    speakers = [end for worker in workers for end in (worker.channel, worker.process.sentinel)]
    deadline = min((worker.started for worker in workers), default=0.0) + timeout + GRACE
    connection.wait(speakers, max(0.0, deadline - time.monotonic()))
    for worker in workers:
        answer = worker.answer()
        if answer is None and time.monotonic() > worker.started + timeout + GRACE:
            reason = f"the report took longer than {timeout:g} s (--timeout)"
            answer = worker.failure("Timeout", reason)
        if answer is not None:
            yield worker, answer


def do(task: str, snapshot: Snapshot, scratch: Path, *arguments: Any) -> Any:
    """What a worker makes of a task, so that this process stays slim; a Failure if it failed."""
    try:
        worker = Worker(task, scratch, snapshot, *arguments)
    except OSError as error:
        return Failure("OSError", f"could not be started: {error}")
    try:
        while (answer := worker.answer()) is None:
            connection.wait([worker.channel, worker.process.sentinel])
    finally:
        worker.end()
    return answer
