"""What readers see: the first screen, tables, figures and cases, in JupyterLab and on a page.

Every call returns a `Fragment`, which shows itself in a notebook, can be taken further (`.frame`,
`.figure`) and tells a page which lines of which documents it cites. All text is escaped in `text`.
What JupyterLab leaves of it untrusted (no style, no SVG) still pairs each label with its value.

Columns with a meaning of their own, in every frame that is shown: `label` and `label_zh` name the
row, `detail` is a second line of the name, `source` says where its figures stand, `known` how
(`stated`, `derived`, `at_least`, `missing`), `status` what is shown in place of a missing figure,
`disputed` the address of the case that disputes it, `corrected` what was mended.
"""

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.present import svg
from analysis.present.language import _, column, current, labelled, ngettext
from analysis.present.text import chinese, escape, html, known, lines, number, plain

Row = dict[str, Any]
Panel = tuple[str, "Figure | Fragment", str] | tuple[str, "Figure | Fragment", str, str]
HIDDEN = ("label_zh", "source", "known", "kind", "disputed", "figure", "detail", "series_zh")


@dataclass(frozen=True)
class Fragment:
    """A piece of a report: HTML for readers, text for terminals, and what it was made from.

    `cites` are the lines it stands on, as (document, line), `documents` the rows of documents that
    it introduces; a page takes both from the output's metadata.
    """

    html: str
    text: str
    frame: pd.DataFrame | None = None
    figure: "Figure | list[Figure] | None" = None
    cites: tuple[tuple[str, int], ...] = ()
    documents: tuple[Row, ...] = ()


def opening(
    of: Any,
    year: int | None,
    title: str,
    term: str,
    answer: str,
    tiles: Sequence[Row],
    findings: Sequence[str],
    cautions: "Fragment | None" = None,
) -> Fragment:
    """The first screen: whose report, the answer in one sentence, its figures, what to know.

    `of` is a `Disclosure`, or a frame of documents: both name the department and tell how sources
    call each document (`short_en`, `short_zh`). `title` is in the language in use, `term` the
    Chinese title that English pages show beside it. A tile is a dict (or a frame's row) of label,
    label_zh, value (words, e.g. number(…)), unit, note and, if it was computed here,
    `known="derived"`. `cautions` is what `cases` gives.
    """
    raise NotImplementedError


def table(
    frame: pd.DataFrame,
    caption: str = "",
    columns: Sequence[str] | Mapping[str, str] | None = None,
    note: str = "",
    *,
    total: "pd.Series[bool] | None" = None,
) -> Fragment:
    """A table of any frame, with its sources and a CSV.

    `columns` are the columns shown after the label, in order, or a mapping from column to heading
    where `columns.csv` (heading in both languages, unit, digits) does not know it; without it
    every column is shown that has no meaning of its own. `total` marks the rows set apart.
    A frame without rows is one sentence: nothing is disclosed.
    """
    raise NotImplementedError


def figure(
    title: str,
    note: str = "",
    panels: Sequence[Panel] = (),
    data: pd.DataFrame | None = None,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    beside: bool = False,
    caption: str = "",
) -> Fragment:
    """Panels under the finding they show, with sources and a CSV of `data`.

    A panel is (heading, chart, note) or (heading, chart, note, alternative text); a chart of
    `charts` describes itself, so the fourth is only for what it cannot know. In place of a chart
    a `Fragment` (a table, a list) may stand. `note` is the grey line: unit, scale, what not to
    compare. With `beside` the table of `data` stands beside the panels, under `caption`;
    without it the data are in the CSV and folded under "Data".
    """
    raise NotImplementedError


def cases(frame: pd.DataFrame, intro: str = "", most: int = 5, *, opened: bool = False) -> Fragment:
    """Findings, one a row, gravest first as given; after `most` the rest are folded.

    Columns, text in the language in use: `figure` (its address), `severity` (high, medium, low),
    `verdict` (contradicted, not_reconcilable, own_test, or words), `reason` (words after the
    verdict, optional), `places` (a number, optional), `label` (one sentence), `printed`,
    `against`, `use` (each may be ""), `cites` or `document` and `line` (optional).
    """
    raise NotImplementedError


def cannot(rows: Iterable[tuple[str, str]]) -> Fragment:
    """The closing list: (reason, what) by reason.

    Reasons: not_disclosed, not_applicable, different_basis, not_comparable.
    """
    raise NotImplementedError


def notice(said: str, reason: str = "not_disclosed") -> Fragment:
    """What cannot be said, and why (a reason of `cannot`)."""
    raise NotImplementedError


def paragraphs(*said: str, note: bool = False) -> Fragment:
    """One paragraph or several; `note` sets them small and grey."""
    raise NotImplementedError


def bullets(said: Iterable[str]) -> Fragment:
    """Several sentences, as a list."""
    raise NotImplementedError


def together(*fragments: Fragment) -> Fragment:
    """Fragments side by side on a wide screen, one under the other on a phone."""
    raise NotImplementedError
