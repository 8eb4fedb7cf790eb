"""What the first screen of a yearly report says, from its disclosure alone."""

from analysis import budget, composition, indicators
from analysis.reports import budget_execution, performance_indicators, spending_composition


def frames(report, disclosure):
    """What the report's notebook gives its opening, in the same order."""
    if report is performance_indicators:
        makers = indicators.ledger, indicators.changes, indicators.tests
        return [make(disclosure.indicators) for make in makers]
    amounts, cells = disclosure.amounts, disclosure.cells
    if report is spending_composition:
        return [composition.cuts(amounts, cells)]
    return [budget.measures(amounts, cells), budget.bridge(amounts, cells), budget.items(amounts)]


def opening(report, disclosure):
    return report.opening(disclosure, *frames(report, disclosure))


def answer(report, disclosure):
    given = frames(report, disclosure)
    if report is budget_execution:
        return report.answer(disclosure.year, *given[:2])
    if report is performance_indicators:
        return report.answer(disclosure.year, disclosure.indicators, *given[:2])
    return report.answer(disclosure, *given)


def tiles(report, disclosure):
    given = frames(report, disclosure)
    if report is budget_execution:
        return report.tiles(disclosure, given[0], given[2])
    if report is performance_indicators:
        return report.tiles(disclosure.indicators, *given[:2])
    return report.tiles(disclosure, *given)


def findings(report, disclosure):
    about = disclosure.indicators if report is performance_indicators else disclosure
    return report.findings(about, *frames(report, disclosure))
