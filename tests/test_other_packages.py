"""What the next document may bring: the same measures on packages that differ from ours."""

import csv
import math
from pathlib import Path

import openings
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
from analysis.measures import Status
from analysis.reports import (
    budget_execution,
    common,
    performance_indicators,
    spending_composition,
)


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


def measure(disclosure, name):
    frame = budget.measures(disclosure.amounts, disclosure.cells).set_index("measure")
    return frame.loc[name]


def test_two_documents_of_one_year_count_nothing_twice(package):
    package.copy("documents", "2024-final-accounts", document="2024-evaluation",
                 kind="performance_evaluation", short_en="again", short_zh="又")  # fmt: skip
    for figure in ("approved_2024", "expenditure_2024"):
        package.copy("amounts", figure, figure=f"{figure}_again", document="2024-evaluation")
    disclosure = package.disclosure(2024)
    first = measure(disclosure, "completion")
    assert (first["numerator"], first["denominator"]) == (75.5, 42.9)
    assert disclosure.disagreements.empty
    assert list(identities.checked_tables(package.folder)) == ["2024-final-accounts"]


def test_two_documents_of_one_year_that_disagree_are_told(package):
    package.copy("documents", "2024-final-accounts", document="2024-evaluation",
                 kind="performance_evaluation", short_en="again", short_zh="又")  # fmt: skip
    package.copy("amounts", "approved_2024", figure="approved_again", document="2024-evaluation",
                 value="43.9", printed="43.9万元", line="9")  # fmt: skip
    told = openings.findings(budget_execution, package.disclosure(2024))
    assert told[0] == (
        "The documents of 2024 give total as 42.90 万元 and 43.90 万元; the first is used here."
    )


def test_the_next_year_s_document_may_state_this_year_again(package):
    package.copy("documents", "2024-final-accounts", document="2025-accounts", year="2025",
                 short_en="2025 accounts", short_zh="2025年决算")  # fmt: skip
    known = load("indicators").query("indicator == 'users_community' and year == 2024")
    for year in ("2025", "2024"):
        figures = {"document": "2025-accounts", "year": year}
        package.copy("indicators", known["figure"].iloc[0], figure=f"users_{year}_told", **figures)
        package.copy("amounts", "approved_2024", figure=f"approved_{year}_told", **figures)
    opened = package.disclosure(2025).package
    panel = trends.panel(trends.observations(opened)).set_index("series")
    assert panel.loc["users_community", "year"].tolist() == [2022, 2023, 2024, 2025]
    money = trends.money(opened)
    assert money[money["series"] == "approved"]["year"].is_unique


def test_a_figure_of_next_year_is_not_taken_for_this_year_s(package):
    package.copy("amounts", "approved_2024", figure="approved_2025", year="2025")
    known = load("indicators").query("indicator == 'users_community' and year == 2024")
    package.copy("indicators", known["figure"].iloc[0], figure="users_2025", year="2025")
    disclosure = package.disclosure(2024)
    assert openings.answer(budget_execution, disclosure).startswith("75.50 万元 was spent in 2024")
    told = openings.answer(performance_indicators, disclosure)
    assert told.startswith("3,131 drug users in the community are counted in 2024")


def test_nothing_procured_is_a_share_of_zero(package):
    package.set("amounts", "procurement_2024", value="0.00", printed="0.00万元")
    disclosure = package.disclosure(2024)
    told = openings.answer(spending_composition, disclosure)
    assert "and 0.00 % went through procurement" in told


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("75.50", "Spending was the same as in 2023."),
        ("70.50", "Spending rose by 5.00 万元 (7.1 %) from 70.50 万元 in 2023."),
        ("80.00", "Spending fell by 4.50 万元 (5.6 %) from 80.00 万元 in 2023."),
        ("0.00", "Spending rose by 75.50 万元; in 2023 nothing was spent."),
    ],
)
def test_an_earlier_total_that_is_stated_is_told_as_such(package, last, told):
    package.set("amounts", "expenditure_2023", value=last, printed=f"{last}万元", basis="stated",
                formula="")  # fmt: skip
    assert told in openings.findings(budget_execution, package.disclosure(2024))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"drop": ["closing_balance_2024"]},
            "make up the difference.",
        ),
        (
            {"drop": ["closing_balance_2024", "carry_over_2024"]},
            "where 19.60 万元 of it came from is not stated.",
        ),
        (
            {"drop": ["closing_balance_2024", "carry_over_2024", "grants_2024"]},
            "where 32.60 万元 of it came from is not stated.",
        ),
        ({"drop": ["approved_2024"]}, "the approved or the executed total is not stated."),
        (
            {"unknown": "expenditure_2024"},
            "What was spent in 2024 is not stated with a number.",
        ),
    ],
)
def test_the_answer_holds_whatever_is_disclosed(package, changes, told):
    for figure in changes.get("drop", []):
        package.drop(figure)
    if figure := changes.get("unknown"):
        package.set("amounts", figure, value="", printed="数十万元")
        package.rows("claims", lambda known: [r for r in known if figure not in r["formula"]])
        package.rows("amounts", lambda known: [r for r in known if figure not in r["formula"]])
    disclosure = package.disclosure(2024)
    answer = openings.answer(budget_execution, disclosure)
    assert answer.endswith(told)
    for report in (budget_execution, spending_composition):
        shown = repr(openings.opening(report, disclosure))
        assert "nan" not in shown.lower().replace("finance", "").replace("governan", "")
        assert "0.00 %" not in openings.answer(report, disclosure)
    frame = budget.bridge(disclosure.amounts, disclosure.cells)
    assert "nan" not in repr(budget_execution.bridge(frame, disclosure.documents))


