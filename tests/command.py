"""Runs the command `analysis` as people do, on fixture notebooks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from analysis.cli import main

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "tests" / "notebooks"
ANALYSIS = Path(sys.executable).with_name("analysis")


def arguments(out: Path, *notebooks: str, paths: Sequence[str] = (), **options: Any) -> list[str]:
    """A command line; a name is that of a fixture, an option that is True a flag."""
    line = [str(ANALYSIS), "reports", "--out", str(out)]
    for path in (*(NOTEBOOKS / f"{name}.ipynb" for name in notebooks), *paths):
        line += ["--notebook", str(path)]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        line += [option] if value is True else [option, str(value)]
    return line


class Done(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def here(*line: str) -> Done:
    """The command `analysis` in this process, whose workers' server is started but once."""
    before = dict(os.environ)
    # ipykernel leaves file descriptors alone when it thinks that it is being tested itself
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        result = CliRunner().invoke(main, line)
    finally:  # what the command sets for its workers is for that command alone
        os.environ.clear()
        os.environ.update(before)
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def reports(out: Path, *notebooks: str, env: dict[str, str] | None = None, **options: Any) -> Done:
    """Write reports in this process, on a server of workers that is warm; with `env` in another.

    On the warm server a report may be taken to have looked at more than it has: its server has
    not read this very snapshot before it was forked.
    """
    line = arguments(out, *notebooks, **options)
    return here(*line[1:]) if env is None else process(line, env=env)


def process(line: list[str], env: dict[str, str] | None = None, **options: Any) -> Done:
    """Run a command line to its end in a process of its own, as people do."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    options = {"timeout": 300, "env": plain | (env or {})} | options
    done = subprocess.run(line, capture_output=True, text=True, check=False, **options)
    return Done(done.returncode, done.stdout, done.stderr)


def ran(result: Done) -> set[str]:
    """The reports that a run has written."""
    found = re.findall(r"^written  (.*) \(\d+ of \d+\)$", result.stdout, re.MULTILINE)
    return set(found)


def files(out: Path) -> dict[str, bytes]:
    """All that readers see in an output folder."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".analysis" not in path.parts
    }


def outputs(notebook: Path) -> list[dict[str, Any]]:
    """All outputs of an executed notebook, in order."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def texts(notebook: Path) -> str:
    """What an executed notebook has printed, shown as plain text and failed with."""
    found = []
    for output in outputs(notebook):
        data = output.get("data", {}).get("text/plain", [])
        found += [*output.get("text", []), *data, *output.get("traceback", [])]
    return "".join(found)
