"""What Tab shows in IPython and JupyterLab: a module's own names, and those of the tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from analysis.data.package import tables


def own(module: str) -> Callable[[], list[str]]:
    """A module's ``__dir__``: the public names that it defines itself, and none that it imports."""
    return lambda: [
        name
        for name, value in vars(sys.modules[module]).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]


def offer_tables() -> None:
    """Let Tab complete the name of a table inside ``load("`` in the session that runs, if any."""
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        shell.Completer.custom_matchers.append(_matching_tables)


def _matching_tables(context: Any) -> dict[str, Any]:
    """A matcher as IPython has them; where it finds something no other is asked."""
    from IPython.core.completer import SimpleCompletion

    asked = re.search(r"""\bload\(\s*["'](\w*)$""", context.text_until_cursor)
    found = [one for one in tables() if one.startswith(asked[1])] if asked else []
    completions = [SimpleCompletion(name, type="table") for name in found]
    return {"completions": completions, "suppress": bool(found)}


_matching_tables.matcher_api_version = 2  # type: ignore[attr-defined]
