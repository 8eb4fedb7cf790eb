"""What a notebook was given as its parameters: converted, or refused in one line that helps."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

from analysis.data.package import DataError, years
from analysis.present.language import use

INJECTED = "# Parameters\n"  # how papermill begins the cell that it adds


def parameters(data: str | Path | None = None, **given: Any) -> Any:
    """The values of a notebook's parameters, by name; what follows is shown in its language.

    The first cell after the parameters is the place to call it::

        year, language = analysis.parameters(year=year, language=language)

    A year may come as text or as ``2024.0``. papermill only warns of a name that the notebook
    does not have, and runs it with the default; here it is an error.

    Returns:
        The values in the order given; the value itself if it is one.

    Raises:
        DataError: a name, a year or a language that is not there; the message lists those there
            are.
    """
    if unknown := _injected() - {*given}:
        raise DataError(f"no parameter {min(unknown)!r}; there are: {', '.join(given)}")
    known = {str(year): year for year in years(data)}
    for name, value in given.items():
        if name == "year":
            given[name] = _year(value, known)
        elif name == "years":
            several = value if isinstance(value, list) else [value]
            given[name] = [_year(one, known) for one in several]
        elif name == "language":
            use(value)
    values = tuple(given.values())
    return values[0] if len(values) == 1 else values


def _year(value: object, known: dict[str, int]) -> int:
    year = known.get(str(value).strip().removesuffix(".0"))
    if year is None:
        raise DataError(
            f"no document for the year {value}; there are: {', '.join(known)} "
            "(what they imply of other years is in the notebook trends)"
        )
    return year


def _injected() -> set[str]:
    """Names that papermill has set in this session."""
    cells = getattr(sys.modules["__main__"], "In", [])
    source = next((cell for cell in reversed(cells) if cell.startswith(INJECTED)), "")
    return {
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
