import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Disclosure
from analysis.data.package import DataError, records
from analysis.measures import Status, budget, composition, indicators


@pytest.fixture(scope="module")
def disclosures():
    return {year: Disclosure(year) for year in (2022, 2024)}


def measured(disclosure, **changed):
    amounts = changed.get("amounts", disclosure.amounts)
    return budget.measures(amounts, disclosure.cells).set_index("measure")


def test_a_year_without_a_document_is_refused_with_the_years_that_have_one():
    with pytest.raises(DataError, match="no document for the year 2023; there are: 2022, 2024"):
        Disclosure(2023)


@pytest.mark.parametrize(
    ("year", "measure", "rate"),
    [
        (2022, "completion", 64.19 / 65),
        (2024, "completion", 75.5 / 42.9),
        (2024, "named_completion", 1),
        (2024, "quota_completion", 75.5 / 117.67),
        (2024, "approved_share", 42.9 / 75.5),
        (2024, "adjustment", 19.6 / 42.9),
        (2024, "adjustment_all", 32.6 / 42.9),
        (2024, "carry_over", 0),
    ],
)
def test_rates_follow_their_definition(disclosures, year, measure, rate):
    found = measured(disclosures[year]).loc[measure]
    assert found["value"] == pytest.approx(rate * 100)
    assert (found["status"], found["reason"]) == (Status.COMPUTED, "")


@pytest.mark.parametrize(
    ("year", "measure", "status", "reason"),
    [
        (2022, "adjustment", Status.NOT_DISCLOSED, "no_adjustment"),
        (2022, "carry_over", Status.NOT_DISCLOSED, "no_closing_balance"),
        (2022, "payment_progress", Status.NOT_DISCLOSED, "no_planned_progress"),
        (2024, "three_public", Status.NOT_APPLICABLE, "base_zero"),
        (2024, "carry_over_change", Status.NOT_APPLICABLE, "base_zero"),
        (2024, "carry_over_quota", Status.DIFFERENT_BASIS, "quota"),
        (2024, "procurement", Status.NOT_DISCLOSED, "no_procurement_budget"),
        (2024, "key_projects", Status.NOT_DISCLOSED, "no_key_project"),
    ],
)
def test_a_measure_without_a_value_has_a_status_and_a_reason(
    disclosures, year, measure, status, reason
):
    found = measured(disclosures[year]).loc[measure]
    assert (found["status"], found["reason"]) == (status, reason)
    assert math.isnan(found["value"])


def test_the_definition_of_a_change_is_data_and_not_read_from_its_formula(disclosures, monkeypatch):
    rules = [{**rule, "formula": "shown only", "label": "Renamed"} for rule in budget.rules()]
    monkeypatch.setattr(budget, "rules", lambda: tuple(reversed(rules)))
    amounts = disclosures[2024].amounts
    parts = amounts["scheme"] == "three_public"
    last = parts & budget.before(amounts)
    now = parts & amounts["own"] & (amounts["phase"] == "executed")
    amounts = amounts.assign(base=amounts["base"].mask(last, 100.0).mask(now, 175.99))
    found = measured(disclosures[2024], amounts=amounts)
    assert found.loc["three_public_change", "value"] == pytest.approx(75.99)
    assert found.loc["completion", "value"] == pytest.approx(75.5 / 42.9 * 100)


def unknown(amounts, figure):
    """The amounts, one of which has no number."""
    hit = amounts["figure"] == figure
    assert hit.any()
    return amounts.assign(**{c: amounts[c].mask(hit) for c in ("value", "base", "low", "high")})


def test_an_amount_without_a_number_makes_a_sum_unknown_and_never_less(disclosures):
    one = disclosures[2024]
    amounts = unknown(one.amounts, "expenditure_2024")
    found = measured(one, amounts=amounts).loc["completion"]
    assert (found["status"], found["reason"]) == (Status.NOT_DISCLOSED, "no_number")
    assert math.isnan(found["numerator"])
    assert budget.procurement(amounts) is None
    assert budget.change(amounts) is None
    assert budget.bridge(amounts, one.cells).empty
    amounts = unknown(one.amounts, "grants_2024")
    assert math.isnan(measured(one, amounts=amounts).loc["named_completion", "value"])
    assert budget.bridge(amounts, one.cells).empty
    amounts = unknown(one.amounts, "goods_2024")
    assert composition.by("procurement", amounts, one.cells)["share"].isna().all()


def test_each_project_of_2022_has_its_rate(disclosures):
    frame = budget.items(disclosures[2022].amounts).set_index("item")
    assert frame["rate"].round(2).to_dict() == {
        "publicity": 95.95,
        "custody": 100.0,
        "hair_testing": 100.0,
        "total": 98.75,
    }
    assert frame["kind"].tolist() == ["part", "part", "part", "total"]
    assert budget.items(disclosures[2024].amounts).empty


