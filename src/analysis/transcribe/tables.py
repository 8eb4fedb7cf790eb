"""The statutory tables of a canonical text: which they are, and every cell of them.

What the forms may look like is data (``data/forms*.csv``). A title, a row, a heading or a value
that is none of the form's becomes a finding for a person, never the nearest match.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby

from analysis.data import forms
from analysis.data.forms import NUMBERS, plain
from analysis.transcribe.text import NOWHERE, Box, Line

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


@dataclass(frozen=True)
class Part:
    """A printed cell before it is known what it is."""

    text: str
    line: int
    box: Box

    @property
    def label(self) -> str:
        """The text without its enumerator."""
        return ENUMERATOR.sub("", self.text).strip()

    @property
    def is_code(self) -> bool:
        return bool(re.fullmatch(r"\d{2,7}", self.text))

    @property
    def is_value(self) -> bool:
        """Whether it may be an amount: a number, a blank, a dash or a placeholder."""
        return bool(re.fullmatch(rf"({MONEY.pattern})?|[-—–/]+|X+", self.text))


Row = list[Part]


def find(lines: list[Line]) -> tuple[list[Table], list[Finding]]:
    """Every statutory table of a text, and what of it could not be read.

    Args:
        lines: the text; a line that begins with a tab is a cell, a blank line ends a row.
    """
    tables: dict[str, Table] = {}
    current: Table | None = None
    pending: Table | None = None  # whose title was just read
    unit, since = "", 0
    for row in rows(lines):
        words = [part for part in row if part.text]
        titled = _titled(words) if len(words) <= 3 else None
        if titled:
            pending, unit, since = titled, "", 0
        if len(words) <= 3 and (said := UNIT.search("".join(part.text for part in words))):
            unit = said[2]
        if titled or len(row) == 1:
            since += 1
            # a note between the parts of a table that a page break cuts is seldom more than a line
            if not lines[row[0].line - 1].is_cell and not titled:
                current = None if len(row[0].text) > 12 or since > 6 else current
                pending = None if len(row[0].text) > 80 or since > 6 else pending
            continue
        if pending:
            current, pending = tables.setdefault(pending.table, pending), None
        if current:
            current.rows.append(row)
            current.unit = current.unit or unit
    for table in tables.values():
        table.fill()
    return [*tables.values()], [one for table in tables.values() for one in table.findings]


def rows(lines: list[Line]) -> Iterator[Row]:
    """Rows of cells; a paragraph is a row of one part."""
    for cells, run in groupby(enumerate(lines, start=1), lambda one: one[1].is_cell):
        row = [Part(line.text.strip("\t \u3000"), number, line.box) for number, line in run]
        yield from [row] if cells else ([part] for part in row if part.text)


def _titled(words: Row) -> Table | None:
    """The statutory table that a heading names, its title as printed."""
    for part in words:
        if len(part.text) > 100:
            continue
        text = re.sub(r"[\s“”\"'‘’＂]", "", part.text)
        bare = re.sub(r"[（）()]", "", text)
        for title in sorted(NUMBERS, key=len, reverse=True):
            place = bare.rfind(title)
            if place < 0:
                continue
            before, after = bare[:place], bare[place + len(title) :]
            if not OTHER.search(before) and AFTER.match(after) and len(before) <= 40:
                printed = re.search(r"[\s（()）“”\"'‘’＂]*".join(map(re.escape, title)), part.text)
                assert printed is not None
                closed = printed[0].count("“") - printed[0].count("”") == 1
                return Table(NUMBERS[title], printed[0] + ("”" if closed else ""), part.line)
            break  # the longest title decides: 支出决算表 ends many that are none of ours
    return None


HEADS = ("", "类", "款", "项", "栏次")  # beside 合计 where it shares the row of headings


@dataclass
class Table:
    """A statutory table as found, which is filled from its rows, those of its headings too."""

    table: str
    title: str
    line: int
    unit: str = ""
    rows: list[Row] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def lines(self) -> list[int]:
        """Where its cells and headings stand."""
        return [part.line for row in self.rows for part in row]

    @property
    def empty(self) -> bool:
        """Whether it is printed without any amount."""
        return not any(cell.printed for cell in self.cells)

    def odd(self, line: int, what: str) -> None:
        """Note what a person has to look at."""
        self.findings.append(Finding(line, f"table {self.table}: {what}"))

    def fill(self) -> None:
        """Take the cells of the rows, and note what of them could not be read."""
        # by the kind of rows that forms.csv says: lines, functional, economic or total
        read: Callable[[], Iterator[Cell]] = getattr(self, f"_{forms.FORMS[self.table]['rows']}")
        known: dict[tuple[str, int], Cell] = {}
        for cell in read():
            if cell.printed in ("-", "—", "–", "——", "/"):
                what = f"a dash in table {self.table}: blank, or zero?"
                self.findings.append(Finding(cell.line, what))
            elif cell.printed and not MONEY.fullmatch(cell.printed):
                self.odd(cell.line, f"{cell.printed!r} where a number belongs")
            elif (first := known.setdefault((cell.row, cell.column), cell)) is not cell:
                where = f"row {cell.row}, column {cell.column}"
                self.odd(cell.line, f"{where} is printed twice, first at line {first.line}")
        self.cells = [*known.values()]
        if not self.unit:
            what = f"table {self.table} prints no unit of money"
            self.findings.append(Finding(self.line, what))

    def _cells(
        self, row: str, label: str, at: Part, columns: Sequence[int], values: Row
    ) -> Iterator[Cell]:
        for column, value in zip(columns, values, strict=True):
            yield Cell(self.table, row, column, label, value.line, at.line, value.text)

    # ---------------------------------------------------------------------------- 01 and 04

    def _lines(self) -> Iterator[Cell]:
        """Two lists side by side, each a label, perhaps its 行次, and values."""
        right = {"01": 1, "04": 4}[self.table]
        sides = (range(1, 2), range(2, 2 + right))
        labels = [_lines_row(self.table, row[0], "0", sides[0]) for row in self.rows]
        begin = next((place for place, label in enumerate(labels) if label), len(labels))
        headers, rows = self.rows[:begin], self.rows[begin:]
        if not rows:
            return
        length = Counter(map(len, rows)).most_common(1)[0][0]
        if length - 3 - right not in (0, 2):
            self.odd(self.line, f"{length} cells a row, not read")
            return
        mark = (length - 3 - right) // 2  # cells of a half for its 行次
        last = ["0", "0"]
        shifted = False
        columns: list[Sequence[int]] = []
        for row in rows:
            if len(row) != length:
                if any(MONEY.fullmatch(part.text) for part in row):
                    self.odd(row[0].line, f"a row of {len(row)} cells")
                continue
            halves = row[: 2 + mark], row[2 + mark :]
            columns = columns or [
                sides[0],
                self._columns(1 + right, 2, headers, halves[1][1 + mark :]),
            ]
            for side, half in enumerate(halves):
                label, values = half[0], half[1 + mark :]
                line = half[1].text if mark else ""
                found = _lines_row(self.table, label, last[side], sides[side])
                if not found and not label.text and line.isdigit() and not shifted:
                    found = line
                if not found:
                    if said := label.text or next((one.text for one in values if one.text), ""):
                        self.odd(label.line, f"no such line: {said}")
                    continue
                last[side] = found
                if line and found != line and not shifted:
                    shifted = True
                    self.odd(half[1].line, f"line numbers of another form, from {line}")
                at = half[1] if line == found else label
                yield from self._cells(found, label.label, at, columns[side], values)

    # ------------------------------------------------------------------- 02, 03, 05, 07 and 08

    def _functional(self) -> Iterator[Cell]:
        """Codes in one cell or three, a name, and the values to the right of it."""
        parsed = []
        for place, row in enumerate(self.rows):
            name = next((p for p in row if p.text not in HEADS and not p.is_code), None)
            if name is None:
                if any(part.is_code for part in row):
                    self.odd(row[0].line, "a code without a name")
                continue
            after = row.index(name) + 1
            values, codes = row[after:], [part for part in row[:after] if part.is_code]
            total = plain(name.text) in ("合计", "总计")
            if values and all(part.is_value for part in values) and (total or codes):
                code = "total" if total else _code(codes)
                parsed.append((place, code, codes, name, values))
            elif codes:
                self.odd(row[0].line, f"not a row: {name.text}")
        if not parsed:
            return
        width = Counter(len(values) for *_, values in parsed).most_common(1)[0][0]
        if width not in forms.widths(self.table):
            self.odd(self.line, f"{width} columns, not read")
            return
        place, *_, values = next(one for one in parsed if len(one[-1]) == width)
        columns = self._columns(width, 1, self.rows[:place], values)
        for _, code, codes, name, values in parsed:
            if len(values) != width or not re.fullmatch(r"total|\d{3}|\d{5}|\d{7}", code):
                self.odd(name.line, f"code {code or 'missing'}, {len(values)} values")
                continue
            at = next((part for part in codes if part.text == code), name)
            yield from self._cells(code, name.text, at, columns, values)

    # --------------------------------------------------------------------------------- 06, 09

    def _economic(self) -> Iterator[Cell]:
        """Groups of code, name and value side by side; class and item in one cell or two."""
        names = {
            name: row for (table, row), ones in _called().items() if table == "06" for name in ones
        }
        classes: dict[int, str] = {}  # the last class printed in each group
        begun = False
        for row in self.rows:
            codes: Row = []
            group, taken = 0, -1
            for place, part in enumerate(row):
                if place == taken or not part.text:
                    continue
                if part.is_code:
                    codes.append(part)
                    continue
                printed, codes = codes, []
                group += 1
                code = _code(printed)
                if len(code) == 2:
                    code = classes.get(group, "") + code
                named = names.get(plain(part.label), "")
                found = (
                    named if not printed else code if re.fullmatch(r"\d{3}(\d{2})?", code) else ""
                )
                if not found:
                    if printed or (begun and MONEY.fullmatch(part.text)):
                        self.odd(part.line, f"no such row: {code} {part.text}")
                    continue
                value = row[place + 1] if place + 1 < len(row) else None
                if value is None or not value.is_value:
                    self.odd(part.line, f"no amount beside {part.text}")
                    continue
                begun, taken = True, place + 1
                if named and named != found and not named.isalpha():
                    self.odd(part.line, f"{found} is called {part.text}")
                if not forms.has_row("06", found):
                    self.odd(part.line, f"not of the form: {found} {part.text}")
                if len(found) == 3:
                    classes[group] = found
                at = next((one for one in printed if one.text == found), part)
                yield from self._cells(found, part.text, at, (1,), [value])

    def _total(self) -> Iterator[Cell]:
        """One row of values under headings that alternate or stand in two blocks."""
        for place, row in enumerate(self.rows):
            values = row if row[0].is_value else row[1:]
            numbers = [part.text for part in values] == [str(n + 1) for n in range(len(values))]
            if not place or numbers or len(values) not in forms.widths("09"):
                continue
            if not all(part.is_value for part in values):
                continue
            if not any(part.text for part in values) and place < len(self.rows) - 1:
                continue
            headers = [one for one in self.rows[:place] if not all(part.is_value for part in one)]
            total = next((part for one in headers for part in one if part.label == "合计"), row[0])
            columns = self._columns(len(values), 1, headers, values)
            yield from self._cells("total", total.label, total, columns, values)
            return
        self.odd(self.line, "no row of 12 or 16 amounts, not read")

    # ------------------------------------------------------------------------------ headings

    def _columns(self, width: int, first: int, headers: list[Row], values: Row) -> list[int]:
        """Number of the form's column for each value of a row, by their headings.

        Args:
            width: columns that this form of the table has.
            first: number of the form's column that the first of `values` would have in its order.
        """
        order = list(range(first, first + len(values)))
        if len(order) == 1:
            return order
        line = values[0].line
        printed = [_heading(headers, value) for value in values]
        if not all(printed):
            printed = _leaves(headers, len(values))
        if not all(printed):
            numbers = [str(one) for one in order]
            if not any([part.text for part in row[-len(order) :]] == numbers for row in headers):
                self.odd(line, "columns taken in the order of the form")
            return order
        expected = [forms.COLUMNS[self.table, width, column]["header"] for column in order]
        like = [[_likeness(one, other) for other in expected] for one in printed]
        chosen = _fitted(like)
        if unlike := [printed[a] for a, b in enumerate(chosen) if like[a][b] < 1.6]:
            self.odd(line, f"headings not of the form: {'; '.join(unlike)}")
        found = [order[one] for one in chosen]
        if found != order and self.table != "09":
            self.odd(line, f"columns printed in the order {found}")
        return found


@cache
def _called() -> dict[tuple[str, str], set[str]]:
    """What each row of the forms may be called."""
    return {
        key: {plain(name) for name in (row["label"], *row["also"].split("|")) if name}
        for key, row in forms.ROWS.items()
    }


def _lines_row(table: str, label: Part, last: str, columns: range) -> str:
    """The form's line of a label: the next after `last` that is called so; "" for none."""
    rows = [
        int(row)
        for (number, row), names in _called().items()
        if number == table
        and plain(label.label) in names
        and int(row) > int(last)
        and forms.columns_of_row(table, row) == columns
    ]
    return str(min(rows)) if rows else ""


