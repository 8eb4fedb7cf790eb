"""What every test may rely on: where the data lie, a copy to spoil, and no silent skips."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.present.language import use

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
