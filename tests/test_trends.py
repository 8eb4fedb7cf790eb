import pytest

from analysis.data.package import DataError
from analysis.measures import trends


@pytest.fixture(scope="module")
def observed():
    return trends.observations()


def test_one_definition_makes_a_series_over_years(observed):
    frame = trends.series(observed[observed["indicator"] == "users_community"])
    assert frame["year"].tolist() == [2022, 2024]
    assert frame["value"].tolist() == [3250, 3131]


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ("users_community", "users_registered", "the population differs"),
        ("abstinence_rate", "abstinent_users", "the kind of figure differs"),
        ("hair_tests_users", "hair_tests_users_initial", "the population differs"),
        ("assistance_events", "assisted_persons", "the kind of figure differs"),
        ("reward_leaflets", "flyers", "the thing counted differs"),
        ("new_users", "users_sanctioned", "the population differs"),
    ],
)
def test_figures_of_different_definitions_are_refused_and_told_apart(
    observed, first, second, difference
):
    with pytest.raises(trends.IncomparableError, match=difference):
        trends.series(observed[observed["indicator"].isin([first, second])])


def test_every_look_alike_that_must_not_be_compared_is_listed(observed):
    compared = trends.comparisons(observed)
    apart = compared[~compared["comparable"]]
    assert apart["label"].str.contains("Three-year abstinence rate / Drug users abstinent").any()
    assert apart["reason"].str.startswith("not one series").all()
    assert len(apart) == 8


def test_stated_derived_and_missing_values_are_told_apart(observed):
    panel = trends.panel(observed)
    kinds = panel.set_index(["series", "year"])["kind"]
    assert kinds["Drug users sanctioned (persons)", 2023] == "derived"
    assert kinds["Drug users sanctioned (persons)", 2024] == "stated"
    assert kinds["High-risk drug users (persons)", 2023] == "missing"


def test_executed_totals_of_two_documents_are_never_one_series():
    money = trends.money()
    executed = money[money["series"].str.startswith("Executed")]
    assert executed["series"].unique().tolist() == ["Executed, as the 2024 document counts (万元)"]
    assert executed["year"].tolist() == [2023, 2024]
    derived = executed[executed["kind"] == "derived"].iloc[0]
    assert (derived["low"], derived["high"]) == pytest.approx((73.652, 73.752), abs=1e-3)


def test_the_years_asked_for_are_all_that_is_looked_at():
    assert trends.observations(years=[2024])["document"].unique().tolist() == [
        "2024-final-accounts"
    ]
    assert trends.money(years=[2022]).empty
    with pytest.raises(DataError, match="no document for the year 2023; there are: 2022, 2024"):
        trends.observations(years=[2024, 2023])


def test_a_growth_that_fits_no_whole_number_gives_no_point(observed):
    row = observed[observed["figure"] == "suspects_2023"].iloc[0]
    assert row["status"] == "missing"
    assert "Suspects under criminal coercive measures (persons)" not in set(
        trends.panel(observed)["series"]
    )
