"""What readers see: findings, tables and charts as HTML, the same in JupyterLab and in a report.

Every call returns a `Fragment`, which shows itself in a notebook. It carries the few rules of style
it needs, so that it looks right in JupyterLab, in its light and its dark theme; a report drops them
for its own copy. All text is escaped here, and Chinese is marked as such for screen readers.
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

from analysis.present import old_charts as charts
from analysis.present.old_charts import HAN, number, plain

FINDINGS = "data_quality.ipynb"  # links work in JupyterLab; a report turns them into its own
NAMES = ("year", "line")  # numbers that count nothing
Totals = pd.Series | Iterable[Any] | None


@dataclass(frozen=True)
class Fragment:
    """A piece of a report: HTML for readers, text for terminals."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        dark = f"[data-jp-theme-light=false] .an{{{stylesheet('dark.css')}}}"
        return f'<div class="an"><style>{stylesheet()}{dark}</style>{self.html}</div>'

    def __repr__(self) -> str:
        return self.text


@cache
def stylesheet(name: str = "fragment.css", room: str = "present") -> str:
    """A stylesheet of ours in one line."""
    css = files("analysis").joinpath(room, name).read_text(encoding="utf-8")
    css = re.sub(r"/\*.*?\*/|\s+", " ", css)
    return re.sub(r"\s*([{};,>])\s*|(?<=:) (?=\S)", r"\1", css).strip()


def text(value: object) -> str:
    """A value as HTML text: escaped, controls made visible, Chinese marked as Chinese."""
    return HAN.sub(r'<i lang="zh-Hans">\g<0></i>', escape(plain(value)))


def opening(
    title: str,
    department: tuple[str, str],
    year: int | None,
    question: str,
    headline: pd.DataFrame,
    findings: Sequence[str],
    cautions: Sequence[tuple[str, str | None]] = (),
) -> Fragment:
    """The first screen: whose report, what it answers, its figures, findings and cautions.

    `headline` has the columns label, label_zh, value, unit, change and note, all of them text.
    """
    cards = [
        f"<div><dt>{text(row['label'])} {_term(row)}</dt>"
        f'<dd><b>{text(row["value"])}</b> <span class="u">{text(row["unit"])}</span>'
        + "".join(f'<span class="s">{text(row[c])}</span>' for c in ("change", "note") if row[c])
        + "</dd></div>"
        for row in headline.fillna("").to_dict("records")
    ]
    warned = [
        text(said) + (f' <a href="{escape(link)}">Details</a>' if link else "")
        for said, link in cautions
    ]
    html = (
        f'<p class="k">{text(department[0])} <span lang="zh-Hans">{escape(plain(department[1]))}'
        f"</span>{f' · {year}' if year else ''}</p><h1>{text(title)}</h1>"
        f'<p class="q">{text(question)}</p>'
        + (f'<dl class="f">{"".join(cards)}</dl>' if cards else "")
        + f"<h2>Findings</h2>{_list(map(text, findings))}"
        + (f'<div class="w"><h2>Read with care</h2>{_list(warned)}</div>' if warned else "")
    )
    lines = [f"{title} ({department[0]}{f', {year}' if year else ''})", question]
    lines += [f"{r['label']}: {r['value']} {r['unit']}" for r in headline.to_dict("records")]
    return Fragment(html, "\n".join([*lines, *findings, *(said for said, _ in cautions)]))


def table(
    frame: pd.DataFrame,
    caption: str,
    *,
    headers: Mapping[str, str],
    totals: Totals = None,
    digits: Mapping[str, int] | None = None,
    note: str = "",
    anchor: str = "",
) -> Fragment:
    """A table of the columns that `headers` names, the first of which heads the rows.

    Columns with a meaning of their own, if present: `label_zh` the Chinese term of the row,
    `source` where its figures stand, `disputed` the finding that disputes them, `corrected` what
    was mended, `status` what is shown in place of a missing figure. `totals` are index labels, or
    a mask, of the rows set apart; `anchor` names a column whose values become the rows' addresses.
    """
    grid = _Grid(frame, headers, digits or {}, totals, anchor)
    ident = _ident(caption, grid.csv)
    html = (
        f"{_framed(ident, caption, grid)}{_note(note)}"
        f'<div class="x">{_sources(frame, next(iter(headers)))}{_download(caption, grid.csv)}</div>'
    )
    return Fragment(html, f"{caption}\n{grid.plain}")


