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
from multiprocessing import connection, forkserver, spawn
from pathlib import Path
from typing import Any

from analysis.batch.plan import Failure, Options, Outcome, Report
from analysis.batch.snapshot import Snapshot

Task = tuple[Any, ...]  # the name of what a worker can do, and what it needs for it

GRACE = 5.0  # seconds between a worker's own time limit and its end by force
LONGEST_TASK = 1e6  # seconds
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
    own = {
        "ANALYSIS_DATA": str(data),
        "ANALYSIS_BATCH": str(os.getpid()),
        "ANALYSIS_MAIN": spawn.get_preparation_data("").get("init_main_from_path", ""),
    }
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


def _work(task: Task, channel: Any, scratch: Path, data: Path) -> None:
    try:
        (scratch / "here").mkdir()
        os.chdir(scratch / "here")  # a folder of its own, for reports that write files
        try:
            from analysis.batch import worker  # has long been imported where this is run
        except Exception as error:
            channel.send(Failure("Library", f"the library cannot be imported: {error!r}"))
        else:
            worker.work(task, channel, scratch, data)
    except MemoryError:  # too little even to say so, which the batch does
        os._exit(1)


class Worker:
    """A process that does one task, and what the batch knows of it."""

    def __init__(self, task: Task, scratch: Path, snapshot: Snapshot) -> None:
        context = start_server(snapshot.folder)
        self.task = task
        self.channel, theirs = context.Pipe()
        self.scratch = Path(tempfile.mkdtemp(dir=scratch))
        self.process = context.Process(
            target=_work, args=(task, theirs, self.scratch, snapshot.folder)
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

    def answer(self, timeout: float) -> Any:
        """What has come of its task, or None if it said something else or nothing."""
        try:
            message = self.channel.recv() if self.channel.poll() else None
        except (EOFError, OSError):
            self.process.join()
            message = None
        if isinstance(message, bytes):
            self.cells.append(message)
        elif isinstance(message, Failure):
            return Failure(message.name, message.reason, self.cells)
        elif message is not None:
            return message
        elif not self.process.is_alive():
            return Failure("Killed", _ending(self.process.exitcode), self.cells)
        if time.monotonic() > self.started + timeout:
            reason = f"the report took longer than {timeout - GRACE:g} s (--timeout)"
            return Failure("Timeout", reason, self.cells)
        return None


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"its process ended by itself with exit code {exitcode}"
    name = signal.Signals(-exitcode).name
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"its process was killed by signal {-exitcode} ({name}{hint})"


def answers(
    tasks: deque[Task],
    snapshot: Snapshot,
    scratch: Path,
    jobs: int = 1,
    timeout: float = LONGEST_TASK,
    tell: Callable[[Task], None] = lambda _: None,
) -> Iterator[tuple[Task, Any]]:
    """Do tasks, some at a time, and tell which; each comes back as soon as it is done.

    What comes is a Failure if it failed. More tasks may be added while others are done.
    """
    running: list[Worker] = []
    done: list[tuple[Worker, Any]] = []
    try:
        while tasks or running or done:
            while tasks and len(running) < jobs:
                task = tasks.popleft()
                tell(task)
                try:
                    running.append(Worker(task, scratch, snapshot))
                except OSError as error:
                    if running or done:  # as many as this machine can have
                        tasks.appendleft(task)
                        break
                    yield task, Failure("OSError", f"could not be started: {error}")
            while done:  # others are at work while this one is taken care of
                worker, answer = done.pop()
                worker.end()
                yield worker.task, answer
            if running:
                speakers = [end for one in running for end in (one.channel, one.process.sentinel)]
                deadline = min(one.started for one in running) + timeout
                connection.wait(speakers, max(0.0, deadline - time.monotonic()))
            for worker in list(running):
                if (answer := worker.answer(timeout)) is not None:
                    running.remove(worker)
                    done.append((worker, answer))
    finally:
        for worker in [*running, *(one for one, _ in done)]:
            worker.end()


def outcomes(
    reports: Iterable[Report],
    snapshot: Snapshot,
    scratch: Path,
    options: Options,
    tell: Callable[[Report], None] = lambda _: None,
) -> Iterator[tuple[Report, Outcome | Failure]]:
    """Run reports; one that fails is begun once more, for the page that says so."""
    tasks = deque[Task](("report", report, options, None) for report in reports)
    limit = options.timeout + GRACE
    done = answers(tasks, snapshot, scratch, options.jobs, limit, lambda task: tell(task[1]))
    for (_, report, _, failure), answer in done:
        if not isinstance(answer, Failure):
            yield report, answer
        elif failure is None:
            tasks.appendleft(("report", report, options, answer))
        else:
            yield report, failure
