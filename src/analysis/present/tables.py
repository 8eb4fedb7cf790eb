"""What readers see: the first screen, tables, figures and cases, in JupyterLab and on a page.

Every call returns a `Fragment`, which shows itself in a notebook, can be taken further (`.frame`,
`.figure`) and tells a page which lines of which documents it cites. All text is escaped in `text`.
What JupyterLab leaves of it untrusted (no style, no SVG) still pairs each label with its value.
The HTML is in `template/fragments.html.j2`.

Columns with a meaning of their own, in every frame that is shown: `label` and `label_zh` name the
row, `detail` is a second line of the name, `source` says where its figures stand, `known` how
(`stated`, `derived`, `at_least`, `missing`), `status` what is shown in place of a missing figure,
`disputed` the address of the case that disputes it, `corrected` what was mended.
"""

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import starmap
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.data.forms import read
from analysis.data.package import records
from analysis.data.tab import own
from analysis.present import labels, svg
from analysis.present.labels import both
from analysis.present.language import LANGUAGES, _, current, either, labelled, ngettext
from analysis.present.text import chinese, clauses, html, known, lines, marked, number, plain

__dir__ = own(__name__)

Row = dict[str, Any]
Panel = tuple[str, "Figure | Fragment", str]
Columns = Sequence[str] | Mapping[str, str] | None
AUDIT = "data_quality.ipynb"  # what every finding of all years stands in
HIDDEN = ("source", "known", "kind", "disputed", "corrected", "figure", "detail", "status", "term")
HATCH = (
    '<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="hatch" width="6" '
    'height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="ht" d="M0 0V6"/></pattern></defs></svg>'
)
DESCRIBED = (  # what a page's footer tells of documents
    "document", "title", "title_en", "publisher", "publisher_en", "contact", "contact_en",
    "address", "published", "sha256",
)  # fmt: skip
# how each column is headed, in which unit and with how many decimals, by its name
COLUMNS = {row["column"]: row for row in read(Path(__file__).with_name("columns.csv"))}
# a figure in words: one number, or a range, and a short unit
_FIGURE = re.compile(r"[≥+−-]? ?\d[\d.,]*(?:[–至]\d[\d.,]*)? ?[^\d\s]{0,12}(?: [^\d\s]{1,12})?")
_CITE = re.compile(r"(?:^|; )([^\s,;]+), line (\d+)(?:: “(.*?)”)?(?=; |$)")


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

    def _repr_mimebundle_(self, **_kwargs: Any) -> tuple[dict[str, str], dict[str, Any]]:
        light, dark, report, lab = map(stylesheet, ("light", "dark", "report", "lab"))
        # thrice, so that it weighs more than what JupyterLab says of tables
        style = f".an.an.an{{{light};{lab}{report}}}[data-jp-theme-light=false] .an.an.an{{{dark}}}"
        shown = (
            # a comment to whoever takes away the element and leaves its text
            f'<div class="an" lang="{LANGUAGES[current()]}"><style><!-- {style} --></style>'
            f"{HATCH}{self.html}</div>"
        )
        told = {"cites": [list(cite) for cite in self.cites], "documents": list(self.documents)}
        return {"text/html": shown, "text/plain": self.text}, {"analysis": told}

    def __repr__(self) -> str:
        return self.text


@cache
def stylesheet(name: str, room: str = "present") -> str:
    """A stylesheet of ours in one line."""
    css = files("analysis").joinpath(room, f"{name}.css").read_text(encoding="utf-8")
    css = re.sub(r"/\*.*?\*/|\s+", " ", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,>])\s*|(?<=:) (?=\S)", r"\1", css).strip()


