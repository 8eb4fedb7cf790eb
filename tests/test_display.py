"""What readers see is escaped, sourced, and the same as its CSV."""

import base64
import csv
import io
import re

import pandas as pd
import pytest
import samples

from analysis.present import display


def downloads(fragment: display.Fragment) -> list[list[list[str]]]:
    found = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', fragment.html)
    return [
        list(csv.reader(io.StringIO(base64.b64decode(data).decode("utf-8-sig")))) for data in found
    ]


def test_a_table_sets_figures_and_totals_apart_and_scopes_its_headers() -> None:
    html = samples.table(samples.projects()).html
    assert html.count('<th scope="col"') == 4
    assert html.count('<th scope="row"') == 4
    assert html.count('class="sum"') == 1
    assert "<td class=r>1,065.00</td><td class=r>−64.19</td>" in html


def test_totals_may_be_a_mask_or_labels() -> None:
    frame = samples.projects()
    for totals in (frame["label"] == "All projects", [3], frame.index[-1:]):
        shown = display.table(frame, "Projects", headers={"label": "Project"}, totals=totals)
        assert shown.html.count('class="sum"') == 1


def test_a_missing_figure_gives_its_reason_and_is_never_blank() -> None:
    frame = samples.projects()
    assert samples.table(frame).html.count("not disclosed") == 2
    assert samples.table(frame.convert_dtypes()).html.count("not disclosed") == 2
    assert samples.table(frame.assign(status="")).html.count("<td class=r>—</td>") == 2


def test_sources_disputes_and_corrections_stand_with_their_row() -> None:
    html = samples.table(samples.projects()).html
    row = (
        '<a class="d" href="data_quality.ipynb#finding-1" aria-label="disputed: finding finding-1">'
    )
    assert f"General affairs{row}" in html
    assert "corrected: printed 35" in html
    assert html.count("2024-final-accounts, line 1002") == 4


def test_a_year_or_a_line_is_no_quantity() -> None:
    frame = pd.DataFrame({"label": ["a"], "year": [2024], "line": [1002], "value": [2024]})
    shown = display.table(frame, "t", headers={c: c for c in frame})
    assert re.findall(r"<td class=r>(.*?)</td>", shown.html) == ["2024", "1002", "2,024"]


def test_a_line_cited_twice_is_named_once() -> None:
    source = "a, line 1: “x”; a, line 1: “y”; a, line 2: “x”; a, line 1: “x”"
    frame = samples.projects().assign(source=source)
    assert "a, line 1: “x”, “y”; a, line 2: “x”</li>" in samples.table(frame).html


def test_rows_can_be_linked_to() -> None:
    frame = samples.projects().assign(place=["a", "b", "c", "d"])
    shown = display.table(frame, "Projects", headers={"label": "Project"}, anchor="place")
    assert re.findall(r'<tr id="(.)"', shown.html) == ["a", "b", "c", "d"]


def test_the_csv_holds_plain_numbers_and_what_the_table_says_of_them() -> None:
    (lines,) = downloads(samples.table(samples.projects()))
    assert lines[0] == ["Project", "Approved (万元)", "Executed (万元)", "Completion (%)",
                        "Chinese term", "Source", "Correction"]  # fmt: skip
    assert lines[4][:4] == ["All projects", "1065.00", "-64.19", "98.75"]
    assert lines[3][1:5] == ["10.00", "not disclosed", "not disclosed", "毛发验毒经费"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\u202e=1"]
)
def test_no_text_is_a_formula_in_a_spreadsheet(text: str) -> None:
    frame = pd.DataFrame({"label": [text], "value": [-1.5], "label_zh": [text], "source": [text]})
    shown = display.table(frame, text, headers={"label": text, "value": text})
    for line in downloads(shown)[0]:
        for cell in line:
            assert cell == "-1.50" or not cell.startswith(
                ("=", "+", "-", "@", "＝", " ", "\t", "\r")
            )


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_hostile_text_is_shown_as_text_everywhere(text: str) -> None:
    frame = samples.projects()
    columns = ["label", "label_zh", "source", "disputed", "corrected"]
    fragments = [
        samples.opening(text),
        samples.table(frame.assign(**dict.fromkeys(columns, text)), text),
        samples.chart("bars", samples.frames()["bars"].assign(label=text), text),
        display.notice(text, text),
        display.paragraphs(text),
    ]
    for fragment in fragments:
        assert not re.search(r"<(script|img|b>bold|/main)", fragment.html)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", fragment.html)
        tags = re.findall(r"<(/?)([a-z]+\d?)(?: [^<>]*)?>", fragment.html)
        for name in ("div", "table", "td", "figure", "svg", "details"):
            assert tags.count(("", name)) == tags.count(("/", name))


def test_chinese_is_marked_as_chinese_in_any_sentence() -> None:
    assert display.text("the 决算 (执行) of 2024") == (
        'the <i lang="zh-Hans">决算</i> (<i lang="zh-Hans">执行</i>) of 2024'
    )


def test_the_opening_shows_figures_findings_and_cautions_with_their_links() -> None:
    html = samples.opening().html
    assert (
        html.index("<h1>") < html.index("75.50") < html.index("Findings") < html.index("Read with")
    )
    assert html.count('href="data_quality.ipynb#finding-1"') == 1
    none = pd.DataFrame(columns=["label", "label_zh", "value", "unit", "change", "note"])
    bare = display.opening(
        "Trends", ("Office", "办公室"), None, "What changed?", none, ["Nothing."]
    )
    assert "<dl" not in bare.html
    assert "Read with care" not in bare.html


def test_a_fragment_brings_its_style_to_a_notebook_and_text_to_a_terminal() -> None:
    fragment = samples.table(samples.projects())
    assert fragment._repr_html_().startswith('<div class="an"><style>.an{--an-paper:')
    assert "[data-jp-theme-light=false] .an{--an-paper:" in fragment._repr_html_()
    assert "All projects | 1065.00 | -64.19" in repr(fragment)
    assert repr(display.notice("No plan.", "not applicable")) == "Not applicable. No plan."
    assert repr(display.paragraphs("One.", "Two.")) == "One.\n\nTwo."
