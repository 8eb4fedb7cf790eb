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
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.data.package import records
from analysis.data.tab import own
from analysis.present import svg
from analysis.present.language import LANGUAGES, _, current, labelled, ngettext
from analysis.present.text import chinese, html, known, lines, marked, number, plain

__dir__ = own(__name__)

Row = dict[str, Any]
Panel = tuple[str, "Figure | Fragment", str] | tuple[str, "Figure | Fragment", str, str]
Columns = Sequence[str] | Mapping[str, str] | None
AUDIT = "data_quality.ipynb"  # what every finding of all years stands in
HIDDEN = ("source", "known", "kind", "disputed", "corrected", "figure", "detail", "status", "term")
# words of the field in both languages, by what is meant
GRAVITY = {"high": ("High", "严重"), "medium": ("Medium", "一般"), "low": ("Low", "轻微")}
VERDICTS = {
    "holds": ("holds", "相符"),
    "contradicted": ("contradicted", "不符"),
    "not_reconcilable": ("not reconcilable", "无法核对"),
    "own_test": ("our own test", "本报告测算"),
    "zero": ("holds, only zeros", "相符（仅有零值）"),
    "not_checked": ("not checked", "未核对"),
}
REASONS = {
    "not_disclosed": ("Not disclosed", "未公开"),
    "not_applicable": ("Not applicable", "不适用"),
    "different_basis": ("Different basis", "口径不同，待核"),
    "not_comparable": ("Not comparable", "不可比"),
}
HATCH = (
    '<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="hatch" width="6" '
    'height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="ht" d="M0 0V6"/></pattern></defs></svg>'
)
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
    name_documents(documents)
    last = documents[-1]
    shown = [
        f"<div><dt>{_both(row['label'], row.get('label_zh'))}</dt>"
        f'<dd class="v"><b>{html(row["value"])}</b>{_unit(row.get("unit", ""))}</dd>'
        f"<dd>{html(row.get('note'))}{_derived(row)}</dd></div>"
        for row in tiles
    ]
    dated = f" <span class=n>{year}</span>" if year else ""
    named = f"{html(title)}{_term(term)}{dated}"
    if year and current() == "zh":
        named = html(f"{year}年度{title}")
    head = (
        f'<p class="whose">{_both(last["department_en"], last["department"])}'
        f"</p><h1>{named}</h1>"
        f'<p class="answer">{html(answer)}</p>'
        + (f'<dl class="tiles">{"".join(shown)}</dl>' if shown else "")
    )
    told = f"<h2>{html(_('Findings'))}</h2>{_list(map(html, findings))}" if findings else ""
    beside = (
        f'<div class="care"><h2>{html(_("Read with care"))}</h2>{cautions.html}'
        f'<p class="note"><a href="{AUDIT}">{html(_("All findings (another file)"))}</a></p></div>'
        if cautions
        else ""
    )
    if told or beside:
        head += f'<section class="two"><div>{told}</div>{beside}</section>'
    words = [
        " · ".join(
            [last[f"department{'_en' if current() == 'en' else ''}"], f"{title} {year or ''}"]
        )
    ]
    words += [answer, *(f"{row['label']}: {row['value']} {row.get('unit', '')}" for row in tiles)]
    words += [*findings, cautions.text if cautions else ""]
    return Fragment(head, lines(*words), cites=cautions.cites if cautions else (),
                    documents=tuple(_described(documents)))  # fmt: skip


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
    shown = grid.table(caption) + _note(note)
    return Fragment(f'<div class="tab">{shown}{_foot(grid, caption)}</div>',
                    lines(caption, *grid.plain, note), frame, cites=_cites(frame))  # fmt: skip


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

    A panel is (heading, chart, note) or (heading, chart, note, alternative text); a chart of
    `charts` describes itself, so the fourth is only for what it cannot know. In place of a chart
    a `Fragment` (a table, a list) may stand. `note` is the grey line: unit, scale, what not to
    compare. With `beside` the table of `data` stands beside the panels, under `caption`;
    without it the data are folded under "Data".
    """
    drawn, words, figures, cites = [], [title], [], list(_cites(data))
    for heading, chart, beneath, *alt in panels:
        top = f"<h3>{html(heading)}</h3>" if heading else ""
        if isinstance(chart, Fragment):
            drawn.append(f'<div class="plain">{top}{chart.html}{_note(beneath)}</div>')
            words += [heading, chart.text, beneath]
            cites += chart.cites
            continue
        told = alt[0] if alt else str(chart.get_label())
        picture = svg.draw(chart, told, _ident(title, str(len(drawn)), heading, told))
        drawn.append(f"<div>{top}{picture}{_note(beneath)}</div>")
        words += [heading, told, beneath]
        figures.append(chart)
    foot = ""
    if data is not None and len(data):
        grid = _Grid(data, columns, None)
        if beside:
            drawn.append(f'<div class="data">{grid.table(caption or title)}</div>')
        foot = _foot(
            grid, title, "" if beside else grid.table(_("Data: {title}").format(title=title))
        )
        words += grid.plain if beside else []
    heights = [chart.get_size_inches()[1] for chart in figures]
    # panels of very unequal height would leave holes in a grid
    uneven = len(drawn) > 3 and len(heights) > 1 and max(heights) > 2 * min(heights)
    kind = "flow" if uneven else "panels" if heights else "two"
    shown = (
        f"<figure><figcaption><b>{html(title)}</b>"
        f"{f'<span class=note>{html(note)}</span>' if note else ''}</figcaption>"
        f'{_key("".join(drawn), figures)}<div class="{kind}">{"".join(drawn)}</div>{foot}</figure>'
    )
    return Fragment(shown, lines(*words), data, figures[0] if len(figures) == 1 else figures,
                    tuple(dict.fromkeys(cites)))  # fmt: skip


def cases(frame: pd.DataFrame, intro: str = "", most: int = 5, *, opened: bool = False) -> Fragment:
    """Findings, one a row, gravest first as given; after `most` the rest are folded.

    Columns, text in the language in use: `figure` (its address), `severity` (high, medium, low),
    `verdict` (contradicted, not_reconcilable, own_test, or words), `reason` (words after the
    verdict, optional), `places` (a number, optional), `label` (one sentence), `printed`,
    `against`, `use` (each may be ""), `document` and `line` (optional). `opened` shows all of each.
    """
    shown, words = [], []
    for row in records(frame):
        facts = [(_("Printed"), row["printed"]), (_("Against it"), row["against"]),
                 (_("Use"), row["use"])]  # fmt: skip
        facts = [(name, said) for name, said in facts if plain(said)]
        pair = VERDICTS.get(row["verdict"], (row["verdict"], row["verdict"]))
        reason, places = plain(row.get("reason")), row.get("places", 1)
        of = _both(*pair) + (_colon() + html(reason) if reason else "")
        if places > 1:
            many = ngettext("{n} place", "{n} places", places).format(n=number(places))
            of += html((", " if current() == "en" else "，") + many)
        head = (
            f'<span class="sev">{html(_word(GRAVITY[row["severity"]]))}</span> '
            f'<span class="note">{of}</span> <span class="what">{html(row["label"])}</span>'
        )
        kind = "slight" if row["severity"] == "low" else row["severity"]
        kind = f'class="case {kind}"'
        if address := plain(row.get("figure")):
            kind += f' id="{escape(address)}"'
        body = "".join(f"<dt>{html(name)}</dt><dd>{html(said)}</dd>" for name, said in facts)
        body = f"<dl>{body}</dl>" if body else ""
        shown.append(
            f"<div {kind}>{head}{body}</div>"
            if opened
            else f"<details {kind}><summary>{head}</summary>{body}</details>"
        )
        told = "; ".join(f"{name}: {said}" for name, said in facts)
        words.append(f"{_word(GRAVITY[row['severity']])} ({_word(pair)}): {row['label']} {told}")
    if opened:
        shown = ['<div class="cards">', *shown, "</div>"]
    elif rest := shown[most:]:
        more = ngettext("{n} more", "{n} more", len(rest)).format(n=number(len(rest)))
        shown[most:] = [f"<details><summary>{html(more)}</summary>{''.join(rest)}</details>"]
    return Fragment(_note(intro) + "".join(shown), lines(intro, *words), frame,
                    cites=_lines(frame))  # fmt: skip


def cannot(rows: Iterable[tuple[str, str]]) -> Fragment:
    """The closing list: (reason, what) by reason.

    Reasons: not_disclosed, not_applicable, different_basis, not_comparable.
    """
    groups: dict[str, list[str]] = {}
    for reason, what in rows:
        groups.setdefault(reason, []).append(plain(what))
    between, stop = ("; ", ".") if current() == "en" else ("；", "。")
    told = [(REASONS[reason], between.join(groups[reason]) + stop) for reason in REASONS
            if reason in groups]  # fmt: skip
    return Fragment(
        _list(f"<b>{_both(*reason)}</b>{_colon()}{html(said)}" for reason, said in told),
        lines(*(f"{_word(reason)}{_colon()}{said}" for reason, said in told)),
    )


def notice(said: str, reason: str = "not_disclosed") -> Fragment:
    """What cannot be said, and why (a reason of `cannot`)."""
    why = REASONS[reason]
    return Fragment(
        f"<p><b>{_both(*why)}</b>{_colon()}{html(said)}</p>",
        lines(f"{_word(why)}{_colon()}{said}"),
    )


def paragraphs(*said: str, note: bool = False) -> Fragment:
    """One paragraph or several; `note` sets them small and grey."""
    kind = " class=note" if note else ""
    return Fragment(
        "".join(f"<p{kind}>{html(one)}</p>" for one in said), "\n\n".join(map(plain, said))
    )


def bullets(said: Iterable[str]) -> Fragment:
    """Several sentences, as a list."""
    said = list(said)
    return Fragment(_list(map(html, said)), lines(*said))


def together(*fragments: Fragment) -> Fragment:
    """Fragments side by side on a wide screen, one under the other on a phone."""
    return Fragment(
        f'<div class="two">{"".join(f"<div>{one.html}</div>" for one in fragments)}</div>',
        "\n\n".join(one.text for one in fragments),
        cites=tuple(dict.fromkeys(cite for one in fragments for cite in one.cites)),
        documents=tuple(row for one in fragments for row in one.documents),
    )


def name_documents(documents: Iterable[Row]) -> None:
    """Let sources call these documents by their short names (rows of the table `documents`)."""
    for row in documents:
        _names[row["document"]] = {
            "en": plain(row.get("short_en")) or row["title_en"],
            "zh": plain(row.get("short_zh")) or row["title"],
        }


_names: dict[str, dict[str, str]] = {}


class _Grid:
    """The cells of a table, as HTML, as text and as CSV, so that they cannot differ."""

    def __init__(
        self, frame: pd.DataFrame, columns: Columns, total: "pd.Series[bool] | None"
    ) -> None:
        self.frame = frame
        lead = "label" if "label" in frame else str(frame.columns[0])
        frame = frame.rename(columns={lead: "label"})
        if columns is None:
            columns = [
                c for c in map(str, frame) if c not in HIDDEN and not c.endswith(("_zh", "_en"))
            ]
        given = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns, "")
        if current() == "zh":
            twins = {c: frame[f"{c}_zh"] for c in given if c != "label" and f"{c}_zh" in frame}
            for place in {"document", *(["label"] if lead == "document" else [])} & {*frame}:
                twins[place] = frame[place].map(lambda one: _names.get(one, {}).get("zh", one))
            frame = frame.assign(**twins)
        self.first = given.pop("label", "") or (_("Item") if lead == "label" else _heading(lead))
        self.heads = {c: name or _heading(c) for c, name in given.items()}
        self.right = {c for c in given if _is_figure(frame[c])}
        self.stacked = 2 < len(given) < 6  # on a phone the label takes a line of its own
        self.given = given
        extra = {"source": _("Source")}
        if current() == "en":
            extra = {"label_zh": _("Chinese term"), **extra}
        extra = {c: name for c, name in extra.items() if c in frame and any(map(plain, frame[c]))}
        self.csv = [[*map(inert, [self.first, *self.heads.values(), *extra.values()])]]
        self.body: list[str] = []
        self.plain = [" | ".join([self.first, *self.heads.values()])]
        digits = {c: _digits(c, frame[c]) for c in given}
        apart = [False] * len(frame) if total is None else total
        for row, summed in zip(records(labelled(frame)), apart, strict=True):
            said = [_said(c, row, digits[c]) for c in given]
            cells = "".join(
                f"<td{self.role('cell')}{' class=num' if c in self.right else ''}>{html(one)}</td>"
                for c, one in zip(given, said, strict=True)
            )
            self.body.append(
                f"<tr{self.role('row')}{' class=sum' if summed else ''}>"
                f'<th scope="row"{self.role("rowheader")}>{html(row["label"])}{self.marks(row)}'
                f"{_term(row['term'])}{_small(row)}</th>{cells}</tr>"
            )
            self.plain.append(" | ".join([plain(row["label"]), *said]))
            figures = [_csv_figure(row[c], one) for c, one in zip(given, said, strict=True)]
            more = [_cited_words(row[c]) if c == "source" else row[c] for c in extra]
            self.csv.append([inert(row["label"]), *figures, *map(inert, more)])

    def role(self, name: str) -> str:
        """What an element is, where its display as a grid would hide it."""
        return f' role="{name}"' if self.stacked else ""

    def marks(self, row: Row) -> str:
        """What speaks against a row's figure, and what was mended in it."""
        finding, mended = (plain(row.get(c)) for c in ("disputed", "corrected"))
        name = escape(_("disputed: see the finding"))
        mark = f'<a href="#{escape(finding)}" aria-label="{name}">†</a>' if finding else ""
        if not mended or "corrected" in self.given:
            return mark
        return f"{mark}<small>{html(_('corrected: {what}').format(what=mended))}</small>"

    def table(self, caption: str) -> str:
        """The table as HTML; one that is too wide for a phone scrolls in a frame of its own."""
        kind = f' class="stack s{len(self.given)}"' if self.stacked else ""
        column, group = self.role("columnheader"), self.role("rowgroup")
        heads = "".join(
            f'<th scope="col"{column}{" class=num" if c in self.right else ""}>{_headed(name)}</th>'
            for c, name in self.heads.items()
        )
        shown = (
            f"<table{self.role('table')}{kind}>"
            f"{f'<caption>{html(caption)}</caption>' if caption else ''}"
            f"<thead{group}><tr{self.role('row')}>"
            f'<th scope="col"{column}>{_headed(self.first)}</th>{heads}</tr></thead>'
            f"<tbody{group}>{''.join(self.body)}</tbody></table>"
        )
        if len(self.given) < 6:
            return shown
        name = escape(plain(caption) or _("Table"))
        return f'<div class="wide" tabindex="0" role="group" aria-label="{name}">{shown}</div>'


