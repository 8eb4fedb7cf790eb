import pandas as pd
import pytest
from accounts import SAMPLES, keyed

from analysis import load
from analysis.checks import formula, identities
from analysis.data.package import DataError, Package

DOCUMENT = "2024-final-accounts"


@pytest.fixture(scope="module")
def cells():
    return load("statutory_tables", document=DOCUMENT)


def failing(frame, last=None):
    checked = identities.identities(frame, last)
    return list(checked.loc[checked["result"] == "fails", "identity"])


def changed(cells, table, row, column, by):
    """The same with one cell changed by so many 万元."""
    frame = cells.copy()
    chosen = (frame["table"] == table) & (frame["row"] == row) & (frame["column"] == column)
    assert chosen.sum() == 1
    frame.loc[chosen, "base"] += by * 10_000
    return frame


def test_every_identity_that_the_printed_tables_allow_holds(cells):
    checked = identities.identities(cells)
    assert checked["result"].value_counts().to_dict() == {"holds": 244, "not checked": 29}
    assert failing(cells) == []


def test_what_cannot_be_checked_says_why_and_is_never_called_passed(cells):
    summary = identities.identity_summary(identities.identities(cells)).set_index("identity")
    missing = summary[summary["result"] == "not checked"]
    assert set(missing["reason"]) == {
        "the accounts of the year before are not at hand",
        "table 06 is not disclosed",
        "table 07 is not disclosed",
        "table 08 is not disclosed",
        "table 09 is not disclosed",
    }
    assert (missing["instances"] == 0).all()


def test_tables_six_to_nine_are_not_disclosed(cells):
    assert identities.undisclosed(load("disclosed_tables", document=DOCUMENT)) == [
        "06",
        "07",
        "08",
        "09",
    ]


def test_a_difference_within_rounding_holds_and_one_beyond_it_fails(cells):
    # 1.1 compares two figures that are not zero: 2 × 0.005 = 0.01
    table = "01"
    assert "1.1" not in failing(changed(cells, table, "27", 1, 0.0099))
    assert "1.1" in failing(changed(cells, table, "27", 1, 0.0101))


def test_a_larger_part_than_its_whole_fails_and_a_smaller_one_holds(cells):
    table = "04"
    assert "8.4" in failing(changed(cells, table, "36", 2, 1))
    assert "8.4" not in failing(changed(cells, table, "36", 2, -1))


def test_where_all_money_is_general_budget_tables_three_and_five_are_equal(cells):
    more = changed(cells, "03", "2040202", 1, 1)
    assert "10.9" in failing(more)
    assert "10.11" in failing(changed(cells, "03", "2040202", 3, 1))
    assert "10.9" not in failing(changed(more, "01", "31", 1, 1))  # that much is other money


def test_every_non_zero_cell_that_is_changed_breaks_an_identity(cells):
    """Which identities catch a change of one 万元, cell by cell; none goes unnoticed."""
    nonzero = cells[cells["value"].fillna(0) != 0]
    assert len(nonzero) == 55
    unnoticed = [
        f"{cell['table']} r{cell['row']} c{cell['column']}"
        for _, cell in nonzero.iterrows()
        if not failing(changed(cells, cell["table"], cell["row"], cell["column"], 1.0))
    ]
    assert unnoticed == []


def test_an_opening_balance_is_the_closing_balance_of_the_year_before(cells):
    assert failing(cells, last=cells) == []
    last = changed(cells, "01", "60", 2, 19.6)
    assert failing(cells, last) == ["11.1"]


def test_the_usual_form_of_table_five_with_three_columns_is_checked_too(cells):
    table = "05"
    kept = (cells["table"] != table) | cells["column"].isin([7, 8, 9])
    usual = cells[kept].copy()
    usual.loc[usual["table"] == table, "column"] -= 6
    summary = identities.identity_summary(identities.identities(usual)).set_index("identity")[
        "result"
    ]
    assert summary[["9.3", "10.3", "10.5", "10.6", "10.7", "10.8"]].eq("holds").all()
    assert summary[["9.1", "10.1", "10.4"]].eq("not checked").all()
    assert "9.3" in failing(changed(usual, table, "2040202", 2, 1))


def test_tables_six_to_nine_serve_when_they_are_disclosed(cells):
    public = cells.iloc[:12].copy()
    public["table"], public["row"] = "09", "total"
    public["column"] = range(1, 13)
    public["base"] = [60_000.0, 1e4, 3e4, 2e4, 1e4, 2e4, 5e4, 1e4, 2e4, 1e4, 1e4, 2e4]
    frame = pd.concat([cells, public])
    assert failing(frame) == []
    assert failing(changed(frame, "09", "total", 1, 1)) == ["15.1"]


