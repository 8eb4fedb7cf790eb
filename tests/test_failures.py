"""Whatever goes wrong in one report: a clear line, the others written, another try next time."""

import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from command import NOTEBOOKS, ROOT, Done, arguments, files, process, ran, reports, texts

from analysis.batch import run
from analysis.batch.plan import Outcome, Report
from analysis.batch.run import plain_index
from analysis.batch.snapshot import PACKAGE
from analysis.batch.state import State

EXPECTED = {
    "cell_error": "ZeroDivisionError: division by zero",
    "syntax_error": "SyntaxError: invalid syntax",
    "exits_with_error": "SystemExit: no figures",
    "hang": "the report took longer than 6 s (--timeout)",
    "hang_in_c": "the report took longer than 6 s (--timeout)",
    "hang_awaiting": "the report took longer than 6 s (--timeout)",
    "killed": "killed by signal 9 (SIGKILL, as the system does when memory runs out)",
    "ends_itself": "ended by itself with exit code 3",
    "crash": "killed by signal 11 (SIGSEGV)",
    "memory": "MemoryError",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def batch(out: Path) -> Done:
    return reports(out, *EXPECTED, "reads_nothing", "reads_amounts", timeout=6, jobs=4)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_failure_is_named(name: str, batch: Done, out: Path) -> None:
    [line] = [line for line in batch.stderr.splitlines() if f" {name}: " in line]
    assert line.startswith("failed ")
    assert EXPECTED[name] in line


@pytest.mark.parametrize("name", EXPECTED)
def test_a_failed_report_keeps_what_it_had(name: str, batch: Done, out: Path) -> None:
    printed = texts(out / f"{name}.ipynb")
    page = (out / f"{name}.html").read_text("utf-8")
    assert "before" in printed
    assert "never" not in printed
    assert "This report is incomplete" in page


def test_a_failure_leaves_the_others_standing(batch: Done, out: Path) -> None:
    assert batch.returncode == 1
    assert ran(batch) == {"reads_nothing", "2022/reads_amounts", "2024/reads_amounts"}
    index = (out / "index.html").read_text("utf-8")
    assert all(text in index for text in ("SIGSEGV", "ZeroDivisionError"))


def test_a_failed_report_is_tried_again(batch: Done, out: Path) -> None:
    again = reports(out, "cell_error", "reads_nothing", why=True)
    assert again.returncode == 1
    assert "cell_error: failed last time" in again.stdout
    assert "unchanged: reads_nothing" in again.stdout


def test_a_hanging_cell_shows_where_it_hangs(batch: Done, out: Path) -> None:
    assert "time" in texts(out / "hang.ipynb")
    assert "sleep" in texts(out / "hang.ipynb")


def test_a_report_that_comes_to_no_page_loses_none_and_the_index_says_so(tmp_path: Path) -> None:
    notebook = tmp_path / "odd.ipynb"
    source = (NOTEBOOKS / "reads_nothing.ipynb").read_text("utf-8")
    notebook.write_text(source, "utf-8")
    out = tmp_path / "out"
    assert reports(out, notebook=notebook).returncode == 0
    notebook.write_text(source.replace('"nbformat": 4,', '"nbformat": 99,'), "utf-8")
    result = reports(out, notebook=notebook)
    assert result.returncode == 1
    assert "failed   odd: " in result.stderr
    assert "(the page is of an earlier run)" in (out / "index.html").read_text("utf-8")
    (out / "odd.html").unlink()
    assert reports(out, notebook=notebook).returncode == 1
    assert 'href="odd.html"' not in (out / "index.html").read_text("utf-8")


def test_a_library_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    source = Path(shutil.copytree(ROOT / "src", tmp_path / "src"))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    with (source / "analysis" / "present" / "charts.py").open("a", encoding="utf-8") as file:
        file.write("def broken(:\n")
    env = {"PYTHONPATH": str(source)}
    result = reports(tmp_path / "out", "reads_nothing", data=ROOT / "data", env=env)
    assert result.returncode == 1
    reason = "the library cannot be imported: SyntaxError("
    assert result.stderr.startswith(f"failed   reads_nothing: {reason}")


def test_where_the_index_cannot_be_made_a_plain_one_says_so_and_leads_on() -> None:
    written = {"title": "Trends", "year": None, "path": "trends.html", "error": None}
    failed = {"title": "Budget", "year": 2024, "path": "2024/b.html", "error": "ValueError: <b>"}
    html = plain_index([written, failed], "KeyError: <x>")
    assert '<a href="trends.html">Trends</a></li>' in html
    assert "Budget 2024</a>: failed: ValueError: &lt;b&gt;" in html
    assert "The index could not be made: KeyError: &lt;x&gt;" in html


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=330k", "none", disk], capture_output=True, check=False
    )
    yield disk
    if mounted.returncode == 0:
        subprocess.run(["umount", "-l", disk], check=True)


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))


def test_a_full_disk_is_named_and_spoils_nothing(small_disk: Path) -> None:
    full = os.path.ismount(small_disk)
    line = arguments(small_disk, "streams", "reads_nothing", jobs=1)
    # where nothing may be mounted, a limit on the size of files does
    result = process(line, preexec_fn=None if full else small_files)
    assert result.returncode == 1
    reason = "No space left on device" if full else "File too large"
    assert f"failed   streams: could not be written: {reason}" in result.stderr
    assert not (small_disk / "streams.html").exists()
    assert ran(result) == {"reads_nothing"}


def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = reports(tmp_path / "file" / "reports", "reads_nothing")
    assert result.returncode == 2
    assert result.stderr.startswith("cannot write to ")


