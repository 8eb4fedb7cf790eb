"""What every test may rely on: where the data lie, a copy to spoil, and no silent skips."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from analysis.present.language import use

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"

# The documents' texts stay outside the repository; without them there is nothing to verify.
collect_ignore = [] if os.environ.get("ANALYSIS_DOCUMENTS") else ["test_provenance.py"]


def pytest_report_header() -> str:
    """Say whether the figures are verified against the documents' texts."""
    texts = os.environ.get("ANALYSIS_DOCUMENTS")
    return f"documents' texts: {texts or 'not at hand ($ANALYSIS_DOCUMENTS), not verified'}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where skipping is forbidden, a skipped test has failed."""
    report = yield
    if report.skipped and os.environ.get("ANALYSIS_FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped where skipping is forbidden: {report.longrepr}"
    return report


# What takes longest, first: what is short then fills the time at the end.
LONGEST = ("project", "pages_in_a_browser", "engine", "increments", "failures", "lab", "transcribe",
           "batch", "cluster")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first."""
    names = [f"test_{name}" for name in LONGEST]
    items.sort(key=lambda item: [*names, item.path.stem].index(item.path.stem))


@pytest.fixture(autouse=True)
def english():
    """What a test shows is in English unless it says otherwise."""
    use("en")
    yield
    use("en")


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What the command sets for the workers it starts is for that command alone."""
    before = dict(os.environ)
    yield
    for name in {*os.environ} - {*before}:
        del os.environ[name]
    os.environ.update(before)


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Have a folder made once in a run, whichever worker needs it first; nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, unfinished = shared / name, shared / f"{name}-unfinished"
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def written(once: Once) -> Path:
    """Every report of the project in both languages, by the command in a process of its own."""

    def write(folder: Path) -> None:
        line = [Path(sys.executable).with_name("analysis"), "reports", "--out", folder]
        env = {name: one for name, one in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stdout + done.stderr

    return once("reports", write)


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser, for all tests of a worker."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "the browser tests must run here, but there is no Chromium on the PATH"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the data package that a test may spoil."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def edit(data: Path, table: str, old: str, new: str, count: int = 1) -> None:
    """Replace the characters `old`, which must be there, in a table's CSV."""
    path = data / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")
