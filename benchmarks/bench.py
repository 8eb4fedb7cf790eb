"""How fast the batch is against the stock tools, measured in one run on the project's notebooks.

`make bench`; the last figures are in README.md beside this file.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from many_years import widen

from analysis import years

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PR_SET_CHILD_SUBREAPER = 36

API = """
import sys, papermill
from nbconvert import HTMLExporter
for name, year in (line.split() for line in sys.stdin):
    parameters = {"year": int(year)} if year != "-" else {}
    notebook = papermill.execute_notebook(name, None, parameters, progress_bar=False)
    HTMLExporter().from_notebook_node(notebook)
"""

CELLS = """
import os, sys, time, nbformat
from pathlib import Path
import analysis.batch.warm
from analysis.batch import kernel
from analysis.site import page
total = 0.0
for path in map(Path, sys.argv[1:]):
    read, write = os.pipe()
    if os.fork() == 0:
        started = time.process_time()
        notebook = nbformat.read(path, 4)
        shell = kernel.SocketlessKernel()
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = shell.streams
        for cell in notebook.cells:
            if cell.cell_type == "code":
                shell.shell.run_cell(cell.source)
        sys.stdout, sys.stderr = streams
        page.render(notebook, page.Facts("", 2024, {}, ""))
        os.write(write, str(time.process_time() - started).encode())
        os._exit(0)
    os.close(write)
    total += float(os.read(read, 100))
    os.wait()
os.write(int(os.environ["RESULT"]), str(total).encode())
"""


class Cost(NamedTuple):
    """What a command has cost, with all the processes it has started."""

    wall: float
    cpu: float
    memory: float  # of the command itself, MB


def cost(*line: object, text: str = "") -> Cost:
    """Run a command to its end, and that of its last descendant."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in line], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{line[0]} has failed")
    while True:  # orphans come to us
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, usage.ru_maxrss / 1024)


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


def show(what: str, ratio: float, goal: float, figures: str) -> None:
    """A row of the table."""
    print(f"| {what} | {ratio:.3g} × | {goal:g} × | {figures} |", flush=True)


def main() -> None:
    """Measure everything and print the table."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    # the noise of the stock tools is not of interest
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    work: list[tuple[Path, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        out, wide, many = folder / "out", folder / "wide", folder / "many"
        analysis = [BIN / "analysis", "reports", "--out", out]
        cost(*analysis)  # also compiles what was not
        for path in sorted(out.rglob("*.ipynb")):
            year = path.parent.name if path.parent != out else "-"
            work.append((ROOT / "notebooks" / path.name, year))
        shutil.rmtree(out)
        cold = cost(*analysis, "--force")
        same = min((cost(*analysis) for _ in range(5)), key=lambda one: one.wall)
        stock = loop(work, folder)
        api = in_one_process(work)
        print(f"{platform.platform()}, {os.cpu_count()} processors, Python", end=" ")
        print(
            f"{platform.python_version()}, {time.strftime('%Y-%m-%d')}. Stock loop: {stock:.2f} s"
        )
        print(f"a report; papermill's API and HTMLExporter in one process: {api:.2f} s a report.\n")
        print("| what | measured | goal | figures |\n|---|---|---|---|")
        count = len(work)
        show(
            f"cold, {count} reports, against the loop",
            stock * count / cold.wall,
            8,
            f"{cold.wall:.1f} s against {stock * count:.1f} s",
        )
        show(
            f"nothing changed, {count} reports, against the loop",
            stock * count / same.wall,
            100,
            f"{same.wall:.2f} s against {stock * count:.1f} s",
        )
        widen(ROOT / "data", wide, 70)
        yearly = sorted({notebook.stem for notebook, year in work if year != "-"})
        chosen = [part for name in yearly for part in ("--notebook", name)]
        chosen += [part for year in years(wide)[-67:] for part in ("--year", year)]
        batch = [BIN / "analysis", "reports", "--data", wide, "--out", out, *chosen]
        cost(BIN / "analysis", "reports", "--data", wide, "--out", out, "--year", 2024)
        all_of_them = cost(*batch, "--force")
        os.environ["ANALYSIS_DATA"] = str(wide)
        count = 67 * len(yearly)
        sample = [(ROOT / "notebooks" / f"{name}.ipynb", "2024") for name in yearly]
        stock, api, each = loop(sample, folder), in_one_process(sample), all_of_them.wall / count
        show(
            f"a report of {count}, of 70 years, against the loop",
            stock / each,
            25,
            f"{each:.3f} s against {stock:.2f} s",
        )
        show(
            f"a report of {count}, of 70 years, against the API",
            api / each,
            8,
            f"{each:.3f} s against {api:.2f} s",
        )
        made = [path for path in sorted(out.glob("*/*.ipynb")) if path.parent.name == "2024"]
        alone, used = cells(made), all_of_them.cpu / count
        show(
            "CPU a report, against its cells and export alone (at most)",
            used / alone,
            1.6,
            f"{used:.3f} s against {alone:.3f} s",
        )
        many.mkdir()
        for number in range(10):
            source = ROOT / "tests" / "notebooks" / "reads_amounts.ipynb"
            shutil.copy(source, many / f"n{number}.ipynb")
        named = [part for path in many.glob("*") for part in ("--notebook", path)]
        batch = [BIN / "analysis", "reports", "--data", wide, "--out", folder / "x", "--force"]
        cost(*batch, *named[:2], "--year", 2024)
        hundred, thousand = cost(*batch, *named[:2]), cost(*batch, *named)
        show(
            "time a report of 1,000, against 100 (at most)",
            thousand.wall / hundred.wall / 10,
            1.1,
            f"{thousand.wall / 1000:.3f} s against {hundred.wall / 100:.3f} s a small report; "
            f"memory of the command {thousand.memory:.0f} MB against {hundred.memory:.0f} MB",
        )


if __name__ == "__main__":
    main()
