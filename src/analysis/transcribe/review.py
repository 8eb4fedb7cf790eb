"""One page to review a draft with: what is doubtful first, then each page beside what was read.

Headings, kinds and what to do stand in English and in Chinese, since the page is one file for
both; what is the matter with a point is told in English, as in ``review.csv``.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from analysis.transcribe.tables import Row, rows
from analysis.transcribe.text import Line, Text

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


def page(document: str, text: Text, points: list[dict[str, str]], summary: list[str]) -> str:
    """The page, complete in one file: no script, no request.

    Args:
        points: rows of ``review.csv``, worst first.
        summary: what the transcription came to.
    """
    points = [one for one in points if one["rank"] != "rows"]
    marked: dict[int, list[str]] = defaultdict(list)
    for one in points:
        if one["line"] and one["rank"] != "proposal":
            marked[int(one["line"])].append(f"{one['rank']}: {one['what']}")

    def first(row: Row) -> Line:
        return text.lines[row[0].line - 1]

    pages = [
        (number, [(table, [*part]) for table, part in groupby(run, lambda row: first(row).is_cell)])
        for number, run in groupby(rows(text.lines), lambda row: first(row).page)
    ]
    folder = FileSystemLoader(Path(__file__).with_name("template"))
    template = Environment(loader=folder, autoescape=True, trim_blocks=True)
    return template.get_template("review.html.j2").render(
        document=document,
        summary=summary,
        points=points,
        ranks=RANKS,
        marked=marked,
        pages=pages,
        pictures=text.pages,
    )
