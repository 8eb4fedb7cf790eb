"""What readers see is escaped, sourced, bound, and the same as its CSV."""

import base64
import csv
import io
import re

import pandas as pd
import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from analysis.present import tables, text
from analysis.present.language import column, labelled, listing, ngettext, use
from analysis.present.tables import Fragment


def downloads(fragment: Fragment) -> list[list[list[str]]]:
    found = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', fragment.html)
    return [
        list(csv.reader(io.StringIO(base64.b64decode(data).decode("utf-8-sig")))) for data in found
    ]


def visible(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_an_unknown_language_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^no language 'fr'; there are: en, zh$"):
        use("fr")


def test_figures_are_written_as_each_language_writes_them() -> None:
    wanted = {
        "en": ["3,296", "−1,234.50", "75.50 万元", "+1.80 万元", "175.99 %", "0.00",
               "73.65–73.75 万元", "3 %", "+3.20 percentage points"],
        "zh": ["3296", "−1234.50", "75.50万元", "+1.80万元", "175.99%", "0.00",
               "73.65万元至73.75万元", "3%", "+3.20个百分点"],
    }  # fmt: skip
    for language, texts in wanted.items():
        use(language)
        assert [
            text.number(3296), text.number(-1234.5), text.money(75.5), text.money(1.8, sign=True),
            text.percent(175.987), text.number(-0.001, 2), text.span(73.65, 73.75, "万元", 2),
            text.span(3, 3, "%"), text.points(3.2),
        ] == texts  # fmt: skip


@pytest.mark.parametrize("nothing", [None, pd.NA, float("nan")])
def test_what_is_not_known_is_no_figure(nothing: float) -> None:
    for written in (text.number, text.money, text.percent, text.points, text.plain):
        assert written(nothing) == ""  # type: ignore[operator]


@pytest.mark.parametrize(
    "bound",
    ["75.50 万元", "175.99 %", "3,296", "−13.00", "≥ 1,100", "73.65–73.75 万元", "13 + 128",
     "2.5万元/人/半年", "75.50 − 60.20 = 15.30"],
)  # fmt: skip
def test_a_figure_never_parts_from_its_sign_or_unit(bound: str) -> None:
    html = text.html(f"of {bound}, and more")
    assert [visible(found) for found in re.findall(r'<span class="n">(.*?)</span>(?=,)', html)] == [
        bound
    ]


@given(st.text(alphabet="0123456789.,%万元人 −–+<&年“”。a", max_size=60))
def test_binding_and_marking_change_no_text(words: str) -> None:
    for language in ("en", "zh"):
        use(language)
        html = text.html(words)
        assert visible(html).replace("&lt;", "<").replace("&amp;", "&") == text.plain(words)
        assert html.count("<span") == html.count("</span>")


def test_chinese_is_marked_in_english_sentences_only() -> None:
    words = "the 决算 (执行) of 2024"
    assert text.html(words) == (
        'the <span lang="zh-Hans">决算</span> (<span lang="zh-Hans">执行</span>) of 2024'
    )
    use("zh")
    assert text.html(words) == words


def test_a_label_leads_and_its_term_stands_beside() -> None:
    frame = pd.DataFrame({"label": ["Budget", "Only"], "label_zh": ["预算", None],
                          "said": ["a", "b"], "said_zh": ["甲", "乙"]})  # fmt: skip
    shown = labelled(frame)
    assert [(row["label"], row["term"]) for row in shown] == [("Budget", "预算"), ("Only", "")]
    assert column(frame, "said").tolist() == ["a", "b"]
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing([]) == ""
    use("zh")
    shown = labelled(frame)
    assert [(row["label"], row["term"]) for row in shown] == [("预算", ""), ("Only", "")]
    assert column(frame, "said").tolist() == ["甲", "乙"]
    assert listing(["a", "b", "c"]) == "a、b和c"
    assert ngettext("{n} place", "{n} places", 2).format(n=2) == "共2处"


def test_a_table_sets_figures_and_totals_apart_and_scopes_its_headers() -> None:
    html = samples.table(samples.projects()).html
    assert html.count('<th scope="col"') == 4
    assert html.count('<th scope="row"') == 4
    assert html.count("class=sum") == 1
    assert re.search(r'class="num">.*1,065\.00.*?</td><td[^>]* class="num">.*−64\.19', html)


def test_any_frame_makes_a_table_without_further_arguments() -> None:
    frame = pd.DataFrame({"county": ["A", "B"], "users": [3296, 1], "rate": [1.5, None],
                          "source": ["", ""]})  # fmt: skip
    fragment = tables.table(frame)
    assert fragment.frame is frame
    heads = re.findall(r"<th scope=.col.*?</th>", fragment.html)
    assert [visible(head) for head in heads] == ["County", "Users", "Rate (%)"]
    assert repr(fragment).splitlines() == [
        "County | Users | Rate (%)",
        "A | 3,296 | 1.50",
        "B | 1 | —",
    ]
    assert tables.table(frame.head(0)).text.startswith("Not disclosed")


def test_documents_are_called_by_their_names_in_both_languages() -> None:
    samples.opening()  # tells how documents are called
    frame = pd.DataFrame({"document": ["2024-final-accounts", "other"], "finding": ["a_b", "c"]})
    for language, name in (("en", "2024 accounts"), ("zh", "2024年决算")):
        use(language)
        html = tables.table(frame).html
        assert [visible(one) for one in re.findall(r"<th scope=.row.*?</th>", html)] == [
            name, "other",
        ]  # fmt: skip
        assert "a_<wbr>b" in html
    assert frame["document"].tolist() == ["2024-final-accounts", "other"]


def test_a_column_has_one_number_of_decimals() -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "value": [100.0, 75.99]})
    assert repr(tables.table(frame)).splitlines()[1:] == ["a | 100.00", "b | 75.99"]


