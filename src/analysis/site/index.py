"""The page that leads to every report, with what they found and what may be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.data.package import Package, find, unreviewed
from analysis.present.language import _, use
from analysis.reports import index as across
from analysis.site.page import Shell, template


@dataclass(frozen=True)
class Status:
    """What became of one report: `path` leads to it from the index, `answer` is its own."""

    notebook: str
    year: int | None
    path: str
    title: str
    error: str | None = None
    answer: str = ""


def render(
    statuses: Sequence[Status], data: Package | Path, language: str = "en", twin: bool = True
) -> str:
    """The index of these reports and of the data they were made from, in one language."""
    use(language)
    package = find(data)
    years = sorted({s.year for s in statuses if s.year is not None}, reverse=True)
    groups = [(str(year), [s for s in statuses if s.year == year]) for year in years]
    groups.append(("", [s for s in statuses if s.year is None]))
    opening = across.opening(package)
    names = {
        "budget_execution": _("Budget execution"),
        "data_quality": _("Data quality"),
        "overview": _("Overview"),
        "performance_indicators": _("Performance indicators"),
        "spending_composition": _("Spending composition"),
        "trends": _("Trends"),
    }
    answered = {None, *package.years[-across.NEWEST :]}
    context = {
        "shell": Shell("", "index.html" if twin else ""),
        "title": lambda status: names.get(status.notebook, status.title),
        "failed": [s for s in statuses if s.error],
        "groups": [(heading, group) for heading, group in groups if group],
        # the overview's says how to ask
        "answers": {
            s: s.answer for s in statuses if s.year in answered and s.notebook != "overview"
        },
        "opening": opening,
        "unreviewed": unreviewed(package),
        "documents": [dict(row) for row in opening.documents],
        "sections": across.sections(package),
    }
    return template("index").render(context)