def test_a_full_year_budget_is_a_level_of_its_own(disclosures):
    amounts = disclosures[2022].amounts
    approved = amounts[amounts["phase"] == "approved"]
    full = approved.assign(phase="full_year", base=approved["base"] * 2)
    amounts = pd.concat([amounts, full], ignore_index=True)
    found = measured(disclosures[2022], amounts=amounts)["value"]
    assert found["completion"] == pytest.approx(64.19 / 65 * 100)
    assert found["full_year_completion"] == pytest.approx(64.19 / 130 * 100)
    assert math.isnan(found["adjustment"])  # a level is no change
    items = budget.items(amounts).set_index("item")
    assert set(items["phase"]) == {"full_year"}
    assert items.loc["publicity", "rate"] == pytest.approx(19.19 / 40 * 100)


def test_the_bridge_of_2024_has_two_endings(disclosures):
    frame = budget.bridge(disclosures[2024].amounts, disclosures[2024].cells)
    assert frame["kind"].tolist() == [
        "approved", "change", "change", "unnamed", "available", "executed", "left",
    ]  # fmt: skip
    assert frame["accounts"].tolist() == pytest.approx([42.9, 13, 19.6, 0, 75.5, 75.5, 0])
    assert frame["with_quota"].tolist() == pytest.approx(
        [42.9, 13, 19.6, 42.17, 117.67, 75.5, 42.17]
    )


def test_what_no_change_accounts_for_is_a_step_of_its_own(disclosures):
    one = disclosures[2024]
    amounts = one.amounts[one.amounts["figure"] != "carry_over_2024"]
    bridge = budget.bridge(amounts, one.cells).set_index("kind")
    assert bridge.loc["unnamed", "accounts"] == pytest.approx(19.6)


def test_a_balance_that_the_accounts_show_too_is_no_quota(disclosures):
    one = disclosures[2024]
    closing = (one.cells["table"] == "01") & (one.cells["row"] == "60")
    cells = one.cells.assign(base=one.cells["base"].mask(closing, 421_700.0))
    assert len(budget.quota(one.amounts, one.cells)) == 1
    assert budget.quota(one.amounts, cells).empty


def test_revenue_stands_beside_the_table_it_contradicts(disclosures):
    frame = budget.revenue(disclosures[2024].amounts, disclosures[2024].cells)
    assert frame["told"].tolist()[:2] == [62.5, 13.0]
    assert frame["kind"].tolist() == ["part"] * 6 + ["total"]
    assert frame["booked"].tolist()[:2] == [75.5, 0.0]
    assert frame["disputed"].tolist()[1] == "grants_revenue_table_2024"


@pytest.mark.parametrize(
    ("outturn", "band"),
    [(94.99, "B"), (95, "A"), (105, "A"), (105.01, "B"), (110, "B"), (85, "C"), (115.01, "D")],
)
def test_a_band_holds_its_own_ends(outturn, band):
    assert budget.pefa(outturn) == band


def test_the_change_on_the_year_before_is_an_interval(disclosures):
    change = budget.change(disclosures[2024].amounts)
    assert [change[key] for key in ("this", "last_low", "last_high")] == pytest.approx(
        [75.5, 73.652, 73.752], abs=1e-3
    )
    assert budget.change(disclosures[2022].amounts) is None


def test_the_spending_of_2024_is_cut_three_ways(disclosures):
    one = disclosures[2024]
    cuts = composition.cuts(one.amounts, one.cells)
    shares = {name: frame["share"].round(2).tolist() for name, frame in cuts.items()}
    assert shares["funding"] == [56.82, 25.96, 17.22]
    assert shares["function"] == [75.79, 24.21]
    assert shares["purchase"] == [49.39, 30.34, 20.26, 0]
    assert cuts["purchase"]["kind"].tolist() == ["part", "part", "rest", "part"]
    assert "project" not in cuts
    assert list(composition.cuts(disclosures[2022].amounts, disclosures[2022].cells)) == ["project"]


def test_each_share_is_rounded_for_itself():
    tiers = composition.shares(pd.Series([9, 477, 2764]))
    assert tiers.round(2).tolist() == [0.28, 14.68, 85.05]
    assert not composition.add_up(tiers)
    projects = composition.shares(pd.Series([19.19, 35, 10]))
    assert projects.round(2).tolist() == [29.90, 54.53, 15.58]
    assert composition.add_up(pd.Series([75.79, 24.21]))


