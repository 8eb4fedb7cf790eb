"""What is prepared where a batch writes harms nobody, and odd places are no trouble."""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from command import ANALYSIS, NOTEBOOKS, ROOT, arguments, files, process, ran, reports

from analysis.batch.state import State

ONE = str(NOTEBOOKS / "reads_nothing.ipynb")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of somebody's, with everything in it that a batch might take for its own."""
    folder = tmp_path / "foreign"
    (folder / "scratch-old").mkdir(parents=True)
    for name in ("state.jsonl", "lock", "scratch-old/file", "reads_amounts.html"):
        (folder / name).write_text("kept", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (".analysis", ""),
        ("2022", ""),
        ("zh", ""),
        (".analysis/state.jsonl", "state.jsonl"),
        (".analysis/lock", "lock"),
    ],
)
def test_a_link_in_the_output_folder_is_refused_and_never_followed(
    link: str, target: str, foreign: Path, tmp_path: Path
) -> None:
    before = files(foreign)
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(foreign / target)
    result = reports(tmp_path / "out", "reads_amounts")
    assert result.returncode == 2
    assert f"{place} is " in result.stderr
    assert files(foreign) == before


def test_pages_and_leftovers_that_are_links_are_replaced_or_left(
    foreign: Path, tmp_path: Path
) -> None:
    before = files(foreign)
    out = tmp_path / "out"
    (out / ".analysis" / "mine").mkdir(parents=True)
    (out / ".analysis" / "scratch-old").symlink_to(foreign / "scratch-old")
    (out / "reads_nothing.html").symlink_to(foreign / "lock")
    (out / "index.html").symlink_to(foreign / "lock")
    assert reports(out, "reads_nothing").returncode == 0
    assert files(foreign) == before
    assert not (out / "index.html").is_symlink()
    assert (out / ".analysis" / "mine").is_dir()


@pytest.mark.parametrize("name", ["state.jsonl", "lock"])
def test_a_pipe_where_a_file_should_be_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / ".analysis").mkdir()
    os.mkfifo(tmp_path / ".analysis" / name)
    result = reports(tmp_path, "reads_nothing")
    assert result.returncode == 2
    assert f"{name} is none of a batch" in result.stderr


def test_the_reports_of_another_package_are_not_written_over(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    reports(out, "reads_nothing", data=data)
    before = files(out)
    path = data / "datapackage.json"
    descriptor = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**descriptor, "name": "another-office"}), "utf-8")
    result = reports(out, "reads_nothing", data=data)
    assert result.returncode == 2
    assert f"holds the reports of {descriptor['name']!r}" in result.stderr
    assert "'another-office'" in result.stderr
    assert "--out" in result.stderr
    assert files(out) == before


