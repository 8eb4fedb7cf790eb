"""Runs the command `analysis` as people do, on fixture notebooks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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


def reports(
    out: Path, *notebooks: str, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run `analysis reports` to its end."""
    # ipykernel leaves file descriptors alone when it thinks that it is being tested itself
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return subprocess.run(
        arguments(out, *notebooks, **options),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=plain | (env or {}),
    )


def ran(result: subprocess.CompletedProcess[str]) -> set[str]:
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
