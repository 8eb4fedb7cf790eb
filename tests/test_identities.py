import pytest

from analysis import load
from analysis.checks import identities

DOCUMENT = "2024-final-accounts"


@pytest.fixture(scope="module")
def cells():
    return load("statutory_tables", document=DOCUMENT)


def failing(frame, last=None):
    checked = identities.identities(frame, last)
    return list(checked.loc[checked["result"] == "fails", "identity"])


def changed(cells, title, row, column, by):
    frame = cells.copy()
    chosen = (frame["title"] == title) & (frame["row"] == row) & (frame["column"] == column)
    assert chosen.sum() == 1
    frame.loc[chosen, "value"] += by
    return frame


def test_every_identity_that_the_printed_tables_allow_holds(cells):
    checked = identities.identities(cells)
    assert checked["result"].value_counts().to_dict() == {"holds": 219, "not checked": 17}
    assert failing(cells) == []


def test_what_cannot_be_checked_says_why_and_is_never_called_passed(cells):
    summary = identities.identity_summary(identities.identities(cells)).set_index("identity")
    missing = summary[summary["result"] == "not checked"]
    assert set(missing["reason"]) == {
        "the accounts of the year before are not at hand",
        "table 05 has 13 columns here",
        "table 06 is not disclosed",
        "table 07 is not disclosed",
        "table 08 is not disclosed",
        "table 09 is not disclosed",
    }
    assert (missing["instances"] == 0).all()


def test_tables_six_to_nine_are_not_disclosed(cells):
    assert identities.undisclosed(cells) == ["06", "07", "08", "09"]


def test_a_difference_within_rounding_holds_and_one_beyond_it_fails(cells):
    # 1.1 compares nine rounded figures: 9 × 0.005 = 0.045
    title = "收入支出决算总表"
    assert "1.1" not in failing(changed(cells, title, "27", 1, 0.044))
    assert "1.1" in failing(changed(cells, title, "27", 1, 0.046))


def test_a_larger_part_than_its_whole_fails_and_a_smaller_one_holds(cells):
    title = "财政拨款收入支出决算总表"
    assert "8.4" in failing(changed(cells, title, "36", 2, 1))
    assert "8.4" not in failing(changed(cells, title, "36", 2, -1))


def test_every_non_zero_cell_that_is_changed_breaks_an_identity(cells):
    """Which identities catch a change of one 万元, cell by cell; none goes unnoticed."""
    nonzero = cells[cells["value"].fillna(0) != 0]
    assert len(nonzero) == 55
    unnoticed = [
        f"{cell['title']} r{cell['row']} c{cell['column']}"
        for _, cell in nonzero.iterrows()
        if not failing(changed(cells, cell["title"], cell["row"], cell["column"], 1.0))
    ]
    assert unnoticed == []


def test_an_opening_balance_is_the_closing_balance_of_the_year_before(cells):
    assert failing(cells, last=cells) == []
    last = changed(cells, "收入支出决算总表", "60", 2, 19.6)
    assert failing(cells, last) == ["11.1"]


def test_the_usual_form_of_table_five_with_three_columns_is_checked_too(cells):
    title = "一般公共预算财政拨款支出决算表"
    kept = (cells["title"] != title) | cells["column"].isin([7, 8, 9])
    usual = cells[kept].copy()
    usual.loc[usual["title"] == title, "column"] -= 6
    summary = identities.identity_summary(identities.identities(usual)).set_index("identity")[
        "result"
    ]
    assert summary[["9.8", "10.7", "10.8", "10.9"]].eq("holds").all()
    assert summary[["9.1", "10.1", "10.5"]].eq("not checked").all()
    assert "9.8" in failing(changed(usual, title, "2040202", 2, 1))


def test_tables_six_to_nine_serve_when_they_are_disclosed(cells):
    public = cells.iloc[:12].copy()
    public["title"], public["row"] = "财政拨款“三公”经费支出决算表", "total"
    public["column"] = range(1, 13)
    public["value"] = [6.0, 1, 3, 2, 1, 2, 5, 1, 2, 1, 1, 2]
    import pandas as pd

    frame = pd.concat([cells, public])
    assert failing(frame) == []
    assert failing(changed(frame, "财政拨款“三公”经费支出决算表", "total", 1, 1)) == ["15.1"]


def test_a_blank_cell_is_not_checked_and_not_taken_for_zero(cells):
    frame = cells.copy()
    chosen = (frame["title"] == "收入支出决算总表") & (frame["row"] == "3")
    frame.loc[chosen, "value"] = None
    summary = identities.identity_summary(identities.identities(frame)).set_index("identity")
    assert summary.loc["1.1", "result"] == "not checked"
    assert summary.loc["1.1", "reason"] == "a cell of table 01 is blank or missing"
