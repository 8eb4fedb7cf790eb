import re

import pandas as pd
import pytest
from conftest import edit

import analysis
from analysis.data.package import DataError, find, seen


def test_every_table_loads_with_its_rows():
    for name in analysis.tables():
        assert len(analysis.load(name)), name


def test_the_years_are_those_that_have_a_document():
    assert analysis.years() == [2022, 2024]


def test_blank_cells_are_missing_and_zeros_are_zero():
    cells = analysis.load("statutory_tables")
    blank = cells["printed"] == ""
    assert cells.loc[blank, "value"].isna().all()
    assert cells.loc[cells["printed"] == "0.00", "value"].eq(0).all()
    assert blank.sum() == 55


def test_a_correction_mends_the_unit_and_says_so():
    row = analysis.load("amounts", figure="custody_approved_2022").iloc[0]
    assert (row["printed"], row["unit"], row["base"]) == ("35元", "万元", 350_000)
    assert row["corrected"] == "元 → 万元"


def test_a_source_that_no_longer_errs_makes_its_correction_fail(data):
    edit(data, "amounts", "35元,35,元", "35万元,35,万元")
    with pytest.raises(DataError, match=r"figure custody_approved_2022, column unit: found '万元'"):
        analysis.load("amounts", data)


def test_money_is_converted_once_through_the_factor_of_its_unit():
    frame = analysis.load("claims", figure="approved_yuan_2024")
    assert frame["base"].iloc[0] == analysis.load("amounts", figure="approved_2024")["base"].iloc[0]


def test_filters_keep_the_rows_that_match():
    frame = analysis.load("amounts", year=2024, phase="approved")
    assert set(frame["year"]) == {2024}
    assert set(frame["phase"]) == {"approved"}
    both = analysis.load("amounts", year=[2022, 2024], direction="revenue")
    assert set(both["direction"]) == {"revenue"}
    assert set(both["year"]) == {2024}


def test_an_unknown_table_or_column_names_the_known_ones():
    with pytest.raises(DataError, match="no table 'budget'; there are: documents, disclosed"):
        analysis.load("budget")
    with pytest.raises(DataError, match="no column 'jahr'; there are: figure, document"):
        analysis.load("amounts", jahr=2024)


def test_a_caller_cannot_change_what_the_next_one_loads():
    before = analysis.load("amounts").copy()
    frame = analysis.load("amounts")
    frame.loc[0, "printed"], frame.iloc[1, 0] = "another", "another"
    frame["value"] = 0.0
    pd.testing.assert_frame_equal(analysis.load("amounts"), before)


def test_an_edited_file_is_read_again(data):
    before = analysis.load("amounts", data, figure="expenditure_2022")["value"].iloc[0]
    edit(data, "amounts", "64.19万元,64.19", "64.18万元,64.18")
    after = analysis.load("amounts", data, figure="expenditure_2022")["value"].iloc[0]
    assert (before, after) == (64.19, 64.18)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(data):
    path = data / "amounts.csv"
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    pd.testing.assert_frame_equal(analysis.load("amounts", data), analysis.load("amounts"))


def test_the_data_directory_comes_from_the_environment(data, monkeypatch):
    monkeypatch.setenv("ANALYSIS_DATA", str(data))
    assert find().folder == data.resolve()


def test_a_folder_without_a_data_package_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no datapackage\.json found"):
        analysis.load("amounts", tmp_path)


@pytest.mark.parametrize(
    ("table", "where", "told"),
    [
        ("claims", {"severity": "hgh"}, "claims: no severity 'hgh'; there are: high, low, medium"),
        ("amounts", {"year": "2024"}, "amounts: no year '2024'; there are: 2022, 2023, 2024"),
        ("amounts", {"year": [2022, 1999]}, "amounts: no year 1999; there are: 2022, 2023, 2024"),
        ("indicators", {"document": "2024"}, "no document '2024'; there are: 2022-performance"),
    ],
)
def test_a_filter_that_no_row_can_meet_is_refused_with_what_there_is(table, where, told):
    with pytest.raises(analysis.DataError, match=re.escape(told)):
        analysis.load(table, **where)


def test_findings_refuse_a_gravity_that_is_none_and_take_a_list():
    with pytest.raises(analysis.DataError, match="there are: high, low, medium"):
        analysis.claims.findings(severity="hgh")
    assert set(analysis.claims.findings(severity=["high", "low"])["severity"]) == {"high", "low"}


def test_a_document_without_rows_has_none():
    assert analysis.load("statutory_tables", document="2022-performance-evaluation").empty


@pytest.mark.parametrize("name", ["amounts", "cells", "indicators"])
def test_what_one_changes_in_a_frame_of_a_year_stays_with_its_disclosure(name):
    frame = getattr(analysis.Disclosure(2024), name)
    before = frame.copy()
    frame.loc[:, "source"] = ""
    frame.loc[:, "base"] = 0.0
    frame["own"] = False
    again = getattr(analysis.Disclosure(2024), name)
    assert again is not frame
    pd.testing.assert_frame_equal(again, before)


def test_a_disclosure_that_finds_its_frames_made_has_looked_at_all_they_are_made_of():
    def looks():
        seen.clear()
        disclosure = analysis.Disclosure(2022)
        assert len(disclosure.amounts)
        assert len(disclosure.indicators)
        return {*seen}

    assert looks() == looks() != set()