def test_figures_of_several_quantities_have_each_the_decimals_of_theirs() -> None:
    frame = pd.DataFrame({"label": ["users", "rate", "users"], "last": [3131.0, 69.5, 13.0],
                          "quantity": ["persons", "ratio", "persons"]})  # fmt: skip
    shown = tables.table(frame, columns={"last": "Last"})
    assert repr(shown).splitlines()[1:] == ["users | 3,131", "rate | 69.50", "users | 13"]
    ((_head, *rows),) = downloads(shown)
    assert [row[1] for row in rows] == ["3131", "69.50", "13"]


def test_words_are_no_figures_though_they_begin_with_a_digit() -> None:
    words = {"place": "2022年绩效评价第11行", "tests": "≥ 300 人次", "span": "73.65–73.75"}
    frame = pd.DataFrame({"label": ["a"], **{name: [said] for name, said in words.items()}})
    html = tables.table(frame).html
    assert re.findall(r"<td( class=.num.)?[ >]", html.replace(' role="cell"', "")) == [
        "", ' class="num"', ' class="num"',
    ]  # fmt: skip


def test_the_unit_of_a_heading_stays_in_one_line() -> None:
    frame = pd.DataFrame({"label": ["a"], "numerator": [1.0], "rate": [2.0]})
    bound = re.findall(
        r'<th[^>]*>(\w+) <span class="n">(.*?)</span></th>', tables.table(frame).html
    )
    assert [(name, visible(unit)) for name, unit in bound] == [
        ("Numerator", "(万元)"), ("Rate", "(%)"),
    ]  # fmt: skip


def test_headings_and_units_follow_the_language() -> None:
    use("zh")
    html = samples.table(samples.projects()).html
    heads = [visible(one) for one in re.findall(r"<th scope=.col.*?</th>", html)]
    assert heads[1:3] == ["年初预算（万元）", "支出决算（万元）"]
    assert "General affairs" not in html


def test_a_missing_figure_gives_its_reason_and_is_never_blank() -> None:
    frame = samples.projects()
    assert samples.table(frame).html.count("not disclosed") == 2
    assert samples.table(frame.convert_dtypes()).html.count("not disclosed") == 2
    assert visible(samples.table(frame.assign(status="")).html).count("—") == 2


def test_sources_disputes_and_corrections_stand_with_their_row() -> None:
    samples.opening()  # tells how documents are called
    fragment = samples.table(samples.projects())
    assert 'General affairs<a href="#finding-1" aria-label="disputed: see the finding">†' in (
        fragment.html
    )
    assert "corrected: printed 35" in visible(fragment.html)
    assert visible(fragment.html).count("2024 accounts, line 1002: “42.17万元”") == 1
    assert fragment.cites == (("2024-final-accounts", 1002),)


def test_a_document_is_cited_by_its_own_name_and_not_by_a_part_of_it() -> None:
    frame = samples.projects().assign(
        source="final-accounts, line 3: “x; y, line 4”; 2024-final-accounts, line 5"
    )
    assert samples.table(frame).cites == (("final-accounts", 3), ("2024-final-accounts", 5))


def test_a_year_or_a_line_is_no_quantity() -> None:
    frame = pd.DataFrame({"label": ["a"], "year": [2024], "line": [1002], "value": [2024]})
    assert repr(tables.table(frame)).splitlines()[1] == "a | 2024 | 1002 | 2,024"


def test_a_line_cited_twice_is_named_once() -> None:
    source = "a, line 1: “x”; a, line 1: “y”; a, line 2: “x”; a, line 1: “x”"
    shown = visible(samples.table(samples.projects().assign(source=source)).html)
    assert "a, line 1: “x”, “y”a, line 2: “x”" in shown


def test_the_csv_holds_plain_numbers_and_what_the_table_says_of_them() -> None:
    (lines,) = downloads(samples.table(samples.projects()))
    assert lines[0] == ["Item", "Approved (万元)", "Executed (万元)", "Rate (%)",
                        "Chinese term", "Source"]  # fmt: skip
    assert lines[4][:4] == ["All projects", "1065.00", "-64.19", "98.75"]
    assert lines[3][1:5] == ["10.00", "not disclosed", "not disclosed", "毛发验毒经费"]


