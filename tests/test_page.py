"""Whatever a notebook displays, its page runs nothing, loads nothing and never changes."""

import dataclasses
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import samples
from conftest import DATA
from many_years import widen
from nbformat import NotebookNode, v4

from analysis.data.package import find, years
from analysis.present import tables
from analysis.present.language import use
from analysis.site import index, page

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT src=//evil.example/x.js></SCRIPT>",
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script><image href='http://evil.example/x'/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><use href='http://evil.example/x#y'/><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<a href='java\nscript:alert(1)'>x</a><a href=' javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a><a href='vbscript:x'>x</a>",
    "<a href='//evil.example/'>x</a><a href='\\\\evil.example\\'>x</a>",
    "<iframe src='http://evil.example'></iframe><object data=x></object><embed src=x>",
    "<link rel=stylesheet href=http://evil.example/x.css><meta http-equiv=refresh content=0>",
    "<base href=http://evil.example/><form action=http://evil.example><input><button>x</button></form>",
    "<div style='background:url(http://evil.example/x);position:fixed;top:0'>x</div>",
    "<style>@import 'http://evil.example/x.css'; body{display:none}</style>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p><!--><img src=x onerror=alert(1)>-->",
    "<svg><path fill='url(http://evil.example/x)' clip-path='url(//evil.example)'/></svg>",
    "</div></main></body></html><h1>not here",
    "<template><img src=x onerror=alert(1)></template><textarea></textarea><title>x</title>",
]


FORBIDDEN = "script|style|iframe|object|embed|link|meta|base|form|input|image|template"


def body(html: str) -> str:
    found = re.search(r"<main.*</main>", html, re.DOTALL)
    assert found
    return found[0]


def rendered(*outputs: NotebookNode) -> str:
    return body(page.render(samples.notebook(*outputs), samples.FACTS))


