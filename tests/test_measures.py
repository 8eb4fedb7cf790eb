import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Disclosure
from analysis.data.package import DataError
from analysis.measures import budget, composition, indicators


@pytest.fixture(scope="module")
def disclosures():
    return {year: Disclosure(year) for year in (2022, 2024)}


def measure(disclosure, label):
    frame = budget.measures(disclosure.amounts, disclosure.cells).set_index("label")
    return frame.loc[label]


def test_a_year_without_a_document_is_refused_with_the_years_that_have_one():
    with pytest.raises(DataError, match="no document for the year 2023; there are: 2022, 2024"):
        Disclosure(2023)


@pytest.mark.parametrize(
    ("year", "label", "rate"),
    [
        (2022, "Budget completion", 64.19 / 65),
        (2024, "Budget completion", 75.5 / 42.9),
        (2024, "Completion of the adjusted budget", 1),
        (2024, "Budget adjustment, every change", 32.6 / 42.9),
        (2024, "Budget adjustment without changes from higher level", 19.6 / 42.9),
        (2024, "Carry-over rate", 0),
    ],
)
def test_rates_follow_their_published_definition(disclosures, year, label, rate):
    assert measure(disclosures[year], label)["value"] == pytest.approx(rate * 100)


@pytest.mark.parametrize(
    ("year", "label", "status"),
    [
        (2022, "Completion of the adjusted budget", "not disclosed: no adjustment is disclosed"),
        (2022, "Carry-over rate", "not disclosed: no closing balance is disclosed"),
        (2022, "Payment progress", "not disclosed: no planned progress is disclosed"),
        (2024, "Control of the three public expenses", "not applicable: the base is zero"),
        (2024, "Change of the carry-over", "not applicable: the base is zero"),
        (2024, "Procurement execution", "not disclosed: no procurement budget is disclosed"),
        (2024, "Share of key projects", "not disclosed: no project is marked as a key project"),
    ],
)
def test_a_measure_without_its_base_says_why_and_is_never_zero(disclosures, year, label, status):
    found = measure(disclosures[year], label)
    assert found["status"] == status
    assert math.isnan(found["value"])


def test_each_project_of_2022_has_its_rate(disclosures):
    frame = budget.projects(disclosures[2022].amounts).set_index("label_zh")
    assert frame["rate"].round(2).to_dict() == {
        "禁毒社会化工作经费": 95.95,
        "特殊违法犯罪人员收治经费": 100.0,
        "社区戒毒社区康复人员毛发验毒经费": 100.0,
        "合计": 98.75,
    }


def test_the_bridge_of_2024_leaves_nothing_unexplained(disclosures):
    bridge = budget.bridge(disclosures[2024].amounts)
    assert bridge["kind"].tolist() == ["start", "change", "change", "total"]
    assert bridge["value"].tolist() == pytest.approx([42.9, 13.0, 19.6, 75.5])


def test_what_the_adjustments_do_not_explain_is_a_step_of_its_own(disclosures):
    amounts = disclosures[2024].amounts
    bridge = budget.bridge(amounts[amounts["figure"] != "carry_over_2024"])
    rest = bridge[bridge["label"] == "Not explained"]
    assert rest["value"].tolist() == pytest.approx([19.6])


def test_revenue_stands_beside_the_table_it_contradicts(disclosures):
    frame = budget.revenue(disclosures[2024].amounts, disclosures[2024].cells)
    assert frame["text"].tolist()[:2] == [62.5, 13.0]
    assert frame["table"].tolist()[:2] == [75.5, 0.0]
    assert frame["disputed"].tolist()[1] == "grants_revenue_table_2024"


def test_pefa_bands_of_one_year_are_indicative(disclosures):
    bands = {
        year: budget.pefa(one.amounts).set_index("indicator")["band"].to_dict()
        for year, one in disclosures.items()
    }
    assert bands == {
        2022: {"PI-1": "A", "PI-2": "A", "PI-3": "—"},
        2024: {"PI-1": "D", "PI-2": "—", "PI-3": "—"},
    }


def test_composition_variance_follows_the_worked_formula(disclosures):
    # b' = b · 64.19 / 65: 19.7508, 34.5638, 9.8754; Σ|a − b'| = 1.1215
    frame = budget.pefa(disclosures[2022].amounts).set_index("indicator")
    assert frame.loc["PI-2", "value"] == pytest.approx(1.1215 / 64.19 * 100, abs=1e-3)