@cache
def _columns() -> dict[str, Row]:
    """How each column is headed, in which unit and with how many decimals, by its name."""
    with files("analysis").joinpath("present", "columns.csv").open(encoding="utf-8") as file:
        return {row["column"]: dict(row) for row in csv.DictReader(file)}


def _heading(column: Any) -> str:
    known_as = _columns().get(str(column))
    if known_as is None:
        return plain(column).replace("_", " ").capitalize()
    name, unit = str(known_as["heading" if current() == "en" else "heading_zh"]), known_as["unit"]
    brackets = " ({})" if current() == "en" else "（{}）"
    return name + (brackets.format(unit) if unit else "")


def _headed(heading: str) -> str:
    """A heading as HTML; the unit in its brackets stays in one line."""
    return re.sub(r"([(（][^()（）]{1,12}[)）])$", r'<span class="n">\1</span>', marked(heading))


def _digits(name: str, column: "pd.Series[Any]") -> int:
    """The decimals of a column: as `columns.csv` says, else two unless all figures are whole."""
    if digits := _columns().get(name, {}).get("digits"):
        return int(digits)
    figures = [v for v in column if isinstance(v, int | float) and known(v)]
    return 0 if all(float(value).is_integer() for value in figures) else 2


def _said(column: str, row: Row, digits: int) -> str:
    """A cell in words; what is not known says why, or is a dash."""
    value = row[column]
    if not known(value) or value == "":
        return plain(row.get("status")) or "—"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    if column in ("year", "line"):  # numbers that count nothing
        return f"{value:.0f}"
    return number(value, digits)


