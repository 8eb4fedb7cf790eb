import pytest

from analysis import Disclosure
from analysis.data.package import DataError, find, records
from analysis.measures import Status, trends


@pytest.fixture(scope="module")
def observed():
    return trends.observations(find())


def test_one_definition_makes_a_series_over_years(observed):
    frame = trends.series(observed[observed["indicator"] == "users_community"])
    assert frame["year"].tolist() == [2022, 2024]
    assert frame["value"].tolist() == [3250, 3131]


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        ("users_community", "users_registered", "population"),
        ("abstinence_rate", "abstinent_users", "kind"),
        ("hair_tests_users", "hair_tests_users_initial", "population"),
        ("assistance_events", "assisted_persons", "kind"),
        ("reward_leaflets", "flyers", "label"),
        ("new_users", "users_sanctioned", "population"),
    ],
)
def test_figures_of_different_definitions_are_refused_and_told_apart(
    observed, first, second, differs
):
    with pytest.raises(trends.IncomparableError) as refused:
        trends.series(observed[observed["indicator"].isin([first, second])])
    assert refused.value.column == differs


def test_every_look_alike_that_must_not_be_compared_is_listed(observed):
    compared = trends.comparisons(observed)
    apart = compared[compared["status"] == Status.NOT_COMPARABLE]
    assert {"abstinence", "users", "new_users", "assistance"} <= {*apart["concept"]}
    assert (apart["differs"] != "").all()
    assert len(apart) == 8


def test_stated_derived_and_missing_values_are_told_apart(observed):
    panel = trends.panel(observed)
    known = panel.set_index(["series", "year"])["known"]
    assert known["users_sanctioned", 2023] == "derived"
    assert known["users_sanctioned", 2024] == "stated"
    assert known["risk_high", 2023] == "missing"


def test_the_net_change_of_the_tiers_is_theirs_and_no_more(observed):
    moves = trends.moves(trends.panel(observed)).set_index("series")
    tiers = moves.loc[["risk_high", "risk_medium", "risk_low"]]
    assert tiers["difference"].tolist() == [4, -349, 226]
    assert moves.loc["users_sanctioned", "derived"]
    assert not tiers["derived"].any()


def test_executed_totals_of_two_documents_are_never_one_series():
    money = trends.money(find())
    executed = money[money["phase"] == "executed"].set_index("series")
    assert executed.loc["2022-performance-evaluation", "year"] == 2022
    assert executed.loc["2024-final-accounts", "year"].tolist() == [2023, 2024]
    [derived] = records(executed[executed["known"] == "derived"])
    assert (derived["low"], derived["high"]) == pytest.approx((73.652, 73.752), abs=1e-3)
    approved = money[money["series"] == "approved"].set_index("year")
    assert approved.loc[2023, "known"] == "missing"


def test_the_years_asked_for_are_all_that_is_looked_at():
    found = trends.observations(find(), [2024])
    assert found["document"].unique().tolist() == ["2024-final-accounts"]
    assert {*trends.money(find(), [2022])["year"]} == {2022}
    with pytest.raises(DataError, match="no document for the year 2023; there are: 2022, 2024"):
        trends.observations(find(), [2024, 2023])


def test_a_growth_that_fits_no_whole_number_gives_no_point(observed):
    row = observed[observed["figure"] == "suspects_2023"].iloc[0]
    assert row["known"] == "missing"
    assert "suspects" not in set(trends.panel(observed)["series"])


def test_a_disclosure_keeps_to_the_package_it_was_given(data):
    text = (data / "amounts.csv").read_text(encoding="utf-8")
    text = text.replace(",42.9万元,42.9,", ",43.9万元,43.9,")
    (data / "amounts.csv").write_text(text, encoding="utf-8")
    one = Disclosure(2024, data)
    assert one.package.folder == data.resolve()
    assert 439_000 in one.amounts["base"].tolist()
    money = trends.money(one.package)
    assert 43.9 in money["value"].tolist()
