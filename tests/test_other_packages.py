"""What the next document may bring: the same measures on packages that differ from ours."""

import csv
import math
from pathlib import Path

import pytest

from analysis import (
    Disclosure,
    budget,
    composition,
    indicators,
    load,
    trends,
)
from analysis.checks import identities
from analysis.checks.validation import problems
from analysis.reports import budget_execution, performance_indicators, spending_composition


class Package:
    """A copy of the data whose rows can be put in, changed and taken out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, table, change):
        path = self.folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            known = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, known[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(change(known))

    def copy(self, table, key, **values):
        """Once more the row of that key, with other values."""

        def change(known):
            found = next(row for row in known if key in row.values())
            return [*known, found | values]

        self.rows(table, change)

    def set(self, table, figure, **values):
        self.rows(
            table,
            lambda known: [row | values if row["figure"] == figure else row for row in known],
        )

    def drop(self, figure):
        """Take a figure out, with every claim about it."""
        self.rows("amounts", lambda known: [row for row in known if row["figure"] != figure])
        self.rows("claims", lambda known: [r for r in known if figure not in " ".join(r.values())])

    def disclosure(self, year):
        assert problems(self.folder) == []
        return Disclosure(year, self.folder)


@pytest.fixture
def package(data):
    return Package(data)


def test_two_documents_of_one_year_count_nothing_twice(package):
    package.copy("documents", "2024-final-accounts", document="2024-evaluation",
                 kind="performance_evaluation", short_en="2024 evaluation",
                 short_zh="2024年绩效评价")  # fmt: skip
    for figure in ("approved_2024", "expenditure_2024"):
        package.copy("amounts", figure, figure=f"{figure}_again", document="2024-evaluation")
    disclosure = package.disclosure(2024)
    first = budget.measures(disclosure.amounts, disclosure.cells).iloc[0]
    assert (first["numerator"], first["denominator"]) == (75.5, 42.9)
    assert list(identities.checked_tables(package.folder)) == ["2024-final-accounts"]


def test_the_next_year_s_document_may_state_this_year_again(package):
    package.copy("documents", "2024-final-accounts", document="2025-accounts", year="2025",
                 short_en="2025 accounts", short_zh="2025年决算")  # fmt: skip
    known = load("indicators").query("indicator == 'users_community' and year == 2024")
    for year in ("2025", "2024"):
        figures = {"document": "2025-accounts", "year": year}
        package.copy("indicators", known["figure"].iloc[0], figure=f"users_{year}_told", **figures)
        package.copy("amounts", "approved_2024", figure=f"approved_{year}_told", **figures)
    package.disclosure(2025)
    panel = trends.panel(trends.observations(package.folder)).set_index("series")
    users = panel.loc["Drug users in the community, under grid management (persons)"]
    assert users["year"].tolist() == [2022, 2023, 2024, 2025]
    money = trends.money(package.folder)
    assert money[money["series"].str.startswith("Approved")]["year"].is_unique


def test_a_figure_of_next_year_is_not_taken_for_this_year_s(package):
    package.copy("amounts", "approved_2024", figure="approved_2025", year="2025")
    known = load("indicators").query("indicator == 'users_community' and year == 2024")
    package.copy("indicators", known["figure"].iloc[0], figure="users_2025", year="2025")
    disclosure = package.disclosure(2024)
    assert budget_execution.budget_execution(disclosure)[1][0].startswith(
        "The office spent 75.50 万元"
    )
    _, told = performance_indicators.performance_indicators(disclosure)
    assert told[0].startswith("Of 3,131 drug users")


def test_nothing_procured_is_a_share_of_zero(package):
    package.set("amounts", "procurement_2024", value="0.00", printed="0.00万元")
    _, told = spending_composition.spending_composition(package.disclosure(2024))
    assert told[-1] == "75.50 万元 (100.0 % of the expenditure) were spent outside procurement."


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("75.50", "Spending was the same as in the year before."),
        ("70.50", "On the year before, spending rose by 5.00 万元 (7.1 %), from 70.50 万元."),
        ("0.00", "On the year before, spending rose by 75.50 万元, from 0.00 万元."),
    ],
)
def test_an_earlier_total_that_is_stated_is_told_as_such(package, last, told):
    package.set("amounts", "expenditure_2023", value=last, printed=f"{last}万元", basis="stated",
                formula="")  # fmt: skip
    assert told in budget_execution.budget_execution(package.disclosure(2024))[1]


def test_a_project_of_whose_execution_nothing_is_told_stays_in_the_table(package):
    package.drop("hair_testing_executed_2022")
    amounts = package.disclosure(2022).amounts
    projects = budget.projects(amounts)
    assert len(projects) == 4
    assert projects["executed"].isna().sum() == 1
    assert repr(budget_execution.projects(projects)).startswith("1 of 3 projects spent everything")
    pefa = budget.pefa(amounts).set_index("indicator")
    assert pefa.loc["PI-2", "status"].startswith("not disclosed")


def test_revenue_stands_beside_the_column_of_its_own_heading(package):
    package.drop("grants_revenue_2024")
    package.set("amounts", "business_revenue_2024", value="1.00", printed="1.00万元")
    disclosure = package.disclosure(2024)
    revenue = budget.revenue(disclosure.amounts, disclosure.cells)
    assert revenue["difference"].tolist() == [-13.0, 1.0, 0.0, 0.0, 0.0]


def test_tables_in_yuan_are_shown_in_wan(package):
    package.rows("disclosed_tables", lambda known: [row | {"unit": "元"} for row in known])
    package.rows(
        "statutory_tables",
        lambda known: [
            row | {"unit": "元"}
            | ({k: f"{float(row['value']) * 10_000:.2f}" for k in ("value", "printed")}
               if row["value"] else {})
            for row in known
        ],
    )  # fmt: skip
    disclosure = package.disclosure(2024)
    assert composition.hierarchy(disclosure.cells)["total"].iloc[0] == 75.5
    assert budget.revenue(disclosure.amounts, disclosure.cells)["table"].iloc[0] == 75.5
    [checked] = identities.checked_tables(package.folder).values()
    assert (checked["result"] == "fails").sum() == 0


def test_a_negative_item_has_no_share(package):
    package.rows(
        "statutory_tables",
        lambda known: [
            row | {"value": "-0.50", "printed": "-0.50"}
            if (row["table"], row["row"], row["column"]) == ("03", "2040202", "1")
            else row
            for row in known
        ],
    )
    disclosure = package.disclosure(2024)
    _, told = spending_composition.spending_composition(disclosure)
    assert told[0].endswith("no shares, for an item is negative.")
    frame = composition.by("function", disclosure.amounts, disclosure.cells)
    assert "an item is negative" in repr(spending_composition.shares("function", frame, 2024))
    composition.concentrations(disclosure.amounts, disclosure.cells)


def test_more_positives_than_tests_have_no_rate(package):
    figure = load("indicators").query("indicator == 'hair_positives_users'")["figure"].iloc[0]
    package.set("indicators", figure, value="400", printed="400名")
    disclosure = package.disclosure(2022)
    tests = indicators.tests(disclosure.indicators).set_index("label")
    row = tests.loc["Hair tests of drug users"]
    assert row["status"] == "not applicable: more positives than tests"
    assert math.isnan(row["rate"])
    _, told = performance_indicators.performance_indicators(disclosure)
    assert not any("nan" in one for one in told)
    assert "more positives than tests" in repr(
        performance_indicators.tests(tests.reset_index(), 2022)
    )


def test_a_sample_may_have_two_results(package):
    package.copy("indicator_definitions", "hair_positives_users", indicator="opiates",
                 name_en="Positive for opiates")  # fmt: skip
    figure = load("indicators").query("indicator == 'hair_positives_users'")["figure"].iloc[0]
    package.copy("indicators", figure, figure="opiates_2022", indicator="opiates")
    tests = indicators.tests(package.disclosure(2022).indicators)
    assert "Hair tests of drug users: Positive for opiates" in set(tests["label"])


def test_a_relapse_rate_is_shown_once_there_is_one(package):
    package.copy("indicator_definitions", "abstinence_rate", indicator="relapse_rate",
                 name_en="Relapse rate", concept="relapse", denominator="users")  # fmt: skip
    known = load("indicators").query("indicator == 'abstinence_rate' and year == 2022")
    package.copy("indicators", known["figure"].iloc[0], figure="relapse_2022",
                 indicator="relapse_rate")  # fmt: skip
    shown = repr(performance_indicators.relapse(package.disclosure(2022).indicators))
    assert "Relapse rate" in shown
    assert "74" in shown


@pytest.mark.parametrize(
    "formula",
    ["-approved_2022", "approved_2022 ** 2", "T01.r27", "T01.rX.cY", "count(3)",
     "grade_floor('X')", "approved_2022.real", "__import__('os')", "document_year.x"],
)  # fmt: skip
def test_a_formula_that_is_no_arithmetic_over_figures_is_refused(package, formula):
    package.set("claims", "budget_header_2022", formula=formula)
    [problem] = problems(package.folder)
    assert problem.startswith("claims.csv, row 2, column formula: found ")
    assert problem.endswith("expected arithmetic over names of figures and cells like T01.r27.c1")


def test_figures_that_follow_from_each_other_are_refused(package):
    package.set("amounts", "custody_executed_2022", formula="custody_executed_2022")
    [problem] = problems(package.folder)
    assert "found custody_executed_2022 → custody_executed_2022, expected no circle" in problem


def test_a_mass_without_a_number_keeps_its_printed_unit():
    listed = indicators.listing(Disclosure(2024).indicators, ["enforcement"])
    heroin = listed[listed["label"] == "Heroin seized"].iloc[0]
    assert (heroin["text"], heroin["unit_en"]) == ("hundreds, no number given", "grams")
