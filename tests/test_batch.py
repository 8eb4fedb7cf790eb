"""The batch runs what has changed and nothing else, says so, and writes into one folder safely."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import NOTEBOOKS, ROOT, arguments, files, process, ran, reports

READERS = ("reads_amounts", "reads_indicators", "reads_all", "reads_nothing")
EVERYTHING = {
    *(f"{year}/{name}" for year in (2022, 2024) for name in READERS[:2]),
    "reads_all",
    "reads_nothing",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT / "data", tmp_path_factory.mktemp("data") / "data"))


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert reports(folder, *READERS, data=data).returncode == 0
    return folder


@pytest.fixture
def changed(data: Path) -> Iterator[Path]:
    """The data, put back afterwards."""
    kept = {path: path.read_bytes() for path in data.iterdir()}
    yield data
    for path, content in kept.items():
        path.write_bytes(content)


def edit(table: Path, figure: str, column: str, value: str) -> None:
    """Put another value into one cell."""
    lines = table.read_text("utf-8").split("\n")
    place = lines[0].split(",").index(column)
    number = next(i for i, line in enumerate(lines) if line.startswith(f"{figure},"))
    cells = lines[number].split(",")
    cells[place] = value
    lines[number] = ",".join(cells)
    table.write_text("\n".join(lines), "utf-8")


def test_nothing_changed_runs_nothing(out: Path, data: Path) -> None:
    before = files(out)
    result = reports(out, *READERS, data=data)
    assert result.returncode == 0
    assert ran(result) == set()
    assert "unchanged: reads_all, reads_nothing, 2022/reads_amounts" in result.stdout
    assert files(out) == before


def test_nothing_changed_imports_neither_pandas_nor_matplotlib(out: Path, data: Path) -> None:
    result = reports(out, *READERS, data=data, env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert {"analysis.cli", "analysis.batch.plan"} <= imported
    heavy = "pandas numpy matplotlib scipy frictionless papermill nbformat IPython distributed"
    assert not imported & set(heavy.split())


def test_a_touched_file_with_the_same_content_runs_nothing(out: Path, data: Path) -> None:
    for path in [*data.iterdir(), *out.rglob("*.html")]:
        path.touch()
    assert ran(reports(out, *READERS, data=data)) == set()


def test_a_changed_figure_runs_the_reports_that_can_see_it(out: Path, changed: Path) -> None:
    edit(changed / "amounts.csv", "approved_2022", "line", "24")
    result = reports(out, *READERS, data=changed, why=True)
    assert result.returncode == 0, result.stderr
    assert ran(result) == {"2022/reads_amounts", "2024/reads_amounts", "reads_all"}
    assert "2022/reads_amounts: data: amounts\n" in result.stdout
    edit(changed / "explanations.csv", "2022-performance-evaluation", "line", "28")
    assert ran(reports(out, *READERS, data=changed)) == set()


def test_a_changed_figure_that_nobody_reads_runs_nothing(out: Path, changed: Path) -> None:
    reports(out, *READERS, data=changed)
    with (changed / "themes.csv").open("a", encoding="utf-8", newline="") as file:
        file.write("later,99,以后,Later\n")
    assert ran(reports(out, *READERS, data=changed)) == set()


def test_a_deleted_or_edited_output_is_made_again(out: Path, data: Path) -> None:
    reports(out, *READERS, data=data)
    before = files(out)
    (out / "reads_all.html").unlink()
    (out / "2022" / "reads_amounts.ipynb").write_text("{}", "utf-8")
    (out / "index.html").unlink()
    result = reports(out, *READERS, data=data, why=True)
    assert ran(result) == {"reads_all", "2022/reads_amounts"}
    assert "reads_all: reads_all.html is missing" in result.stdout
    assert "2022/reads_amounts.ipynb was edited" in result.stdout
    assert files(out) == before


def test_a_changed_notebook_is_run_again(data: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "mine.ipynb"
    shutil.copy(NOTEBOOKS / "reads_nothing.ipynb", notebook)
    assert reports(tmp_path / "out", data=data, notebook=notebook).returncode == 0
    notebook.write_text(notebook.read_text("utf-8").replace("print(2)", "print(3)"), "utf-8")
    again = reports(tmp_path / "out", data=data, notebook=notebook, why=True)
    assert "mine: notebook" in again.stdout.splitlines()
    assert ran(again) == {"mine"}


def test_a_changed_library_or_lock_runs_everything(data: Path, tmp_path: Path) -> None:
    # a copy of the project, so that the one under test stays as it is
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    env = {"PYTHONPATH": str(tmp_path / "src")}
    assert ran(reports(tmp_path / "out", *READERS, data=data, env=env)) == EVERYTHING
    for path, reason in (("src/analysis/cli.py", "library"), *[("requirements.lock",) * 2]):
        kept = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(kept + b"\n# changed\n")
        result = reports(tmp_path / "out", *READERS, data=data, dry_run=True, env=env)
        wanted = {f"would run {name}: {reason}" for name in EVERYTHING}
        assert {*result.stdout.splitlines()[:-1]} == wanted
        (tmp_path / path).write_bytes(kept)


def test_force_runs_everything(out: Path, data: Path) -> None:
    assert ran(reports(out, *READERS, data=data, force=True)) == EVERYTHING


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"year": 2023}, "no document of the year 2023; there are: 2022, 2024"),
        ({"notebook": "nonsense"}, "no notebook 'nonsense'; there are: "),
        ({"notebook": "trends", "year": 2024}, "nothing to run"),
        ({"data": "/nowhere"}, "/nowhere: no datapackage.json found"),
        ({"engine": "nonsense"}, "'nonsense' is not one of"),
        ({"jobs": 0}, "0 is not in the range"),
    ],
)
def test_wrong_use_runs_nothing(options: dict[str, object], message: str, tmp_path: Path) -> None:
    result = reports(tmp_path / "out", **options)
    assert result.returncode == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_bad_data_runs_nothing_and_leaves_what_was_there(out: Path, changed: Path) -> None:
    before = files(out)
    edit(changed / "amounts.csv", "approved_2022", "value", "6x")
    result = reports(out, *READERS, data=changed)
    assert result.returncode == 2
    assert "amounts.csv, row 2, column value" in result.stderr
    assert files(out) == before


def test_a_notebook_may_have_any_name(tmp_path: Path) -> None:
    name = "odd {name} 'of' 禁毒 & $(x)"
    result = reports(tmp_path, name)
    assert ran(result) == {name}
    assert (tmp_path / f"{name}.html").exists()
    assert "unchanged" in reports(tmp_path, name).stdout


def test_two_notebooks_of_one_name_are_wrong_use(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "reads_nothing.ipynb" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        shutil.copy(NOTEBOOKS / "reads_nothing.ipynb", path)
    result = reports(tmp_path / "out", paths=[*map(str, paths)])
    assert result.returncode == 2
    assert result.stderr.startswith("two notebooks 'reads_nothing': ")


def test_a_relative_output_folder_is_as_good_as_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = reports(Path("out"), "reads_nothing")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "out" / "reads_nothing.html").is_file()


def test_a_reader_who_leaves_does_not_stop_the_work(tmp_path: Path) -> None:
    line = arguments(tmp_path / "out", "reads_amounts", "reads_nothing")
    batch = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert batch.stdout is not None
    batch.stdout.close()
    assert batch.communicate(timeout=300)[1] == ""
    assert batch.returncode == 0
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "0", "-1"])
def test_a_time_limit_that_is_none_is_wrong_use(seconds: str, tmp_path: Path) -> None:
    result = reports(tmp_path / "out", "reads_nothing", timeout=seconds)
    assert result.returncode == 2
    assert "--timeout" in result.stderr
    assert not (tmp_path / "out").exists()


def test_no_notebook_takes_the_place_of_the_index(tmp_path: Path) -> None:
    notebook = shutil.copy(NOTEBOOKS / "reads_nothing.ipynb", tmp_path / "index.ipynb")
    assert reports(tmp_path / "out", notebook=notebook).returncode == 2


def test_two_batches_on_one_folder_wait_for_each_other(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = arguments(out, "slow", *READERS, data=data)
    batches = [
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [batch.communicate(timeout=300) for batch in batches]
    assert [batch.returncode for batch in batches] == [0, 0]
    assert sum("waiting for another batch" in errors for _, errors in said) == 1
    assert sum("0 written, 8 unchanged" in text for text, _ in said) == 1
    assert ran(reports(out, "slow", *READERS, data=data)) == set()


def few_files() -> None:
    """As many as systems allow at first, in proportion: fewer than three for each worker."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, most))


def test_120_reports_side_by_side_do_not_disturb_each_other(data: Path, tmp_path: Path) -> None:
    names = []
    for number in range(120):
        names.append(tmp_path / f"copy_{number}.ipynb")
        shutil.copy(NOTEBOOKS / "reads_all.ipynb", names[-1])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    jobs = min(60, memory // 50_000_000)  # a worker takes some 36 MB of its own
    line = arguments(tmp_path / "out", data=data, jobs=jobs)
    line += [part for name in names for part in ("--notebook", str(name))]
    result = process(line, preexec_fn=few_files)
    assert result.returncode == 0, result.stderr
    assert "120 written, 0 unchanged, 0 failed" in result.stdout
    pages = {
        path.read_text("utf-8").replace(path.stem, "") for path in tmp_path.glob("out/c*.html")
    }
    assert len(pages) == 1
