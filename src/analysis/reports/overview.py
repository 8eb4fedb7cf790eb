"""What is here, and how does one ask it? The notebook `overview`."""

from __future__ import annotations

import pandas as pd

from analysis.data.package import Package
from analysis.data.tab import own
from analysis.disclosure import documents_of
from analysis.present import tables
from analysis.present.language import _, current
from analysis.present.tables import Fragment
from analysis.present.text import number
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
            tile(_("Documents"), "文件", number(len(documents))),
            tile(_("Figures of money"), "金额", number(rows["amounts"])),
            tile(_("Indicators"), "指标", number(rows["indicators"])),
            tile(_("Cells of statutory tables"), "决算表单元格", number(rows["statutory_tables"])),
            tile(_("Statements"), "可复核表述", number(rows["claims"])),
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


def notebooks() -> pd.DataFrame:
    """Every notebook: label (its question), notebook (its name)."""
    asked = {
        "budget_execution": _("Was the money spent as planned?"),
        "spending_composition": _("What was the money spent on, and where did it come from?"),
        "performance_indicators": _("What does the department report that it achieved?"),
        "trends": _("Which figures may be compared from year to year, and what do they say?"),
        "data_quality": _("Which figures hold, which do not, and what is to be used instead?"),
        "explore": _("Whatever you pick: year, theme, gravity, a word (in JupyterLab)"),
    }
    return pd.DataFrame({"label": asked.values(), "notebook": asked.keys()})
