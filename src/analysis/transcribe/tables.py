"""The statutory tables of a canonical text: which they are, and every cell of them.

What the forms may look like is data (``data/forms*.csv``). A title, a row, a heading or a value
that is none of the form's becomes a finding for a person, never the nearest match.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from analysis.data import forms
from analysis.data.forms import NUMBERS, plain
from analysis.transcribe.text import Box, Line

MONEY = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
ENUMERATOR = re.compile(
    r"^\s*([一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十\d]+[)）]|\d+[、.．]|其中[：:])\s*"
)
UNIT = re.compile(r"单位\s*[：:]?\s*[（(]?(人民币)?(万元|元)")
# What may stand before a title on its line without making it another title.
OTHER = re.compile(r"(拨款|预算|基本|项目|资金|经费|专项|公共|明细|收入|分类)$")
AFTER = re.compile(
    r"^([（(].*|部门.*|编制.*|公开.*|金额.*|单位.*|续表.*|表[一二三四五六七八九\d]*|\d*)$"
)


@dataclass(frozen=True)
class Finding:
    """Something that a person has to look at: the line and what is the matter."""

    line: int
    what: str


@dataclass(frozen=True)
class Cell:
    """A cell of a statutory table as printed; `line` and `row_line` count from 1."""

    table: str
    row: str
    column: int
    label: str
    line: int
    row_line: int
    printed: str


@dataclass
class Table:
    """A statutory table as found; `lines` are those of its cells and headings."""

    table: str
    title: str
    line: int
    unit: str
    cells: list[Cell] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it is printed without any amount."""
        return not any(cell.printed for cell in self.cells)


@dataclass(frozen=True)
class Part:
    """A printed cell before it is known what it is."""

    text: str
    line: int
    box: Box | None

    @property
    def label(self) -> str:
        """The text without its enumerator."""
        return ENUMERATOR.sub("", self.text).strip()

    @property
    def is_code(self) -> bool:
        return bool(re.fullmatch(r"\d{2,7}", self.text))


Row = list[Part]


def find(lines: list[Line]) -> tuple[list[Table], list[Finding]]:
    """Every statutory table of a text, and what of it could not be read.

    Args:
        lines: the text; a line that begins with a tab is a cell, a blank line ends a row.
    """
    tables: dict[str, Table] = {}
    rows: dict[str, list[Row]] = {}
    findings: list[Finding] = []
    pending: tuple[str, str, int] | None = None  # number, title and line of a title just read
    current, unit, since = "", "", 0
    for row in _rows(lines):
        words = [part for part in row if part.text]
        titled = _titled(words) if len(words) <= 3 else None
        if titled:
            pending, unit, since = titled, "", 0
        if len(words) <= 3 and (said := UNIT.search("".join(part.text for part in words))):
            unit = said[2]
        if titled or len(row) == 1:
            since += 1
            # a note between the parts of a table that a page break cuts is seldom more than a line
            if lines[row[0].line - 1].text[:1] != "\t" and not titled:
                current = "" if len(row[0].text) > 12 or since > 6 else current
                pending = None if len(row[0].text) > 80 or since > 6 else pending
            continue
        if pending:
            current, title, line = pending
            if current not in tables:
                tables[current] = Table(current, title, line, unit)
            pending = None
        if current:
            rows.setdefault(current, []).append(row)
            tables[current].lines += [part.line for part in row]
            tables[current].unit = tables[current].unit or unit
    for table in tables.values():
        _fill(table, rows.get(table.table, []), findings)
        if not table.unit:
            findings.append(Finding(table.line, f"table {table.table} prints no unit of money"))
    return list(tables.values()), findings


def _rows(lines: list[Line]) -> Iterator[Row]:
    """Rows of cells; a paragraph is a row of one part."""
    row: Row = []
    for number, line in enumerate(lines, start=1):
        part = Part(line.text.strip("\t \u3000"), number, line.box)
        if line.text.startswith("\t"):
            row.append(part)
            continue
        if row:
            yield row
            row = []
        if part.text:
            yield [part]
    if row:
        yield row


@cache
def _titles() -> tuple[tuple[str, str], ...]:
    """Every title, longest first, without quotes and spaces, and the table that bears it."""
    return tuple(sorted(NUMBERS.items(), key=lambda one: -len(one[0])))