def _code(parts: Row) -> str:
    """201, 06, 01 as 2010601; 201, 20106, 2010601 also."""
    code = ""
    for part in parts:
        code = part.text if code and part.text.startswith(code) else code + part.text
    return code


def _heading(rows: list[Row], value: Part) -> str:
    """What is printed above a value, from the top, /-joined; "" where no place is known."""
    if value.box == NOWHERE:
        return ""
    middle = (value.box[0] + value.box[2]) / 2
    words: list[str] = []
    for row in rows:
        for part in row:
            if part.text and part.box[0] <= middle <= part.box[2]:
                words += [part.text] if part.text not in words[-1:] else []
    return "/".join(words)


def _leaves(headers: list[Row], count: int) -> list[str]:
    """Headings where no place is known: the last heading row that has one for each value."""
    for row in headers:
        texts = [part.text for part in row[-count:]]
        if len(texts) == count and all(texts) and not any(text.isdigit() for text in texts):
            return texts
    return [""] * count


def _likeness(printed: str, expected: str) -> float:
    """How well a heading fits one of the form: phase, last word and all words, each up to 1."""
    phases, leaves, wholes = [], [], []
    for one in (printed, expected):
        parts = [part for part in one.split("/") if not re.fullmatch("(预|决)算数?", part)]
        phases.append(re.findall("(预|决)算数?(?=/|$)", one)[-1:])
        leaves.append(parts[-1] if parts else "")
        wholes.append("".join(parts))
    fits = phases[0] == phases[1] or not phases[0]
    return fits + _alike(*leaves) + _alike(*wholes)


def _alike(printed: str, expected: str) -> float:
    """Share of characters in common: a heading's words come in another order on other forms."""
    ours, theirs = (
        Counter(re.sub(r"[\s（）()/“”\"三公财政拨款]|经费$", "", one).replace("小计", "合计"))
        for one in (printed, expected)
    )
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 1.0


def _fitted(like: list[list[float]]) -> list[int]:
    """A column for each value: from the form's order and from the best fits, what fits better."""
    places = range(len(like))
    greedy = [-1] * len(like)
    for _, a, b in sorted((-like[a][b], a, b) for a in places for b in places):
        if greedy[a] < 0 and b not in greedy:
            greedy[a] = b
    return max(
        (_swapped(like, start) for start in ([*places], greedy)),
        key=lambda one: sum(like[a][b] for a, b in enumerate(one)),
    )


def _swapped(like: list[list[float]], chosen: list[int]) -> list[int]:
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
