"""Charts in one style: a frame in, a matplotlib figure out, 344 points wide.

Every chart is one axes in matplotlib's own terms: x in the data's unit from zero, y in points from
the top, since labels stand above their bars and are measured, so that none overlaps another. A
figure describes itself (`figure.get_label()`), and `svg` turns it into text for pages.

Columns that every chart reads: `label` and `label_zh`, `value` (missing: NA), `text` (words in
place of the figure), `known` (`stated`, `derived`, `at_least`, `missing`; how the bar is filled),
`shade` (1, 2, 3 for money and counts in document order; "high", "medium", "low" for tiers).
All but label and value are optional. A figure that is not known is a dashed outline, never zero.
`most` is the value at the full width, for panels that share one scale.
"""

import pandas as pd
from matplotlib.figure import Figure


def bars(
    frame: pd.DataFrame, most: float | None = None, *, unit: str = "", ceiling: float | None = None
) -> Figure:
    """One bar a row, label and value above it (besides: `start` where it begins; `note` beneath).

    For approved beside executed, a year beside the year before, tests by population, money by
    project with its result as `note`. `unit` is the unit of the values in the description.
    `ceiling` draws a line across all bars at this value, e.g. a limit that a document names.
    """
    raise NotImplementedError


def steps(frame: pd.DataFrame, most: float | None = None, *, unit: str = "") -> Figure:
    """From a start over changes to a total (besides: `kind`: start, change or total).

    Each change begins where the last one ended.
    """
    raise NotImplementedError


def parts(frame: pd.DataFrame, *, unit: str = "") -> Figure:
    """One bar cut into its parts, each named beneath with value and share of their sum.

    Without a row, or without any value, the bar is an outline that says "not disclosed".
    """
    raise NotImplementedError


def ledger(frame: pd.DataFrame, total: pd.Series, most: float | None = None) -> Figure:
    """A bar of persons under its total; parts under 2 % are magnified, one square a person.

    `total` is a row of label, label_zh and value; the rows of `frame` are its parts.
    """
    raise NotImplementedError


def dots(frame: pd.DataFrame) -> Figure:
    """One mark a check, by section, what does not hold first.

    Columns: section (words), verdict (holds, contradicted, not_reconcilable, own_test, zero: only
    zeros were compared, not_checked), severity (high, medium, low, or "").
    """
    raise NotImplementedError


def changes(frame: pd.DataFrame, most: float | None = None, *, unit: str = "") -> Figure:
    """Changes to the left and right of zero, e.g. the net change of the tiers."""
    raise NotImplementedError


def shares(frame: pd.DataFrame, *, ceiling: float | None = None, ceiling_text: str = "") -> Figure:
    """Shares in percent, with their interval where one is given (besides: `low`, `high`, `note`).

    `ceiling` is a limit in percent that a document names, `ceiling_text` what it is called.
    """
    raise NotImplementedError


def series(frame: pd.DataFrame, *, unit: str = "") -> Figure:
    """One figure over the years, a small multiple (columns: year, value, low, high, known, text).

    The line breaks at a year without a figure, since nothing is known in between.
    """
    raise NotImplementedError