@pytest.mark.parametrize(
    "word",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\u202e=1", "a;=1", "a; @b",
     "a,+1", "a|-1", 'x";"=1', "a\n=1"],
)  # fmt: skip
def test_no_text_is_a_formula_in_a_spreadsheet_of_any_locale(word: str) -> None:
    frame = pd.DataFrame({"label": [word], "value": [-1.5], "label_zh": [word], "source": [word]})
    fragment = tables.table(frame, word, {"label": word, "value": word})
    content = base64.b64decode(re.findall('base64,([^"]+)"', fragment.html)[0]).decode("utf-8-sig")
    for parts in (",", ";", "\t", "|"):
        for line in csv.reader(io.StringIO(content), delimiter=parts):
            for cell in line:
                bare = cell.strip()
                assert bare.startswith("-1.50") or not bare.startswith(
                    ("=", "+", "-", "@", "＝", "＋", "－", "＠")
                ), (parts, line)


@pytest.mark.parametrize("words", samples.HOSTILE)
def test_hostile_text_is_shown_as_text_everywhere(words: str) -> None:
    frame = samples.projects()
    columns = ["label", "label_zh", "source", "disputed", "corrected", "status"]
    fragments = [
        samples.opening(words),
        samples.table(frame.assign(**dict.fromkeys(columns, words)), words),
        samples.figure("bars", samples.frames()["bars"].assign(label=words, note=words), words),
        samples.cases(words),
        tables.notice(words),
        tables.cannot([("not_disclosed", words), ("not_comparable", words)]),
        tables.paragraphs(words),
        tables.bullets([words]),
    ]
    for fragment in fragments:
        assert not re.search(r"<(script|img|b>bold|/main)", fragment.html)
        for shown in (fragment.html, fragment.text):
            assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", shown)
        tags = re.findall(r"<(/?)([a-z]+\d?)(?: [^<>]*)?>", fragment.html)
        for name in ("div", "table", "td", "figure", "svg", "details", "span"):
            assert tags.count(("", name)) == tags.count(("/", name)), name


def test_the_opening_answers_first_then_shows_figures_findings_and_cautions() -> None:
    fragment = samples.opening()
    order = ["Narcotics Control Office", "<h1>", 'class="answer"', 'class="tiles"', "Findings",
             "Read with care"]  # fmt: skip
    places = [fragment.html.index(one) for one in order]
    assert places == sorted(places)
    assert fragment.documents[0]["address"] == "https://example.org/2024"
    bare = tables.opening(samples.documents(), None, "Trends", "趋势", "Nothing.", [], [])
    assert "<dl" not in bare.html
    assert "<section" not in bare.html


def test_a_case_says_its_gravity_verdict_and_places_in_words() -> None:
    html = samples.cases().html
    words = visible(html)
    assert "Medium not reconcilable 无法核对, 2 places" in words
    assert "High contradicted 不符 The text books 13.00 万元" in words
    assert re.findall(r'<details class="case (\w+)" id="(.*?)"', html) == [
        ("high", "finding-1"), ("medium", "finding-2"), ("slight", "finding-3")
    ]  # fmt: skip
    assert "1 more" in words  # after `most` cases the rest are folded
    assert html.count("<dt>Use</dt>") == 2  # and what is empty is not shown
    use("zh")
    assert "一般 无法核对，共2处" in visible(samples.cases().html)


def test_what_cannot_be_computed_stands_by_reason() -> None:
    fragment = tables.cannot(
        [("not_comparable", "c"), ("not_disclosed", "a"), ("not_disclosed", "b")]
    )
    assert fragment.text == "Not disclosed: a; b.\nNot comparable: c."
    use("zh")
    assert visible(tables.notice("无项目预算。").html) == "未公开：无项目预算。"


def test_a_figure_hands_out_its_data_and_its_charts_and_names_what_they_show() -> None:
    frame = samples.frames()["bars"]
    fragment = samples.figure("bars", frame)
    assert fragment.frame is not None
    assert isinstance(fragment.figure, list)
    assert len(fragment.figure) == 2
    described = re.findall(r'aria-labelledby="(.*?)"><desc id="(.*?)">', fragment.html)
    assert len(described) == 2
    assert all(one == other for one, other in described)
    assert "missing" in visible(fragment.html)  # the key of the fills that are used
    assert "derived" not in visible(fragment.html)


def test_a_fragment_brings_its_style_to_a_notebook_and_text_to_a_terminal() -> None:
    data, metadata = samples.table(samples.projects())._repr_mimebundle_()
    assert data["text/html"].startswith('<div class="an" lang="en"><style><!-- .an.an.an{--bg:')
    assert "[data-jp-theme-light=false] .an.an.an{--bg:" in data["text/html"]
    assert "All projects | 1,065.00 | −64.19" in data["text/plain"]
    assert metadata == {"analysis": {"cites": [["2024-final-accounts", 1002]], "documents": []}}