def test_reports_are_not_written_among_what_they_are_made_from(data: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "mine" / "own.ipynb"
    notebook.parent.mkdir()
    shutil.copy(ONE, notebook)
    for out in (data, data.parent, notebook.parent, ROOT / "notebooks", ROOT):
        result = reports(out, data=data, notebook=notebook)
        assert result.returncode == 2, out
        assert "name another --out" in result.stderr
        assert not (out / ".analysis").exists()
    assert notebook.read_bytes() == Path(ONE).read_bytes()
    assert reports(data / "reports", data=data, notebook=notebook).returncode == 0


def test_pages_of_a_year_or_notebook_that_is_gone_are_removed_and_said(
    data: Path, tmp_path: Path
) -> None:
    out, own = tmp_path / "out", tmp_path / "own.ipynb"
    shutil.copy(NOTEBOOKS / "slow.ipynb", own)
    reports(out, "reads_amounts", data=data, notebook=own)
    edited = out / "2022" / "own.html"
    state = State(out / ".analysis")
    state.add("2021/own", state.reports["2022/own"])
    for name in ("2022/own.html", "2022/own.ipynb"):
        assert (out / name).is_file()
    own.unlink()
    dry = reports(out, "reads_amounts", data=data, dry_run=True)
    assert "would remove 2022/own: its notebook or year is gone" in dry.stdout
    assert edited.is_file()
    edited.write_text("edited by hand", "utf-8")
    result = reports(out, "reads_amounts", data=data)
    assert "removed  2022/own: its notebook or year is gone" in result.stdout
    assert edited.read_text("utf-8") == "edited by hand"
    assert not (out / "2022" / "own.ipynb").exists()
    assert "own.html" not in (out / "index.html").read_text("utf-8")
    assert (out / "2022" / "reads_amounts.html").is_file()


def test_a_dry_run_tells_what_would_be_run_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    result = reports(tmp_path / "out", "reads_amounts", data=data, dry_run=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert "would run 2022/reads_amounts: never run" in result.stdout
    assert "2 to run, 0 unchanged" in result.stdout
    assert not (tmp_path / "out").exists()


SPY = "import pathlib\npathlib.Path({0!r}).write_text(__name__)\nraise ImportError('code ran')\n"


@pytest.fixture
def mailed(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A package with code in it, and the file that appears as soon as any of it runs."""
    mark = tmp_path / "ran"
    names = (
        *("socket", "json", "csv", "random", "pandas", "numpy", "matplotlib", "papermill", "re"),
        *("nbformat", "IPython", "ipykernel", "traitlets", "analysis", "sitecustomize", "click"),
        *("usercustomize", "frictionless_x", "jupyter_config", "ipython_config", "encodings"),
    )
    for name in names:
        (data / f"{name}.py").write_text(SPY.format(str(mark)), "utf-8")
    (data / "matplotlibrc").write_text("font.size: 40\ntext.usetex: True\n", "utf-8")
    (data / "notebooks").mkdir()
    shutil.copy(ONE, data / "notebooks" / "trends.ipynb")
    return data, mark


@pytest.mark.parametrize("engine", ["forked", "nbclient"])
def test_code_in_the_current_folder_is_not_run_in_odd_places(
    engine: str, mailed: tuple[Path, Path], tmp_path: Path
) -> None:
    data, mark = mailed
    odd = tmp_path / ("long" * 30)
    odd.mkdir()
    env = {
        **{name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        **{"TMPDIR": str(odd), "HOME": "/nonexistent", "PYTHONIOENCODING": "latin-1"},
    }
    own = tmp_path / "禁毒.ipynb"
    shutil.copy(NOTEBOOKS / "figures.ipynb", own)
    line = [str(ANALYSIS), "reports", "--data", ".", "--out", str(tmp_path / "out")]
    line += ["--notebook", str(own), "--engine", engine]
    result = subprocess.run(line, cwd=data, env=env, capture_output=True, timeout=200, check=False)
    assert result.returncode == 0, result.stderr
    assert not mark.exists()
    assert b"written  \\u7981\\u6bd2 (1 of 1)" in result.stdout
    assert "'10.0'" in (tmp_path / "out" / "禁毒.ipynb").read_text("utf-8").replace(
        "10.0", "'10.0'"
    )


def test_controls_and_marks_of_direction_do_nothing_in_a_terminal(tmp_path: Path) -> None:
    code = "raise ValueError('\\x1b[2J\\x07 \\u202egnp.exe \\u2066 \\x9b31m')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(notebook, tmp_path / "own.ipynb")
    result = reports(tmp_path / "out", notebook=tmp_path / "own.ipynb")
    assert result.returncode == 1
    assert r"\x1b[2J\x07 \u202egnp.exe \u2066 \x9b31m" in result.stderr
    assert all(one.isprintable() or one == "\n" for one in result.stderr)


def test_names_that_are_not_utf8_are_refused_in_a_clear_line(tmp_path: Path) -> None:
    notebook = tmp_path / os.fsdecode(b"\xff.ipynb")
    shutil.copy(ONE, notebook)
    result = process([os.fsencode(one) for one in arguments(tmp_path / "out", notebook=notebook)])
    assert result.returncode == 2
    assert "rename the notebook" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("megabytes", [150, 400, 700])
def test_little_address_space_is_a_right_run_or_a_clear_line(
    megabytes: int, tmp_path: Path
) -> None:
    space = megabytes << 20
    result = process(
        arguments(tmp_path / "out", "reads_amounts"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (space, space)),
    )
    assert result.returncode in (0, 1, 2)
    assert "Traceback" not in result.stderr
    assert result.returncode == 0 or len(result.stderr.splitlines()) in range(1, 5)


def test_what_the_project_has_written_opens_trusted(tmp_path: Path) -> None:
    from nbformat.sign import NotebookNotary

    env = {"JUPYTER_DATA_DIR": str(tmp_path / "share")}
    result = reports(tmp_path / "out", notebook="budget_execution", year=2024, env=env)
    assert ran(result) >= {"2024/budget_execution"}, result.stderr
    notary = NotebookNotary(data_dir=str(tmp_path / "share"))
    notebook = nbformat.read(tmp_path / "out" / "2024" / "budget_execution.ipynb", 4)
    assert notary.check_signature(notebook)


@pytest.mark.skipif(sys.platform != "linux", reason="a package of others may lie anywhere")
def test_what_a_package_of_others_has_written_is_not_signed(data: Path, tmp_path: Path) -> None:
    env = {"JUPYTER_DATA_DIR": str(tmp_path / "share")}
    reports(tmp_path / "out", notebook="budget_execution", year=2024, data=data, env=env)
    assert not (tmp_path / "share").exists()


@pytest.mark.parametrize("error", [[], {}, 0, False])
def test_a_forged_fact_is_none_and_its_report_is_run_again(error: object, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert reports(out, "reads_nothing").returncode == 0
    state = out / ".analysis" / "state.jsonl"
    lines = [json.loads(line) for line in state.read_text("utf-8").splitlines() if line]
    for kind, _about, what in lines:
        if kind == "report":
            what["error"] = error
    state.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    result = reports(out, "reads_nothing")
    assert (result.returncode, ran(result)) == (0, {"reads_nothing"})


def test_a_forged_name_of_two_lines_is_told_in_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert reports(out, "reads_nothing").returncode == 0
    with (out / ".analysis" / "state.jsonl").open("a", encoding="utf-8") as file:
        fact = {"error": None, "files": {}, "key": {}, "looks": [], "path": ""}
        file.write(json.dumps(["report", "1999/x\nwritten  y", fact]) + "\n")
    result = reports(out, "reads_nothing")
    assert "written  y" not in result.stdout.splitlines()
    assert "1999/x\\nwritten  y" in result.stdout
