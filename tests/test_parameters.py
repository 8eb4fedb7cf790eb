"""Parameters are converted or refused in one line, also where papermill only warns."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

import analysis
from analysis.present.language import current

YEARLY = "year: int = 2024\nlanguage: str = 'en'"
ACROSS = "years: list[int] = []\nlanguage: str = 'en'"
CALL = "import analysis\nprint(analysis.parameters({0}={0}, language=language))"


@pytest.mark.parametrize(("given", "year"), [("2024", 2024), (2024.0, 2024), (" 2022 ", 2022)])
def test_a_year_that_means_one_is_taken(given, year):
    found = analysis.parameters(year=given)
    assert (found, type(found)) == (year, int)


def test_one_year_is_a_list_of_one():
    assert analysis.parameters(years="2022", language="zh") == ([2022], "zh")
    assert analysis.parameters(years=[], language="en") == ([], "en")


@pytest.mark.parametrize("given", [2023, "2023", "next", None, True, 2024.5, [2024], "nan"])
def test_another_year_is_refused_with_those_there_are_and_where_the_rest_is(given):
    with pytest.raises(analysis.DataError, match=r"there are: 2022, 2024 \(.* trends\)$"):
        analysis.parameters(year=given)


def test_what_follows_is_shown_in_the_language_given():
    analysis.parameters(year=2024, language="zh")
    assert current() == "zh"


def test_another_language_is_refused_with_those_there_are():
    with pytest.raises(analysis.DataError, match="no language 'fr'; there are: en, zh"):
        analysis.parameters(language="fr")


@pytest.mark.parametrize(
    ("cell", "options", "said", "engine"),
    [
        (YEARLY, ["-p", "year", "2022"], "(2022, 'en')", "forked"),
        (YEARLY, ["-r", "year", "2024"], "(2024, 'en')", "nbclient"),
        (
            YEARLY,
            ["-p", "yaer", "2022"],
            "no parameter 'yaer'; there are: year, language",
            "nbclient",
        ),
        (
            YEARLY,
            ["-p", "years", "2022"],
            "no parameter 'years'; there are: year, language",
            "forked",
        ),
        (YEARLY, ["-p", "language", "de"], "no language 'de'; there are: en, zh", "forked"),
        (ACROSS, ["-p", "years", "2022"], "([2022], 'en')", "forked"),
        (
            ACROSS,
            ["-p", "year", "2022"],
            "no parameter 'year'; there are: years, language",
            "forked",
        ),
    ],
)
def test_papermill_runs_a_notebook_as_asked_or_not_at_all(
    cell: str, options: list[str], said: str, engine: str, tmp_path: Path
):
    name = cell.partition(":")[0]
    cells = [
        nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(CALL.format(name)),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, tmp_path / "in.ipynb")
    papermill = Path(sys.executable).with_name("papermill")
    line = [papermill, "in.ipynb", "out.ipynb", "--engine", engine, "-k", "python3"]
    done = subprocess.run(
        [*line, "--language", "python", *options],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={"PATH": "", "HOME": str(tmp_path), "ANALYSIS_DATA": str(ROOT / "data")},
    )
    assert said in (tmp_path / "out.ipynb").read_text("utf-8")
    assert (done.returncode == 0) == said.startswith("(")
