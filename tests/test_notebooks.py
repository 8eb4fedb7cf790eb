"""Every notebook for every year through the real runner, and the figures it must tell."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import reports
from conftest import ROOT

import analysis

YEARLY = ("budget_execution", "performance_indicators", "spending_composition")
ACROSS = ("data_quality", "trends")
GOLDEN = Path(__file__).with_name("golden") / "headlines.json"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    result = reports(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def text_of(page: Path) -> str:
    """What a reader sees, without markup."""
    body = page.read_text(encoding="utf-8").split("<body", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("year", analysis.years())
@pytest.mark.parametrize("name", YEARLY)
def test_every_yearly_report_is_written_with_its_notebook_beside_it(out, name, year):
    assert str(year) in text_of(out / str(year) / f"{name}.html")
    cells = json.loads((out / str(year) / f"{name}.ipynb").read_text("utf-8"))["cells"]
    assert all(cell.get("execution_count") for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("name", ACROSS)
def test_every_report_across_the_years_is_written(out, name):
    assert (out / f"{name}.html").is_file()
    assert f"{name}.html" in (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("2022/budget_execution", ["98.75", "95.95", "100.00", "0.81 万元"]),
        (
            "2024/budget_execution",
            ["175.99", "100.00 % was spent", "75.99 %", "45.69 %", "79.7 %", "73.65–73.75 万元"],
        ),
        ("2024/spending_composition", ["24.21", "75.79", "61.94", "38.06"]),
        ("2022/performance_indicators", ["4 of 372", "1.08 %", "0.42–2.73", "69.5 %", "74 %"]),
        ("2024/performance_indicators", ["2,907", "3,296", "88.20 %", "≥ 300", "≥ 1,100"]),
    ],
)
def test_the_reports_tell_the_figures_that_the_documents_imply(out, page, told):
    text = text_of(out / f"{page}.html")
    assert [figure for figure in told if figure not in text] == []


def test_the_two_abstinence_figures_are_kept_apart(out):
    assert "74 %" not in text_of(out / "2024" / "performance_indicators.html")
    trends = text_of(out / "trends.html")
    assert "the kind of figure differs: Three-year abstinence rate (2021): rate" in trends


def test_headlines_and_findings_are_those_that_were_read_and_accepted():
    actual = {}
    for year in analysis.years():
        disclosure = analysis.Disclosure(year)
        for name in YEARLY:
            headline, findings = getattr(importlib.import_module(f"analysis.reports.{name}"), name)(
                disclosure
            )
            cells = [" | ".join(row) for row in headline.astype(str).values.tolist()]
            actual[f"{year}/{name}"] = {"headline": cells, "findings": findings}
    written = json.dumps(actual, ensure_ascii=False, indent=1) + "\n"
    if not GOLDEN.exists() or written != GOLDEN.read_text(encoding="utf-8"):
        found = GOLDEN.with_suffix(".actual.json")
        found.write_text(written, encoding="utf-8")
        pytest.fail(f"the headlines changed; read them, then accept with: mv {found} {GOLDEN}")


def test_a_notebook_runs_by_papermill_alone_from_any_folder(tmp_path):
    papermill = Path(sys.executable).with_name("papermill")
    notebook = ROOT / "notebooks" / "budget_execution.ipynb"
    command = [papermill, notebook, "out.ipynb", "-p", "year", "2022"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "98.75" in (tmp_path / "out.ipynb").read_text(encoding="utf-8")


def test_a_department_whose_documents_carry_nothing_gets_reports_that_say_so(tmp_path, data):
    for path in data.glob("*.csv"):
        if path.stem not in ("units", "items", "themes", "indicator_definitions"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = 2 if path.stem == "documents" else 1
            path.write_text("".join(lines[:kept]), encoding="utf-8")
    result = reports(tmp_path / "out", data=data)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "not disclosed" in text_of(tmp_path / "out" / "2022" / "budget_execution.html").lower()


def test_a_year_without_a_document_is_refused_with_the_years_that_have_one(tmp_path):
    result = reports(tmp_path, year=2023)
    assert result.returncode == 2
    assert "2022, 2024" in result.stderr
    assert list(tmp_path.iterdir()) == []
