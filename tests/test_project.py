"""What holds the repository together."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
import yaml
from command import files
from conftest import ROOT

from analysis.checks import claims
from analysis.data.package import find
from analysis.measures import budget

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code(notebook: Path) -> list[dict]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_conda_and_pip_users_get_the_same_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = [one for one in conda["dependencies"] if isinstance(one, str) and one != "pip"]
    assert sorted(listed) == sorted(
        [f"python{project['requires-python']}", *project["dependencies"]]
    )


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_pins_every_requirement_with_a_hash_and_names_no_index(file):
    lock = (ROOT / file).read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    if file == "requirements.lock":
        extras = {"install": extras["install"]}
    for requirement in [
        *project["dependencies"],
        *(one for some in extras.values() for one in some),
    ]:
        name = re.split(r"[<>=\[]", requirement)[0]
        assert re.search(rf"^{name}==", lock, re.M), name
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_both_locks_pin_the_same_versions():
    fewer, more = (
        set(re.findall(r"^\S+==\S+", (ROOT / file).read_text(encoding="utf-8"), re.M))
        for file in ("requirements.lock", "requirements-test.lock")
    )
    assert fewer < more


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_says_what_it_is_about_then_takes_its_parameters(self, notebook):
        title, parameters, *_ = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert title["cell_type"] == "markdown"
        assert "".join(title["source"]).startswith("# ")
        assert "parameters" in parameters["metadata"]["tags"]
        assert any("language" in line for line in parameters["source"])

    def test_carries_no_outputs(self, notebook):
        for cell in code(notebook):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None

    def test_defines_nothing_that_belongs_into_the_library(self, notebook):
        for cell in code(notebook):
            tree = ast.parse("".join(cell["source"]))
            kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
            assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]

    def test_types_no_year_and_no_figure_of_the_data(self, notebook):
        for cell in code(notebook)[1:]:  # the default of a parameter apart
            assert not re.search(r"\b20\d\d\b|\d+\.\d\d", "".join(cell["source"]))


def test_no_year_department_or_indicator_is_written_into_the_library():
    import analysis

    words = {str(year) for year in analysis.years()}
    words |= set(analysis.load("indicator_definitions")["indicator"]) - {"vehicles"}
    words |= set(analysis.load("documents")["department"])
    for path in (ROOT / "src" / "analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and str(node.value) in words:
                raise AssertionError(f"{path.name}:{node.lineno}: {node.value!r}")


def test_every_measure_stands_in_the_methods_with_its_two_names_and_its_source():
    methods = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in methods.splitlines() if "|" in line[1:]}
    for rule in budget.rules():
        row = rows[f"`{rule['measure']}`"]
        assert rule["label_zh"] in row
        assert rule["label"][1:] in row
        assert "财预" in row or "ours" in row


def test_pip_takes_the_block_that_conda_hands_it(tmp_path):
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    [block] = [one["pip"] for one in conda["dependencies"] if isinstance(one, dict)]
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("\n".join(block), encoding="utf-8")
    line = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index",
            "--no-build-isolation", "-r", requirements]  # fmt: skip
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_numbers_of_the_readme_are_those_of_the_data():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    package = find(ROOT / "data")
    documents = package.load("documents").sort_values("year")
    rows = [line for line in readme.splitlines() if line.startswith("| 20")]
    for document, row in zip(documents["document"], rows, strict=True):
        printed, money, observed, stated = re.findall(r"\|\s*([^|]+?)\s*(?=\|)", row)[1:]
        cells = package.load("statutory_tables", document=document)
        tables = cells["table"].nunique()
        assert printed == (f"{tables} of 9, {len(cells)} cells" if tables else "none printed")
        assert int(money) == len(package.load("amounts", document=document))
        assert int(observed) == len(package.load("indicators", document=document))
        judged = claims.findings(package, document=document)
        assert int(stated) == claims.counts(judged).statements
    counts = claims.counts(claims.findings(package))
    told = re.sub(r"\s+", " ", readme)
    assert f"Of the {counts.statements} statements that can be checked {counts.hold} hold" in told
    assert f"{counts.contradicted} are contradicted, {counts.not_reconcilable} cannot be" in told
    assert f"{counts.own_failed} test of our own fails" in told


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The command of an environment of its own that knows nothing of the repository."""
    folder = tmp_path_factory.mktemp("installed")
    for name in ("src", "notebooks"):
        shutil.copytree(
            ROOT / name, folder / "copy" / name, ignore=lambda *_: ["analysis.egg-info"]
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "copy")
    environment = folder / "environment"
    venv.create(environment, symlinks=os.name != "nt")
    paths = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    (site / "what-it-needs.pth").write_text(sysconfig.get_path("purelib"))
    bin = Path(sysconfig.get_path("scripts", "venv", paths))
    uv = Path(sys.executable).with_name("uv")
    line = [uv, "pip", "install", "--offline", "--no-deps", "--no-build-isolation",
            "--python", bin / "python", folder / "copy"]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "copy")
    return bin / "analysis"


def test_an_install_that_is_not_editable_reports_what_lies_in_the_current_folder(
    installed, data, tmp_path
):
    line = [installed, "reports", "--year", "2022", "--notebook", "budget_execution"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "98.75" in (tmp_path / "reports/2022/budget_execution.html").read_text("utf-8")


def test_an_install_that_is_not_editable_says_how_to_name_data_that_it_does_not_find(
    installed, tmp_path
):
    for command in ("reports", "check"):
        line = [installed, command]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert f"{tmp_path / 'data'}: no datapackage.json found" in done.stderr
        assert "name one as --data DIR" in done.stderr
        assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif("CI" not in os.environ, reason="it installs everything anew from the network")
def test_the_readme_s_way_without_make_writes_the_same_bytes_in_a_fresh_environment(
    written, tmp_path
):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"fresh environment -->\n```sh\n(.*?)```", readme, re.DOTALL)
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    env = {name: os.environ[name] for name in os.environ if not name.startswith("ANALYSIS_")}
    # compiling all that is installed takes pip half a minute, and what is imported is compiled then
    env |= {"HOME": str(tmp_path), "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    script = "set -e\n" + block[1].replace("python -m venv", f"{sys.executable} -m venv", 1)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "reports" / "zh" / "index.html").is_file()
    ours = files(written)
    assert {n: c == ours.get(n) for n, c in files(folder / "reports").items()} == dict.fromkeys(
        ours, True
    )