def _is_figure(column: "pd.Series[Any]") -> bool:
    """Whether a column holds figures: numbers, or words of digits in most of its rows."""
    if pd.api.types.is_numeric_dtype(column.dtype) and column.name not in ("year", "line"):
        return True
    said = [plain(value) for value in column if plain(value)]
    return bool(said) and sum(
        one[0] in "0123456789≥+−-" and len(one) < 24 for one in said
    ) * 2 > len(said)


def _csv_figure(value: Any, said: str) -> str:
    if isinstance(value, int | float) and re.fullmatch(r"[+−]?[\d,]+(\.\d+)?", said):
        return said.replace("−", "-").replace(",", "").replace("+", "")
    return inert(said)


def inert(value: Any) -> str:
    """The text of a CSV cell that no spreadsheet takes for a formula, whatever parts its cells."""
    return re.sub(r"""(^|[;,|])([\s"']*)(?=[=+\-@＝＋－＠])""", r"\1\2'", plain(value))


def _both(english: Any, its_chinese: Any) -> str:
    """A label, and in English its Chinese term beside it."""
    if current() == "zh":
        return html(plain(its_chinese) or english)
    return html(english) + (_term(its_chinese) if its_chinese != english else "")


def _word(pair: tuple[str, str]) -> str:
    return pair[current() == "zh"]