@given(st.lists(st.floats(-1e9, 1e9) | st.none(), max_size=40))
def test_shares_are_of_a_known_total_above_zero_or_missing(values):
    found = composition.shares(pd.Series(values, dtype=float))
    if None in values or min(values, default=-1) < 0 or not sum(values):
        assert found.isna().all()
    else:
        assert found.sum() == pytest.approx(100)


@pytest.mark.parametrize(
    ("positives", "tests", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_agree_with_published_values(positives, tests, low, high):
    assert indicators.wilson(positives, tests) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_rate_and_stays_within_zero_and_one(pair):
    k, n = pair
    low, high = indicators.wilson(k, n)
    assert -1e-12 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= 1 + 1e-12


def test_an_interval_is_given_only_where_the_document_speaks_of_a_sample(disclosures):
    tests = indicators.tests(disclosures[2022].indicators).set_index("indicator")
    row = tests.loc["hair_tests_users"]
    assert (row["positives"], row["n"], row["ceiling"]) == (4, 372, 3)
    assert row[["rate", "low", "high"]].astype(float).round(2).tolist() == [1.08, 0.42, 2.73]
    assert round(tests.loc["hair_tests_treatment", "high"], 2) == 2.24
    for drivers in ("hair_tests_bus_drivers", "hair_tests_coach_drivers"):
        assert tests.loc[drivers, "rate"] == 0
        assert math.isnan(tests.loc[drivers, "high"])


def test_a_result_that_is_not_stated_has_no_rate(disclosures):
    tests = indicators.tests(disclosures[2024].indicators).set_index("indicator")
    row = tests.loc["hair_tests_users_initial"]
    assert (row["qualifier"], row["n"]) == ("at_least", 1100)
    assert math.isnan(row["rate"])
    assert (row["status"], row["reason"]) == (Status.NOT_DISCLOSED, "no_result")


def test_the_ledger_of_persons_closes(disclosures):
    frame = indicators.ledger(disclosures[2024].indicators)
    rows = [(row["ledger"], row["kind"], row["value"]) for row in records(frame)]
    assert rows == [
        ("users_registered", "whole", 3296),
        ("users_registered", "part", 2907),
        ("users_registered", "rest", 389),
        ("users_community", "whole", 3131),
        ("users_community", "part", 13),
        ("users_community", "part", 128),
        ("users_community", "part", 2990),
        ("users_community", "outside", 165),
    ]
    assert frame["derived"].tolist() == [False] * 2 + [True] + [False] * 4 + [True]


def test_what_is_told_of_the_year_before_stands_beside_it(disclosures):
    changes = indicators.changes(disclosures[2024].indicators).set_index("indicator")
    assert changes.loc["users_sanctioned", ["base", "last"]].tolist() == [131, 26]
    assert changes.loc["users_sanctioned", ["last_derived", "same_period", "fits"]].all()
    assert not changes.loc["suspects", "fits"]
    assert not changes.loc["abstinent_users", "same_period"]


def test_intensity_is_events_over_the_stock_of_the_same_group(disclosures):
    frame = indicators.intensity(disclosures[2022].indicators).set_index("indicator")
    assert frame["rate"].round(2).to_dict() == {
        "precursor_inspections": 3.0,
        "logistics_inspections": 5.16,
    }


def test_ten_admissions_at_the_list_price_are_beside_what_was_not_procured(disclosures):
    one = disclosures[2024]
    [row] = records(indicators.at_list_price(one.indicators, one.amounts))
    assert (row["price"], row["count"], row["cost"]) == (2.5, 10, 25)
    assert (round(row["share"], 2), round(row["rest"], 2)) == (58.28, 15.30)
    assert indicators.at_list_price(disclosures[2022].indicators, disclosures[2022].amounts).empty


def test_the_results_of_a_project_are_those_its_money_paid_for(disclosures):
    observed = disclosures[2022].indicators
    assert indicators.results_of(observed, "custody").empty
    assert set(indicators.results_of(observed, "hair_testing")["indicator"]) == {
        "hair_tests_users",
        "hair_tests_treatment",
    }


@pytest.mark.parametrize(("score", "grade"), [(90, "excellent"), (89.9, "good"), (0, "poor")])
def test_a_score_earns_the_grade_of_its_band(score, grade):
    assert indicators.grade(score) == grade


def test_every_measure_stands_in_the_methods_with_its_formula_and_its_source():
    methods = (Path(__file__).parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")
    for rule in budget.rules():
        [line] = [one for one in methods.splitlines() if one.startswith(f"| `{rule['measure']}` |")]
        assert rule["label_zh"] in line
        assert rule["formula"] in line
        assert line.endswith(f"| {rule['source'] or 'ours'} |")