class Seen(HTMLParser):
    """Every element with its attributes, as a browser without scripts would take them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def harmless(html: str) -> None:
    for tag, attributes in Seen(html).elements:
        assert not re.fullmatch(FORBIDDEN, tag)
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert "url(" not in (value or "")
            if name in ("href", "src", "xlink:href", "action"):
                assert re.match(
                    r"#|data:(text/csv|image/png);|(\.\./)?[\w/]+\.html(#|$)", value or ""
                )


def test_a_page_is_the_same_on_every_run_and_small() -> None:
    html = page.render(samples.report(), samples.FACTS)
    assert html == page.render(samples.report(), samples.FACTS)
    assert len(html.encode()) < 64_000


def test_a_page_does_not_depend_on_random_cell_ids() -> None:
    first, second = samples.report(), samples.report()
    assert [c.id for c in first.cells] != [c.id for c in second.cells]
    assert page.render(first, samples.FACTS) == page.render(second, samples.FACTS)


def test_a_page_has_no_script_and_forbids_them() -> None:
    html = page.render(samples.hostile_report(), samples.FACTS)
    assert "default-src 'none'" in html
    harmless(body(html))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "image/svg+xml", "markdown cell"])
def test_an_attack_in_a_cell_is_harmless(attack: str, kind: str) -> None:
    if kind == "markdown cell":
        notebook = samples.notebook()
        notebook.cells.append(v4.new_markdown_cell(attack))
        html = body(page.render(notebook, samples.FACTS))
    else:
        html = rendered(samples.output({kind: attack, "text/plain": "plain"}))
    harmless(html)
    assert html.endswith("</main>")
    assert html.count("<main") == html.count("</main") == 1
    for tag in ("div", "table", "svg", "h1"):
        assert len(re.findall(rf"<{tag}\b", html)) == html.count(f"</{tag}>")


def test_plain_outputs_are_shown() -> None:
    text = v4.new_output("stream", name="stdout", text="10 %\r100 %\n\x1b[31m<red>\x1b[0m\n")
    image = samples.output({"image/png": "aGk=\n", "text/plain": "<Figure size 1x1>"})
    html = rendered(text, image, samples.output({"text/plain": "1 < 2"}))
    assert "<pre>100 %\n&lt;red&gt;\n</pre>" in html
    assert '<img alt="&lt;Figure size 1x1&gt;" src="data:image/png;base64,aGk=">' in html
    assert "<pre>1 &lt; 2</pre>" in html


def test_a_frame_of_pandas_keeps_its_table_in_a_frame_that_scrolls() -> None:
    html = rendered(samples.output({"text/html": samples.projects()._repr_html_()}))
    assert re.search(
        r'<div class="wide" tabindex="0">.*<table.*class="dataframe">', html, re.DOTALL
    )
    assert "<th></th>" not in html


def test_what_a_page_cannot_show_falls_back_to_text() -> None:
    html = rendered(
        samples.output({"text/html": "<script>draw()</script>", "text/plain": "Widget()"})
    )
    assert "<pre>Widget()</pre>" in html


def test_streams_between_outputs_are_joined_printed_before_warned() -> None:
    pieces = [("stderr", "b\n"), ("stdout", "1\n"), ("stderr", "c\n"), ("stdout", "2\n")]
    notebook = samples.notebook(samples.output({"text/plain": "first"}))
    notebook.cells[-1].outputs += [v4.new_output("stream", name=n, text=t) for n, t in pieces]
    html = page.render(notebook, samples.FACTS)
    assert re.search(r'<pre>first</pre>\s*<pre>1\n2\n</pre>\s*<pre class="err">b\nc\n</pre>', html)
    assert page.render(notebook, samples.FACTS) == html  # nor has it changed the notebook


def test_the_code_is_folded_at_the_end() -> None:
    html = page.render(samples.notebook(samples.output({"text/plain": "shown"})), samples.FACTS)
    shown, folded = html.index("shown</pre>"), html.index('<details class="code">')
    assert shown < html.index("<footer>") < folded < html.index("print(1 &lt; 2)")
    assert "<code>year = 2024</code></pre>" in html[folded:]
    assert "<details open" not in html


def test_an_opening_comes_first_and_its_heading_is_the_only_main_one() -> None:
    html = rendered(samples.shown(samples.opening()))
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", html)
    assert [re.sub("<[^>]+>", "", one) for one in found] == ["Budget execution 预算执行 2024"]
    whole = page.render(samples.report(), samples.FACTS)
    assert "<title>Budget execution 预算执行 2024</title>" in whole
    assert "Question?" not in whole  # it is for those who have not run the notebook yet


def test_each_question_is_a_section_and_tables_that_follow_each_other_stand_side_by_side() -> None:
    table = samples.shown(samples.table(samples.projects()))
    notebook = samples.notebook(samples.shown(samples.opening()), table)
    notebook.cells.append(v4.new_code_cell("table", outputs=[table]))
    html = body(page.render(notebook, samples.FACTS))
    assert html.count('<section id="s') == html.count("</section>") - 1 == 1
    beside = html[html.index('<section id="s1"') :]
    assert re.search(r'<div class="two">\s*<div class="an" lang="en"><div class="tab">', beside)


def test_markdown_follows_the_language_and_so_does_the_page() -> None:
    question = "The reports"
    notebook = samples.notebook(samples.shown(samples.opening()))
    notebook.cells.append(v4.new_markdown_cell(question))
    use("zh")
    translated = page._(question)
    assert translated != question
    html = page.render(
        notebook, replace(samples.FACTS, parameters={"year": 2024, "language": "zh"})
    )
    assert '<html lang="zh-Hans">' in html
    assert f"<p>{translated}</p>" in html
    assert "All reports" not in html


@pytest.mark.parametrize(
    ("language", "year", "twin"),
    [
        ("en", 2024, "../zh/2024/budget_execution.html"),
        ("zh", 2024, "../../2024/budget_execution.html"),
        ("en", None, "zh/budget_execution.html"),
        ("zh", None, "../budget_execution.html"),
    ],
)
def test_a_page_leads_to_its_twin_in_the_other_language(
    language: str, year: int | None, twin: str
) -> None:
    facts = replace(samples.FACTS, year=year, parameters={"language": language})
    html = page.render(samples.notebook(), facts)
    other = "zh-Hans" if language == "en" else "en"
    assert f'<a lang="{other}" hreflang="{other}" href="{twin}">' in html
    assert twin not in page.render(samples.notebook(), replace(facts, twin=False))


def test_a_failed_report_says_so_at_its_top_and_shows_the_traceback() -> None:
    lines = ["\x1b[31mTraceback\x1b[0m", "ValueError: <no> figures"]
    error = v4.new_output("error", ename="ValueError", evalue="<no> figures", traceback=lines)
    html = rendered(error)
    assert html.index("This report is incomplete") < html.index(
        "ValueError</a>: &lt;no&gt; figures"
    )
    assert '<pre class="err" id="error">Traceback\nValueError: &lt;no&gt; figures</pre>' in html


def test_links_to_other_notebooks_lead_to_their_reports() -> None:
    output = samples.output({"text/html": "<a href='data_quality.ipynb#one'>audit</a>"})
    assert 'href="../data_quality.html#one"' in rendered(output)
    across = replace(samples.FACTS, year=None, parameters={})
    assert 'href="data_quality.html#one"' in page.render(samples.notebook(output), across)


def test_links_within_a_page_lead_somewhere() -> None:
    html = page.render(samples.report(), samples.FACTS)
    given = re.findall(r'\bid="([^"]+)"', html)
    wanted = set(re.findall(r'href="#([^"]+)"', html))
    assert "finding-1" in wanted
    assert wanted <= {*given}


def test_an_address_is_given_out_once_on_a_page() -> None:
    fragment = samples.shown(samples.figure("bars", samples.frames()["bars"]))
    html = rendered(fragment, fragment, fragment)
    given = re.findall(r'\bid="([^"]+)"', html)
    wanted = {one for ids in re.findall(r'aria-labelledby="([^"]+)"', html) for one in ids.split()}
    assert len(given) == len(set(given))
    assert wanted <= set(given)
    assert len(wanted) == html.count('<svg viewBox="0 0 344') == 6


def test_the_footer_tells_how_to_make_the_report_again() -> None:
    html = page.render(samples.report(), samples.FACTS)
    footer = html[html.index("<footer>") :]
    for part in (samples.FACTS.command, "released on 2026-11-24",
                 "year = 2024", "lines cited: 989, 1002", "pandas ", "published on 2025-09-01",
                 'href="https://example.org/2024"', "the office"):  # fmt: skip
        assert part in footer


def test_a_page_names_the_documents_that_its_outputs_introduce_and_no_others() -> None:
    other = samples.documents().assign(document="accounts", title_en="Other accounts")
    opening = tables.opening(other, 2024, "Title", "题", "An answer.", [], [])
    table = samples.table(samples.projects())
    html = page.render(
        samples.notebook(samples.shown(opening), samples.shown(table)), samples.FACTS
    )
    assert "Other accounts" in html
    assert "2024 departmental final accounts" not in html
    assert "lines cited" not in html  # "accounts" is not "2024-final-accounts"


STATUSES = [
    index.Status("budget_execution", 2024, "2024/budget_execution.html", "Budget execution"),
    index.Status("trends", None, "trends.html", "Trends"),
]


def test_the_index_leads_to_every_report_and_is_the_same_on_every_run() -> None:
    html = index.render(STATUSES, find().folder)
    assert html == index.render(STATUSES, find().folder)
    for status in STATUSES:
        assert f'<a href="{status.path}">{status.title}</a>' in html
    assert "What failed" not in html
    assert 'href="zh/index.html"' in html
    harmless(body(html))


def test_the_index_says_what_failed_and_why() -> None:
    broken = replace(STATUSES[0], error="ValueError: <script>")
    html = index.render([broken, *STATUSES[1:]], find().folder)
    assert html.index("What failed") < html.index("ValueError: &lt;script&gt;")
    assert "Budget execution 2024</a>: ValueError" in html


def test_beside_its_link_stands_the_answer_that_a_report_gives_itself() -> None:
    said = page.answer(page.render(samples.report(), samples.FACTS))
    assert said in samples.opening().text.splitlines()
    assert page.answer(rendered()) == ""
    one = replace(STATUSES[0], answer="5 < 6 万元")
    html = index.render([one, STATUSES[1]], find().folder)
    assert "5 &lt; <" in html
    older = replace(one, year=1990)  # older than those that are set side by side
    assert "5 &lt; <" not in index.render([older], find().folder)


def test_in_a_package_of_many_years_the_index_sets_the_newest_side_by_side(tmp_path: Path) -> None:
    widen(DATA, tmp_path, 24)
    known = years(tmp_path)
    assert len(known) == 24
    html = index.render(STATUSES, tmp_path)
    assert len(html.encode()) < 150_000
    assert f">{known[-1]}<" in html


def test_a_draft_that_nobody_has_looked_at_says_so_first() -> None:
    html = page.render(samples.report(), dataclasses.replace(samples.FACTS, unreviewed=3))
    main = html[html.index('<main id="main">') :]
    assert main.index("3 points of the transcription are open") < main.index("<h1")
    assert "Draft, not reviewed" not in page.render(samples.report(), samples.FACTS)
