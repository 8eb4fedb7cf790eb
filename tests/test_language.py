"""The Chinese pages of the real batch: no English is left in them, and no figure differs."""

import re
import shutil
from collections import Counter
from pathlib import Path

import command
import pytest
from bs4 import BeautifulSoup
from command import ROOT

import analysis

NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
SOFTWARE = r"Python|pandas|matplotlib|papermill|nbconvert|JupyterLab|CSV|SHA-256|English"
HAN = "[\u3400-\u9fff]"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of both languages."""
    folder = tmp_path_factory.mktemp("languages")
    assert command.reports(folder).returncode == 0
    return folder


def pages(out: Path) -> dict[str, BeautifulSoup]:
    """Every page by its name."""
    return {
        str(path.relative_to(out)): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(out.rglob("*.html"))
    }


def visible(page: BeautifulSoup) -> str:
    """What a reader sees and a screen reader speaks, a block a line; code is code."""
    copy = BeautifulSoup(str(page), "html.parser")
    for element in copy(["style", "code", "pre"]):
        element.decompose()
    labels = [str(one["aria-label"]) for one in copy.select("[aria-label]")]
    for block in copy.select(
        "p, li, td, th, dt, dd, h1, h2, h3, summary, text, desc, title, b, small"
    ):
        block.append("\n")
    return "\n".join([copy.get_text(), *labels])


def test_every_page_has_a_twin(out: Path) -> None:
    names = {*pages(out)}
    english = {one for one in names if not one.startswith("zh/")}
    assert {f"zh/{one}" for one in english} == names - english
    assert len(english) > 8


def test_chinese_pages_hold_hardly_a_latin_letter(out: Path) -> None:
    identifiers = {
        *analysis.tables(),
        *analysis.load("claims")["figure"],
        *(path.stem for path in (ROOT / "notebooks").iterdir()),
    }
    words = "|".join([SOFTWARE, *sorted(identifiers)])
    known = re.compile(rf"\b(?:{words})\b", re.ASCII)  # Chinese beside a name parts it
    for name, page in pages(out).items():
        if name.startswith("zh/"):
            text = re.sub(r"\s", "", known.sub("", visible(page)))
            latin = re.findall("[A-Za-z]", text)
            assert len(latin) < 0.02 * len(text), (name, Counter(latin))


def test_punctuation_between_chinese_characters_is_chinese(out: Path) -> None:
    wrong = re.compile(rf"{HAN}[,;:!?()] ?{HAN}|{HAN} [，。；：、）]|{HAN} ?[.;](?!\w)")
    for name, page in pages(out).items():
        if name.startswith("zh/"):
            assert wrong.findall(visible(page)) == [], name


def test_units_follow_chinese_figures_without_a_space(out: Path) -> None:
    for name, page in pages(out).items():
        if name.startswith("zh/"):
            assert re.findall(r"\d +(?:%|万元|元|人(?!员)|个|份|家)", visible(page)) == [], name


def test_both_languages_show_the_same_figures(out: Path) -> None:
    found = pages(out)
    for name in (one for one in found if not one.startswith("zh/")):
        for what in ("tbody td", ".tiles .v b"):
            english, chinese = (
                Counter(
                    numeral.replace(",", "")
                    for cell in found[one].select(what)
                    for numeral in NUMERAL.findall(cell.get_text())
                )
                for one in (name, f"zh/{name}")
            )
            assert english == chinese, (name, what, english - chinese, chinese - english)
            assert what != ".tiles .v b" or english, name


def test_chart_descriptions_keep_their_figures(out: Path) -> None:
    for name, page in pages(out).items():
        for drawing in page.select("svg[role=img]"):
            shown = "".join(one.get_text() for one in drawing.select("text"))
            if NUMERAL.search(shown):
                assert NUMERAL.search(drawing.desc.get_text()), (name, shown)


def test_chinese_pages_are_the_same_bytes_on_another_run(out: Path, tmp_path: Path) -> None:
    assert command.reports(tmp_path, language="zh", year=2024).returncode == 0
    again = {k: v for k, v in command.files(tmp_path).items() if k.startswith("zh/2024/")}
    assert again == {k: v for k, v in command.files(out).items() if k in again}
    assert len(again) > 4
    shutil.rmtree(tmp_path)


def blocks(text: str) -> list[str]:
    """The commands of each shell block, without their comments."""
    found = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.sub(r" *#.*", "", one) for one in found]


def test_the_chinese_readme_keeps_step_with_the_english_one() -> None:
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")
    )
    assert blocks(chinese) == blocks(english)[:2]
    assert len(chinese.splitlines()) <= 80
    rows = [
        [sorted(NUMERAL.findall(line)) for line in text.splitlines() if line.startswith("| 20")]
        for text in (english, chinese)
    ]
    assert rows[0] == rows[1]
    counts = r"\D*?".join(["131", "103", "15", "13", "1"])
    assert re.search(rf"\b{counts}\b", english.replace("\n", " "))
    assert re.search(counts, chinese.replace("\n", " "))
