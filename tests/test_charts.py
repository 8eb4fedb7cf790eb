"""Every chart is text a browser can read, the same on every run, whatever its labels say."""

import re
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
import samples
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from analysis.present import charts, svg
from analysis.present.language import use
from analysis.present.text import plain

CHARTS = sorted(samples.frames())
NAMED = [name for name in CHARTS if name not in ("series", "dots")]


def drawn(name: str, frame: pd.DataFrame) -> str:
    figure = samples.drawn(name, frame)
    return svg.draw(figure, str(figure.get_label()), "a1")


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


def bars(svg: str, kind: str) -> list[tuple[float, float]]:
    """Beginning and length of each rectangle of a class, in the order drawn."""
    data = "".join(node.attrib["d"] for node in ET.fromstring(svg).iter("path")
                   if node.get("class") == kind)  # fmt: skip
    return [(float(x), float(w)) for x, w in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)v", data)]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_the_same_on_every_run_and_small(name: str) -> None:
    drawing = drawn(name, samples.frames()[name])
    assert drawing == drawn(name, samples.frames()[name])
    assert len(drawing) < 5_000
    assert drawing.startswith('<svg viewBox="0 0 344 ')


@pytest.mark.parametrize("name", NAMED)
def test_labels_are_text_in_both_languages_and_chinese_is_marked_as_chinese(name: str) -> None:
    frame = samples.frames()[name]
    written = " ".join(texts(drawn(name, frame)))
    for label, term in zip(frame["label"], frame["label_zh"], strict=True):
        assert label.split()[0] in written
        assert term in written
    marked = ET.fromstring(drawn(name, frame)).iterfind(".//*[@lang='zh-Hans']")
    assert set(frame["label_zh"]) <= {(node.text or "").split(" ")[0] for node in marked}


@pytest.mark.parametrize("name", NAMED)
def test_in_chinese_no_english_is_left_and_nothing_is_marked(name: str) -> None:
    use("zh")
    frame = samples.frames()[name].drop(columns="note", errors="ignore")
    drawing = drawn(name, frame)
    words = " ".join(texts(drawing)).replace("ceiling of 3 %", "").replace("half spent", "")
    assert not re.search("[a-z]", words.replace("left", ""))
    assert "lang=" not in drawing


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_describes_itself_and_takes_its_colours_from_the_page(name: str) -> None:
    root = ET.fromstring(drawn(name, samples.frames()[name]))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "a1")
    description = "".join(root.find("desc").itertext())  # type: ignore[union-attr]
    for node in root.iter("text"):
        figure = re.fullmatch(r"[+−≥ ]*[\d,.]+", "".join(node.itertext()))
        assert not figure or figure[0] in description
    for node in root.iter():
        assert node.get("stroke") is None
        assert node.get("fill") is None


@pytest.mark.parametrize("text", samples.HOSTILE)
@pytest.mark.parametrize("name", CHARTS)
def test_a_hostile_label_is_shown_as_short_text(name: str, text: str) -> None:
    frame = samples.frames()[name]
    columns = [c for c in ("label", "label_zh", "section", "note", "text") if c in frame]
    drawing = drawn(name, frame.assign(**dict.fromkeys(columns, text)))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", drawing)
    assert {node.tag for node in ET.fromstring(drawing).iter()} <= {
        "svg", "desc", "path", "text", "tspan", "span"
    }  # fmt: skip
    assert name == "series" or any(plain(text)[:5] in one for one in texts(drawing))
    assert max(map(len, texts(drawing))) < 130


@pytest.mark.parametrize("name", [n for n in CHARTS if n not in ("dots", "series")])
def test_a_figure_that_is_not_known_is_an_outline_and_never_a_bar_of_nothing(name: str) -> None:
    frame = samples.frames()[name].drop(columns=["known", "low", "high"], errors="ignore")
    drawing = drawn(name, frame.assign(value=pd.NA, shade=1))
    assert any("not " in text for text in texts(drawing))
    assert not re.search(r"\b0(\.00)?\b", " ".join(texts(drawing)))
    assert name == "ledger" or bars(drawing, "a1") == []
    assert name == "shares" or 'class="no"' in drawing


def test_each_step_begins_where_the_last_one_ended() -> None:
    drawing = drawn("steps", samples.frames()["steps"])
    (start, first), (second, grants), (_total, total) = bars(drawing, "a1")
    ((back, returned),) = bars(drawing, "dv")
    assert start == 0
    assert second == pytest.approx(first, abs=0.2)
    assert back + returned == pytest.approx(second + grants, abs=1)
    assert total == pytest.approx(back, abs=1)
    assert first / total == pytest.approx(42.9 / 75.5, abs=0.01)
    assert [t for t in texts(drawing) if re.fullmatch(r"[+−]?[\d.]+", t)] == [
        "42.90", "+35.00", "−2.40", "75.50"
    ]  # fmt: skip