def _titled(words: Iterable[Part]) -> tuple[str, str, int] | None:
    """Number, title as printed and line of the statutory table that a heading names."""
    for part in words:
        if len(part.text) > 100:
            continue
        text = re.sub(r"[\s“”\"'‘’＂]", "", part.text)
        bare = re.sub(r"[（）()]", "", text)
        for title, number in _titles():
            place = bare.rfind(title)
            if place < 0:
                continue
            before, after = bare[:place], bare[place + len(title) :]
            if not OTHER.search(before) and AFTER.match(after) and len(before) <= 40:
                printed = re.search(r"[\s（()）“”\"'‘’＂]*".join(map(re.escape, title)), part.text)
                assert printed is not None
                closed = printed[0].count("“") - printed[0].count("”") == 1
                return number, printed[0] + ("”" if closed else ""), part.line
            break  # the longest title decides: 支出决算表 ends many that are none of ours
    return None


def _fill(table: Table, rows: list[Row], findings: list[Finding]) -> None:
    kind = forms.FORMS[table.table]["rows"]
    read = {"lines": _lines, "functional": _functional, "economic": _economic, "total": _total}[
        kind
    ]
    known: dict[tuple[str, int], Cell] = {}
    for cell in read(table, rows, findings):
        if cell.printed in ("-", "—", "–", "——", "/"):
            findings.append(Finding(cell.line, f"a dash in table {table.table}: blank, or zero?"))
            continue
        if cell.printed and not MONEY.fullmatch(cell.printed):
            findings.append(
                Finding(cell.line, f"table {table.table}: {cell.printed!r} where a number belongs")
            )
            continue
        first = known.setdefault((cell.row, cell.column), cell)
        if first is not cell:
            findings.append(
                Finding(
                    cell.line,
                    f"table {table.table}: row {cell.row}, column {cell.column} is printed twice, "
                    f"first at line {first.line}",
                )
            )
    table.cells = list(known.values())


# ------------------------------------------------------------------------------ headings


def _heading(rows: list[Row], value: Part) -> str:
    """What is printed above a value, from the top, /-joined; "" where no place is known."""
    if value.box is None:
        return ""
    middle = (value.box[0] + value.box[2]) / 2
    words: list[str] = []
    for row in rows:
        for part in row:
            if part.text and part.box and part.box[0] <= middle <= part.box[2]:
                words += [part.text] if part.text not in words[-1:] else []
    return "/".join(words)


def _likeness(printed: str, expected: str) -> float:
    """How well a heading fits one of the form: phase, last word and all words, each up to 1."""
    score = 0.0
    phases, leaves, wholes = [], [], []
    for one in (printed, expected):
        parts = [part for part in one.split("/") if not re.fullmatch("(预|决)算数?", part)]
        phases.append(re.findall("(预|决)算数?(?=/|$)", one)[-1:])
        leaves.append(parts[-1] if parts else "")
        wholes.append("".join(parts))
    score += phases[0] == phases[1] or not phases[0]
    return score + _alike(*leaves) + _alike(*wholes)


def _alike(printed: str, expected: str) -> float:
    """Share of characters in common: a heading's words come in another order on other forms."""
    ours, theirs = (
        Counter(re.sub(r"[\s（）()/“”\"三公财政拨款]|经费$", "", one).replace("小计", "合计"))
        for one in (printed, expected)
    )
    total = sum(ours.values()) + sum(theirs.values())
    return 2 * sum((ours & theirs).values()) / total if total else 1.0


def _columns(
    table: str, width: int, first: int, headers: list[Row], values: Row, findings: list[Finding]
) -> list[int]:
    """Number of the form's column for each value of a row, by their headings.

    Args:
        width: columns that this form of the table has.
        first: number of the form's column that the first of `values` would have in its order.
    """
    order = list(range(first, first + len(values)))
    if len(order) == 1:
        return order
    printed = [_heading(headers, value) for value in values]
    numbered = [[p.text for p in row[-len(values) :]] for row in headers]
    if not all(printed):
        printed = _leaves(headers, len(values))
    if not all(printed):
        if not any(row == [str(one) for one in order] for row in numbered):
            findings.append(
                Finding(values[0].line, f"table {table}: columns taken in the order of the form")
            )
        return order
    expected = [forms.COLUMNS[table, width, column]["header"] for column in order]
    like = [[_likeness(one, other) for other in expected] for one in printed]
    chosen = max(
        (_improved(like, start) for start in (list(range(len(order))), _greedy(like))),
        key=lambda one: sum(like[a][b] for a, b in enumerate(one)),
    )
    unlike = [printed[a] for a, b in enumerate(chosen) if like[a][b] < 1.6]
    if unlike:
        findings.append(
            Finding(values[0].line, f"table {table}: headings not of the form: {'; '.join(unlike)}")
        )
    found = [order[one] for one in chosen]
    if found != order and table != "09":
        findings.append(
            Finding(values[0].line, f"table {table}: columns printed in the order {found}")
        )
    return found