def test_a_read_only_folder_is_wrong_use(tmp_path: Path) -> None:
    target = tmp_path / "disk"
    target.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "ro", "none", str(target)]
    mounted = subprocess.run(line, capture_output=True, check=False).returncode == 0
    if not mounted:
        target.chmod(0o500)
    try:
        result = reports(target, "reads_nothing")
    finally:
        if mounted:
            subprocess.run(["umount", target], check=True)
    assert result.returncode == 2
    assert "cannot write to " in result.stderr


@pytest.mark.parametrize(
    ("number", "named"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")]
)
def test_a_stopped_batch_says_so_and_keeps_what_is_written(
    number: int, named: str, tmp_path: Path
) -> None:
    batch = subprocess.Popen(
        arguments(tmp_path, "reads_nothing", "hang", jobs=2, timeout=60),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert batch.stdout is not None
    assert batch.stdout.readline() == "written  reads_nothing (1 of 2)\n"
    batch.send_signal(number)
    _, errors = batch.communicate(timeout=120)
    assert batch.returncode == 1
    assert f"stopped by {named}; what is written stays" in errors
    assert (tmp_path / "reads_nothing.html").exists()
    assert {path.name for path in (tmp_path / ".analysis").iterdir()} == {"lock", "state.jsonl"}


def alive(mark: str) -> list[int]:
    """Processes that carry a mark in their environment."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            environment, state = (one / "environ").read_bytes(), (one / "stat").read_text()
        except OSError:
            continue
        if mark.encode() in environment and state.rpartition(")")[2].split()[0] != "Z":
            found.append(int(one.name))
    return found


SLOW_IMPORT = """
import sys, time

class Slow:
    def find_spec(self, name, *rest):
        if name == "matplotlib":
            time.sleep(120)

if any("forkserver" in part for part in sys.orig_argv):
    sys.meta_path.insert(0, Slow())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_batch_killed_while_its_server_imports_for_minutes_leaves_no_process(
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_IMPORT)
    mark = f"slow-import-{os.getpid()}"
    batch = subprocess.Popen(
        arguments(tmp_path / "out", "reads_nothing", force=True),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"ANALYSIS_TEST": mark, "PYTHONPATH": str(tmp_path)},
    )
    while not (tmp_path / "out/.analysis").exists() or len(alive(mark)) < 3:
        time.sleep(0.05)
    time.sleep(1.5)
    batch.kill()
    batch.wait()
    deadline = time.monotonic() + 20
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(mark)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_batch_killed_at_any_moment_leaves_no_process_and_only_whole_files(
    tmp_path: Path,
) -> None:
    names = ("slow", "reads_amounts", "displays", "hang_in_c")
    reports(tmp_path / "reference", *names[:-1])
    whole = files(tmp_path / "reference")

    def kill_four_times(folder: str) -> None:
        out, chance = tmp_path / folder, random.Random(folder)
        for attempt in range(4):
            mark = f"kill-{os.getpid()}-{folder}-{attempt}"
            batch = subprocess.Popen(
                arguments(out, *names, force=True, jobs=3),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"ANALYSIS_TEST": mark},
            )
            assert batch.stdout is not None
            if attempt:  # one in four while it starts, the others while it writes
                batch.stdout.readline()
            time.sleep(chance.uniform(0.0, 1.5))
            batch.kill()
            batch.wait()
            batch.stdout.close()
            deadline = time.monotonic() + 60
            while alive(mark) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not alive(mark)
            for path, content in files(out).items():
                assert path == "index.html" or content == whole[path], path

    with ThreadPoolExecutor() as pool:  # most of it is waiting
        list(pool.map(kill_four_times, ("one", "two")))
    for out in (tmp_path / "one", tmp_path / "two"):
        assert reports(out, *names[:-1]).returncode == 0
        assert {path: content for path, content in files(out).items() if path in whole} == whole
        assert {path.name for path in (out / ".analysis").iterdir()} == {"lock", "state.jsonl"}


WRITING = {"open", "write", "__exit__", "replace", "rename", "unlink", "mkdir", "rmdir"}


def die_at(step: int) -> None:
    """End this process by force before or after one of its calls that write, by its number."""
    steps = itertools.count(1)

    def look(frame: object, event: str, called: Any) -> None:
        if event.startswith("c_") and called.__name__ in WRITING and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_batch_killed_at_each_step_of_its_writing_leaves_only_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, names = tmp_path / "out", ("reads_nothing", "displays")
    reports(out, *names)
    whole = files(out)
    step = 0

    # what workers would answer; the batch that writes it down is the real one
    def outcomes(todo: Iterable[Report], *_: object) -> Iterator[tuple[Report, Outcome]]:
        die_at(step)
        for one in todo:
            html, notebook = (whole[one.name + end].decode() for end in (".html", ".ipynb"))
            yield one, Outcome(html, notebook, [PACKAGE] * (step % 2))  # so that it is noted

    monkeypatch.setattr(run, "outcomes", outcomes)
    index = whole["index.html"].decode()
    monkeypatch.setattr(run, "answers", lambda tasks, *_: [(one, index) for one in tasks])
    killed = -signal.SIGKILL
    while killed == -signal.SIGKILL:
        step += 1
        child = os.fork()
        if not child:
            done = reports(out, *names, force=True)
            sys.setprofile(None)
            os._exit(done.returncode)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert files(out) == whole, step
        assert {*State(out / ".analysis").reports} == {*names}, step
    assert killed == 0
    assert step > 50
    assert {path.name for path in (out / ".analysis").iterdir()} == {"lock", "state.jsonl"}
