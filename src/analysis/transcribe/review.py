"""One page to review a draft with: what is doubtful first, then each page beside what was read.

Headings, kinds and what to do stand in English and in Chinese, since the page is one file for
both; what is the matter with a point is told in English, as in ``review.csv``.
"""

from __future__ import annotations

from collections import defaultdict
from html import escape

from analysis.transcribe.text import Text

COLUMNS = ("document", "rank", "line", "subject", "printed", "what", "state")  # of review.csv
RANKS = {  # worst first, with what they are called in Chinese
    "readers disagree": "两次读取不一致",
    "finding": "需人工核对",
    "identity fails": "勾稽关系不成立",
    "claim fails": "表述与数据不符",
    "numeral": "数字待归类",
    "no identity": "无勾稽关系可核",
    "proposal": "建议",
    "rows": "成组数据行",
}
HEADINGS = {"what": "类别", "line": "行", "where": "位置", "printed": "原文", "why": "说明"}
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:1rem;max-width:100rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.1rem .4rem;text-align:left;
vertical-align:top}.page{display:flex;gap:1rem;flex-wrap:wrap;margin:1rem 0;border-top:2px solid}
.page img{flex:1 1 24rem;min-width:0;max-width:46rem;width:100%;height:auto;align-self:start;
border:1px solid #ccc}.page .read{flex:1 1 24rem;min-width:0;overflow-x:auto}
.read p{margin:.2rem 0}mark{background:#ffd9b3}.n{color:#666;font-size:.8em;user-select:none}
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}mark{background:#7a4a00;color:#fff}}
"""


def page(document: str, text: Text, points: list[dict[str, str]], summary: list[str]) -> str:
    """The page, complete in one file: no script, no request.

    Args:
        points: rows of ``review.csv``, worst first.
        summary: what the transcription came to.
    """
    marked: dict[int, list[str]] = defaultdict(list)
    rows = ""
    for one in points:
        if one["rank"] == "rows":
            continue
        if one["line"] and one["rank"] != "proposal":
            marked[int(one["line"])].append(f"{one['rank']}: {one['what']}")
        rows += (
            f"<tr><td>{one['rank']}{_chinese(RANKS[one['rank']])}"
            f"<td><a href='#l{one['line']}'>{one['line']}</a>"
            f"<td>{escape(one['subject'])}<td>{escape(one['printed'])}<td>{escape(one['what'])}"
        )
    parts = ""
    for number in sorted({line.page for line in text.lines}):
        picture, heading = "", f"Text, read once{_chinese('文本，只读取一次')}"
        if 0 < number <= len(text.pages):
            heading = f"Page {number}{_chinese(f'第{number}页')}"
            data, width, height = text.pages[number - 1]
            picture = (
                f"<img src='data:image/jpeg;base64,{data}' alt='page {number} as printed' "
                f"width='{width:.0f}' height='{height:.0f}' loading='lazy'>"
            )
        parts += (
            f"<section class='page' id='p{number}'>{picture}<div class='read'>"
            f"<h2>{heading}</h2>"
            f"{_read(text, number, marked)}</div></section>"
        )
    headings = "".join(f"<th>{one}{_chinese(other)}" for one, other in HEADINGS.items())
    told = "".join(f"<li>{escape(line)}" for line in summary)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Review of {escape(document)}</title><style>{STYLE}</style>"
        f"<h1>Review of the draft {escape(document)}{_chinese('草稿核对')}</h1><ul>{told}</ul>"
        "<p>Worst first. Mend the CSV where a row is wrong, set <code>state</code> of its line in "
        "<code>review.csv</code> to <code>done</code>, run <code>analysis check</code>.</p>"
        "<p lang='zh-Hans'>按轻重排列。数据行有误的，改相应CSV；核对后将"
        "<code>review.csv</code>中该行的<code>state</code>改为<code>done</code>，"
        "再运行<code>analysis check</code>。</p>"
        f"<table><tr>{headings}</tr>"
        f"{rows}</table>{parts}</html>\n"
    )


def _chinese(text: str) -> str:
    return f" <span lang='zh-Hans'>{text}</span>"


def _read(text: Text, page_number: int, marked: dict[int, list[str]]) -> str:
    """The lines of a page as read: paragraphs, and rows of cells."""
    told, row = "", ""
    for number, line in enumerate(text.lines, start=1):
        if line.page != page_number and line.text:
            continue
        shown = escape(line.text.strip())
        if why := marked.get(number):
            shown = f"<mark title='{escape('; '.join(why))}'>{shown or '▢'}</mark>"
        if line.text.startswith("\t"):
            row += f"<td id='l{number}'>{shown}"
            continue
        if row:
            told += f"<table><tr>{row}</table>"
            row = ""
        if line.text:
            told += f"<p id='l{number}'><span class='n'>{number}</span> {shown}"
    return told.replace("</table><table>", "")