def _greedy(like: list[list[float]]) -> list[int]:
    """A column for each value, the best fits first."""
    chosen: dict[int, int] = {}
    places = range(len(like))
    for _, a, b in sorted((-like[a][b], a, b) for a in places for b in places):
        if a not in chosen and b not in chosen.values():
            chosen[a] = b
    return [chosen[a] for a in places]


def _improved(like: list[list[float]], chosen: list[int]) -> list[int]:
    """With what clearly fits better swapped, until nothing does."""
    better = True
    while better:
        better = False
        for a in range(len(chosen)):
            for b in range(a):
                now = like[a][chosen[a]] + like[b][chosen[b]]
                if like[a][chosen[b]] + like[b][chosen[a]] > now + 0.1:
                    chosen[a], chosen[b], better = chosen[b], chosen[a], True
    return chosen


def _leaves(headers: list[Row], count: int) -> list[str]:
    """Headings where no place is known: the last heading row that has one for each value."""
    for row in headers:
        texts = [part.text for part in row[-count:]]
        if len(texts) == count and all(texts) and not any(text.isdigit() for text in texts):
            return texts
    return [""] * count


def _is_value(part: Part) -> bool:
    return (
        not part.text
        or bool(MONEY.fullmatch(part.text))
        or bool(re.fullmatch(r"[-—–/]+|X+", part.text))
    )


# ---------------------------------------------------------------------------- 01 and 04


def _lines(table: Table, rows: list[Row], findings: list[Finding]) -> Iterator[Cell]:
    """Two lists side by side, each a label, perhaps its 行次, and values."""
    number = table.table
    right = {"01": 1, "04": 4}[number]
    sides = (range(1, 2), range(2, 2 + right))
    first = (n for n, row in enumerate(rows) if _lines_row(number, row[0], "0", sides[0]))
    begin = next(first, len(rows))
    headers, rows = rows[:begin], rows[begin:]
    if not rows:
        return
    length = Counter(map(len, rows)).most_common(1)[0][0]
    printed_lines = length - 3 - right == 2
    if length - 3 - right not in (0, 2):
        findings.append(Finding(table.line, f"table {number}: {length} cells a row, not read"))
        return
    mark = 1 if printed_lines else 0
    last = ["0", "0"]
    shifted = False
    columns: list[list[int]] = []
    for row in rows:
        if len(row) != length:
            if any(part.text and MONEY.fullmatch(part.text) for part in row):
                findings.append(Finding(row[0].line, f"table {number}: a row of {len(row)} cells"))
            continue
        halves = row[: 2 + mark], row[2 + mark :]
        if not columns:
            columns = [
                [1],
                _columns(number, 1 + right, 2, headers, halves[1][1 + mark :], findings),
            ]
        for side, half in enumerate(halves):
            label, values = half[0], half[1 + mark :]
            line = half[1].text if printed_lines else ""
            found = _lines_row(number, label, last[side], sides[side])
            if not found and not label.text and line.isdigit() and not shifted:
                found = line
            if not found:
                if label.text or any(value.text for value in values):
                    said = label.text or values[0].text
                    findings.append(Finding(label.line, f"table {number}: no such line: {said}"))
                continue
            last[side] = found
            if line and found != line and not shifted:
                shifted = True
                findings.append(
                    Finding(
                        half[1].line, f"table {number}: line numbers of another form, from {line}"
                    )
                )
            at = half[1] if line == found else label
            for column, value in zip(columns[side], values, strict=True):
                yield Cell(number, found, column, label.label, value.line, at.line, value.text)


def _lines_row(table: str, label: Part, last: str, columns: range) -> str:
    """The form's line of a label: the next after `last` that is called so; "" for none."""
    name = plain(label.label)
    if not name:
        return ""
    rows = [
        row
        for (number, row), one in forms.ROWS.items()
        if number == table
        and name in {plain(other) for other in (one["label"], *one["also"].split("|")) if other}
        and forms.columns_of_row(table, row) == columns
    ]
    return min((row for row in rows if int(row) > int(last)), key=int, default="")


# ------------------------------------------------------------------- 02, 03, 05, 07 and 08


HEADS = ("", "类", "款", "项", "栏次")  # beside 合计 where it shares the row of headings


