"""Every page in a real Chromium: what it loads, runs, shows, prints and lets one download."""

import base64
import csv
import io
import re
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

import nh3
import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from conftest import CHROMIUM
from playwright.sync_api import Browser

from analysis.present import tables
from analysis.site import clean, page

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None or shutil.which("pdftotext") is None,
        reason="there is no Chromium, or no pdftotext, on the PATH",
    ),
    # the driver's event loop is closed only when its process ends
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def reports(written: Path) -> dict[str, Path]:
    """Every page of the real batch, by its name."""
    return {str(path.relative_to(written)): path for path in sorted(written.rglob("*.html"))}


@pytest.fixture(scope="module")
def pages(reports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The real pages and two of our own: one of everything, one of everything hostile."""
    folder = tmp_path_factory.mktemp("samples")
    made = {"sample": samples.report(), "hostile": samples.hostile_report()}
    for name, notebook in made.items():
        (folder / f"{name}.html").write_text(page.render(notebook, samples.FACTS), encoding="utf-8")
    return reports | {name: folder / f"{name}.html" for name in made}


# What is measured in a page that is opened, by the name of the measure.
MEASURES = {
    "widths": "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    "labels": """[...document.querySelectorAll('svg[role=img]')].map(svg => [svg,
        ...svg.querySelectorAll('text')].map(node => {
            const box = node.getBoundingClientRect()
            return [box.left, box.top, box.right, box.bottom, node.textContent]}))""",
    "type": """[...document.querySelectorAll('svg[role=img]')]
        .filter(svg => svg.checkVisibility())
        .map(svg => 12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)""",
    "downloads": """[...document.querySelectorAll('a[download]')].map(link => {
        const place = link.closest('figure') || link.closest('.src').parentNode
        const table = [...place.querySelectorAll('table')].filter(
            t => t.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING).pop()
        if (!table) return [link.href, []]
        return [link.href, [...table.rows].map(row => [...row.cells].map(cell => {
            const copy = cell.cloneNode(true)
            copy.querySelectorAll('.z, small, a').forEach(extra => extra.remove())
            return copy.textContent.trim()}))]})""",
    "tiles": """[...document.querySelectorAll('.tiles > div')].map(
        one => [one.getBoundingClientRect().top, one.getBoundingClientRect().left])""",
    # a digit, perhaps a space, and a unit, where a line may break between them
    "parted": """(() => {
        const unit = /\\d ?(%|‰|万元|元|个百分点|人次|人|项|处)/u, found = []
        const walk = document.createTreeWalker(document.querySelector('main'), 4)
        while (walk.nextNode()) {
            const node = walk.currentNode, parent = node.parentElement
            const inside = parent.closest('.n, .num:not(.long), svg, pre, .v')
            if (!inside && unit.test(node.data)) found.push(node.data)}
        return found})()""",
    "wide": """[...document.querySelectorAll('table')].filter(
        one => one.checkVisibility() && one.rows[0].cells.length < 7 &&
               one.scrollWidth > document.documentElement.clientWidth - 30).map(
        one => one.textContent.slice(0, 80))""",
    # headings of few characters that stand in several lines
    "broken": """[...document.querySelectorAll('thead th')].filter(one => {
        const text = document.createRange()
        text.selectNodeContents(one)
        return one.textContent.length < 5 && text.getBoundingClientRect().height > 30})
        .map(one => one.textContent)""",
    # what stands before each figure of a table of five columns, and the heading of its column
    "named": """[...document.querySelectorAll('.s5 tbody td')].filter(one => one.checkVisibility())
        .map(one => [getComputedStyle(one, '::before').content, one.textContent,
            one.closest('table').rows[0].cells[one.cellIndex].textContent])""",
    "unmarked": """(() => {
        const found = [], walk = document.createTreeWalker(document.body, 4)
        while (walk.nextNode())
            if (/\\p{Script=Han}/u.test(walk.currentNode.data) &&
                    !walk.currentNode.parentElement.closest('pre, desc') &&
                    !walk.currentNode.parentElement.closest('[lang]').getAttribute('lang').startsWith('zh'))
                found.push(walk.currentNode.data)
        return found})()""",
    "language": "document.documentElement.lang",
    # marks that end or join what stands before them, where a line begins with one
    "begun": """(() => {
        const found = [], walk = document.createTreeWalker(document.querySelector('main'), 4)
        const place = document.createRange()
        let last = null
        while (walk.nextNode()) {
            const node = walk.currentNode
            if (!node.data.trim() || node.parentElement.closest('svg, pre, .z')) continue
            const block = node.parentElement.closest('p, li, td, th, dt, dd, h1, h2, h3, summary')
            for (let i = 0; i < node.length; i++) {
                if (!node.data[i].trim()) continue
                place.setStart(node, i)
                place.setEnd(node, i + 1)
                const box = place.getClientRects()[0]
                if (!box || !box.width) continue
                if ('、。，；：'.includes(node.data[i]) && last && last.block === block &&
                        box.top > last.box.bottom - 2 && box.left < last.box.left)
                    found.push(node.data)
                last = {block, box}}}
        return found})()""",
}
# What would have to scroll on a sheet of paper.
TOO_WIDE = """[...document.querySelectorAll('table, .wide')].filter(one =>
    one.scrollWidth > one.parentNode.clientWidth + 1).map(one => one.textContent)"""
# One element of each kind of text: alike in type, in colours and in what it stands in. Contrast is
# nearly all that axe takes time for, and a table's cells differ in their words alone.
KINDS = """(() => {
    const kinds = new Map(), walk = document.createTreeWalker(document.body, 4)
    while (walk.nextNode()) {
        if (!walk.currentNode.data.trim()) continue
        const first = walk.currentNode.parentElement, parts = []
        for (let one = first; one; one = one.parentElement) {
            const {color, fill, fontSize, fontWeight, backgroundColor, backgroundImage, opacity} =
                getComputedStyle(one)
            parts.push(one.tagName, one.getAttribute('class'), backgroundColor, backgroundImage,
                opacity, ...(one === first ? [color, fill, fontSize, fontWeight] : []))}
        kinds.set(parts.join(), first)}
    return [...kinds.values()]})()"""
AXE = f"""async () => {{
    const resultTypes = ['violations'], kinds = {KINDS}
    const every = await axe.run({{resultTypes, rules:
        {{'target-size': {{enabled: true}}, 'color-contrast': {{enabled: false}}}}}})
    const contrast = await axe.run({{include: kinds}}, {{resultTypes, runOnly: ['color-contrast']}})
    const found = [...every.violations, ...contrast.violations].map(rule =>
        [rule.id, rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200))])
    return [every.passes.length, kinds.length, found]}}"""
Seen = dict[str, dict[str, Any]]  # by page and measure


@pytest.fixture(scope="module")
def seen(browser: Browser, pages: dict[str, Path]) -> dict[str, Seen]:
    """Each page, opened once and unfolded: all that is asked of it on a phone, a screen, paper."""
    measures = ", ".join(f"{name}: {code}" for name, code in MEASURES.items())
    found: dict[str, Seen] = {"phone": {}, "screen": {}, "paper": {}, "asked": {}}
    view = browser.new_page()
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: asked.append(message.text))
    view.on("pageerror", lambda error: asked.append(str(error)))
    for name, path in pages.items():
        asked.clear()
        for device, scheme, width in (("phone", "light", 360), ("screen", "dark", 1280)):
            view.set_viewport_size({"width": width, "height": 800})
            view.emulate_media(color_scheme=scheme)  # what is only asked for in the dark
            if device == "phone":
                view.goto(path.as_uri())
                scripts = view.evaluate("document.scripts.length")
                view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            found[device][name] = view.evaluate(f"() => ({{{measures}}})")
        view.set_viewport_size({"width": 672, "height": 800})  # A4 less its margins
        view.emulate_media(media="print")
        found["paper"][name] = {"wide": view.evaluate(TOO_WIDE)}
        view.emulate_media(media="screen")
        view.wait_for_timeout(50)
        found["asked"][name] = {"urls": [*asked], "scripts": scripts}
        view.evaluate(Axe().axe_script)
        for device, scheme, width in (("screen", "dark", 1280), ("phone", "light", 360)):
            view.set_viewport_size({"width": width, "height": 800})
            view.emulate_media(color_scheme=scheme)
            found[device][name]["axe"] = view.evaluate(AXE)
    view.close()
    return found


@pytest.fixture(scope="module")
def on_a_phone(seen: dict[str, Seen]) -> Seen:
    return seen["phone"]


@pytest.fixture(scope="module")
def on_a_screen(seen: dict[str, Seen]) -> Seen:
    return seen["screen"]


def test_no_page_asks_for_anything_runs_anything_or_complains(
    seen: dict[str, Seen], pages: dict[str, Path]
) -> None:
    for name, path in pages.items():
        urls = seen["asked"][name]["urls"]
        assert [one for one in urls if not one.startswith("data:,")] == [path.as_uri()]
        assert seen["asked"][name]["scripts"] == 0


def test_the_policy_stops_a_script_that_gets_into_a_page(browser: Browser, tmp_path: Path) -> None:
    html = page.render(samples.report(), samples.FACTS)
    path = tmp_path / "page.html"
    path.write_text(html.replace("</main>", "<script>document.title='run'</script></main>"))
    view = browser.new_page()
    view.goto(path.as_uri())
    assert view.title() == "Budget execution 预算执行 2024"
    view.close()


def test_axe_finds_nothing_on_a_phone_in_light_and_on_a_screen_in_the_dark(
    on_a_phone: Seen, on_a_screen: Seen
) -> None:
    for name, one in (*on_a_phone.items(), *on_a_screen.items()):
        passes, kinds, found = one["axe"]
        assert passes > 20
        assert kinds > 20
        assert found == [], name


def test_no_page_scrolls_sideways(on_a_phone: Seen, on_a_screen: Seen) -> None:
    for seen in (on_a_phone, on_a_screen):
        for name, one in seen.items():
            scrolled, shown = one["widths"]
            assert scrolled <= shown, name


def test_no_chart_label_is_clipped_or_overlaps_another(on_a_phone: Seen, on_a_screen: Seen) -> None:
    count = 0
    for name, one in (*on_a_phone.items(), *on_a_screen.items()):
        for (left, top, right, bottom, _), *texts in one["labels"]:
            count += len(texts)
            for i, (x, y, to_x, to_y, text) in enumerate(texts):
                assert left - 1 <= x, (name, text)
                assert to_x <= right + 1, (name, text)
                assert top - 1 <= y, (name, text)
                assert to_y <= bottom + 1, (name, text)
                for other_x, other_y, other_to_x, other_to_y, other in texts[:i]:
                    # a line box is higher than its letters
                    across = min(to_x, other_to_x) - max(x, other_x)
                    down = min(to_y, other_to_y) - max(y, other_y)
                    assert across < 1 or down < 0.3 * (to_y - y), (name, text, other)
    assert count > 100


def test_type_is_legible_on_a_phone(on_a_phone: Seen, on_a_screen: Seen) -> None:
    for name, one in (*on_a_phone.items(), *on_a_screen.items()):
        assert min(one["type"], default=12) > 11, name


def test_a_csv_download_is_the_table_beside_it(on_a_phone: Seen, on_a_screen: Seen) -> None:
    count = 0
    for name, one in (*on_a_phone.items(), *on_a_screen.items()):
        for link, table in one["downloads"]:
            content = base64.b64decode(link.partition("base64,")[2]).decode("utf-8-sig")
            lines = list(csv.reader(io.StringIO(content)))
            assert len(lines) == len(table) or not table
            for line, row in zip(lines, table, strict=bool(table)):
                for cell, shown in zip(line, row, strict=False):
                    plain = re.fullmatch(r"[+−]?[\d,]+(\.\d+)?", shown)
                    wanted = (
                        shown.replace(",", "").replace("−", "-").replace("+", "")
                        if plain
                        else shown
                    )
                    assert cell.replace("'", "") in (shown.replace("'", ""), wanted), name
            count += 1
    assert count > 20


def test_a_download_works_without_a_server(browser: Browser, pages: dict[str, Path]) -> None:
    view = browser.new_page(accept_downloads=True)
    view.goto(pages["sample"].as_uri())
    with view.expect_download() as started:
        view.click("a[download] >> nth=0")
    saved = Path(started.value.path()).read_text(encoding="utf-8-sig")
    assert started.value.suggested_filename == "projects-2022.csv"
    assert saved.startswith("Item,Approved (万元)")
    view.close()


def test_the_keyboard_reaches_everything(browser: Browser, pages: dict[str, Path]) -> None:
    reach = "a[href], summary, [tabindex='0']"
    view = browser.new_page(viewport={"width": 360, "height": 800})
    view.goto(pages["sample"].as_uri())
    wanted = [node for node in view.locator(reach).all() if node.is_visible()]
    for i in range(len(wanted)):
        view.keyboard.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert view.evaluate(f'document.activeElement.matches("{reach}") && {outline}') == "solid"
        assert i or view.evaluate("document.activeElement.className") == "skip"
    view.close()


def test_print_splits_no_row_and_no_chart_and_repeats_headers(
    browser: Browser, reports: dict[str, Path], pages: dict[str, Path], tmp_path: Path
) -> None:
    # marks at the beginning and end of every row and chart show on which sheets these are
    mark = """() => {
        const style = 'font-size:1px;line-height:1px;word-break:keep-all;white-space:nowrap'
        const tag = (node, text, first) => {
            const span = document.createElement('span')
            span.style = style; span.textContent = ' ' + text + ' '
            first ? node.prepend(span) : node.append(span)}
        document.querySelectorAll('tbody tr').forEach((row, i) => {
            tag(row.cells[0], `row${i}begins`, true)
            for (const cell of row.cells) tag(cell, `row${i}ends`, false)})
        document.querySelectorAll('svg[role=img]').forEach((svg, i) => {
            for (const [y, word] of [[1, 'begins'], [svg.viewBox.baseVal.height - 1, 'ends']]) {
                const text = document.createElementNS('http://www.w3.org/2000/svg', 'text')
                text.setAttribute('y', y); text.setAttribute('font-size', 1)
                text.textContent = ` chart${i}${word} `
                svg.append(text)}})
        document.querySelectorAll('thead').forEach((head, i) => tag(head.rows[0].cells[0],
            `head${i}`, true))
        return [...document.querySelectorAll('thead')].map(head =>
            [...head.parentNode.tBodies[0].rows].map(row =>
                row.textContent.match(/row\\d+begins/)[0]))}"""
    checked = 0
    view = browser.new_page()
    for name, path in (reports | {"sample": pages["sample"]}).items():
        view.goto(path.as_uri())
        heads = view.evaluate(mark)
        view.pdf(path=str(tmp_path / "page.pdf"), prefer_css_page_size=True, print_background=True)
        text = subprocess.run(
            ["pdftotext", "-raw", str(tmp_path / "page.pdf"), "-"], capture_output=True, text=True
        ).stdout
        sheets = [set(re.findall(r"(?:row|chart)\d+(?:begins|ends)|head\d+", one))
                  for one in text.split("\f")]  # fmt: skip
        on = {word: [i for i, sheet in enumerate(sheets) if word in sheet]
              for word in set().union(*sheets)}  # fmt: skip
        for word in on:
            if word.endswith("begins"):
                assert on[word] == on[word.replace("begins", "ends")], (name, word)
                assert len(on[word]) == 1, (name, word)
                checked += 1
        for i, rows in enumerate(heads):
            if used := sorted({sheet for row in rows for sheet in on.get(row, [])}):
                assert on[f"head{i}"] == used, (name, i)
    view.close()
    assert checked > 50


def test_the_printed_audit_has_every_finding_and_no_heading_over_nothing(
    browser: Browser, reports: dict[str, Path], tmp_path: Path
) -> None:
    view = browser.new_page()
    view.goto(reports["data_quality.html"].as_uri())
    said = view.locator(".case .what").all_text_contents()
    folded = view.locator("figure:not(:has(h3, table:visible)) figcaption b").all_text_contents()
    view.pdf(path=str(tmp_path / "page.pdf"))
    view.close()
    text = subprocess.run(
        ["pdftotext", "-raw", str(tmp_path / "page.pdf"), "-"], capture_output=True, text=True
    ).stdout
    printed = re.sub(r"\s", "", text)
    assert len(said) > 20
    assert [one for one in said if re.sub(r"\s", "", one)[:15] not in printed] == []
    assert len(folded) == 2
    assert [one for one in folded if re.sub(r"\s", "", one) in printed] == []


def test_no_table_is_wider_than_the_paper(seen: dict[str, Seen]) -> None:
    assert {name: one["wide"] for name, one in seen["paper"].items() if one["wide"]} == {}


def test_a_page_can_be_sent_by_mail(reports: dict[str, Path]) -> None:
    sizes = {name: path.stat().st_size for name, path in reports.items()}
    assert statistics.median(sizes.values()) < 60_000, sizes
    assert max(sizes.values()) < 150_000, sizes


@pytest.mark.parametrize("light", ["true", "false"])
def test_fragments_look_right_in_both_themes_of_jupyterlab(
    browser: Browser, tmp_path: Path, light: str
) -> None:
    # what JupyterLab's style says of the HTML that an output shows
    style = """.jp-RenderedHTMLCommon {color: rgba(VAR, 0.87); font-size: 14px; line-height: 1.5}
        .jp-RenderedHTMLCommon table {border-collapse: collapse; margin-left: auto; border: none}
        .jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th {text-align: right; padding: .5em;
            vertical-align: middle; max-width: none; white-space: normal}
        .jp-RenderedHTMLCommon dt {float: left; width: 20%; padding: 0}
        body {background: BACK}"""
    style = style.replace("VAR", "0,0,0" if light == "true" else "255,255,255")
    fragments = [samples.opening(), samples.table(samples.projects()), tables.notice("None.")]
    fragments += [samples.figure(name, frame) for name, frame in samples.frames().items()]
    shown = "".join(
        f'<div class="jp-RenderedHTMLCommon">{one._repr_mimebundle_()[0]["text/html"]}</div>'
        for one in fragments
    )
    path = tmp_path / "lab.html"
    path.write_text(
        f"<!doctype html><html lang=en><title>Lab</title><meta charset=utf-8>"
        f"<style>{style.replace('BACK', '#fff' if light == 'true' else '#111')}</style>"
        f"<body data-jp-theme-light={light}><main>{shown}</main></body></html>",
        encoding="utf-8",
    )
    view = browser.new_page()
    view.goto(path.as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    ours = {"rules": {"duplicate-id": {"enabled": False}}}  # each output brings its own hatch
    found = Axe().run(view, options=ours).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []
    assert view.evaluate("getComputedStyle(document.querySelector('.tiles dt')).float") == "none"
    aligned = "[...document.querySelectorAll('td, th')].map(c => getComputedStyle(c).textAlign)"
    assert set(view.evaluate(aligned)) == {"left", "right"}
    ground = view.evaluate("getComputedStyle(document.querySelector('.an')).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if light == "true" else "rgb(20, 23, 26)")
    view.close()


def test_untrusted_a_notebook_still_pairs_each_label_with_its_value(browser: Browser) -> None:
    # what a sanitizer leaves that drops style, attributes and drawings
    tags = clean.HTML - {"svg"}
    fragments = [samples.opening(), samples.table(samples.projects())]
    fragments += [samples.figure("steps", samples.frames()["steps"])]
    html = "".join(one._repr_mimebundle_()[0]["text/html"] for one in fragments)
    view = browser.new_page()
    view.set_content(nh3.clean(html, tags=tags, clean_content_tags={"style"}, attributes={}))
    view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    words = " ".join(view.inner_text("body").split())
    assert "支出决算数 75.50 万元" in words
    assert re.search(r"General affairs.*? 20\.00 19\.19 95\.95", words)
    assert "Approved budget 年初预算 42.90" in words
    view.close()


def test_tiles_stand_in_one_row_on_a_screen_and_in_one_column_on_a_phone(
    on_a_phone: Seen, on_a_screen: Seen, reports: dict[str, Path]
) -> None:
    for seen, place in ((on_a_screen, 0), (on_a_phone, 1)):
        for name in reports:
            assert len({tile[place] for tile in seen[name]["tiles"]}) <= 1, name
    assert sum(bool(on_a_screen[name]["tiles"]) for name in reports) > 10


def test_no_figure_parts_from_its_unit(on_a_phone: Seen, reports: dict[str, Path]) -> None:
    for name in reports:
        assert on_a_phone[name]["parted"] == [], name


def test_no_line_begins_with_a_mark_that_ends_what_stands_before_it(
    on_a_phone: Seen, reports: dict[str, Path]
) -> None:
    for name in reports:
        assert on_a_phone[name]["begun"] == [], name


def test_no_table_of_up_to_five_columns_scrolls_on_a_phone(
    on_a_phone: Seen, reports: dict[str, Path]
) -> None:
    for name in reports:
        assert on_a_phone[name]["wide"] == [], name


def test_on_a_phone_each_figure_of_five_columns_is_named_and_none_is_a_dash(
    on_a_phone: Seen,
) -> None:
    named = [one for seen in on_a_phone.values() for one in seen["named"]]
    assert named
    for before, said, heading in named:
        assert before == f'"{heading} "'
        assert said != "—"


def test_no_short_heading_of_a_column_is_broken_on_a_phone(on_a_phone: Seen) -> None:
    assert [one for seen in on_a_phone.values() for one in seen["broken"]] == []


def test_every_link_within_a_page_and_to_another_leads_somewhere(reports: dict[str, Path]) -> None:
    for name, path in reports.items():
        html = path.read_text(encoding="utf-8")
        given = set(re.findall(r'\bid="([^"]+)"', html))
        for link in re.findall(r'<a [^>]*href="([^"]+)"', html):
            if link.startswith("#"):
                assert link[1:] in given, (name, link)
            elif not re.match("https?:|data:", link):
                assert (path.parent / link.partition("#")[0]).is_file(), (name, link)


def test_all_chinese_is_marked_as_chinese(on_a_screen: Seen, reports: dict[str, Path]) -> None:
    for name in reports:
        assert on_a_screen[name]["unmarked"] == [], name
        wanted = "zh-Hans" if name.startswith("zh/") else "en"
        assert on_a_screen[name]["language"] == wanted
