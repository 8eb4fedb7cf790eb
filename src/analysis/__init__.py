"""From a department's yearly disclosures to figures that can be trusted, compared and shared.

Everything an analyst needs is one tab away: ``analysis.load``, ``analysis.search``, the measures
in ``analysis.budget``, ``analysis.composition``, ``analysis.indicators`` and ``analysis.claims``,
charts in ``analysis.charts`` and what readers see in ``analysis.present.tables``.
"""

import importlib
from typing import Any

from analysis.data.package import DataError, load, tables, years
from analysis.data.tab import offer_tables

_MODULES = {
    "budget": "measures.budget",
    "charts": "present.charts",
    "claims": "checks.claims",
    "composition": "measures.composition",
    "identities": "checks.identities",
    "indicators": "measures.indicators",
    "present": "present",
    "trends": "measures.trends",
}

_NAMES = {
    "Disclosure": "disclosure",
    "documents_of": "disclosure",
    "parameters": "present.parameters",
    "choices": "lookup",
    "search": "lookup",
}

__all__ = ["DataError", "load", "tables", "years", *_NAMES, *_MODULES]

offer_tables()


def __getattr__(name: str) -> Any:
    """Modules that need pandas or matplotlib are imported when first used."""
    if name in _NAMES:
        return getattr(importlib.import_module(f"analysis.{_NAMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"analysis.{_MODULES[name]}")
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