def _colon() -> str:
    return ": " if current() == "en" else "："


def _term(term: Any) -> str:
    shown = chinese(term, "z") if current() == "en" else ""
    return f" {shown}" if shown else ""


def _unit(unit: Any) -> str:
    return f"{' ' if current() == 'en' and plain(unit) else ''}{marked(unit)}"


def _derived(row: Row) -> str:
    return f' <span class="d">{html(_("derived"))}</span>' if row.get("known") == "derived" else ""


def _small(row: Row) -> str:
    said = html(row.get("detail")) + _derived(row)
    return f"<small>{said}</small>" if said else ""


def _note(said: str) -> str:
    return f'<p class="note">{html(said)}</p>' if said else ""


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _cited(source: Any) -> list[tuple[str, int, str]]:
    """(document, line, printed) of a source as ``data.package.cite`` writes it, or several."""
    return [(one[1], int(one[2]), one[3] or "") for one in _CITE.finditer(plain(source))]


def _cites(frame: pd.DataFrame | None) -> tuple[tuple[str, int], ...]:
    if frame is None or "source" not in frame:
        return () if frame is None else _lines(frame)
    return tuple(dict.fromkeys(one[:2] for source in frame["source"] for one in _cited(source)))


def _lines(frame: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    if not {"document", "line"} <= {*frame.columns}:
        return ()
    places = zip(frame["document"], frame["line"], strict=True)
    return tuple(dict.fromkeys((doc, int(line)) for doc, line in places if known(line)))


def place(document: str, line: int) -> str:
    """Where something stands, in people's words: "2024 accounts, line 989"."""
    name = _names.get(document, {}).get(current(), document)
    return _("{document}, line {line}").format(document=name, line=line)


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


def _foot(grid: _Grid, name: str, data: str = "") -> str:
    """What is folded under a table or a figure: its data, its sources and the CSV."""
    items = [
        html(where) + (": " if current() == "en" else "：") * bool(printed)
        + (", " if current() == "en" else "、").join(chinese(f"“{one}”") for one in printed)
        for where, printed in _places(grid.frame.get("source", ())).items()
    ]  # fmt: skip
    folded = [(_("Data"), data)] if data else []
    folded += [(_("Sources"), _list(items))] if items else []
    shown = "".join(f"<details><summary>{html(n)}</summary>{what}</details>" for n, what in folded)
    return f'<div class="src">{shown}{_download(name, grid.csv)}</div>'


def _download(name: str, rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    # the byte order mark tells spreadsheets that this is UTF-8
    data = base64.b64encode(out.getvalue().encode("utf-8-sig")).decode("ascii")
    stem = re.sub(r"\W+", "-", plain(name).lower()).strip("-")[:60] or "data"
    return (
        f'<a download="{stem}.csv" href="data:text/csv;charset=utf-8;base64,{data}">'
        f"{html(_('Download as CSV'))}</a>"
    )


def _key(drawn: str, figures: Sequence[Figure]) -> str:
    """What the fills mean, where a drawing uses another than the plain one, and the marks."""
    box = '<rect class="{}" x="1" y="1" width="14" height="14"/>'
    fills = {"a1": _("stated"), "dv": _("derived, or on another basis"), "no": _("missing")}
    said = [(box.format(name), html(meaning)) for name, meaning in fills.items()
            if f'class="{name}"' in drawn]  # fmt: skip
    if len(said) == 1 and 'class="a1"' in drawn:
        said = []
    if any(figure.get_gid() == "dots" for figure in figures):
        marks = {"holds": '<path class="ok" d="M6 6h4v4h-4z"/>', "contradicted": box.format("lo"),
                 "not_reconcilable": '<path class="o lo" d="M3 3h10v10h-10z"/>',
                 "own_test": '<path class="lo" d="M8 1l7 7l-7 7l-7 -7z"/>'}  # fmt: skip
        said += [(mark, _both(*VERDICTS[name])) for name, mark in marks.items()]
        colours = zip(("hi", "mi", "lo"), GRAVITY.values(), strict=True)
        said += [(box.format(colour), _both(*grade)) for colour, grade in colours]
    shown = "".join(
        f'<li><svg viewBox="0 0 16 16" aria-hidden="true">{mark}</svg><span>{meaning}</span></li>'
        for mark, meaning in said
    )
    return f'<ul class="key">{shown}</ul>' if shown else ""


def _described(documents: Iterable[Row]) -> Iterable[Row]:
    """What a page's footer tells of documents: plain values, as an output's metadata holds them."""
    wanted = ("document", "title", "title_en", "publisher", "publisher_en", "contact", "contact_en",
              "address", "published", "sha256")  # fmt: skip
    for row in documents:
        yield {name: plain(row[name]) for name in wanted if plain(row.get(name))}


def _ident(*parts: str) -> str:
    return "a" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
