"""What is here, and how does one ask it? The notebook `overview`."""

from __future__ import annotations

import pandas as pd

from analysis.data.package import Package
from analysis.data.tab import own
from analysis.disclosure import documents_of
from analysis.present import tables
from analysis.present.labels import word
from analysis.present.language import _, current
from analysis.present.tables import Fragment
from analysis.present.text import money, number, percent
from analysis.reports.common import tile

__dir__ = own(__name__)


def opening(package: Package) -> Fragment:
    """The first screen: how many documents, tables and figures there are to ask."""
    documents = documents_of([], package).sort_values("year", kind="stable")
    rows = contents(package).set_index("table")["rows"]
    return tables.opening(
        documents,
        None,
        _("What is here, and how does one ask it?"),
        "数据总览",
        _(
            "Ask a word, a line or a figure with one call; every answer names the document, the "
            "line and the characters as printed."
        ),
        [
            tile("documents", number(len(documents))),
            *(
                tile(name, number(rows[name]))
                for name in ("amounts", "indicators", "statutory_tables", "claims")
            ),
        ],
        [],
    )


def contents(package: Package) -> pd.DataFrame:
    """Every table of the package: label (what it holds), table (its name), rows."""
    meaning = "title" if current() == "en" else "title_zh"
    return pd.DataFrame(
        {
            "label": [one.get(meaning, one["title"]) for one in package.resources.values()],
            "table": list(package.resources),
            "rows": [len(package.rows(name)) for name in package.resources],
        }
    )


def procured(found: dict[str, float] | None, year: int) -> Fragment:
    """How much of the spending of a year was procured (from ``budget.procurement``)."""
    if found is None:
        return tables.notice(_("What was procured is not stated beside what was spent."))
    whole = money(found["value"] + found["rest"])
    values = {"year": year, "value": money(found["value"]), "whole": whole,
              "share": percent(found["share"])}  # fmt: skip
    return tables.paragraphs(
        _("In {year}, {value} of the {whole} spent was procured: {share}.").format(**values)
    )


def notebooks() -> pd.DataFrame:
    """Every notebook: label (its question), notebook (its name)."""
    names = ("budget_execution", "spending_composition", "performance_indicators", "trends",
             "data_quality", "explore")  # fmt: skip
    return pd.DataFrame({"label": [word("question", one) for one in names], "notebook": names})
