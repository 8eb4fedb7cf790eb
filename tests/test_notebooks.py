"""Every notebook for every year through the real runner, and the figures it must tell."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import openings
import pytest
from command import reports
from conftest import ROOT
from nbconvert.exporters import MarkdownExporter

import analysis
from analysis.checks import claims, identities
from analysis.data.package import find, records
from analysis.measures import trends
from analysis.reports import (
    budget_execution,
    common,
    data_quality,
    index,
    performance_indicators,
    spending_composition,
)
from analysis.reports import trends as trends_report

YEARLY = ("budget_execution", "performance_indicators", "spending_composition")
ACROSS = ("data_quality", "trends")
GOLDEN = Path(__file__).with_name("golden") / "headlines.json"


@pytest.fixture(scope="module")
def out(written):
    return written


def text_of(page: Path) -> str:
    """What a reader sees, without markup."""
    body = page.read_text(encoding="utf-8").split("<body", 1)[1]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body)))


@pytest.mark.parametrize("year", analysis.years())
@pytest.mark.parametrize("name", YEARLY)
def test_every_yearly_report_is_written_with_its_notebook_beside_it(out, name, year):
    assert str(year) in text_of(out / str(year) / f"{name}.html")
    cells = json.loads((out / str(year) / f"{name}.ipynb").read_text("utf-8"))["cells"]
    assert all(cell.get("execution_count") for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("language", ["", "zh/"])
def test_every_link_of_an_executed_notebook_leads_to_one_that_is_there(out, language):
    linked = []
    for path in (out / language).glob("2*/*.ipynb"):
        for one in re.findall(r'href=\\"([^#"\\]+\.ipynb)', path.read_text("utf-8")):
            linked.append(path.parent / one)
    assert len(linked) > 3
    assert [str(path) for path in linked if not path.is_file()] == []


def test_an_executed_notebook_as_markdown_leaves_no_styles_to_read(out):
    said, _ = MarkdownExporter().from_filename(str(out / "2024" / "budget_execution.ipynb"))
    told = re.sub(r"<!--.*?-->|<[^>]*>", "", said, flags=re.DOTALL)
    assert "175.99" in told
    assert "var(--" not in told


@pytest.mark.parametrize("name", [*YEARLY, *ACROSS])
def test_a_notebook_that_has_not_been_run_says_what_it_is_about(name):
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    assert cells[0]["cell_type"] == "markdown"
    assert first.startswith("# ")
    assert first.rstrip().endswith("?")
    assert cells[1]["metadata"]["tags"] == ["parameters"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert "language" in sources[0]
    assert not any("def " in source for source in sources)


@pytest.mark.parametrize("name", ACROSS)
def test_every_report_across_the_years_is_written(out, name):
    assert (out / f"{name}.html").is_file()
    assert f"{name}.html" in (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("2022/budget_execution", ["98.75 %", "95.95 %", "100.00", "0.81 万元 was not spent"]),
        (
            "2024/budget_execution",
            [
                "175.99 %",
                "100.00 % was spent",
                "64.16 % spent",
                "35.84 % left",
                "56.82 %",
                "45.69 % as 财预〔2013〕53号 defines it",
                "75.99 %",
                "73.65–73.75 万元",
                "79.74 %",
            ],
        ),
        ("2024/spending_composition", ["24.21", "75.79", "49.39", "30.34", "20.26", "58.28 %"]),
        ("2022/spending_composition", ["54.53 %", "29.90 %", "15.58 %", "no result is reported"]),
        (
            "2022/performance_indicators",
            ["4 of 372", "1.08 %", "0.42–2.73", "69.5 %", "74 %", "85.05", "ceiling 3 %", "5.16"],
        ),
        (
            "2024/performance_indicators",
            [
                "2,907",
                "3,296",
                "88.20 %",
                "≥ 300",
                "≥ 1,100",
                "389",
                "165",
                "0.42 %",
                "after 26 in the same period of the year before",
            ],
        ),
        ("trends", ["−349", "+226", "+4", "−34.0 %"]),
        ("data_quality", ["103 of 131 statements hold", "4 of 9 statutory tables"]),
    ],
)
def test_the_reports_tell_the_figures_that_the_documents_imply(out, page, told):
    text = text_of(out / f"{page}.html")
    assert [figure for figure in told if figure not in text] == []


def test_the_two_abstinence_figures_are_kept_apart(out):
    assert "74 %" not in text_of(out / "2024" / "performance_indicators.html")
    trends = text_of(out / "trends.html")
    assert "Three-year abstinence rate / Drug users abstinent for three years" in trends
    assert "the kind of figure differs" in trends


@pytest.mark.parametrize("table", ["amounts", "indicators"])
@pytest.mark.parametrize("year", analysis.years())
def test_every_figure_of_a_document_is_on_a_page_of_its_year(out, year, table):
    disclosure = analysis.Disclosure(year)
    shown = "".join(text_of(out / str(year) / f"{name}.html") for name in YEARLY)
    shown = re.sub(r"\s", "", shown)

    def told(row):
        """Cited with the characters printed, or named among what is stated as none."""
        printed = re.sub(r"\s", "", f"“{row['printed']}”")
        label = re.sub(r"\s", "", row["label"][1:])
        return printed in shown or (row["base"] == 0 and label in shown)

    rows = records(getattr(disclosure, table))
    assert [row["figure"] for row in rows if not told(row)] == []
    assert len(rows) > 5


@pytest.mark.parametrize("name", ["budget_execution", "spending_composition"])
def test_what_accounts_would_state_is_not_at_hand_where_they_are_not_and_else_undisclosed(
    out, name
):
    evaluated, accounted = (text_of(out / year / f"{name}.html") for year in ("2022", "2024"))
    assert "Not at hand" in evaluated
    assert "Not disclosed" not in evaluated
    assert "Not disclosed" in accounted
    assert "Not at hand" not in accounted


def test_what_an_evaluation_leaves_is_unspent_and_derived_not_a_balance_of_accounts():
    evaluated, accounted = map(analysis.Disclosure, (2022, 2024))
    first, second = (repr(budget_execution.bridge(analysis.budget.bridge(one.amounts, one.cells),
                                                  one.documents))
                     for one in (evaluated, accounted))  # fmt: skip
    assert "Not spent 0.81 万元" in first
    assert "Left at the end" not in first
    assert "Left at the end of the year 0.00 万元" in second
    assert "Quota left +42.17 万元" in second


def test_a_price_and_a_change_stand_under_no_phase():
    others = analysis.budget.others(analysis.Disclosure(2024).amounts, budget_execution.SHOWN)
    named = others.set_index("item").loc[["custody_price", "custody_cut"]]
    assert named["named"].tolist() == [2.5, 7.1]
    assert named[["approved", "executed", "last"]].isna().all(axis=None)


def test_statements_alike_whose_reasons_differ_are_no_repetitions():
    judged = claims.findings(find(), document="2024-final-accounts")
    cases = common.cases(judged[~judged["holds"]])
    [twice, other] = cases[cases["label"].str.startswith("Main reasons")]["places"]
    assert (twice, other) == (2, 1)


def headlines():
    """Answer, tiles and findings of every page."""
    package, told = find(), {}

    def page(answer, tiles, findings):
        rows = [" | ".join([t["label"], t["value"], t["unit"], t["note"]]) for t in tiles]
        return {"answer": answer, "tiles": rows, "findings": findings}

    for year in package.years:
        one = analysis.Disclosure(year)
        for report in (budget_execution, spending_composition, performance_indicators):
            name = report.__name__.rpartition(".")[2]
            makers = openings.answer, openings.tiles, openings.findings
            told[f"{year}/{name}"] = page(*(make(report, one) for make in makers))
    documents, printed = analysis.documents_of(), package.load("disclosed_tables")
    judged, checked = claims.findings(package), identities.checked_tables(package)
    told["data_quality"] = page(
        data_quality.answer(judged, documents, printed),
        data_quality.tiles(judged, checked, documents, printed),
        data_quality.findings(judged, checked, documents),
    )
    money, observed = trends.money(package), trends.observations(package)
    moved, compared = trends.moves(trends.panel(observed)), trends.comparisons(observed)
    told["trends"] = page(
        trends_report.answer(money, compared),
        trends_report.tiles(money, moved),
        trends_report.findings(moved),
    )
    told["index"] = page(index.answer(package), index.tiles(package), [])
    return told


def test_answers_tiles_and_findings_are_those_that_were_read_and_accepted():
    written = json.dumps(headlines(), ensure_ascii=False, indent=1) + "\n"
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