def test_a_project_of_whose_execution_nothing_is_told_stays_in_the_table(package):
    package.drop("hair_testing_executed_2022")
    disclosure = package.disclosure(2022)
    items = budget.items(disclosure.amounts)
    assert len(items) == 4
    assert items["executed"].isna().sum() == 1
    shown = repr(budget_execution.items(items, disclosure))
    assert shown.startswith("1 of 3 spent all of their budget")


def test_ten_projects_are_told_by_those_that_left_most(package):
    for i in range(10):
        for phase in ("approved", "executed"):
            package.copy("amounts", f"publicity_{phase}_2022", figure=f"one_{i}_{phase}",
                         item=f"one_{i}")  # fmt: skip
        package.copy("items", "publicity", item=f"one_{i}", name_en=f"Project {i}",
                     name_zh=f"项目{i}")  # fmt: skip
    disclosure = package.disclosure(2022)
    told = openings.findings(budget_execution, disclosure)
    assert len(told) <= 5
    assert "2 of the 13 items with a budget spent all of it." in told
    assert len(openings.tiles(spending_composition, disclosure)) == 5
    assert len(openings.tiles(budget_execution, disclosure)) <= 5


def test_revenue_stands_beside_the_column_of_its_own_heading(package):
    package.drop("grants_revenue_2024")
    package.set("amounts", "business_revenue_2024", value="1.00", printed="1.00万元")
    disclosure = package.disclosure(2024)
    revenue = budget.revenue(disclosure.amounts, disclosure.cells)
    assert revenue["difference"].tolist() == [-13.0, 1.0, 0.0, 0.0, 0.0, 0.0]


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
    assert budget.revenue(disclosure.amounts, disclosure.cells)["booked"].iloc[0] == 75.5
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
    assert "What it was booked as: no shares, for an item is negative." in (
        openings.findings(spending_composition, disclosure)
    )
    assert "nan" not in openings.answer(spending_composition, disclosure)
    repr(spending_composition.cuts(composition.cuts(disclosure.amounts, disclosure.cells)))


def test_more_positives_than_tests_have_no_rate(package):
    figure = load("indicators").query("indicator == 'hair_positives_users'")["figure"].iloc[0]
    package.set("indicators", figure, value="400", printed="400名")
    disclosure = package.disclosure(2022)
    tests = indicators.tests(disclosure.indicators)
    row = tests.set_index("indicator").loc["hair_tests_users"]
    assert (row["status"], row["reason"]) == (Status.NOT_APPLICABLE, "more_positives")
    assert math.isnan(row["rate"])
    assert not any("nan" in one for one in openings.findings(performance_indicators, disclosure))
    assert "more positives than tests" in repr(performance_indicators.tests(tests))


def test_a_sample_may_have_two_results(package):
    package.copy("indicator_definitions", "hair_positives_users", indicator="opiates",
                 name_en="Positive for opiates")  # fmt: skip
    figure = load("indicators").query("indicator == 'hair_positives_users'")["figure"].iloc[0]
    package.copy("indicators", figure, figure="opiates_2022", indicator="opiates")
    tests = indicators.tests(package.disclosure(2022).indicators)
    assert "Positive for opiates" in set(tests["result"])
    assert "Hair tests of drug users: Positive for opiates" in repr(
        performance_indicators.tests(tests)
    )


def test_a_theme_that_nobody_thought_of_is_shown(package):
    package.copy("themes", "custody", theme="schools", position="99", name_en="Schools",
                 name_zh="学校")  # fmt: skip
    package.copy("indicator_definitions", "internal_offices", indicator="schools",
                 theme="schools", name_en="Schools visited", name_zh="走访学校")  # fmt: skip
    package.copy("indicators", "townships_2022", figure="schools_2022", indicator="schools")
    observed = package.disclosure(2022).indicators
    frames = (indicators.ledger(observed), indicators.tests(observed))
    shown = repr(performance_indicators.themes(performance_indicators.left_over(observed, *frames)))
    assert "Schools visited | 17" in shown


def test_renaming_a_label_changes_no_figure(package):
    before = budget.bridge(*(lambda one: (one.amounts, one.cells))(package.disclosure(2024)))

    def renamed(known):
        return [row | {"name_en": f"Thing {i}", "name_zh": f"事项{i}"}
                for i, row in enumerate(known)]  # fmt: skip

    package.rows("items", renamed)
    package.rows("indicator_definitions", renamed)
    disclosure = package.disclosure(2024)
    after = budget.bridge(disclosure.amounts, disclosure.cells)
    assert after["accounts"].tolist() == before["accounts"].tolist()
    assert measure(disclosure, "completion")["value"] == pytest.approx(175.99, abs=0.01)
    assert indicators.ledger(disclosure.indicators)["value"].tolist()[:3] == [3296, 2907, 389]


def test_a_department_without_indicators_gets_pages_that_make_sense(package):
    package.rows("indicators", lambda known: [r for r in known if "2022" in r["document"]])
    package.rows("corrections", lambda known: [r for r in known if r["table"] == "amounts"])
    package.rows("claims", lambda known: [r for r in known if r["subject"] == "money"
                                          or "2022" in r["document"]])  # fmt: skip
    disclosure = package.disclosure(2024)
    shown = repr(openings.opening(performance_indicators, disclosure))
    assert "The documents of 2024 give no figures of performance." in shown
    assert "drug" not in shown.replace("Narcotics", "")
    for report in (budget_execution, spending_composition):
        assert "nan" not in openings.answer(report, disclosure)


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


def test_an_amount_without_a_number_shows_what_is_printed():
    heroin = Disclosure(2024).indicators.set_index("indicator", drop=False).loc["heroin_seized"]
    assert common.value_of(heroin) == "“数百克”, no number given"
