"""The standard sentences of an account: what each numeral says, by a table of phrases.

``phrases.csv`` is read from top to bottom; the first row whose section, subject, label and unit
fit a numeral decides, and rows below it with none of the four give more of the same numeral.

- `section`: regular expression over ``heading/subheading``, enumerators apart;
- `subject`: what was named last before the numeral, of all subjects of the section; ``{class}``
  and ``{item}`` are those of the functional classification;
- `label`: what stands right before the numeral, earlier numerals written ``#``, punctuation in
  full width, quotes as ``“``; a group in brackets becomes part of the printed characters;
- `role`: amount, indicator or claim;
- `figure`, `formula`: names and cells, with {year}, {last}, {line}, {class}, {item} put in; of
  formulas joined by `` or `` the first counts whose figures are drafted and cells printed.

``left_out.csv`` has what is no figure, and why. What no row fits is listed for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from analysis.data import forms, numerals
from analysis.data.forms import plain
from analysis.transcribe.tables import Cell, Finding, Table
from analysis.transcribe.text import Line

NUMERAL = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零一二两三四五六七八九十百千半]+|[①-⑳]"
)
UNITS = re.compile(
    r"余?(亿元|万元|元|%|个百分点|人次|批次|台（套）|台|辆|个|人|次|批|名|家|项|件|分|户|份|万)"
)
MONEY = ("万元", "元", "亿元")
COMMA = re.compile(r"(?<!\d),|,(?!\d{3})")  # that parts no thousands
FULL = str.maketrans(':;()”"＂％', "：；（）“““%")
HEADING = re.compile(r"(（?[一二三四五六七八九十]+）?|\d+)[、.．\s]*(.*)")
PART = re.compile(r"第[一二三四五六七八九十]+部分")
PROSE = re.compile(r"绩效|名词解释|附件|附表|概况|职责|机构设置")
REASON = re.compile(r"主要原因|原因是|主要是|原因：")
PLACEHOLDER = re.compile(r"[XxＸ×]{2,}")
LISTED = re.compile(r"\s*（?\d+[、.．）]\s*")
CELL = re.compile(r"T(\d\d)\.r(\w+)\.c(\d+)")
ITEM = re.compile(r"([^。；：、]+?)（类）(.+?)（款）(.+?)（项）")
DRAFTED = ("amounts", "indicators", "claims")

Rule = dict[str, str]
Row = dict[str, Any]


@dataclass(frozen=True)
class Numeral:
    """A numeral of the text: where, with its unit; and why, if it is left to a person."""

    line: int
    start: int
    printed: str
    context: str
    why: str = ""


@cache
def rules(name: str) -> tuple[Rule, ...]:
    """The rows of a CSV beside this file."""
    return tuple(forms.read(Path(__file__).with_name(f"{name}.csv")))


@cache
def _fitting(section: str) -> list[list[Rule]]:
    """The rules for a section, each with those below it that give more of the same numeral."""
    groups: list[list[Rule]] = []
    for rule in rules("phrases"):
        if rule["label"]:
            groups.append([])
        groups[-1].append(rule)
    return [one for one in groups if re.search(one[0]["section"], section)]


def read(lines: list[Line], tables: list[Table], document: str, year: int) -> Draft:
    """Draft every numeral of the running text.

    Args:
        lines: the text; of its tables, those that are none of the nine are listed.
        tables: the statutory tables, which claims are held against.
    """
    draft = Draft([cell for table in tables for cell in table.cells], document, year)
    statutory = {line for table in tables for line in table.lines}
    for number, line in enumerate(lines, start=1):
        if line.text.strip() and number not in statutory:
            draft.paragraph(number, line)
    draft.close()
    return draft


class Draft:
    """What the text says, read once from its start, and what is left to a person.

    Attributes:
        rows: by table, as they are written.
        left_out: the reasons, in both languages, for what is printed.
    """

    def __init__(self, cells: list[Cell], document: str, year: int) -> None:
        """Begin; `cells` are those of the statutory tables."""
        self.rows: dict[str, list[Row]] = {name: [] for name in DRAFTED}
        self.left_out: dict[str, tuple[str, str]] = {}
        self.findings: list[Finding] = []
        self.drafted: list[Numeral] = []
        self.listed: list[Numeral] = []
        self.document, self.year = document, year
        self.cells = {(c.table, c.row, c.column): c for c in cells}
        self.part, self.heading, self.below = "", "", ""
        self.item: tuple[str, str] | None = None  # code ("" for none) and name as printed
        self.items = 0
        self.line, self.text = 0, ""
        # the text so far with numerals as #, and where each character of it began
        self.masked, self.places = "", [0]
        self.now: Row = {}  # what all rows of the numeral that is being read share
        self.figures: dict[str, Row] = {}
        self.changes: list[tuple[float, str, str, str]] = []  # value, base, claim, value before
        self.macros = self._macros()

    # ------------------------------------------------------------------ what is where

    def value(self, cell: str) -> float | None:
        """The number of a cell like ``T01.r62.c2``; None where blank or not printed."""
        found = self.named(cell)[0]
        return float(found.printed.replace(",", "")) if found and found.printed else None

    def named(self, formula: str) -> list[Cell | None]:
        """The cells that a formula names, None for those that the tables do not print."""
        return [self.cells.get((t, row, int(column))) for t, row, column in CELL.findall(formula)]

    def has(self, formula: str) -> bool:
        """Whether the tables print every cell that a formula names."""
        return None not in self.named(formula)

    def _macros(self) -> dict[str, str]:
        """What formulas may name by words: the year, and the columns of table 05."""
        column = 7 if any((c.table, c.column) == ("05", 7) for c in self.cells.values()) else 1
        spent, basic = f"T05.rtotal.c{column}", f"T05.rtotal.c{column + 1}"
        whole = self.value(spent) == self.value("T03.rtotal.c1")
        all_basic = self.value(basic) == self.value("T03.rtotal.c2")
        return {
            "year": str(self.year),
            "last": str(self.year - 1),
            "05.column": str(column),
            "05.spent": spent,
            "05.basic": basic,
            "spent": f"expenditure_{self.year}" if whole else spent,
            "basic": f"basic_{self.year}" if all_basic else basic,
        }

    def finding(self, what: str) -> None:
        """Note what a person has to look at."""
        self.findings.append(Finding(self.line, what))

    def _enter(self, wide: str) -> None:
        """Take a heading."""
        wide = wide.rstrip("。")
        if PART.match(wide):
            self.part, self.heading, self.below = wide, "", ""
            return
        found = HEADING.match(wide)
        if not found or len(wide) > 45 or not re.search("情况|说明|解释|职责|设置|构成", wide):
            return
        name = re.sub(r"^(关于)?(20\d\d年度?)?(本?部门|本?单位)?", "", found[2])
        if found[1].startswith("（"):
            self.below = name
        elif not found[1].isdigit():
            self.heading, self.below = name, ""
        self.item = None

    @property
    def fitting(self) -> list[list[Rule]]:
        """The rules for this section."""
        return _fitting(f"{self.heading}/{self.below}")

    @property
    def itemised(self) -> bool:
        """Whether this section goes through the items of the functional classification."""
        return "一般公共预算财政拨款支出" in self.heading and "具体" in self.below

    # -------------------------------------------------------------------- one paragraph

    def paragraph(self, number: int, line: Line) -> None:
        """Take the numerals of a paragraph, or of a cell of another table."""
        self.line, self.text = number, line.text.strip("\t \u3000") if line.is_cell else line.text
        self.masked, self.places = "", [0]
        wide = COMMA.sub("，", self.text).translate(FULL)
        if not line.is_cell:
            self._enter(wide)
        prose = bool(line.is_cell or PROSE.search(self.part + self.heading) or not self.heading)
        if not prose:
            self._years(wide)
            self._item(wide)
        for match in PLACEHOLDER.finditer(wide):
            self.finding(f"a placeholder was left: {match[0]}")
        left_out = self._left_out(wide)
        end = 0
        for match in NUMERAL.finditer(wide):
            spans = [one for one in left_out if one[0] <= match.start() and match.end() <= one[1]]
            for first, last, reasons in spans:
                self.left_out.setdefault(self.text[first:last].strip(), reasons)
            if spans or match.start() < end:
                continue
            self.masked += wide[end : match.start()]
            self.places += range(end + 1, match.start() + 1)
            unit = UNITS.match(wide, match.end())
            why = ""
            if line.is_cell:
                why = "a table that is none of the nine"
            elif prose:
                why = "prose outside the standard sections"
            elif REASON.search(self.masked.rpartition("。")[2]):
                why = "part of a reason"
            elif unit and unit[1] == "万":
                why = "万 without 元: money or a count?"
            elif not (unit and self._rules(match, unit)):
                unknown = self.item and self.itemised and not self.item[0]
                why = "its item is in no table" if unknown else "no phrase for it"
            printed = self.text[match.start() : unit.end() if unit else match.end()]
            around = self.text[max(0, match.start() - 12) : match.end() + 8]
            told = Numeral(number, match.start(), printed, around, why)
            (self.listed if why else self.drafted).append(told)
            self.masked += "#"
            self.places.append(match.end())
            end = match.end()
        if not prose:
            self._against_budget(wide)

    def _left_out(self, wide: str) -> list[tuple[int, int, tuple[str, str]]]:
        return [
            (*match.span(), (rule["name_en"], rule["name_zh"]))
            for rule in rules("left_out")
            for match in re.finditer(rule["printed"], wide)
            if match.group()
        ]

    def _years(self, wide: str) -> None:
        """A year that is neither this nor, where something is compared, the one before."""
        for match in re.finditer(r"(?:19|20)\d\d(?=年)", wide):
            year, before = int(match[0]), wide[max(0, match.start() - 4) : match.start()]
            compared = re.search("[与比较从同自至]|相比", before)
            if year != self.year and not (year == self.year - 1 and compared):
                self.finding(f"{year} in an account of {self.year}")

    def _item(self, wide: str) -> None:
        """The item of the classification that a paragraph is about; it may be a line of its own."""
        if not self.itemised:
            return
        listed = LISTED.match(wide)
        found = ITEM.search(wide, listed.end() if listed else 0)
        if not found:
            self.item = ("", "") if listed else self.item
            return
        self.items += 1
        group, division, name = (part.strip() for part in found.groups())
        labels = {c.row: c.label for c in self.cells.values() if c.table in ("03", "05")}

        def called(code: str, words: str) -> bool:
            return plain(labels.get(code, "")) == plain(words)

        codes = [
            row for row in labels if len(row) == 7 and called(row, name) and called(row[:3], group)
        ]
        exact = [row for row in codes if called(row[:5], division)] or codes
        code = exact[0] if len(exact) == 1 else ""
        self.item = code, name
        if not code:
            self.finding(f"no table has the item {name}")
            self.now = {"at": -1, "printed": name, "value": "", "unit": ""}
            row = {"figure": f"item_label_{self.line}", "kind": "label", "formula": "T05"}
            row["statement"] = f"the item {name} is one of table 05"
            row["statement_zh"] = f"“{name}”为决算表05所列科目"
            self._write("claims", row)
        elif not called(code[:5], division):
            other = labels.get(code[:5], "?")
            self.finding(f"{name} under {division}, in the tables under {other}")

    # ------------------------------------------------------------------------- one numeral

    def _rules(self, match: re.Match[str], unit: re.Match[str]) -> bool:
        """Write the rows that the phrases give for a numeral; whether there is one."""
        value = _value(match[0])
        subject, code = self._subject()
        tail = self.masked[-80:]
        for rule, *more in self.fitting if value else ():
            units = MONEY if rule["unit"] == "万元" else (rule["unit"],)
            if unit[1] not in units or rule["subject"] not in ("", subject):
                continue
            found = re.search(f"(?:{rule['label']})$", tail)
            if not found:
                continue
            start = match.start()
            if found.re.groups and found.start(1) >= 0:
                start = self.places[len(self.masked) - len(tail) + found.start(1)]
            self.now = {
                "at": match.start(),
                "printed": self._printed(start, match, unit.end()),
                "value": value,
                "unit": unit[1],
            }
            about = (subject, code) if rule["subject"] else ("", "")
            written = [self._rule(one, found[0], *about) for one in (rule, *more)]
            return any(written)
        return False

    def _printed(self, start: int, match: re.Match[str], end: int) -> str:
        """The characters of a figure: with the label, as long as that has no other numeral."""
        text = self.text
        clause = max(text.rfind(mark, 0, match.start()) for mark in "，；。：、,;:") + 1
        if text.count(text[start:end]) > 1:
            start = max(clause, match.start() - 24)
        for begin in (start, max(start, clause)):
            if _value(text[begin:end]) == _value(match[0]):  # no numeral in the label: 三公
                return text[begin:end]
        return text[match.start() : end]

    def _subject(self) -> tuple[str, str]:
        """The subject of the section that was named last, and its code."""
        if self.item and self.itemised:
            return "{item}", self.item[0]

        def named() -> Iterator[tuple[int, str, str]]:
            for subject in dict.fromkeys(one[0]["subject"] for one in self.fitting):
                if subject == "{class}":
                    for code, row in forms.CLASS_LINES.items():
                        name = forms.label("01", str(row)).removesuffix("支出")
                        place = self.masked.rfind(name)
                        if self.masked[max(0, place - 1) : place] in "：；，。、":
                            yield place, subject, code
                elif subject:
                    for one in re.finditer(subject, self.masked):
                        yield one.start(), subject, ""

        return max(named(), key=lambda one: one[0], default=(0, "", ""))[1:]

    def _rule(self, rule: Rule, words: str, subject: str, code: str) -> bool:
        """Write the row that a rule gives for the numeral that is being read; whether it does."""
        item, kind = subject == "{item}", rule["kind"]
        if not code and (subject == "{class}" or (item and self.items > 1)):
            return False  # which item this is nobody knows
        put = self._about(subject, code)
        named = ("figure", "formula", "name_en", "name_zh")
        figure, formula, english, chinese = (
            re.sub(r"\{([\w.]+)\}", lambda macro: put.get(macro[1], macro[0]), rule[key])
            for key in named
        )
        if rule["role"] == "claim":
            less = re.findall("[增升减降约]", f"减{words}")[-1] in "减降约"
            row = {"figure": figure, "kind": kind, "formula": formula}
            return self._claim(row | {"statement": english, "statement_zh": chinese}, less)
        if item and not code and rule["role"] == "amount":  # the one item explained is the whole
            row = {
                "figure": f"{figure}_{self.line}",
                "kind": "repeat",
                "formula": put["item.spent" if rule["phase"] == "executed" else "item.approved"],
                "statement": "the one item that is explained is the whole",
                "statement_zh": "说明中仅列一项，应与合计一致",
            }
            return self._write("claims", row)
        if figure in self.figures:
            return self._again(figure)
        row = {
            **{key: rule[key] for key in ("kind", "direction", "phase", "scheme")},
            "figure": figure,
            "formula": formula,
            "item": code if item else rule["item"],
            "indicator": rule["item"],
            "qualifier": numerals.read(self.now["printed"]).qualifier,
            "basis": "stated",
            "name_en": english,
            "name_zh": chinese,
        }
        return self._write(f"{rule['role']}s", row)

    def _claim(self, row: Row, less: bool) -> bool:
        """Write a claim, if what it is held against is there; `less` is one of less than before."""
        kind, formula = row["kind"], row["formula"]
        if kind == "change":
            return self._change(row, less)
        if kind == "rate":
            if not self.changes or (self.changes[-1][0] < 0) != less:
                what = "a growth rate without its change, or of the other direction"
                self.finding(f"{self.now['printed']}: {what}")
                return False
            _, _, claim, before = self.changes[-1]
            row |= {"kind": "growth", "formula": f"{claim} / {before}"}
        elif kind == "difference":
            left, right = formula.split(" - ")
            row |= {"kind": "sum", "formula": f"{right} - {left}" if less else formula}
        elif kind == "statement":
            row["kind"] = "growth"
        elif "{" in formula or not any(self.has(one) for one in formula.split(" or ")):
            return False
        if row["figure"] in self.figures:
            row["figure"] += f"_line_{self.line}"
        return self._write("claims", row)

    def _change(self, row: Row, less: bool) -> bool:
        """A change on the year before: nothing to hold it against, but the year before follows."""
        base = row["formula"]
        if base.startswith("T") and not self.has(base):
            return False
        value, sign = float(self.now["value"]), "+" if less else "-"
        signed = -value if less else value
        for known, its_base, claim, before in self.changes:
            cells = base[0] == its_base[0] == "T" and base != its_base
            if known == signed and cells and None is not self.value(base) == self.value(its_base):
                row |= {"figure": f"change_{self.line}", "kind": "repeat", "formula": claim}
                self.changes.append((signed, its_base, claim, before))
                return self._write("claims", row)
        if row["figure"] in self.figures:
            row["figure"] += f"_line_{self.line}"
        claim = row["figure"]
        self._write("claims", row | {"kind": "growth", "formula": ""})
        spent, change = f"expenditure_{self.year}", f"expenditure_change_{self.year}"
        whole = claim == change and self.value(base) == self.value("T01.r58.c2")
        of = spent if whole else base
        before = re.sub(r"_change_\d+$", f"_{self.year - 1}", claim)
        amount = self.figures.get(of)
        if whole and not amount:
            amount = {"direction": "expenditure", "phase": "executed", "item": "total"}
        if amount and before not in self.figures:  # else it is told again
            own = {"figure": before, "year": self.year - 1, "value": "", "unit": self.now["unit"]}
            derived = {"basis": "derived", "formula": f"{of} {sign} {claim}"}
            self._write("amounts", {**amount, **own, **derived})
        else:
            before = f"({base} {sign} {claim})"
        self.changes.append((signed, base, claim, before))
        return True

    def _again(self, figure: str) -> bool:
        """A figure that was drafted before is a claim that it is the same."""
        row = {
            "figure": f"{figure}_line_{self.line}",
            "kind": "repeat",
            "formula": figure,
            "statement": f"{self.figures[figure]['name_en'].lower()}, again",
            "statement_zh": f"再次列明{self.figures[figure]['name_zh']}",
        }
        while row["figure"] in self.figures:
            row["figure"] += "_again"
        return self._write("claims", row)

    def _write(self, table: str, row: Row) -> bool:
        self.figures[row["figure"]] = {
            **self.now,
            "document": self.document,
            "line": self.line,
            "year": self.year,
            "subject": "money" if self.now["unit"] in (*MONEY, "%", "") else "indicators",
            "relation": "<=" if row.get("kind") == "ceiling" else "=",
            "compares": "same",
            **row,
        }
        self.rows[table].append(self.figures[row["figure"]])
        return True

    def _about(self, subject: str, code: str) -> dict[str, str]:
        """The macros, with those of the item or the class that a numeral is about."""
        put = self.macros | {"line": str(self.line)}
        own = f"T05.r{code}.c{put['05.column']}"
        if subject == "{item}":
            put |= {"item": code or "item", "item.name": self.item[1] if self.item else ""}
            put |= {"item.spent": put["spent"], "item.approved": f"approved_{self.year}"}
            if code:
                put |= {"item.approved": f"approved_{code}_{self.year}"}
                put |= {"item.spent": own, "item.table": own}
        elif code:
            line = f"T04.r{forms.CLASS_LINES[code] + 1}.c3"
            put |= {"class": code, "class.spent": own if self.has(own) else line}
        return put

    # ----------------------------------------------------------------- what a person sees

    def _against_budget(self, wide: str) -> None:
        """大于, 小于 and 持平 must fit the two amounts of the sentence."""
        said = re.search(
            r"决算数?[^，。；]{0,4}(大于|小于|高于|低于|等于|持平)|预算数?(?:基本)?(持平)", wide
        )
        amount = r"[^#，。；\d]{0,6}?([\d,]+(?:\.\d+)?)\.?万?元"
        budget = re.search(f"预算(?:数)?为?{amount}", wide)
        executed = re.search(f"支出决算(?:数)?为?{amount}", wide)
        if not (said and budget and executed):
            return
        approved, spent = (float(one[1].replace(",", "")) for one in (budget, executed))
        word = said[1] or said[2]
        holds = abs(spent - approved) < 0.05 * approved + 0.01
        if word[0] in "大高":
            holds = spent > approved
        elif word[0] in "小低":
            holds = spent < approved
        if not holds:
            self.finding(f"{said[0]}, but {spent:g} was spent of a budget of {approved:g}")

    def close(self) -> None:
        """Leave to a person what rests on figures that were never found."""
        known = {*self.figures}
        for row in self.rows["claims"]:
            ways = row["formula"].split(" or ")
            row["formula"] = next((w for w in ways if _names(w) <= known and self.has(w)), ways[0])
        count = -1
        while count != len(known):
            count = len(known)
            for table, part in self.rows.items():
                self.rows[table] = [row for row in part if _names(row["formula"]) <= known]
            known = {row["figure"] for part in self.rows.values() for row in part}
        kept = {(row["line"], row["at"]) for part in self.rows.values() for row in part}
        lost = [one for one in self.drafted if (one.line, one.start) not in kept]
        self.drafted = [one for one in self.drafted if one not in lost]
        self.listed += [replace(one, why="nothing to hold it against") for one in lost]


def _value(printed: str) -> str:
    """The number that is printed, as it is written in a table; "" where none can be read."""
    try:
        value = numerals.read(printed).value
    except ValueError:
        return ""
    found = re.search(numerals.ARABIC, printed.replace(",", ""))
    return found[0] if found else f"{value:g}"


def _names(formula: str) -> set[str]:
    """The figures that a formula names."""
    return set(re.findall(r"\b[a-z]\w*\b", re.sub(r"T\d\d\.r\w+\.c\d+", "", formula)))