@cache
def _template() -> Any:
    """The macros of the template; what stands between its lines is none of the HTML."""
    source = files("analysis").joinpath("present", "template", "fragments.html.j2")
    environment = Environment(autoescape=True)
    environment.filters |= {
        one.__name__.strip("_"): one
        for one in (_base64, _headed, _stem, chinese, html, marked, plain)
    }
    environment.globals |= {
        "_": _, "audit": AUDIT, "current": current, "either": either, "ngettext": ngettext,
        "number": number, "gravity": labels.words("gravity"), "verdicts": labels.words("verdict"),
    }  # fmt: skip
    text = re.sub(r"\s*\n\s*", "", source.read_text(encoding="utf-8"))
    return environment.from_string(text).module


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
    Chinese title that English pages show beside it. A tile is a dict of label, label_zh, value
    (words, e.g. number(…)), unit, note and, if it was computed here, `known="derived"`.
    `cautions` is what `cases` gives.
    """
    documents = records(of if isinstance(of, pd.DataFrame) else of.documents)
    _documents.update((row["document"], row) for row in documents)
    last = documents[-1]
    department = last[either("department_en", "department")]
    words = [f"{department} · {title} {year or ''}", answer]
    words += [f"{row['label']}: {row['value']} {row.get('unit', '')}" for row in tiles]
    words += [*findings, cautions.text if cautions else ""]
    return Fragment(
        _template().opening(last, year, title, term, answer, tiles, findings, cautions),
        lines(*words),
        cites=cautions.cites if cautions else (),
        documents=tuple(
            {name: plain(row[name]) for name in DESCRIBED if plain(row.get(name))}
            for row in documents
        ),
    )


def table(
    frame: pd.DataFrame,
    caption: str = "",
    columns: Columns = None,
    note: str = "",
    *,
    total: "pd.Series[bool] | None" = None,
) -> Fragment:
    """A table of any frame, with its sources and a CSV.

    `columns` are the columns shown after the label, in order, or a mapping from column to heading
    where `columns.csv` (heading in both languages, unit, digits) does not know it; without it
    every column is shown that has no meaning of its own. `total` marks the rows set apart.
    A frame without rows is one sentence.
    """
    if frame.empty:
        return notice(_("The documents state nothing here."))
    grid = _Grid(frame, columns, total)
    return Fragment(_template().table(grid, caption, note), lines(caption, *grid.plain, note),
                    frame, cites=_cites(frame))  # fmt: skip


def figure(
    title: str,
    note: str = "",
    panels: Sequence[Panel] = (),
    data: pd.DataFrame | None = None,
    columns: Columns = None,
    *,
    beside: bool = False,
    caption: str = "",
) -> Fragment:
    """Panels under the finding they show, with sources and a CSV of `data`.

    A panel is (heading, chart, note); in place of a chart, which describes itself
    (`figure.get_label()`), a `Fragment` may stand: a table, a list. `note` is the grey line: unit,
    scale, what not to compare. With `beside` the table of `data` stands beside the panels, under
    `caption`; without it the data are folded under "Data".
    """
    shown: list[tuple[str, str, str, bool]] = []
    words, figures, cites = [title], [], list(_cites(data))
    for heading, chart, beneath in panels:
        if isinstance(chart, Fragment):
            drawing, told = chart.html, chart.text
            cites += chart.cites
        else:
            told = str(chart.get_label())
            drawing = svg.draw(chart, told, svg.ident(title, str(len(shown)), heading, told))
            figures.append(chart)
        shown.append((heading, drawing, beneath, isinstance(chart, Fragment)))
        words += [heading, told, beneath]
    grid = _Grid(data, columns, None) if data is not None and len(data) else None
    words += grid.plain if grid and beside else []
    heights = sorted(chart.get_size_inches()[1] for chart in figures)
    # panels of very unequal height would leave holes in a grid
    many = len(shown) + bool(grid and beside) > 3
    uneven = many and len(heights) > 1 and heights[-1] > 2 * heights[0]
    several = not heights and len(shown) > 2
    kind = "flow" if uneven or several else "panels" if heights else "two"
    drawn = "".join(drawing for _heading, drawing, *_rest in shown)
    dots = any(chart.get_gid() == "dots" for chart in figures)
    return Fragment(
        _template().figure(title, note, drawn, dots, kind, shown, grid, beside, caption),
        lines(*words), data, figures[0] if len(figures) == 1 else figures,
        tuple(dict.fromkeys(cites)),
    )  # fmt: skip


def cases(frame: pd.DataFrame, intro: str = "", most: int = 5, *, opened: bool = False) -> Fragment:
    """Findings, one a row, gravest first as given; after `most` the rest are folded.

    Columns, text in the language in use: `figure` (its address), `severity` (high, medium, low),
    `verdict` (contradicted, not_reconcilable, own_test, or words), `reason` (words after the
    verdict, optional), `places` (a number, optional), `label` (one sentence), `printed`,
    `against`, `use` (each may be ""), `document` and `line` (optional). `opened` shows all of each.
    """
    rows, words, verdicts = [], [], labels.words("verdict")
    for row in records(frame):
        grade = both("gravity", row["severity"])
        found = verdicts.get(row["verdict"], (row["verdict"],) * 2)
        facts = {_("Printed"): row["printed"], _("Against it"): row["against"],
                 _("Use"): row["use"]}  # fmt: skip
        facts = {name: said for name, said in facts.items() if plain(said)}
        rows.append({"places": 1, **row, "grade": grade, "found": found, "facts": facts})
        told = "; ".join(f"{name}: {said}" for name, said in facts.items())
        words.append(f"{either(*grade)} ({either(*found)}): {row['label']} {told}")
    return Fragment(_template().cases(intro, rows, most, opened), lines(intro, *words), frame,
                    cites=_cites(frame))  # fmt: skip


def cannot(rows: Iterable[tuple[str, str]]) -> Fragment:
    """The closing list: (reason, what) by reason.

    Reasons: not_disclosed, not_applicable, different_basis, not_comparable.
    """
    groups: dict[str, list[str]] = {reason: [] for reason in labels.words("status")}
    for reason, what in rows:
        groups[reason].append(plain(what))
    told = [
        (both("status", reason), clauses(one) + either(".", "。"))
        for reason, one in groups.items()
        if one
    ]
    return Fragment(_template().cannot(told), lines(*starmap(_because, told)))


def notice(said: str, reason: str = "not_disclosed") -> Fragment:
    """What cannot be said, and why (a reason of `cannot`)."""
    why = both("status", reason)
    return Fragment(_template().notice(why, said), lines(_because(why, said)))


def _because(why: tuple[str, str], said: str) -> str:
    return f"{either(*why)}{either(': ', '：')}{said}"


def paragraphs(*said: str) -> Fragment:
    """One paragraph or several."""
    return Fragment(_template().paragraphs(said), "\n\n".join(map(plain, said)))


def bullets(said: Iterable[str]) -> Fragment:
    """Several sentences, as a list."""
    said = list(said)
    return Fragment(_template().list(said), lines(*said))


_documents: dict[str, Row] = {}  # which an opening has introduced


def _called(document: str) -> str:
    """What sources call a document, in short or by its title."""
    row = _documents.get(document, {})
    short = plain(row.get(either("short_en", "short_zh")))
    return short or str(row.get(either("title_en", "title"), document))


class _Grid:
    """The cells of a table for its HTML, its text and its CSV, so that they cannot differ."""

    def __init__(
        self, frame: pd.DataFrame, columns: Columns, total: "pd.Series[bool] | None"
    ) -> None:
        self.places = _places(frame.get("source", ()))
        lead = "label" if "label" in frame else str(frame.columns[0])
        rows = labelled(frame if lead == "label" else frame.rename(columns={lead: "label"}))
        if columns is None:
            columns = [
                c for c in map(str, frame) if c not in HIDDEN and not c.endswith(("_zh", "_en"))
            ]
        given = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns, "")
        self.first = given.pop("label", "") or given.pop(lead, "")
        self.first = self.first or (_("Item") if lead == "label" else _heading(lead))
        self.heads = {c: name or _heading(c) for c, name in given.items()}
        twins = {c for c in given if f"{c}_zh" in frame and current() == "zh"}
        documents = {"label" if lead == "document" else "document"} & {*rows[0]}
        for row in rows:
            row |= {c: row[f"{c}_zh"] for c in twins} | {c: _called(row[c]) for c in documents}
        self.right = {c for c in given if _are_figures(row[c] for row in rows)}
        self.stacked = 2 < len(given) < 6  # on a phone the label takes a line of its own
        self.named = len(given) == 5  # which is too many for one line: each is named there
        self.wide = len(given) > 5  # it scrolls on a phone, in a frame of its own
        extra = {"label_zh": _("Chinese term")} if current() == "en" else {}
        extra = {c: name for c, name in (extra | {"source": _("Source")}).items()
                 if any(plain(row.get(c)) for row in rows)}  # fmt: skip
        self.csv = [[*map(inert, [self.first, *self.heads.values(), *extra.values()])]]
        self.rows: list[tuple[Row, dict[str, str], bool]] = []
        self.plain = [" | ".join([self.first, *self.heads.values()])]
        broken = {(c, row.get("quantity")) for row in rows for c in given
                  if _is_number(row[c]) and row[c] % 1}  # fmt: skip
        for row, summed in zip(rows, [False] * len(rows) if total is None else total, strict=True):
            said = {c: _said(c, row, (c, row.get("quantity")) in broken) for c in given}
            self.rows.append((row, said, summed))
            self.plain.append(" | ".join([plain(row["label"]), *said.values()]))
            figures = [_csv_figure(row[c], one) for c, one in said.items()]
            more = [_cited_words(row[c]) if c == "source" else row[c] for c in extra]
            self.csv.append([inert(row["label"]), *figures, *map(inert, more)])


def _heading(column: Any) -> str:
    known_as = COLUMNS.get(str(column))
    if known_as is None:
        return plain(column).replace("_", " ").capitalize()
    unit = known_as["unit"] and either(" ({})", "（{}）").format(known_as["unit"])
    return f"{known_as[either('heading', 'heading_zh')]}{unit}"


def _headed(heading: str) -> Markup:
    """A heading as HTML; the unit in its brackets stays in one line."""
    name, *units = re.split(r" ?(?=[(（][^()（）]{1,12}[)）]$)", plain(heading), maxsplit=1)
    bound = [Markup('<span class="n">{}</span>').format(marked(unit)) for unit in units]
    return Markup(either(" ", "")).join([marked(name), *bound])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and known(value)


def _said(column: str, row: Row, broken: bool) -> str:
    """A cell in words; what is not known says why, or is a dash.

    A figure has the decimals that `columns.csv` tells; else two if one of its column is `broken`,
    among those of its own quantity where the frame says of which quantity its rows are.
    """
    value = row[column]
    if not known(value) or value == "":
        return plain(row.get("status")) or "—"
    if not _is_number(value):
        return plain(value)
    if column in ("year", "line"):  # numbers that count nothing
        return f"{value:.0f}"
    digits = "" if "quantity" in row else COLUMNS.get(column, {}).get("digits")
    return number(value, int(digits or 2 * broken))


def _are_figures(values: Iterable[Any]) -> bool:
    """Whether a column holds figures: numbers, or words of a number and its unit in most rows."""
    said = [one for one in map(plain, values) if one]
    return sum(bool(_FIGURE.fullmatch(one)) for one in said) * 2 > len(said)


def _csv_figure(value: Any, said: str) -> str:
    if _is_number(value):
        return said.replace("−", "-").replace(",", "")
    return inert(said)


def inert(value: Any) -> str:
    """The text of a CSV cell that no spreadsheet takes for a formula, whatever parts its cells."""
    return re.sub(r"""(^|[;,|])([\s"']*)(?=[=+\-@＝＋－＠])""", r"\1\2'", plain(value))


@cache
def _cited(source: Any) -> list[tuple[str, int, str]]:
    """(document, line, printed) of a source as ``data.package.cite`` writes it, or several."""
    return [(one[1], int(one[2]), one[3] or "") for one in _CITE.finditer(plain(source))]


def _cites(frame: pd.DataFrame | None) -> tuple[tuple[str, int], ...]:
    """The lines that a frame stands on: those of its sources, or else its own."""
    found: list[tuple[str, int]] = []
    if frame is not None and "source" in frame:
        found = [one[:2] for source in frame["source"] for one in _cited(source)]
    elif frame is not None and {"document", "line"} <= {*frame}:
        places = zip(frame["document"], frame["line"], strict=True)
        found = [(document, int(line)) for document, line in places if known(line)]
    return tuple(dict.fromkeys(found))


def place(document: str, line: int) -> str:
    """Where something stands, in people's words: "2024 accounts, line 989"."""
    return _("{document}, line {line}").format(document=_called(document), line=line)


def _places(sources: Iterable[Any]) -> dict[str, list[str]]:
    """What is printed at each place, a place that is cited twice named once."""
    found: dict[str, list[str]] = {}
    for document, line, printed in (one for source in sources for one in _cited(source)):
        said = found.setdefault(place(document, line), [])
        if printed and printed not in said:
            said.append(printed)
    return found


def _cited_words(source: Any) -> str:
    joined = [": ".join(filter(None, [where, ", ".join(f"“{p}”" for p in printed)]))
              for where, printed in _places([source]).items()]  # fmt: skip
    return "; ".join(joined) or plain(source)


def _base64(rows: list[list[str]]) -> str:
    """Rows as a CSV in a link; the byte order mark tells spreadsheets that this is UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return base64.b64encode(out.getvalue().encode("utf-8-sig")).decode("ascii")


def _stem(title: str) -> str:
    """The name of a file by its title."""
    return re.sub(r"\W+", "-", plain(title).lower()).strip("-")[:60] or "data"
