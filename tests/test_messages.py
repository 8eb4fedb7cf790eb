"""Everything that is shown has its Chinese text, and nothing else is in the catalogue."""

import ast
import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from conftest import ROOT

from analysis.measures import budget, composition, indicators, trends
from analysis.present.language import catalogue

SRC = ROOT / "src/analysis"
PLACE = re.compile(r"\{[^{}]*\}")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What code, templates and notebooks say."""
    path = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = Path(sys.executable).with_name("pybabel")
    arguments = ["-q", "extract", "--mapping-file=pyproject.toml", f"--output-file={path}", "."]
    subprocess.run([command, *arguments], cwd=ROOT, check=True)
    with path.open("rb") as file:
        return read_po(file)


def ids(messages: Catalog) -> set[str]:
    return {one(message.id) for message in messages if message.id}


def one(message: object) -> str:
    return str(message[0] if isinstance(message, list | tuple) else message)


def test_the_catalogue_holds_every_message_and_no_other(found: Catalog) -> None:
    assert ids(found) - ids(catalogue()) == set(), "run: make messages"
    assert ids(catalogue()) - ids(found) == set(), "run: make messages"
    assert len(ids(found)) > 100


def test_every_message_has_its_chinese_text() -> None:
    assert [m.id for m in catalogue() if m.id and not one(m.string or "")] == []
    assert [m.id for m in catalogue() if m.id and m.fuzzy] == []


def test_both_texts_hold_the_same_places() -> None:
    for message in catalogue():
        english = message.id if isinstance(message.id, list | tuple) else [message.id]
        if chinese := one(message.string or ""):
            for text in english:
                assert {*PLACE.findall(text)} == {*PLACE.findall(chinese)}, text


def test_every_call_that_translates_is_collected(found: Catalog) -> None:
    called = {
        node.args[0].value
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("_", "ngettext")
        and isinstance(node.args[0], ast.Constant)
    }
    assert called <= ids(found)


def test_every_id_that_is_shown_has_words_in_both_languages() -> None:
    with (SRC / "present/labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    assert all(row["label"] and row["label_zh"] for row in labels)
    known: dict[str, set[str]] = {}
    for row in labels:
        known.setdefault(row["kind"], set()).add(row["id"])
    assert len(labels) == sum(map(len, known.values())), "an id stands twice"
    tables = json.loads((SRC / "data/tables.json").read_text(encoding="utf-8"))
    kinds = {
        value
        for table in tables["resources"]
        if table["name"] == "claims"
        for field in table["schema"]["fields"]
        if field["name"] == "kind"
        for value in field["constraints"]["enum"]
    }
    assert kinds <= known["claim"]
    assert {rule["missing"] for rule in budget.rules()} - {""} <= known["reason"]
    assert {*composition.SCHEMES} <= known["cut"]
    assert {*indicators.GRADES} == known["grade"]
    assert {*trends.DEFINITION} == known["differs"]
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert known["question"] == notebooks - {"overview"}
