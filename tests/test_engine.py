"""The forked engine is held to papermill's stock engine, byte for byte."""

import sys
from pathlib import Path

import nbformat
import pytest
from command import NOTEBOOKS, ROOT, files, outputs, process, reports, texts
from conftest import Once

from analysis.batch.snapshot import PACKAGE
from analysis.batch.state import State

TOGETHER = [  # in one kernel of the stock engine, which takes seconds to start
    "streams",
    "displays",
    "figures",
    "warns",
    "allowed_error",
    "thread",
    "asks",
    "shell",
    "subprocesses",
    "awaits",
]
FIXTURES = [
    "results",  # has the shell show every expression
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
YEARLY = ["budget_execution", "performance_indicators", "spending_composition"]


@pytest.fixture(scope="session")
def together(once: Once) -> str:
    """A notebook with the cells of all fixtures that leave their kernel alive."""

    def write(folder: Path) -> None:
        folder.mkdir()
        notebooks = [nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4) for name in TOGETHER]
        first, *others = notebooks
        first.cells += [cell for one in others for cell in one.cells]
        for number, cell in enumerate(first.cells):
            cell.id = f"cell-{number}"
        nbformat.write(first, folder / "together.ipynb")

    return str(once("notebooks", write) / "together.ipynb")


@pytest.fixture(scope="session")
def forked(once: Once, together: str) -> Path:
    return once("forked", lambda out: reports(out, *TOGETHER, *FIXTURES, paths=[together], env={}))


@pytest.fixture(scope="session")
def stock(once: Once, together: str) -> Path:
    """The fixtures, and every notebook of the project for every year, in one language each."""

    def run(out: Path) -> None:
        for _ in range(3):  # kernels started side by side now and then lose a port to each other
            reports(out, *FIXTURES, paths=[together], engine="nbclient")
            pages = [path.read_text("utf-8") for path in out.rglob("*.html")]
            if not any("RuntimeError: Kernel " in one for one in pages):
                break
        across = [name for name in PROJECT if name not in YEARLY]
        assert reports(out, paths=across, engine="nbclient", language="en").returncode == 0
        for year, language in ((2022, "zh"), (2024, "en")):
            result = reports(out, paths=YEARLY, engine="nbclient", year=year, language=language)
            assert result.returncode == 0, result.stderr

    return once("stock", run)


@pytest.mark.parametrize("name", ["together", *FIXTURES, *PROJECT])
def test_both_engines_write_the_same_bytes(
    name: str, forked: Path, written: Path, stock: Path
) -> None:
    ours = files(written if name in PROJECT else forked)
    theirs = {path: content for path, content in files(stock).items() if Path(path).stem == name}
    yearly = name in YEARLY or name in ("reads_amounts", "leaves_traces")
    assert len(theirs) == (4 if yearly else 2)
    assert {Path(path).suffix for path in theirs} == {".html", ".ipynb"}
    for path, content in theirs.items():
        assert content == ours[path], path


def test_a_cache_that_is_warm_before_the_fork_hides_no_table(forked: Path, written: Path) -> None:
    facts = State(forked / ".analysis").reports | State(written / ".analysis").reports
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


def test_two_runs_on_the_same_input_give_the_same_bytes(written: Path, tmp_path: Path) -> None:
    reports(tmp_path, year=2024)  # the others are held against those of a fresh environment
    again = {path: content for path, content in files(tmp_path).items() if "index" not in path}
    assert {"2024/budget_execution.html", "zh/2024/budget_execution.ipynb"} <= {*again}
    assert again.items() <= files(written).items()


def test_plain_papermill_can_use_the_engine(tmp_path: Path) -> None:
    papermill = Path(sys.executable).with_name("papermill")
    source, result = NOTEBOOKS / "reads_amounts.ipynb", tmp_path / "out.ipynb"
    done = process([papermill, source, result, "--engine", "forked", "-p", "year", "2022"])
    assert done.returncode == 0, done.stderr
    assert outputs(result)[0]["name"] == "stdout"
