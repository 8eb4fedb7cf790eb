"""The life of a worker process: one report, from its notebook to its HTML."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import parent_process
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, from_dict
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from analysis.batch.plan import Failure, Options, Outcome, Report
from analysis.batch.snapshot import PACKAGE
from analysis.batch.watch import watch
from analysis.data.package import find, seen, unreviewed
from analysis.present.tables import AUDIT
from analysis.site import index, page

KILLED = "the process that ran this cell came to its end before the cell did"
ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,}")
CELL_FILE = re.compile(r"[^\s'\"<>]*ipykernel_\d+[/\\](?=\d+\.py)")
F_SETSIG = 10  # Linux; the standard library does not name it


def work(task: tuple[Any, ...], channel: Connection, scratch: Path, data: Path) -> None:
    """Do one task and send the answer; called once in a fresh process."""
    _end_with_parent()
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the server's
    sys.excepthook = sys.__excepthook__
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONSTARTUP", None)
    os.environ["ANALYSIS_DATA"] = str(data)
    os.environ["IPYTHONDIR"] = str(scratch / "ipython")  # nobody's own start-up files
    seen.clear()
    watch(data, scratch)
    tasks: dict[str, Callable[..., Any]] = {
        "report": make_report,
        "index": make_index,
        "sign": sign,
    }
    name, *arguments = task
    try:
        channel.send(tasks[name](channel, data, *arguments))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        channel.send(Failure(type(error).__name__, f"{type(error).__name__}: {error} ({where})"))


def _end_with_parent() -> None:
    """Have the system end this process, and those it starts, as soon as the batch is gone."""
    parent = parent_process()
    if parent is None:
        return
    if sys.platform != "linux":
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()
        return
    import fcntl

    os.setpgid(0, 0)
    # the batch holds the other end of this pipe; its end is signalled even while C code runs
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, -os.getpid())
    fcntl.fcntl(parent.sentinel, F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, os.O_ASYNC)
    if connection.wait([parent.sentinel], timeout=0):  # it has ended before we asked
        os._exit(1)


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def make_report(
    channel: Connection,
    data: Path,
    report: Report,
    options: Options,
    failure: Failure | None = None,
) -> Outcome:
    """Run a notebook and render it; after a `failure`, render as much as there was."""
    if options.engine != "forked":  # real kernels talk to the terminal, and read unseen
        seen.add(PACKAGE)
        for descriptor in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    Path("notebook.ipynb").write_bytes(report.source)
    if failure is None:
        notebook, failure = execute(report, options, channel.send)
    else:
        notebook = until(failure, papermill_run(report, prepare_only=True))
    settle(notebook)
    facts = page.Facts(
        notebook=report.notebook,
        year=report.year,
        parameters=report.parameters,
        command=report.command,
        released=str(find(data).descriptor.get("created", ""))[:10],
        unreviewed=unreviewed(data),
        twin=report.takes_language,
    )
    try:
        html = page.render(notebook, facts)
    except Exception:
        if failure is None:
            raise
        # rendering was what failed: a page that says so, without the cells
        cell = new_code_cell(outputs=[_error(failure.name, failure.reason)])
        html = page.render(new_notebook(cells=[cell]), facts)
    error = failure.reason if failure else None
    looks = [PACKAGE] if PACKAGE in seen else sorted(seen, key=str)
    written = nbformat.v4.writes(notebook) + "\n"  # as it came from a client: valid
    if report.year is not None:  # in its folder, as its page is: the audit lies one above
        written = written.replace(f'href=\\"{AUDIT}', f'href=\\"../{AUDIT}')
    return Outcome(html, written, looks, error)


def make_index(
    channel: Connection,
    data: Path,
    statuses: list[dict[str, Any]],
    language: str,
    twin: bool,
    folder: Path,
) -> str:
    """The page that leads to all reports of one language, whose pages are in the folder."""
    shown = []
    for status in statuses:
        current = status.pop("current")
        answer = page.answer((folder / status["path"]).read_text("utf-8")) if current else ""
        shown.append(index.Status(**status, answer=answer))
    return index.render(shown, find(data), language, twin)


def sign(channel: Connection, data: Path, notebooks: list[Path]) -> bool:
    """Have Jupyter trust executed notebooks on this machine, so that it shows all they display."""
    notary = NotebookNotary()
    for path in notebooks:
        notary.sign(nbformat.v4.reads(path.read_text("utf-8")))
    return True


class Timeout(BaseException):
    """The report took longer than it may; not an Exception, so that no cell swallows it."""


def execute(
    report: Report, options: Options, tell: Callable[[bytes], None]
) -> tuple[NotebookNode, Failure | None]:
    """Run a notebook through papermill as far as it goes, and tell of each cell that is done."""
    cells: list[NotebookNode] = []

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        if cells:
            tell(json.dumps(cells[-1]).encode())
        cells.append(cell)

    def on_alarm(number: int, frame: FrameType | None) -> None:
        raise Timeout(f"the report took longer than {options.timeout:g} s (--timeout)")

    if timed := hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, options.timeout)
    try:
        notebook = papermill_run(
            report, engine_name=options.engine, record_timing=False, on_cell_start=on_cell_start
        )
    except PapermillExecutionError as error:
        if not error.traceback:  # a magic used wrongly says so on stderr only
            cells[-1].outputs.append(_error(error.ename, "the cell was used wrongly"))
        notebook = papermill_run(report, prepare_only=True)
        notebook.cells[: len(cells)] = cells
        reason = f"{error.ename}: {error.evalue}".strip(": ").partition("\n")[0]
        return notebook, Failure(error.ename, reason)
    except (DeadKernelError, Timeout) as error:
        dead = isinstance(error, DeadKernelError)
        name, reason = ("Killed", KILLED) if dead else ("Timeout", str(error))
        failure = Failure(name, reason, [json.dumps(cell).encode() for cell in cells[:-1]])
        return until(failure, papermill_run(report, prepare_only=True)), failure
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return notebook, None


def papermill_run(report: Report, **options: Any) -> NotebookNode:
    """papermill on the notebook in the current folder; a name with braces would be a template."""
    notebook: NotebookNode = papermill.execute_notebook(
        "notebook.ipynb",
        None,
        report.parameters,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        **options,
    )
    return notebook


def until(failure: Failure, notebook: NotebookNode) -> NotebookNode:
    """A notebook that was not run, with the cells that had been, and the failure after them."""
    done = len(failure.cells)
    notebook.cells[:done] = [from_dict(json.loads(cell)) for cell in failure.cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    stopped = next((cell for cell in notebook.cells[done:] if cell.cell_type == "code"), code[-1])
    reason = KILLED if failure.name == "Killed" else failure.reason
    stopped.outputs = [*stopped.outputs, _error(failure.name, reason)]
    return notebook


def _error(name: str, reason: str) -> NotebookNode:
    error = {"ename": name, "evalue": reason, "traceback": [f"{name}: {reason}"]}
    return NotebookNode(output_type="error", **error)


def settle(notebook: NotebookNode) -> None:
    """Take out of an executed notebook what differs between two runs of the same.

    Clock times, random ids, process ids and addresses say nothing about the figures. How the text
    of the two streams interleaves is up to chance as well: between two other outputs, all of
    stdout comes first.
    """
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            cell.outputs = page.joined(cell.outputs)
            for output in cell.outputs:
                _scrub(output)


def _scrub(output: NotebookNode) -> None:
    for part in (output, output.get("data", {})):
        for name, text in part.items():
            if name in ("text", "evalue") or name.startswith("text/"):
                part[name] = _scrubbed(text)
    if "traceback" in output:
        output.traceback = [_scrubbed(line) for line in output.traceback]


def _scrubbed(text: str) -> str:
    text = ADDRESS.sub("0x…", text)
    return CELL_FILE.sub("", text) if "ipykernel_" in text else text
