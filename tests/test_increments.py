"""For any notebook, what could have changed a report's bytes has it run again."""

import csv
import io
import json
import random
import re
from pathlib import Path

import nbformat
import pytest
from command import ROOT, Done, files, ran, reports

from analysis.checks.validation import problems

YEARLY = "year: int = 2024\nlanguage: str = 'en'"
OWN = {
    "filters": "import analysis\nprint(analysis.load('amounts', year=year, basis='stated'))",
    "one_document": "import analysis\nd = analysis.load('documents', year=year)['document'][0]\n"
    "print(analysis.load('indicators', document=d)['base'].sum(), language)",
    "loops": "import analysis\nframe = analysis.load('indicators')\n"
    "for one in frame['year'].unique():\n    print(one, (frame['year'] == one).sum())",
    "reads_itself": "import os, pathlib\n"
    "print(len(pathlib.Path(os.environ['ANALYSIS_DATA'], 'claims.csv').read_bytes()))",
    "lists": "import os\nprint(sorted(os.listdir(os.environ['ANALYSIS_DATA'])))",
    "reads_nothing": "print(1)",
}


def write(path: Path, code: str) -> str:
    cells = [
        nbformat.v4.new_code_cell(YEARLY, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(code),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return str(path)


def run(out: Path, notebooks: list[str], **options: object) -> Done:
    """Reports of some notebooks, given by their paths."""
    return reports(out, paths=notebooks, **options)


@pytest.fixture
def own(tmp_path: Path) -> list[str]:
    return [write(tmp_path / f"{name}.ipynb", code) for name, code in OWN.items()]


def test_of_20_random_edits_each_leaves_what_a_run_from_scratch_writes(
    own: list[str], data: Path, tmp_path: Path
) -> None:
    chance = random.Random(15)
    project = [str(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    chosen = [*own, *chance.sample(project, 1)]
    run(tmp_path / "out", chosen, data=data, language="en")
    tables = ["amounts", "indicators", "claims", "explanations", "documents", "themes", "items"]
    spared = 0
    for number in range(20):
        valid = {path: path.read_bytes() for path in data.iterdir()}
        while valid:
            edit(data, chance.choice(tables), chance)
            if not problems(data):
                break
            for path, content in valid.items():
                path.write_bytes(content)
        result = run(tmp_path / "out", chosen, data=data, language="en")
        assert result.returncode == 0, result.stderr
        spared += "unchanged: " in result.stdout
        if number % 3 == 2:
            run(tmp_path / "scratch", chosen, data=data, language="en", force=True)
            assert files(tmp_path / "out") == files(tmp_path / "scratch"), number
    assert spared


def edit(data: Path, table: str, chance: random.Random) -> None:
    """Drop, double or move a row, or put another's value into one of its cells."""
    path = data / f"{table}.csv"
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    one, other = chance.randrange(1, len(rows)), chance.randrange(1, len(rows))
    match chance.randrange(4):
        case 0:
            rows[one], rows[other] = rows[other], rows[one]
        case 1:
            del rows[one]
        case _:
            column = chance.randrange(len(rows[0]))
            rows[one][column] = rows[other][column]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), "utf-8")


def test_each_own_notebook_is_run_again_for_what_it_has_looked_at(
    own: list[str], data: Path, tmp_path: Path
) -> None:
    options = {"data": data, "year": 2024, "language": "en"}
    run(tmp_path / "out", own, **options, env={})  # by a server that has read these very data
    again = run(tmp_path / "out", own, **options)
    assert "0 written, 6 unchanged" in again.stdout
    for table, text, expected in (
        ("claims", "2024-final-accounts", {"reads_itself", "lists"}),
        ("indicators", "2022-performance-evaluation", {"reads_itself", "lists", "loops"}),
        ("indicators", "2024-final-accounts", {"reads_itself", "lists", "loops", "one_document"}),
        ("amounts", "2022-performance-evaluation", {"reads_itself", "lists", "filters"}),
    ):
        path = data / f"{table}.csv"
        header, *lines = path.read_text("utf-8").splitlines()
        place = next(i for i, line in enumerate(lines) if f",{text}," in f",{line},")
        column = header.split(",").index("line")
        cells = next(csv.reader([lines[place]]))
        cells[column] = str(int(cells[column]) + 1)
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(cells)
        lines[place] = line.getvalue()
        path.write_text("\n".join([header, *lines, ""]), "utf-8")
        again = run(tmp_path / "out", own, **options)
        assert ran(again) == {f"2024/{name}" for name in expected}, (table, text)


def test_what_is_read_beside_the_package_has_a_report_run_each_time(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("1", "utf-8")
    (tmp_path / "mine.py").write_text("1", "utf-8")
    beside = {
        "opens": (f"open('{tmp_path}/mine.csv').read()", f"{tmp_path}/mine.csv"),
        "starts": ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        "forks": ("import os; os.waitpid(os.fork() or os._exit(0), 0)", "os.fork"),
        "imports": (f"import sys; sys.path.insert(0, '{tmp_path}'); import mine", f"{tmp_path}/"),
        "asks": (f"import sqlite3; sqlite3.connect('{tmp_path}/db').close()", "sqlite3.connect"),
        "own": (
            "import tempfile, pathlib\npathlib.Path('a').write_text('1')\nopen('a').read()\n"
            "with tempfile.NamedTemporaryFile('w') as file:\n"
            "    file.write('1')\n    file.flush()\n    print(open(file.name).read())",
            "",
        ),
    }
    chosen = [write(tmp_path / f"{name}.ipynb", code) for name, (code, _) in beside.items()]
    run(tmp_path / "out", chosen, year=2024, language="en")
    again = run(tmp_path / "out", chosen, year=2024, language="en", why=True)
    assert "unchanged: 2024/own" in again.stdout
    for name, (_, reason) in beside.items():
        if reason:
            assert f"2024/{name}: reads what is not of the package: {reason}" in again.stdout


def test_an_edit_and_its_reversal_while_a_batch_runs_leave_nothing_wrong(
    data: Path, tmp_path: Path
) -> None:
    table = data / "amounts.csv"
    kept = table.read_bytes()
    # the first edits the data, the second reads them afterwards, the last puts them back
    code = f"import pathlib\npath = pathlib.Path({str(table)!r})\n"
    spoils = write(tmp_path / "a.ipynb", f"{code}path.write_bytes(b'spoilt')")
    reads = write(tmp_path / "b.ipynb", OWN["filters"])
    mends = write(tmp_path / "c.ipynb", f"{code}path.write_bytes({kept!r})")
    chosen = [spoils, reads, mends]
    result = run(tmp_path / "out", chosen, data=data, jobs=1, year=2024, language="en")
    assert result.returncode == 0, result.stderr
    assert table.read_bytes() == kept
    run(tmp_path / "fresh", [reads], data=data, year=2024, language="en")
    pages = [files(tmp_path / out)["2024/b.html"] for out in ("out", "fresh")]
    assert pages[0] == pages[1]
    assert json.loads((tmp_path / "out" / "2024" / "b.ipynb").read_text("utf-8"))["cells"]


def test_an_answer_of_other_data_stands_beside_no_link(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = [str(ROOT / "notebooks" / f"{name}.ipynb") for name in ("budget_execution", "trends")]
    run(out, both, data=data, language="en", year=2022)
    run(out, both[1:], data=data, language="en")
    page = re.sub(r"<[^>]*>", "", (out / "index.html").read_text("utf-8"))
    assert "64.19 万元 was spent in 2022" in page
    for table in ("amounts", "claims"):
        path = data / f"{table}.csv"
        path.write_text(path.read_text("utf-8").replace("64.19", "63.19"), "utf-8")
    run(out, both[1:], data=data, language="en")
    page = (out / "index.html").read_text("utf-8")
    assert "63.19" in page
    assert "64.19" not in page
    assert "2022/budget_execution.html" in page
