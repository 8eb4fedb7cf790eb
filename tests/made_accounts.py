"""An account in other formats, and an account of one's own: what the transcriber's tests read."""

from __future__ import annotations

import csv
import html
from pathlib import Path
from typing import Any

from analysis.data import forms
from analysis.transcribe.text import Line

Block = tuple[str, Any]  # ("p", text) or ("t", rows of (text, columns spanned))


def blocks(lines: list[Line]) -> list[Block]:
    """Paragraphs and tables of a text, with spans as the places of its cells tell."""
    found: list[Block] = []
    row: list[Line] = []
    for line in [*lines, Line("")]:
        if line.text.startswith("\t"):
            row.append(line)
            continue
        if row:
            if not found or found[-1][0] != "t":
                found.append(("t", []))
            found[-1][1].append(row)
            row = []
        if line.text:
            found.append(("p", line.text))
    return [(kind, _spans(what) if kind == "t" else what) for kind, what in found]


def _spans(rows: list[list[Line]]) -> list[list[tuple[str, int]]]:
    edges = sorted({round(cell.box[0]) for row in rows for cell in row})

    def span(cell: Line) -> int:
        return max(1, sum(cell.box[0] - 1 < edge < cell.box[2] - 1 for edge in edges))

    return [[(cell.text[1:], span(cell)) for cell in row] for row in rows]


def as_html(told: list[Block], path: Path) -> None:
    parts = ["<!doctype html><meta charset='utf-8'><title>x</title><script>alert(1)</script>"]
    for kind, what in told:
        if kind == "p":
            parts.append(f"<p>{html.escape(what)}</p>")
            continue
        rows = (
            "".join(f"<td colspan='{span}'>{html.escape(text)}</td>" for text, span in row)
            for row in what
        )
        parts.append(
            "<table><tbody>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</tbody></table>"
        )
    path.write_text("\n".join(parts), encoding="utf-8")


def as_docx(told: list[Block], path: Path) -> None:
    from docx import Document

    document = Document()
    for kind, what in told:
        if kind == "p":
            document.add_paragraph(what)
            continue
        width = max(sum(span for _, span in row) for row in what)
        table = document.add_table(len(what), width)
        for drawn, row in zip(table.rows, what, strict=True):
            cells, column = drawn.cells, 0
            for text, span in row:
                cells[column].merge(cells[column + span - 1]).text = text
                column += span
            for element in drawn._tr.tc_lst[len(row) :]:
                drawn._tr.remove(element)
    document.save(path)


def as_xlsx(told: list[Block], path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Border, Side

    book, border = Workbook(), Border(top=Side("thin"), bottom=Side("thin"))
    sheet = book.active
    number = 1
    for kind, what in told:
        if kind == "p":
            sheet.cell(number, 1, what)
            sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=30)
            number += 1
            continue
        for row in what:
            column = 1
            for text, span in row:
                sheet.cell(number, column, text or None).border = border
                if span > 1:
                    sheet.merge_cells(
                        start_row=number,
                        end_row=number,
                        start_column=column,
                        end_column=column + span - 1,
                    )
                column += span
            number += 1
    book.save(path)


def printed(cells: Path) -> dict[tuple[str, str, str], str]:
    """Cells as read by eye: (table, row, column) to what is printed."""
    with cells.open(encoding="utf-8", newline="") as file:
        return {(r["table"], r["row"], r["column"]): r["printed"] for r in csv.DictReader(file)}


