"""The forked engine is held to papermill's stock engine, byte for byte."""

import subprocess
import sys
from pathlib import Path

import pytest
from command import NOTEBOOKS, ROOT, files, outputs, reports, texts

from analysis.batch.snapshot import PACKAGE
from analysis.batch.state import State

FIXTURES = [
    "streams",
    "displays",
    "results",
    "figures",
    "warns",
    "allowed_error",
    "thread",
    "asks",
    "shell",
    "subprocesses",
    "awaits",
    "exits",
    "leaves_traces",
    "reads_amounts",
    "reads_all",
    "cell_error",
    "syntax_error",
    "exits_with_error",
    "killed",
    "ends_itself",
    "crash",
    "memory",
]
PROJECT = [
    path.stem
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if '"parameters"\n' in path.read_text("utf-8")  # the others are no reports
]


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("forked")
    reports(out, *FIXTURES)
    reports(out)
    return out


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stock")
    reports(out, *FIXTURES, engine="nbclient")
    reports(out, engine="nbclient")
    return out


@pytest.mark.parametrize("name", [*FIXTURES, *PROJECT])
def test_both_engines_write_the_same_bytes(name: str, forked: Path, stock: Path) -> None:
    ours = {path: content for path, content in files(forked).items() if Path(path).stem == name}
    theirs = {path: content for path, content in files(stock).items() if Path(path).stem == name}
    assert {Path(path).suffix for path in ours} == {".html", ".ipynb"}
    assert ours.keys() == theirs.keys()
    for path, content in ours.items():
        assert content == theirs[path], path


def test_a_cache_that_is_warm_before_the_fork_hides_no_table(forked: Path) -> None:
    facts = State(forked / ".analysis").reports
    assert ("amounts", None) in facts["2024/reads_amounts"].looks
    for name, tables in (
        ("budget_execution", {"amounts", "claims", "items"}),
        ("performance_indicators", {"indicators", "claims", "themes"}),
        ("spending_composition", {"amounts", "claims", "items"}),
    ):
        looks = facts[f"2024/{name}"].looks
        assert tables <= {table for table, _ in looks}
        assert not any(table in ("", "not_transcribed") for table, _ in looks)


def test_what_a_kernel_of_its_own_reads_is_taken_to_be_everything(stock: Path) -> None:
    facts = State(stock / ".analysis").reports.values()
    assert {tuple(fact.looks) for fact in facts if not fact.error} == {(PACKAGE,)}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("streams", "out 1\nout 2 — 毒品\n"),
        ("streams", "1999 xxxx"),
        ("displays", "between"),
        ("results", "(42, '1 + 1', 2)"),
        ("warns", "UserWarning: from the cell"),
        ("allowed_error", "goes on"),
        ("thread", "next cell\nfrom a thread of the cell before\ndone"),
        ("thread", "displayed by a thread"),
        ("asks", "does not support input requests"),
        ("shell", "from the shell"),
        ("shell", "0.33"),
        ("subprocesses", "from a subprocess"),
        ("subprocesses", "from the descriptor"),
        ("subprocesses", "from a forked child"),
        ("awaits", "awaited"),
        ("awaits", "cannot be called from a running event loop"),
        ("cell_error", "ZeroDivisionError"),
        ("killed", "'kept'"),
    ],
)
def test_what_a_cell_puts_out_is_there(name: str, shown: str, forked: Path) -> None:
    assert shown in texts(forked / f"{name}.ipynb")


def test_figures_are_drawn_as_in_jupyter(forked: Path) -> None:
    kinds = [set(output.get("data", {})) for output in outputs(forked / "figures.ipynb")]
    assert sum("image/png" in kind for kind in kinds) == 3
    assert sum("image/svg+xml" in kind for kind in kinds) == 1


def test_what_differs_between_runs_does_not_reach_the_page(forked: Path) -> None:
    found = texts(forked / "results.ipynb") + texts(forked / "warns.ipynb")
    assert "<object at 0x…>" in found
    assert "ipykernel_" not in found


def test_reports_cannot_see_each_other(tmp_path: Path) -> None:
    result = reports(tmp_path, "leaves_traces", jobs=1)
    assert result.returncode == 0
    seen = {texts(path) for path in tmp_path.rglob("leaves_traces.ipynb")}
    assert seen == {"[False, False, 10.0, 60, False]"}


def test_two_runs_on_the_same_input_give_the_same_bytes(forked: Path, tmp_path: Path) -> None:
    reports(tmp_path)
    again = {path: content for path, content in files(tmp_path).items() if "index" not in path}
    assert again
    assert again == {path: content for path, content in files(forked).items() if path in again}


def test_plain_papermill_can_use_the_engine(tmp_path: Path) -> None:
    papermill = Path(sys.executable).with_name("papermill")
    source, result = NOTEBOOKS / "reads_amounts.ipynb", tmp_path / "out.ipynb"
    line = [papermill, source, result, "--engine", "forked", "-p", "year", "2022"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert outputs(result)[0]["name"] == "stdout"