def chart(
    figure: Figure,
    frame: pd.DataFrame,
    title: str,
    alt: str,
    *,
    headers: Mapping[str, str],
    digits: Mapping[str, int] | None = None,
    note: str = "",
) -> Fragment:
    """A chart under the finding it shows, with its text alternative, its data and their sources."""
    grid = _Grid(frame, headers, digits or {}, None)
    ident = _ident(title, alt + grid.csv)
    html = (
        f'<figure><figcaption id="{ident}">{text(title)}</figcaption>'
        f"{charts.svg(figure, alt, f'{ident}-svg', ident)}{_note(note)}"
        f'<div class="x"><details class="data"><summary>Data</summary>'
        f"{_framed(f'{ident}-data', f'Data: {title}', grid)}</details>"
        f"{_sources(frame, next(iter(headers)))}{_download(title, grid.csv)}</div></figure>"
    )
    return Fragment(html, f"{title}\n{alt}\n{grid.plain}")


def cases(
    frame: pd.DataFrame, *, headers: Mapping[str, str], badge: str = "", anchor: str = ""
) -> Fragment:
    """Rows that need prose, as a list of cases: a heading from the first column, then the others.

    A column is left out where it is blank. `badge` names a column set before the heading;
    `anchor` one whose values become the cases' addresses, and without which `disputed` leads
    there.
    """
    first, *others = headers
    items, lines = [], []
    for row in frame.to_dict("records"):
        told = [(headers[c], plain(_blank(row[c]))) for c in others]
        told = [(name, said) for name, said in told if said]
        address = f' id="{escape(plain(row[anchor]))}"' if anchor else ""
        mark = f'<b class="b">{text(row[badge])}</b> ' if badge else ""
        body = "".join(f"<div><dt>{text(name)}</dt><dd>{text(s)}</dd></div>" for name, s in told)
        items.append(
            f"<li{address}><h3>{mark}{text(row[first])}{_marks(row)}</h3><dl>{body}</dl></li>"
        )
        lines.append("; ".join([plain(row[first]), *(f"{name}: {said}" for name, said in told)]))
    return Fragment(f'<ol class="g">{"".join(items)}</ol>', "\n".join(lines))


def paragraphs(*said: str) -> Fragment:
    """One paragraph or several."""
    return Fragment("".join(f"<p>{text(one)}</p>" for one in said), "\n\n".join(said))


def bullets(said: Iterable[str]) -> Fragment:
    """Several sentences, as a list."""
    said = list(said)
    return Fragment(_list(map(text, said)), "\n".join(said))


def notice(said: str, kind: str = "not disclosed") -> Fragment:
    """What a report cannot say (`kind`: not applicable, not disclosed, not comparable) and why."""
    kind = kind[:1].upper() + kind[1:]
    return Fragment(f'<p class="n"><b>{text(kind)}.</b> {text(said)}</p>', f"{kind}. {said}")


class _Grid:
    """The cells of a table, as HTML and as CSV, so that the two cannot differ."""

    def __init__(self, frame: pd.DataFrame, headers: Mapping[str, str], digits: Mapping[str, int],
                 totals: Totals, anchor: str = "") -> None:  # fmt: skip
        first, *others = headers
        money_and_rates = (c for c, name in headers.items() if name.endswith(("(万元)", "(%)")))
        digits = dict.fromkeys(money_and_rates, 2) | dict(digits)
        if isinstance(totals, pd.Series):
            totals = frame.index[totals]
        apart = set([] if totals is None else totals)
        right = {
            column for column in others
            if column in digits or pd.api.types.is_numeric_dtype(frame[column].dtype)
        }  # fmt: skip
        extra = {"label_zh": "Chinese term", "source": "Source", "corrected": "Correction"}
        extra = {
            c: name for c, name in extra.items()
            if c in frame and c not in headers and any(map(_blank, frame[c]))
        }  # fmt: skip
        lines = [[_inert(plain(name)) for name in (*headers.values(), *extra.values())]]
        body = []
        for index, row in zip(frame.index, frame.to_dict("records"), strict=True):
            shown = {c: _shown(c, row, digits.get(c)) for c in headers}
            lines.append([*(_csv_cell(row[c], shown[c]) for c in headers),
                          *(_inert(_cited(row[c])) for c in extra)])  # fmt: skip
            cells = [f'<th scope="row">{text(shown[first])}{_marks(row)}{_term(row)}</th>']
            cells += [
                f"<td{' class=r' if c in right else ''}>{text(shown[c])}</td>" for c in others
            ]
            address = f' id="{escape(plain(row[anchor]))}"' if anchor else ""
            kind = ' class="sum"' if index in apart else ""
            body.append(f"<tr{address}{kind}>{''.join(cells)}</tr>")
        prose = {
            c
            for c, *cells in zip(headers, *lines[1:], strict=False)
            if max(map(len, cells), default=0) > 60
        }
        heads = "".join(
            f'<th scope="col"{" class=r" if c in right else " class=p" if c in prose else ""}>'
            f"{text(name)}</th>"
            for c, name in headers.items()
        )
        self.html = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>"
        out = io.StringIO()
        csv.writer(out).writerows(lines)
        self.csv = out.getvalue()
        self.plain = "\n".join(" | ".join(line) for line in lines)