def test_a_known_zero_is_a_tick_and_a_lower_bound_ends_in_an_arrow() -> None:
    drawing = drawn("bars", samples.frames()["bars"].assign(value=[0, 1100, samples.nan]))
    assert bars(drawing, "a1") == [(0, 1.5)]
    assert "≥ 1,100" in texts(drawing)
    assert drawing.count('class="ax"') == 1  # both arrows, in one element


def test_small_parts_are_magnified_one_square_a_person() -> None:
    drawing = drawn("ledger", samples.frames()["ledger"])
    squares = {kind: len([w for _x, w in bars(drawing, kind) if w == 11]) for kind in ("hi", "mi")}
    assert squares == {"hi": 13, "mi": 128}
    assert {"0.42 %", "4.09 %", "95.50 %"} <= {*texts(drawing)}


def test_marks_of_verdicts_differ_in_shape_and_what_fails_stands_first() -> None:
    drawing = drawn("dots", samples.frames()["dots"])
    assert bars(drawing, "hi") == [(0, 10)]
    assert bars(drawing, "o mi") == [(14, 8)]
    assert len(bars(drawing, "ok")) == 30
    assert "30 of 32" in texts(drawing)
    assert "1 of 2" in texts(drawing)  # of those that were checked
    unknown = samples.frames()["dots"].assign(verdict="not_checked", severity="")
    assert texts(drawn("dots", unknown)).count("not checked") == 2


def test_a_ceiling_is_drawn_at_every_bar_and_named() -> None:
    drawing = drawn("shares", samples.frames()["shares"])
    assert texts(drawing)[-1] == "ceiling of 3 %"
    limits = re.findall(r'class="lim" [^>]*', drawing)
    assert [limit.count("M") for limit in limits] == [3]


def test_a_year_without_a_figure_breaks_the_line() -> None:
    drawing = drawn("series", samples.frames()["series"])
    assert "≥ 300" in texts(drawing)
    assert "2023" in texts(drawing)
    lines = re.findall(r'class="o a1"[^>]* d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+"', drawing)
    assert len(lines) == 1  # from 2021 to 2022, and none over 2023


def test_a_hundred_years_are_drawn_without_crowding() -> None:
    years = pd.DataFrame({"year": range(1925, 2025), "value": range(3000, 3100)})
    told = [t for t in texts(drawn("series", years)) if re.fullmatch(r"(19|20)\d\d", t)]
    assert told[-1] == "2024"
    assert 3 < len(told) < 15


def test_a_figure_made_elsewhere_keeps_its_lines_marks_and_labels() -> None:
    figure = Figure((2, 2))
    axes = figure.add_subplot()
    axes.plot([1, 2], marker="o", label="ours")
    axes.set_xlabel("Year <b>")
    axes.legend()
    drawing = svg.draw(figure, "A line", "a1")
    assert {"Year <b>", "ours"} <= {*texts(drawing)}
    assert 'stroke="#1f77b4"' in drawing


def test_a_chart_made_in_advance_is_drawn_as_one_made_now(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = samples.frames()["bars"]
    now = drawn("bars", frame)
    monkeypatch.setattr(charts, "ready", [charts.Chart()])
    assert drawn("bars", frame) == now
    assert charts.ready == []


def test_a_chart_can_be_changed_by_whoever_takes_it_further() -> None:
    figure = charts.bars(samples.frames()["bars"])
    figure.axes[0].axvline(500, color="#123456")
    assert "#123456" in svg.draw(figure, "", "a1")


def test_a_chart_as_the_last_line_of_a_cell_is_a_picture(capsys: pytest.CaptureFixture) -> None:
    shell = InteractiveShell(warn_venv=False)
    shell.user_ns["chart"] = charts.bars(samples.frames()["bars"])
    result = shell.run_cell("chart.axes[0].axvline(500, color='#123456'); chart").result
    data, _metadata = shell.display_formatter.format(result)
    assert data["text/html"].startswith('<div class="an" lang="en"><style>')
    assert '<svg viewBox="0 0 344 ' in data["text/html"]
    assert "#123456" in data["text/html"]
    assert data["text/plain"].startswith("Drivers ≥ 300")
    assert "≥ 1,100" in capsys.readouterr().out  # what a terminal shows


@pytest.mark.parametrize(("shade", "kind"), [(1, "a1"), (3, "a3"), ("high", "hi"), ("ok", "ok")])
def test_a_shade_is_the_class_of_its_bar(shade: object, kind: str) -> None:
    frame = pd.DataFrame({"label": ["a"], "value": [1.0], "shade": [shade]})
    assert bars(svg.draw(charts.bars(frame), "", "a1"), kind) == [(0, 330)]
