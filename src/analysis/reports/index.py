"""What the index shows above and below its links: all years of a package at a glance."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis.checks import claims
from analysis.checks.identities import checked_tables
from analysis.data.package import Package, records
from analysis.disclosure import Disclosure, documents_of
from analysis.measures import budget, indicators
from analysis.measures import trends as measured
from analysis.present import charts, tables
from analysis.present.labels import both
from analysis.present.language import _
from analysis.present.tables import Fragment
from analysis.present.text import money, number, percent
from analysis.reports import data_quality, performance_indicators, trends
from analysis.reports.common import Tile, tile

NEWEST = 5  # years looked at: more fit neither a sentence nor a phone


@lru_cache(maxsize=1)  # a package is as it was when it was opened
def disclosures(package: Package) -> list[Disclosure]:
    """The newest years of a package, oldest first."""
    return [Disclosure(year, package) for year in package.years[-NEWEST:]]


def opening(package: Package) -> Fragment:
    """The first screen of the index."""
    documents = documents_of([], package).sort_values("year", kind="stable")
    return tables.opening(
        documents,
        None,
        _("Reports from the yearly disclosures"),
        "年度公开信息分析",
        answer(package),
        tiles(package),
        [],
    )


@lru_cache(maxsize=1)
def _completions(package: Package) -> list[tuple[int, float, float, float]]:
    """Year, executed, approved (万元) and completion (%) of each year that states both."""
    found = []
    for one in disclosures(package):
        measures = records(budget.measures(one.amounts, one.cells))
        row = next(row for row in measures if row["measure"] == "completion")
        if pd.notna(row["value"]):
            found.append((one.year, row["numerator"], row["denominator"], row["value"]))
    return found


def answer(package: Package) -> str:
    """What was approved and spent in the first and the last year, in one sentence."""
    known = _completions(package)
    if not known:
        return _("No year of these documents states both an approved and an executed total.")
    year, spent, approved, rate = known[-1]
    values = {
        "year": year,
        "spent": money(spent),
        "approved": money(approved),
        "rate": percent(rate),
    }
    if len(known) == 1:
        return _("In {year}, {spent} of the {approved} approved was spent ({rate}).").format(
            **values
        )
    first, before, budgeted, completed = known[0]
    values |= {"first": first, "before": money(before), "budgeted": money(budgeted),
             "completed": percent(completed)}  # fmt: skip
    return _(
        "In {first}, {before} of the {budgeted} approved was spent ({completed}); in {year}, "
        "{spent} against {approved} ({rate})."
    ).format(**values)


def tiles(package: Package) -> list[Tile]:
    """The headline figures of the newest year, and how far the documents hold."""
    made: list[Tile] = []
    if known := _completions(package):
        year, spent, approved, rate = known[-1]
        note = _("{rate} of approved").format(rate=percent(rate))
        label = f"Executed {year}", f"{year}年度支出"
        made.append(tile(label, number(spent, 2), "万元", note))
        first, _spent, budgeted, _rate = known[0]
        note = _("{change} on {year}").format(
            change=percent((approved / budgeted - 1) * 100, 0, sign=True), year=first
        )
        label = f"Approved {year}", f"{year}年度年初预算"
        made.append(tile(label, number(approved, 2), "万元", note if first < year else ""))
    for one in disclosures(package)[-1:]:
        made += performance_indicators.gravest(indicators.ledger(one.indicators)).values()
    counts = claims.counts(claims.findings(package))
    if counts.statements:
        note = _("of {n} checked").format(n=number(counts.statements))
        made.append(tile("hold", number(counts.hold), "", note))
    documents, printed = documents_of([], package), package.load("disclosed_tables")
    shown, due = data_quality.printed_of(documents, printed)
    if due:
        note = _("of {n}").format(n=due)
        made.append(tile("printed", number(shown), "", note))
    return made[:5]


def sections(package: Package) -> list[tuple[str, Fragment]]:
    """What the index shows below its links: heading and content."""
    years = package.years[-NEWEST:]
    documents = documents_of(years, package)
    spent, observed = measured.money(package, years), measured.observations(package, years)
    # what one document says of the year before compares by itself; here documents are compared
    compared = measured.comparisons(observed[observed["year"].isin(documents["year"])])
    return [
        (_("How much was approved, how much spent?"), trends.by_year(spent, documents)),
        (_("What may be compared?"), trends.comparable(compared, spent)),
        (_("What was judged?"), judged_by_document(package, documents)),
    ]


def judged_by_document(package: Package, documents: pd.DataFrame) -> Fragment:
    """How far the statements of each document hold, by gravity."""
    judged, panels = claims.findings(package), []
    judged = judged[judged["document"].isin(documents["document"])]
    for document in records(documents):
        counts = claims.counts(judged[judged["document"] == document["document"]])
        if not counts.statements:
            continue
        rows = pd.DataFrame(
            [
                (*both("count", "hold"), counts.hold, "ok"),
                *(
                    (*both("gravity", one), getattr(counts, one), one)
                    for one in ("high", "medium", "low")
                ),
            ],
            columns=["label", "label_zh", "value", "shade"],
        )
        heading = _("{document}: {hold} of {n} statements hold").format(
            document=data_quality.name_of(document["document"], documents),
            hold=number(counts.hold),
            n=number(counts.statements),
        )
        panels.append((heading, charts.parts(rows[rows["value"] > 0]), ""))
    checked = checked_tables(package, package.years[-NEWEST:])
    note = _("Statements that can be recomputed or are found twice; the others by gravity")
    title = data_quality.verdict(judged, checked)
    return tables.figure(title, note, panels)