def account(year: int = 2031, **change: str) -> list[Block]:
    """A small account of a department that does not exist, with all nine tables.

    Args:
        change: what is printed instead of the words that are named, e.g. ``more="小于"``.
    """
    words = {
        "more": "大于",
        "year": str(year),
        "total": "120.00",
        "note": "与上年相比，增加20.00万元，增长20.00%。",
    } | change
    told: list[Block] = [("p", f"{year}年度部门决算"), ("p", "第一部分青山县水务局概况")]
    told.append(("p", f"第二部分{year}年度部门决算表"))

    def table(number: str, rows: list[list[tuple[str, int]]]) -> None:
        told.extend([("p", forms.TITLES[number][0]), ("p", "单位：万元"), ("t", rows)])

    def plain(*rows: str) -> list[list[tuple[str, int]]]:
        return [[(text, 1) for text in row.split("|")] for row in rows]

    sides = {n: {"l": [], "r": []} for n in ("01", "04")}  # type: ignore[var-annotated]
    for (number, row), one in forms.ROWS.items():
        if number in sides and one["label"]:
            side = "l" if forms.columns_of_row(number, row) == range(1, 2) else "r"
            sides[number][side].append((row, one["label"]))
    amounts = {
        "01": {
            "1": "120.00",
            "27": words["total"],
            "31": "120.00",
            "35": "120.00",
            "58": "120.00",
            "62": "120.00",
        },
        "04": {
            "1": "120.00",
            "27": "120.00",
            "32": "120.00",
            "36": "120.00",
            "59": "120.00",
            "64": "120.00",
        },
    }
    for number, heads in (
        ("01", "项目|决算数|项目|决算数"),
        (
            "04",
            "项目|决算数|项目|合计|一般公共预算财政拨款|政府性基金预算财政拨款|国有资本经营预算财政拨款",
        ),
    ):
        rows = [[("收入", 2), ("支出", 2 if number == "01" else 5)], *plain(heads)]
        known = amounts[number]
        for place in range(max(map(len, sides[number].values()))):
            left, right = (
                sides[number][side][place] if place < len(sides[number][side]) else ("", "")
                for side in ("l", "r")
            )
            spent = known.get(right[0], "")
            values = [spent] if number == "01" else [spent, spent, "", ""]
            rows += plain("|".join([left[1], known.get(left[0], ""), right[1], *values]))
        table(number, rows)
    codes = ("204|公共安全支出", "20402|公安", "2040220|执法办案")
    sources = "财政拨款收入|上级补助收入|事业收入|经营收入|附属单位上缴收入|其他收入"
    head = [[("项目", 2), *[(text, 1) for text in f"本年收入合计|{sources}".split("|")]]]
    table(
        "02",
        head
        + plain(
            "科目编码|科目名称|||||||", *(f"{c}|120.00|120.00|||||" for c in (*codes, "|合计"))
        ),
    )
    kinds = "本年支出合计|基本支出|项目支出|上缴上级支出|经营支出|对附属单位补助支出"
    head = [[("项目", 2), *[(text, 1) for text in kinds.split("|")]]]
    table(
        "03",
        head
        + plain(
            "科目编码|科目名称||||||", *(f"{c}|120.00|100.00|20.00|||" for c in (*codes, "|合计"))
        ),
    )
    table(
        "05",
        plain(
            "科目编码|科目名称|合计|基本支出|项目支出",
            *(f"{c}|120.00|100.00|20.00" for c in (*codes, "|合计")),
        ),
    )
    table(
        "06",
        [
            *plain(
                "科目编码|科目名称|决算数|科目编码|科目名称|决算数",
                "301|工资福利支出|80.00|302|商品和服务支出|20.00",
                "30101|基本工资|80.00|30201|办公费|20.00",
            ),
            [("人员经费合计", 2), ("80.00", 1), ("公用经费合计", 2), ("20.00", 1)],
        ],
    )
    for number in ("07", "08"):
        told.extend([("p", forms.TITLES[number][0]), ("p", "单位：万元")])
        told.append(
            (
                "t",
                plain(
                    "科目编码|科目名称|年初结转和结余|本年收入|本年支出|基本支出|项目支出|年末结转和结余",
                    "|||||||",
                    "|||||||",
                ),
            )
        )
    once = "合计|因公出国（境）费|公务用车购置及运行维护费小计"
    once += "|公务用车购置费|公务用车运行维护费|公务接待费"
    head = [[("预算数", 6), ("决算数", 6)]]
    table(
        "09",
        head
        + plain(f"{once}|{once}", "2.00|0.00|0.00|0.00|0.00|2.00|1.00|0.00|0.00|0.00|0.00|1.00"),
    )
    told += [
        ("p", text)
        for text in (
            f"第三部分{year}年度部门决算情况说明",
            "一、收入支出决算总体情况说明",
            f"{words['year']}年度收、支总计120.00万元。{words['note']}",
            "二、收入决算情况说明",
            "本年收入合计120.00万元，其中：财政拨款收入120.00万元，占100.00%。",
            "三、支出决算情况说明",
            "本年支出合计120.00万元，其中：基本支出100.00万元，占83.33%；项目支出20.00万元，占16.67%。",
            "五、一般公共预算财政拨款支出决算情况说明",
            "（三）一般公共预算财政拨款支出决算具体情况",
            f"一般公共预算财政拨款支出年初预算为110.00万元，支出决算为120.00万元，完成年初预算的109.09%。决算数{words['more']}预算数的主要原因：人员增加。其中：",
            "1、公共安全支出（类）公安（款）执法办案（项）。年初预算为110.00万元，支出决算为120.00万元，完成年初预算的109.09%。",
            "十、关于政府采购支出说明",
            "政府采购支出总额9.00万元，其中：政府采购货物支出4.00万元、政府采购工程支出0万元、政府采购服务支出5.00万元。",
        )
    ]
    return told