def _framed(ident: str, caption: str, grid: _Grid) -> str:
    """A table in a frame of its own that scrolls, also by keyboard."""
    return (
        f'<div class="t" role="group" aria-labelledby="{ident}" tabindex="0"><table>'
        f'<caption id="{ident}"><span class="l">{text(caption)}</span></caption>'
        f"{grid.html}</table></div>"
    )


def _blank(value: Any) -> Any:
    return "" if value is None or value is pd.NA or value != value else value


def _shown(column: str, row: Mapping[Any, Any], digits: int | None) -> str:
    value = row[column]
    if not isinstance(value, str) and _blank(value) == "":
        return plain(_blank(row.get("status"))) or "—"
    if column in NAMES or isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    return number(value, digits)


def _csv_cell(value: Any, shown: str) -> str:
    if isinstance(value, int | float) and re.fullmatch(r"−?[\d,]+(\.\d+)?", shown):
        return shown.replace("−", "-").replace(",", "")
    return _inert(shown)


def _inert(cell: str) -> str:
    """The text of a CSV cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell[:1] in tuple("=+-@\t\r＝＋－＠") else cell


def _term(row: Mapping[Any, Any]) -> str:
    term = plain(_blank(row.get("label_zh")))
    return f'<span class="z" lang="zh-Hans">{escape(term)}</span>' if term else ""


def _marks(row: Mapping[Any, Any]) -> str:
    finding, mended = (plain(_blank(row.get(c))) for c in ("disputed", "corrected"))
    mark = (
        f'<a class="d" href="{FINDINGS}#{escape(finding)}" '
        f'aria-label="disputed: finding {escape(finding)}">†</a>'
        if finding
        else ""
    )
    return mark + (f'<span class="c">corrected: {text(mended)}</span>' if mended else "")


def _note(said: str) -> str:
    return f'<p class="s">{text(said)}</p>' if said else ""


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _cited(source: Any) -> str:
    """A source, or several, with a line that is cited twice named once."""
    places: dict[str, list[str]] = {}
    for part in plain(_blank(source)).split("; "):
        place, _, printed = part.partition(": ")
        places.setdefault(place, []).append(printed)
    return "; ".join(
        f"{place}: {', '.join(dict.fromkeys(printed))}".removesuffix(": ")
        for place, printed in places.items()
    )


def _sources(frame: pd.DataFrame, label: str) -> str:
    if "source" not in frame:
        return ""
    items = dict.fromkeys(
        f"{text(row[label])}{_year(row)}: {text(_cited(row['source']))}"
        for row in frame.to_dict("records")
        if _blank(row["source"])
    )
    return f"<details><summary>Sources</summary>{_list(items)}</details>" if items else ""


def _year(row: Mapping[Any, Any]) -> str:
    return f", {row['year']}" if "year" in row else ""


def _download(name: str, content: str) -> str:
    # the byte order mark tells spreadsheets that this is UTF-8
    data = base64.b64encode(content.encode("utf-8-sig")).decode("ascii")
    stem = re.sub(r"\W+", "-", plain(name).lower()).strip("-")[:60] or "data"
    return (
        f'<a download="{stem}.csv" href="data:text/csv;charset=utf-8;base64,{data}">'
        f"Download as CSV</a>"
    )


def _ident(*parts: str) -> str:
    return "a" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
