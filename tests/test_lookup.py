"""A word, a line or a figure leads to everything the tables hold on it."""

import pytest

import analysis


@pytest.mark.parametrize(("english", "chinese"), [("hair", "毛发"), ("CUSTODIAL", "收治")])
def test_a_word_finds_the_same_figures_in_both_languages(english: str, chinese: str) -> None:
    found, same = analysis.search(english), analysis.search(chinese)
    assert len(found) > 5
    kept = {"amounts", "indicators"}
    figures = [set(one[one["table"].isin(kept)]["figure"]) for one in (found, same)]
    assert figures[0] & figures[1]
    assert len(figures[0] ^ figures[1]) <= 2


def test_a_line_finds_all_that_stands_on_it_with_source_and_dispute() -> None:
    found = analysis.search("1002")
    assert {"grants_2024", "carry_over_2024", "closing_balance_2024"} <= set(found["figure"])
    row = found.set_index("figure").loc["carry_over_2024"]
    assert (row["value"], row["unit"], row["year"]) == (19.6, "万元", 2024)
    assert "1002" in row["source"]
    assert row["finding"] == "carry_over_table_2024"


def test_a_high_finding_names_what_it_disputes() -> None:
    found = analysis.search(severity="high")
    assert {"carry_over_2024", "custody_approved_2022"} <= set(found["figure"])
    assert (found["finding"] != "").all()


def test_a_theme_holds_its_indicators_and_the_claims_on_them() -> None:
    found = analysis.search(theme="precursors", year=2022)
    assert {"precursor_enterprises_2022", "precursor_count_2022"} <= set(found["figure"])
    assert set(found["year"]) == {2022}


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"severity": "hgh"}, "high, medium, low"),
        ({"severity": ["high", "hgh"]}, "high, medium, low"),
        ({"year": 1999}, "2022"),
        ({"year": "2024"}, "2022"),
        ({"theme": "x"}, "mon"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(where: dict, told: str) -> None:
    with pytest.raises(analysis.DataError, match=f"there are: .*{told}"):
        analysis.search(**where)


def test_a_filter_may_be_a_list_and_a_line_a_number() -> None:
    both = analysis.search(1067, year=[2022, 2024])
    each = [
        analysis.search("1067", year=year)
        for year in analysis.choices()["year"]
        if year in analysis.years()
    ]
    assert len(both) == sum(map(len, each)) > 20


def test_a_wide_frame_as_text_leaves_out_what_matters_less() -> None:
    text = repr(analysis.search("hair").head())
    assert max(map(len, text.splitlines())) <= 110
    for told in ("figure", "printed", "line", "severity", "hair_testing_approved_2022", "10元"):
        assert told in text


@pytest.mark.parametrize("finder", ["findings", "explanations"])
def test_a_disclosure_knows_of_which_subjects_it_can_tell(finder: str) -> None:
    with pytest.raises(analysis.DataError, match=r"no subject 'mony'; there are: .*money"):
        getattr(analysis.Disclosure(2024), finder)("mony")


def test_one_year_of_documents_needs_no_list() -> None:
    assert [*analysis.documents_of(2024)["year"]] == [2024]
    with pytest.raises(analysis.DataError, match="no document for the year '2024'; there are"):
        analysis.documents_of(["2024"])


@pytest.mark.parametrize("text", ["no such word (", "["])
def test_what_is_nowhere_finds_nothing(text: str) -> None:
    assert analysis.search(text).empty
