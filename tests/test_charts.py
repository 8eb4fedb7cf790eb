"""Every chart is text a browser can read, the same on every run, whatever its labels say."""

import re
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
import samples

from analysis.present import old_charts as charts

CHARTS = sorted(samples.frames())


def drawn(name: str, frame: pd.DataFrame) -> str:
    return charts.svg(getattr(charts, name)(frame), "What it tells", "a1", "title")


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_the_same_on_every_run_and_small(name: str) -> None:
    svg = drawn(name, samples.frames()[name])
    assert svg == drawn(name, samples.frames()[name])
    assert len(svg) < 8_000


@pytest.mark.parametrize("name", CHARTS)
def test_labels_are_text_in_both_languages_and_chinese_is_marked_as_chinese(name: str) -> None:
    frame = samples.frames()[name]
    written = " ".join(texts(drawn(name, frame)))
    for label in frame["series" if "series" in frame else "label"]:
        assert label.split()[0] in written
    for term in frame["label_zh"]:
        assert term in written
    marked = ET.fromstring(drawn(name, frame)).iterfind(".//tspan[@lang='zh-Hans']")
    assert set(frame["label_zh"]) - {""} <= {node.text for node in marked}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_takes_its_colours_from_the_page_and_names_its_alternative(name: str) -> None:
    root = ET.fromstring(drawn(name, samples.frames()[name]))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "title a1-alt"
    assert root.findtext("desc") == "What it tells"
    for node in root.iter():
        for colour in (node.get("fill"), node.get("stroke")):
            assert colour in (None, "none", "currentColor") or colour.startswith("var(--an-")


@pytest.mark.parametrize("text", samples.HOSTILE)
@pytest.mark.parametrize("name", CHARTS)
def test_a_hostile_label_is_shown_as_short_text(name: str, text: str) -> None:
    frame = samples.frames()[name]
    columns = [c for c in ("label", "label_zh", "series", "group") if c in frame]
    svg = drawn(name, frame.assign(**dict.fromkeys(columns, text)))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", svg)
    assert {node.tag for node in ET.fromstring(svg).iter()} <= {
        "svg", "desc", "path", "text", "tspan"
    }  # fmt: skip
    assert any(charts.plain(text)[:5] in written for written in texts(svg))
    assert max(map(len, texts(svg))) < 100


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_of_missing_figures_says_so(name: str) -> None:
    frame = samples.frames()[name].convert_dtypes()
    figures = [
        c for c in ("value", "executed", "approved", "estimate", "low", "high") if c in frame
    ]
    if name != "bridge":  # a sum with a missing part has no bars
        assert {"not stated", "no figure", "–"} & {
            word for text in texts(drawn(name, frame.assign(**dict.fromkeys(figures, pd.NA))))
            for word in (text, text[:10])
        }  # fmt: skip


def test_a_bridge_begins_each_change_where_the_last_one_ended() -> None:
    written = texts(drawn("bridge", samples.frames()["bridge"]))
    assert [t for t in written if re.fullmatch(r"[+−]?[\d.]+", t)] == [
        "42.90",
        "+35",
        "−2.40",
        "75.50",
    ]


def test_kinds_of_figures_are_drawn_apart_over_the_years() -> None:
    written = texts(drawn("multiples", samples.frames()["multiples"]))
    assert {"≥ 300", "72", "34", "–", "derived, with interval", "at least", "no figure"} <= {
        *written
    }


def test_a_hundred_years_are_drawn_without_crowding() -> None:
    years = pd.DataFrame({"series": "Users", "label_zh": "", "year": range(1925, 2025),
                          "value": range(3000, 3100), "kind": "stated"})  # fmt: skip
    told = [t for t in texts(drawn("multiples", years)) if re.fullmatch(r"(19|20)\d\d", t)]
    assert told[-1] == "2024"
    assert 3 < len(told) < 15


def test_a_figure_made_elsewhere_keeps_its_own_marks() -> None:
    from matplotlib.figure import Figure

    figure = Figure((2, 2))
    figure.add_subplot().plot([1, 2], marker="o")
    root = ET.fromstring(charts.svg(figure, "A line", "a1"))
    known = {node.get("id") for node in root.iter()}
    assert all(node.attrib["href"][1:] in known for node in root.iter("use"))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(11233, None, "11,233"), (42.9, None, "42.90"), (-2.4, 1, "−2.4"), (0, 2, "0.00")],
)
def test_a_number_is_written_for_people(value: float, digits: int | None, text: str) -> None:
    assert charts.number(value, digits) == text