@pytest.mark.parametrize(
    ("outturn", "band"),
    [(94.99, "B"), (95, "A"), (105, "A"), (105.01, "B"), (110, "B"), (85, "C"), (115.01, "D")],
)
def test_a_band_holds_its_own_ends(disclosures, outturn, band):
    amounts = disclosures[2022].amounts.copy()
    executed = amounts["figure"] == "expenditure_2022"
    amounts.loc[executed, "base"] = 650_000 * outturn / 100
    assert budget.pefa(amounts).set_index("indicator").loc["PI-1", "band"] == band


def test_the_change_on_the_year_before_is_an_interval(disclosures):
    change = budget.change(disclosures[2024].amounts)
    assert [change[key] for key in ("this", "last_low", "last_high")] == pytest.approx(
        [75.5, 73.652, 73.752], abs=1e-3
    )
    assert budget.change(disclosures[2022].amounts) is None


def test_procurement_and_its_categories(disclosures):
    one = disclosures[2024]
    assert budget.procurement(one.amounts)["share"] == pytest.approx(79.735, abs=1e-3)
    goods = composition.by("procurement", one.amounts, one.cells).set_index("label")["share"]
    assert goods.to_dict() == {"Goods": 61.94, "Services": 38.06, "Works": 0.0}
    items = composition.by("function", one.amounts, one.cells)
    assert items["share"].tolist() == [75.79, 24.21]


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40))
def test_shares_add_up_to_a_hundred_and_stay_within_one_step(values):
    given_values = pd.Series(values)
    found = composition.shares(given_values)
    if not given_values.sum():
        assert found.isna().all()
        return
    assert round(float(found.sum()), 6) == 100
    exact = given_values / given_values.sum() * 100
    assert ((found - exact).abs() < 0.01 + 1e-6).all()


def test_shares_of_negative_values_are_refused():
    with pytest.raises(ValueError, match="negative"):
        composition.shares(pd.Series([1.0, -1.0]))


def test_concentration_is_one_for_one_item_and_even_for_equal_ones():
    assert composition.concentration(pd.Series([5.0, 0.0])) == 1
    assert composition.concentration(pd.Series([2.0] * 4)) == pytest.approx(0.25)


def test_wilson_intervals_agree_with_the_published_formula():
    def by_hand(k, n, z=1.959963984540054):
        centre = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
        return centre - half, centre + half

    for k, n in ((4, 372), (0, 168), (0, 300), (87, 87)):
        assert indicators.wilson(k, n) == pytest.approx(by_hand(k, n), abs=1e-9)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_rate_and_stays_within_zero_and_one(pair):
    k, n = pair
    low, high = indicators.wilson(k, n)
    assert -1e-12 <= low <= k / n <= high <= 1 + 1e-12


def test_four_of_372_tests_carry_their_interval(disclosures):
    tests = indicators.tests(disclosures[2022].indicators).set_index("label")
    row = tests.loc["Hair tests of drug users"]
    assert (row["positives"], row["tests"]) == (4, "372")
    assert (round(row["rate"], 2), round(row["low"], 2), round(row["high"], 2)) == (
        1.08,
        0.42,
        2.73,
    )


def test_a_result_that_is_not_stated_has_no_rate(disclosures):
    tests = indicators.tests(disclosures[2024].indicators).set_index("label")
    row = tests.loc["Initial hair screening of drug users"]
    assert row["tests"] == "≥ 1,100"
    assert math.isnan(row["rate"])
    assert row["status"] == "not disclosed: the result is not stated"


def test_abstainers_are_a_share_of_the_registered_users_only(disclosures):
    parts = indicators.parts(disclosures[2024].indicators).set_index("indicator")
    row = parts.loc["abstinent_users"]
    assert (row["k"], row["n"], row["whole"]) == (2907, 3296, "Registered drug users")


def test_unit_costs_need_both_money_and_count(disclosures):
    costs = indicators.unit_costs(disclosures[2022].indicators, disclosures[2022].amounts)
    assert costs["cost"].tolist() == pytest.approx([100_000 / 540])
    listed = indicators.unit_costs(disclosures[2024].indicators, disclosures[2024].amounts)
    assert listed["money"].tolist() == [25.0]