def _functional(table: Table, rows: list[Row], findings: list[Finding]) -> Iterator[Cell]:
    """Codes in one cell or three, a name, and the values to the right of it."""
    number = table.table
    parsed = []
    for place, row in enumerate(rows):
        name = next((p for p in row if p.text not in HEADS and not p.is_code), None)
        if name is None:
            if any(part.is_code for part in row):
                findings.append(Finding(row[0].line, f"table {number}: a code without a name"))
            continue
        after = row.index(name) + 1
        values, codes = row[after:], [part for part in row[:after] if part.is_code]
        total = plain(name.text) in ("合计", "总计")
        if not values or not all(map(_is_value, values)) or not (total or codes):
            if codes:
                findings.append(Finding(row[0].line, f"table {number}: not a row: {name.text}"))
            continue
        parsed.append((place, codes, name, values, total))
    if not parsed:
        return
    width = Counter(len(values) for *_, values, _ in parsed).most_common(1)[0][0]
    if width not in forms.widths(number):
        findings.append(Finding(table.line, f"table {number}: {width} columns, not read"))
        return
    place, *_, values, _ = next(one for one in parsed if len(one[3]) == width)
    columns = _columns(number, width, 1, rows[:place], values, findings)
    for _, codes, name, values, total in parsed:
        code = "total" if total else _code([part.text for part in codes])
        if len(values) != width or not re.fullmatch(r"total|\d{3}|\d{5}|\d{7}", code):
            findings.append(
                Finding(
                    name.line, f"table {number}: code {code or 'missing'}, {len(values)} values"
                )
            )
            continue
        at = next((part for part in codes if part.text == code), name)
        for column, value in zip(columns, values, strict=True):
            yield Cell(number, code, column, name.text, value.line, at.line, value.text)


def _code(parts: list[str]) -> str:
    """201, 06, 01 as 2010601; 201, 20106, 2010601 also."""
    code = ""
    for part in parts:
        code = part if code and part.startswith(code) else code + part
    return code


# --------------------------------------------------------------------------------- 06, 09

SUMS = {"人员经费合计": "personnel", "公用经费合计": "operating", "合计": "total", "总计": "total"}


def _economic(table: Table, rows: list[Row], findings: list[Finding]) -> Iterator[Cell]:
    """Groups of code, name and value side by side; class and item in one cell or two."""
    names = {
        plain(name): row
        for (number, row), one in forms.ROWS.items()
        if number == "06"
        for name in (one["label"], *one["also"].split("|"))
        if name
    }
    classes: dict[int, str] = {}  # the last class printed in each group
    begun = False
    for row in rows:
        codes: list[Part] = []
        group, place = 0, 0
        while place < len(row):
            part = row[place]
            place += 1
            if not part.text:
                continue
            if part.is_code:
                codes.append(part)
                continue
            group += 1
            code = _code([one.text for one in codes])
            if len(code) == 2:
                code = classes.get(group, "") + code
            named = names.get(plain(part.label), "")
            row_id = code if re.fullmatch(r"\d{3}(\d{2})?", code) else "" if codes else named
            if not row_id:
                if codes or (begun and MONEY.fullmatch(part.text)):
                    findings.append(
                        Finding(part.line, f"table 06: no such row: {code} {part.text}")
                    )
                codes = []
                continue
            if place == len(row) or not _is_value(row[place]):
                findings.append(Finding(part.line, f"table 06: no amount beside {part.text}"))
                codes = []
                continue
            begun = True
            if named and named != row_id and not named.isalpha():
                findings.append(Finding(part.line, f"table 06: {row_id} is called {part.text}"))
            if not forms.has_row("06", row_id):
                findings.append(
                    Finding(part.line, f"table 06: not of the form: {row_id} {part.text}")
                )
            if len(row_id) == 3:
                classes[group] = row_id
            at = next((one for one in codes if one.text == row_id), part)
            value = row[place]
            place += 1
            codes = []
            yield Cell("06", row_id, 1, part.text, value.line, at.line, value.text)


def _total(table: Table, rows: list[Row], findings: list[Finding]) -> Iterator[Cell]:
    """One row of values under headings that alternate or stand in two blocks."""
    widths = forms.widths("09")
    for place, row in enumerate(rows):
        named = not _is_value(row[0])
        values = row[1:] if named else row
        numbers = [part.text for part in values] == [str(n + 1) for n in range(len(values))]
        if not place or numbers or len(values) not in widths or not all(map(_is_value, values)):
            continue
        if not any(part.text for part in values) and place < len(rows) - 1:
            continue
        headers = [one for one in rows[:place] if not all(map(_is_value, one))]
        total = next((part for one in headers for part in one if part.label == "合计"), row[0])
        columns = _columns("09", len(values), 1, headers, values, findings)
        for column, value in zip(columns, values, strict=True):
            yield Cell("09", "total", column, total.label, value.line, total.line, value.text)
        return
    findings.append(Finding(table.line, "table 09: no row of 12 or 16 amounts, not read"))
