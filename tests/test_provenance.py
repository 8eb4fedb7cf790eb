"""Run where $ANALYSIS_DOCUMENTS names the folder with the documents' texts."""

import os
import re

import pytest
from conftest import edit

from analysis import load
from analysis.checks import provenance
from analysis.data import forms


@pytest.fixture(scope="module")
def texts():
    return provenance.texts(os.environ["ANALYSIS_DOCUMENTS"])


def test_every_row_stands_at_its_line_with_the_characters_as_printed(texts):
    assert provenance.misplaced(texts) == []


def test_every_numeral_of_the_texts_is_transcribed_or_left_out_with_its_reason(texts, capsys):
    numerals = provenance.uncovered(texts)
    with capsys.disabled():
        print(f"\nprovenance: {numerals['covered'].sum()} of {len(numerals)} numerals covered")
    assert numerals[~numerals["covered"]].to_dict("records") == []
    assert len(numerals) > 1000


def test_the_texts_are_those_that_were_transcribed(texts, tmp_path):
    for name, lines in texts.items():
        assert len(lines) >= load("documents", document=name)["lines"].iloc[0]
        (tmp_path / f"{name}.txt").write_text("another text", encoding="utf-8")
    with pytest.raises(ValueError, match="not the text that was transcribed"):
        provenance.texts(tmp_path)


def test_the_statutory_tables_read_the_same_by_script(texts):
    """An independent reading: title lines, then numbers in sequence, without our columns."""
    cells = load("statutory_tables")
    for document, frame in cells.groupby("document"):
        lines = texts[document]
        titles = {
            forms.number(match[1]): number
            for number, line in enumerate(lines)
            if (match := re.search(r"办公室\s+(\S+)\s+单位：万元", line))
        }
        assert set(titles) == set(frame["table"])
        starts = sorted(titles.values())
        for table, start in titles.items():
            end = next((s for s in starts if s > start), frame["line"].max())
            amounts = [
                float(text)
                for line in lines[start:end]
                if re.fullmatch(r"-?[\d,]+\.\d\d", text := line.strip())
            ]
            known = frame[(frame["table"] == table) & frame["value"].notna()]
            assert known.sort_values("line")["value"].tolist() == amounts, table


def test_a_figure_at_the_wrong_line_is_found(texts, data):
    edit(
        data,
        "amounts",
        "approved_2022,2022-performance-evaluation,23",
        "approved_2022,2022-performance-evaluation,24",
    )
    assert provenance.misplaced(texts, data) == ["amounts: approved_2022: 65万元 not at line 24"]


def test_a_figure_left_out_is_found(texts, data):
    path = data / "indicators.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\nwastewater_sites_2024[^\n]*", "", text), encoding="utf-8")
    missing = provenance.uncovered(texts, data).query("not covered")
    assert missing[["line", "numeral"]].values.tolist() == [[1077, "十"]]