def test_a_blank_cell_is_not_checked_and_not_taken_for_zero(cells):
    frame = cells.copy()
    chosen = (frame["table"] == "01") & (frame["row"] == "3")
    frame.loc[chosen, "base"] = None
    summary = identities.identity_summary(identities.identities(frame)).set_index("identity")
    assert summary.loc["1.1", "result"] == "not checked"
    assert summary.loc["1.1", "reason"] == "a cell of table 01 is blank or missing"


# ------------------------------------------------------- two accounts of other departments


@pytest.fixture(scope="module")
def accounts(tmp_path_factory):
    """Packages of both accounts, by name and by what their blanks are declared to mean."""
    folder = tmp_path_factory.mktemp("accounts")
    return {
        (name, blanks): Package(keyed(name, folder / f"{name}-{blanks}", blanks))
        for name in SAMPLES
        for blanks in ("unknown", "zero")
    }


# comparisons: that hold, only of zeros, that rest on blanks declared to be zero
RESTS_ON = {
    ("planning", "unknown"): (221, 33, 0),
    ("planning", "zero"): (524, 190, 303),
    ("finance", "unknown"): (169, 0, 0),
    ("finance", "zero"): (440, 172, 271),
}


@pytest.mark.parametrize("which", RESTS_ON, ids="-".join)
def test_no_false_alarm_on_a_real_account_and_it_is_known_what_the_comparisons_rest_on(
    accounts, which
):
    [checked] = identities.checked_tables(accounts[which]).values()
    assert (checked["result"] == "fails").sum() == 0
    real = checked[checked["result"] == "holds"]
    assert RESTS_ON[which] == (
        len(real), real["zeros"].sum(), (real["declared"] > 0).sum()
    )  # fmt: skip
    summary = identities.identity_summary(checked)
    assert summary[["instances", "zeros", "declared"]].sum().tolist() == [*RESTS_ON[which]]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_change_of_one_wan_in_any_cell_of_a_real_account_breaks_an_identity(accounts, name):
    package = accounts[name, "zero"]
    frame, disclosed = (package.load(one) for one in ("statutory_tables", "disclosed_tables"))
    nonzero = frame.index[frame["base"].fillna(0) != 0]
    assert len(nonzero) == {"planning": 234, "finance": 195}[name]
    unnoticed = []
    for place, cell in frame.loc[nonzero].iterrows():
        other = frame.copy()
        other.loc[place, "base"] += 10_000
        checked = identities.identities(other, None, disclosed)
        if "fails" not in set(checked["result"]):
            unnoticed.append((cell["table"], cell["row"], cell["column"]))
    assert unnoticed == []


def test_an_empty_table_is_disclosed_and_its_blanks_count_as_declared(accounts):
    assert identities.undisclosed(accounts["planning", "zero"].load("disclosed_tables")) == []
    for blanks, result in (("unknown", "not checked"), ("zero", "holds")):
        [checked] = identities.checked_tables(accounts["planning", blanks]).values()
        row = checked.set_index("identity").loc["13.3"]
        assert row["result"] == result
        assert row["reason"] == ("table 07 is empty" if blanks == "unknown" else "")


def test_an_error_of_ninety_yuan_does_not_pass_in_a_table_in_yuan(tmp_path):
    package = Package(keyed("planning", tmp_path / "yuan", "zero", "元"))
    frame = package.load("statutory_tables")
    assert failing(frame) == []
    chosen = (frame["table"] == "02") & (frame["row"] == "total") & (frame["column"] == 1)
    assert frame.loc[chosen, "base"].tolist() == [9746.50]
    frame.loc[chosen, "base"] += 90
    assert {"2.1", "4.1", "5.1"} <= {*failing(frame)}


def test_the_columns_of_nine_have_ids_so_that_their_printed_order_does_not_matter(cells):
    rules = [rule["formula"] for rule in identities.identity_rules() if "T09" in rule["formula"]]
    assert len(rules) == 8
    assert not any(".c" in part for rule in rules for part in rule.split() if "T09" in part)


def test_every_rule_is_written_in_the_notation_that_claims_use():
    for rule in identities.identity_rules():
        text = rule["formula"].format(row="204", column=1, line=35, next=36)
        for side in text.replace("<=", "==").split("=="):
            assert formula.misfits(side.strip(), ()) == [], text
            assert formula.is_sum(side.strip())


def test_a_year_without_a_document_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="no document for the year 1999; there are: 2022, 2024"):
        identities.checked_tables(years=[1999])
