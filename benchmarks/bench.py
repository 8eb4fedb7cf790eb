"""How fast the batch is against the stock tools, measured in one run on the project's notebooks.

`make bench`; the last figures are in README.md beside this file. `bench.py 6` is a quick look, with
fewer years than the 67 of the table.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from many_years import widen

from analysis import years

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PR_SET_CHILD_SUBREAPER = 36
FIGURE = (",65万元,65,".encode(), ",66万元,66,".encode())  # as it is, and otherwise corrected

API = """
import sys, papermill
from nbconvert import HTMLExporter
for name, year in (line.split() for line in sys.stdin):
    parameters = {"year": int(year)} if year != "-" else {}
    notebook = papermill.execute_notebook(name, None, parameters, progress_bar=False)
    HTMLExporter().from_notebook_node(notebook)
"""

CELLS = """
import os, signal, sys, time, nbformat
from pathlib import Path
os.environ["ANALYSIS_BATCH"] = str(os.getppid())
import analysis.batch.warm
signal.setitimer(signal.ITIMER_REAL, 0)
from analysis.batch import kernel
from analysis.site import page
total = 0.0
for path in map(Path, sys.argv[1:]):
    read, write = os.pipe()
    if os.fork() == 0:
        started = time.process_time()
        notebook = nbformat.read(path, 4)
        made = kernel.ready.pop()
        made.attach()
        sys.stdout, sys.stderr = made.streams
        for cell in notebook.cells:
            if cell.cell_type == "code":
                made.shell.run_cell(cell.source)
        page.render(notebook, page.Facts("", 2024, {}, ""))
        os.write(write, str(time.process_time() - started).encode())
        os._exit(0)
    os.close(write)
    total += float(os.read(read, 100))
    os.wait()
os.write(int(os.environ["RESULT"]), str(total).encode())
"""

VALIDATE = """
import sys
from analysis.checks.validation import problems
sys.exit(bool(problems(sys.argv[1])))
"""


class Cost(NamedTuple):
    """What a command has cost, with all the processes it has started."""

    wall: float
    cpu: float
    memory: float  # of the command itself, MB
    workers: float  # MB that the largest worker has for itself, where that was watched


def cost(*line: object, text: str = "", watched: bool = False) -> Cost:
    """Run a command to its end, and that of its last descendant."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(  # the noise of the stock tools is not of interest
        [str(part) for part in line],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    largest: list[float] = [0.0]
    ended = threading.Event()
    if watched:
        threading.Thread(target=_watch, args=(process.pid, largest, ended)).start()
    _, status, usage = os.wait4(process.pid, 0)
    ended.set()
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, line[:8]))} ended with {process.returncode}")
    while True:  # orphans come to us
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, usage.ru_maxrss / 1024, max(largest))


def _watch(command: int, largest: list[float], ended: threading.Event) -> None:
    """Note what the processes of the command's children have in memory that they share with none.

    These are the workers, children of the server that they are forked from.
    """
    while not ended.wait(0.2):
        for server in _children(command):
            largest += [_own(worker) for worker in _children(server)]


def _children(process: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    except OSError:
        return []


def _own(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def loop(work: list[tuple[Path, str]], folder: Path) -> float:
    """Seconds a report of papermill's and nbconvert's commands, one after the other."""
    seconds = 0.0
    for notebook, year in work:
        result = folder / f"{notebook.stem}-{year}.ipynb"
        parameters = ["-p", "year", year] if year != "-" else []
        seconds += cost(BIN / "papermill", notebook, result, *parameters).wall
        seconds += cost(BIN / "jupyter", "nbconvert", "--to", "html", result).wall
    return seconds / len(work)


def in_one_process(work: list[tuple[Path, str]]) -> float:
    """Seconds a report of papermill's Python API and nbconvert's HTMLExporter."""
    lines = "".join(f"{notebook} {year}\n" for notebook, year in work)
    return cost(sys.executable, "-c", API, text=lines).wall / len(work)


def cells(notebooks: list[Path]) -> float:
    """CPU seconds a report of the cells alone in a warm interpreter, and of their export."""
    read, write = os.pipe()
    environment = os.environ | {"RESULT": str(write)}
    line = [sys.executable, "-c", CELLS, *map(str, notebooks)]
    subprocess.run(line, check=True, pass_fds=[write], env=environment, capture_output=True)
    return float(os.read(read, 100)) / len(notebooks)


def ratio(what: str, measured: float, goal: str, figures: str) -> None:
    """A row of the table."""
    print(f"| {what} | {measured:.3g} × | {goal} × | {figures} |", flush=True)


def seconds(what: str, measured: float, goal: str, figures: str = "") -> None:
    """A row of the table."""
    print(f"| {what} | {measured:.2f} s | {goal} s | {figures} |", flush=True)


def main() -> None:
    """Measure everything and print the table."""
    many_years = int(sys.argv[1]) if len(sys.argv) > 1 else 67
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # neither side compiles anew at each start
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as temporary:
        few_reports(Path(temporary))
        many_reports(Path(temporary), many_years)
    print(f"\nLoad average at the end: {os.getloadavg()[0]:.1f}.")


def few_reports(folder: Path) -> None:
    """The project's own package: cold, with nothing changed, with a figure changed."""
    out, data, work = folder / "out", folder / "data", []
    shutil.copytree(ROOT / "data", data)
    batch = [BIN / "analysis", "reports", "--data", data, "--out", out]
    cost(*batch)  # also compiles what was not
    for path in sorted(out.rglob("*.ipynb")):
        if "zh" not in path.relative_to(out).parts:
            year = path.parent.name if path.parent != out else "-"
            work.append((ROOT / "notebooks" / path.name, year))
    os.environ["ANALYSIS_DATA"] = str(data)

    def cold(*language: str) -> float:
        shutil.rmtree(out)
        return cost(*batch, *language).wall

    one = statistics.median(cold("--language", "en") for _ in range(3))
    both = statistics.median(cold() for _ in range(3))
    same = min(cost(*batch).wall for _ in range(5))
    amounts = data / "amounts.csv"
    assert FIGURE[0] in amounts.read_bytes()
    corrected = []
    for before, after in (FIGURE, FIGURE[::-1]) * 2:
        amounts.write_bytes(amounts.read_bytes().replace(before, after, 1))
        corrected.append(cost(*batch).wall)
    count, stock, api = len(work), loop(work, folder), in_one_process(work)
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}, load average {os.getloadavg()[0]:.1f}. Stock loop: "
        f"{stock:.2f} s\na report; papermill's API and HTMLExporter in one process: {api:.2f} s.\n"
    )
    print("| what | measured | goal | figures |\n|---|---|---|---|")
    loop_once = stock * count
    ratio(
        f"cold, {count} reports, start-up included, against the loop",
        loop_once / one,
        "15",
        f"{one:.1f} s against {loop_once:.1f} s",
    )
    ratio(
        f"cold, {2 * count} reports in two languages, against the loop run twice",
        2 * loop_once / both,
        "18",
        f"{both:.1f} s against {2 * loop_once:.1f} s",
    )
    ratio(
        f"nothing changed, {2 * count} reports, against the loop run once",
        loop_once / same,
        "425",
        f"{same:.3f} s against {loop_once:.1f} s",
    )
    seconds(
        "one corrected figure, from data to pages (at most)",
        statistics.median(corrected),
        "3",
        "validation, the reports that look at it in both languages, both indexes",
    )


def many_reports(folder: Path, many_years: int) -> None:
    """A package of many years: what a report costs when there are many, and memory."""
    out, wide, many = folder / "many-out", folder / "wide", folder / "many"
    widen(ROOT / "data", wide, many_years + 3)
    os.environ["ANALYSIS_DATA"] = str(wide)
    yearly = [p for p in (ROOT / "notebooks").glob("*.ipynb") if b"year: int" in p.read_bytes()]
    chosen = [part for one in yearly for part in ("--notebook", one.stem)]
    there = years(wide)[-many_years:]
    middle = there[len(there) // 2 :][:2]  # one of each kind of document
    yearly_options = [part for one in there for part in ("--year", one)]
    language = ["--language", "en"]
    batch = [BIN / "analysis", "reports", "--data", wide, "--out", out, *language]
    batch += [*chosen, *yearly_options]
    cost(BIN / "analysis", "reports", "--data", wide, "--out", out, *language, *yearly_options[:2])
    every = cost(*batch, "--force", watched=True)
    count = many_years * len(yearly)
    sample = [(path, str(year)) for path in yearly for year in middle]
    stock, api, each = loop(sample, folder), in_one_process(sample), every.wall / count
    of = f"a report of {count}, of {many_years} years"
    ratio(f"{of}, against the loop", stock / each, "45", f"{each:.3f} s against {stock:.2f} s")
    ratio(f"{of}, against the API", api / each, "22", f"{each:.3f} s against {api:.2f} s")
    alone = cells([out / year / path.name for path, year in sample] * 5)
    used = every.cpu / count
    ratio(
        "CPU a report, against its cells and export alone (at most)",
        used / alone,
        "1.25",
        f"{used:.3f} s against {alone:.3f} s",
    )
    rows = sum(path.read_bytes().count(b"\n") - 1 for path in wide.glob("*.csv"))
    valid = cost(sys.executable, "-c", VALIDATE, wide).wall
    seconds(f"validation of {rows:,} rows (at most)", valid, "4")
    many.mkdir()
    for number in range(1000 // many_years + 1):
        source = ROOT / "tests" / "notebooks" / "reads_amounts.ipynb"
        shutil.copy(source, many / f"n{number}.ipynb")
    named = [part for path in many.glob("*") for part in ("--notebook", path)]
    batch = [BIN / "analysis", "reports", "--data", wide, "--out", folder / "x", "--force"]
    batch += yearly_options
    cost(*batch, *named[:2])
    thousand = cost(*batch, *named)
    print(f"| memory of the command at {len(named) // 2 * many_years:,} reports (at most) "
          f"| {thousand.memory:.0f} MB | 60 MB | "
          f"{thousand.wall / (len(named) // 2 * many_years):.3f} s a small report |")  # fmt: skip
    print(f"| memory that a worker has for itself (at most) | {every.workers:.0f} MB | 60 MB "
          f"| the largest of {count} |")  # fmt: skip


if __name__ == "__main__":
    main()
