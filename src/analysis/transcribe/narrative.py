"""The standard sentences of an account: what each numeral says, by a table of phrases.

``phrases.csv`` is read from top to bottom; the first row whose section, subject, label and unit
fit a numeral decides, and rows below it with none of the four give more of the same numeral.

- `section`: regular expression over ``heading/subheading``, enumerators apart;
- `subject`: what was named last before the numeral, of all subjects of the section; ``{class}``
  and ``{item}`` are those of the functional classification;
- `label`: what stands right before the numeral, earlier numerals written ``#``, punctuation in
  full width, quotes as ``“``; a group in brackets becomes part of the printed characters;
- `role`: amount, indicator, claim, or left out (then `label` holds the numeral itself);
- `figure`, `formula`: names and cells, with {year}, {last}, {line}, {class}, {item} put in; of
  formulas joined by `` or `` the first counts whose figures are drafted and cells printed.

What no row fits is listed for a person.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

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
FULL = str.maketrans(',:;()”"＂％', "，：；（）“““%")
HEADING = re.compile(r"(（?[一二三四五六七八九十]+）?|\d+)[、.．\s]*(.*)")
PART = re.compile(r"第[一二三四五六七八九十]+部分")
PROSE = re.compile(r"绩效|名词解释|附件|附表|概况|职责|机构设置")
REASON = re.compile(r"主要原因|原因是|主要是|原因：")
PLACEHOLDER = re.compile(r"[XxＸ×]{2,}")
ITEM = re.compile(r"([^。；：、]+?)（类）(.+?)（款）(.+?)（项）")


@dataclass(frozen=True)
class Numeral:
    """A numeral that is left to a person: where, with its unit, and why."""

    line: int
    start: int
    printed: str
    context: str
    why: str


@dataclass
class Draft:
    """What the text says: rows by table as they are written, and what is left to a person."""

    rows: dict[str, list[dict[str, str]]] = field(
        default_factory=lambda: {"amounts": [], "indicators": [], "claims": []}
    )
    left_out: dict[str, tuple[str, str]] = field(default_factory=dict)  # printed: reasons
    listed: list[Numeral] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    drafted: list[Numeral] = field(default_factory=list)


@cache
def phrases() -> tuple[dict[str, str], ...]:
    """The rows of ``phrases.csv``."""
    path = Path(__file__).with_name("phrases.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def read(lines: list[Line], tables: list[Table], document: str, year: int) -> Draft:
    """Draft every numeral of the running text.

    Args:
        lines: the text; of its tables, those that are none of the nine are listed.
        tables: the statutory tables, which claims are held against.
    """
    reader = _Reader([cell for table in tables for cell in table.cells], document, year)
    statutory = {line for table in tables for line in table.lines}
    for number, line in enumerate(lines, start=1):
        if line.text.strip() and number not in statutory:
            reader.paragraph(number, line.text)
    return reader.done()


class _Reader:
    """Goes through the text once, knowing the section, the item and the figures so far."""

    def __init__(self, cells: list[Cell], document: str, year: int) -> None:
        self.document, self.year = document, year
        self.cells = {(c.table, c.row, c.column): c for c in cells}
        wide = {(c.table, c.column) for c in cells}
        self.spent = 7 if ("05", 7) in wide else 1  # column of table 05 for spending
        self.draft = Draft()
        self.part, self.heading, self.below = "", "", ""
        self.item: tuple[str, str] | None = None  # code ("" for none) and name as printed
        self.items = self.start = 0
        self.figures: dict[str, dict[str, str]] = {}
        self.changes: list[tuple[float, str, str, str]] = []  # value, base, claim, value before

    # ------------------------------------------------------------------ what is where

    def value(self, cell: str) -> float | None:
        """The number of a cell like ``T01.r62.c2``; None where blank or not printed."""
        table, row, column = cell.split(".")
        found = self.cells.get((table[1:], row[1:], int(column[1:])))
        return float(found.printed.replace(",", "")) if found and found.printed else None

    def has(self, formula: str) -> bool:
        """Whether the tables print every cell that a formula names."""
        return all(
            (table, row, int(column)) in self.cells
            for table, row, column in re.findall(r"T(\d\d)\.r(\w+)\.c(\d+)", formula)
        )

    def enter(self, text: str) -> None:
        """Take a heading."""
        wide = text.translate(FULL).rstrip("。")
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
    def section(self) -> str:
        return f"{self.heading}/{self.below}"

    @property
    def itemised(self) -> bool:
        """Whether this section goes through the items of the functional classification."""
        return "一般公共预算财政拨款支出" in self.heading and "具体" in self.below

    # -------------------------------------------------------------------- one paragraph

    def paragraph(self, number: int, text: str) -> None:
        if cell := text.startswith("\t"):
            text = text.strip("\t \u3000")
        else:
            self.enter(text)
        wide = text.translate(FULL)
        prose = bool(cell or PROSE.search(self.part + self.heading) or not self.heading)
        if not prose:
            self._years(number, wide)
            self._item(number, wide)
        for match in PLACEHOLDER.finditer(wide):
            self.draft.findings.append(Finding(number, f"a placeholder was left: {match[0]}"))
        spans = self._left_out(wide)
        masked, places = "", [0]  # the text with numerals as #, and where each began
        end = 0
        for match in NUMERAL.finditer(wide):
            if any(a <= match.start() and match.end() <= b for a, b, _ in spans):
                for a, b, reasons in spans:
                    if a <= match.start() and match.end() <= b:
                        self.draft.left_out.setdefault(text[a:b].strip(), reasons)
                continue
            if match.start() < end:
                continue
            self.start = match.start()
            masked += wide[end : match.start()]
            places += range(end + 1, match.start() + 1)
            unit = UNITS.match(wide, match.end())
            why = ""
            if prose:
                why = (
                    "a table that is none of the nine"
                    if cell
                    else "prose outside the standard sections"
                )
            elif REASON.search(re.split("[。]", masked)[-1]):
                why = "part of a reason"
            elif unit and unit[1] == "万":
                why = "万 without 元: money or a count?"
            elif not (unit and self._rules(number, text, match, unit, masked, places)):
                unknown = self.item and self.itemised and not self.item[0]
                why = "its item is in no table" if unknown else "no phrase for it"
            printed = text[match.start() : unit.end() if unit else match.end()]
            around = text[max(0, match.start() - 12) : match.end() + 8]
            if why:
                self.draft.listed.append(Numeral(number, match.start(), printed, around, why))
            else:
                self.draft.drafted.append(Numeral(number, match.start(), printed, around, ""))
            masked += "#"
            places.append(match.end())
            end = match.end()
        if not prose:
            self._against_budget(number, wide)

    def _left_out(self, wide: str) -> list[tuple[int, int, tuple[str, str]]]:
        return [
            (*match.span(), (rule["name_en"], rule["name_zh"]))
            for rule in phrases()
            if rule["role"] == "left out"
            for match in re.finditer(rule["label"], wide)
            if match.group()
        ]

    def _years(self, number: int, wide: str) -> None:
        """A year that is neither this nor, where something is compared, the one before."""
        for match in re.finditer(r"(.?)((?:19|20)\d\d)年", wide):
            year, before = int(match[2]), wide[max(0, match.start(2) - 4) : match.start(2)]
            compared = re.search("[与比较从同自至]|相比", before)
            if year != self.year and not (year == self.year - 1 and compared):
                self.draft.findings.append(Finding(number, f"{year} in an account of {self.year}"))

    def _item(self, number: int, wide: str) -> None:
        """The item of the classification that a paragraph is about; it may be a line of its own."""
        if not self.itemised:
            return
        found = ITEM.search(re.sub(r"^\s*（?\d+[、.．）]\s*", "", wide))
        if not found:
            if re.match(r"\s*（?\d+[、.．）]", wide):
                self.item = ("", "")
            return
        self.items += 1
        group, division, name = (part.strip() for part in found.groups())
        labels = {c.row: c.label for c in self.cells.values() if c.table in ("03", "05")}
        codes = [
            row
            for row, label in labels.items()
            if len(row) == 7
            and plain(label) == plain(name)
            and plain(labels.get(row[:3], "")) == plain(group)
        ]
        exact = [row for row in codes if plain(labels.get(row[:5], "")) == plain(division)]
        code = (exact or codes or [""])[0] if len(exact or codes) == 1 else ""
        self.item = code, name
        if code and not exact:
            said = f"{name} under {division}, in the tables under {labels.get(code[:5], '?')}"
            self.draft.findings.append(Finding(number, said))
        if not code:
            self.draft.findings.append(Finding(number, f"no table has the item {name}"))
            row = {
                "figure": f"item_label_{number}",
                "kind": "label",
                "formula": "T05",
                "statement": f"the item {name} is one of table 05",
                "statement_zh": f"“{name}”为决算表05所列科目",
            }
            if name in wide:
                self._write("claims", number, name, "", "", row)

    # ------------------------------------------------------------------------- one numeral

    def _rules(
        self,
        number: int,
        text: str,
        match: re.Match[str],
        unit: re.Match[str],
        masked: str,
        places: list[int],
    ) -> bool:
        """Write the rows that the phrases give for a numeral; whether there is one."""
        rules = phrases()
        subject = self._subject(masked)
        for place, rule in enumerate(rules):
            if rule["role"] == "left out" or not rule["label"]:
                continue
            units = MONEY if rule["unit"] == "万元" else (rule["unit"],)
            if unit[1] not in units or not re.search(rule["section"], self.section):
                continue
            if rule["subject"] and rule["subject"] != subject[0]:
                continue
            tail = masked[-80:]
            found = re.search(f"(?:{rule['label']})$", tail)
            if not found:
                continue
            start = match.start()
            if found.re.groups and found.start(1) >= 0:
                start = places[len(masked) - len(tail) + found.start(1)]
            printed = self._printed(text, start, match, unit)
            words, about = found[0], subject if rule["subject"] else ("", "")
            written = False
            for more in rules[place:]:
                if more is not rule and (more["label"] or more["section"]):
                    break
                written |= self._rule(more, number, printed, match[0], unit[1], words, about)
            return written
        return False

    def _printed(self, text: str, start: int, match: re.Match[str], unit: re.Match[str]) -> str:
        """The characters of a figure: with the label, as long as that has no other numeral."""
        end = unit.end()
        clause = max(text.rfind(mark, 0, match.start()) for mark in "，；。：、,;:") + 1
        if text.count(text[start:end]) > 1:
            start = max(clause, match.start() - 24)
        for begin in (start, max(start, clause), match.start()):
            try:
                if numerals.read(text[begin:end]).value == numerals.read(match[0]).value:
                    return text[begin:end]
            except ValueError:  # a label with a numeral of its own: 三公
                pass
        return text[match.start() : end]

    def _subject(self, masked: str) -> tuple[str, str]:
        """The subject of the section that was named last, and its code."""
        if self.item and self.itemised:
            return "{item}", self.item[0]
        best = (-1, "", "")
        for rule in phrases():
            if not rule["subject"] or not re.search(rule["section"], self.section):
                continue
            if rule["subject"] == "{class}":
                for row, code in (
                    (r, one["class"]) for (t, r), one in forms.ROWS.items() if t == "01"
                ):
                    name = re.sub("支出$", "", forms.label("01", row))
                    place = masked.rfind(name) if code else -1
                    if place > best[0] and masked[place - 1 : place] in "：；，。、":
                        best = (place, "{class}", code)
                continue
            for found in re.finditer(rule["subject"], masked):
                if found.start() > best[0]:
                    best = (found.start(), rule["subject"], "")
        return best[1], best[2]

    def _rule(
        self,
        rule: Mapping[str, str],
        number: int,
        printed: str,
        numeral: str,
        unit: str,
        words: str,
        subject: tuple[str, str],
    ) -> bool:
        code = subject[1]
        item = subject[0] == "{item}"
        if item and not code and self.items > 1:
            return False  # which item this is nobody knows
        if subject[0] == "{class}" and not code:
            return False
        put = self._macros(number, code, item)
        figure = _put(rule["figure"], put)
        formula, kind = _put(rule["formula"], put), rule["kind"]
        role = rule["role"]
        row = {"figure": figure, "formula": formula, "kind": kind}
        name = code if item else rule["item"]
        if role == "amount":
            if item and not code:  # the one item explained is the whole
                whole = put["item.spent" if rule["phase"] == "executed" else "item.approved"]
                row |= {
                    "figure": f"{figure}_{number}",
                    "kind": "repeat",
                    "formula": whole,
                    "statement": "the one item that is explained is the whole",
                    "statement_zh": "说明中仅列一项，应与合计一致",
                }
                self._write("claims", number, printed, numeral, unit, row)
                return True
            if figure in self.figures:
                return self._again(figure, number, printed, numeral, unit)
            row |= {
                "direction": rule["direction"],
                "phase": rule["phase"],
                "item": name,
                "basis": "stated",
                "year": str(self.year),
                "scheme": rule["scheme"],
                "name_en": rule["name_en"],
                "name_zh": rule["name_zh"],
            }
            self._write("amounts", number, printed, numeral, unit, row)
            return True
        if role == "indicator":
            if figure in self.figures:
                return self._again(figure, number, printed, numeral, unit)
            row |= {
                "indicator": name,
                "basis": "stated",
                "theme": rule["scheme"],
                "qualifier": numerals.read(printed).qualifier,
                "year": str(self.year),
                "name_en": rule["name_en"],
                "name_zh": rule["name_zh"],
            }
            self._write("indicators", number, printed, numeral, unit, row)
            return True
        grows = "-" if re.findall("[增升减降约]", f"减{words}")[-1] in "增升" else "+"
        value = float(numeral.replace(",", ""))
        row |= {"statement": _put(rule["name_en"], put), "statement_zh": _put(rule["name_zh"], put)}
        if kind == "change":
            return self._change(row, number, printed, numeral, unit, formula, grows, value)
        if kind == "rate":
            if not self.changes or (self.changes[-1][0] < 0) != (grows == "+"):
                what = "a growth rate without its change, or of the other direction"
                self.draft.findings.append(Finding(number, f"{printed}: {what}"))
                return False
            row |= {"kind": "growth", "formula": f"{self.changes[-1][2]} / {self.changes[-1][3]}"}
        elif kind == "difference":
            left, right = formula.split(" - ")
            row |= {"kind": "sum", "formula": formula if grows == "-" else f"{right} - {left}"}
        elif kind == "statement":
            row |= {"kind": "growth"}
        elif "{" in formula or not any(self.has(one) for one in formula.split(" or ")):
            return False
        if figure in self.figures:
            row["figure"] = f"{figure}_line_{number}"
        self._write("claims", number, printed, numeral, unit, row)
        return True

    def _change(
        self,
        row: dict[str, str],
        number: int,
        printed: str,
        numeral: str,
        unit: str,
        base: str,
        grows: str,
        value: float,
    ) -> bool:
        """A change on the year before: nothing to hold it against, but the year before follows."""
        if base.startswith("T") and not self.has(base):
            return False
        signed, now = value if grows == "-" else -value, base
        for known, its_base, claim, _ in self.changes:
            same = base == its_base or (
                base[0] == its_base[0] == "T"
                and self.value(base) is not None
                and self.value(base) == self.value(its_base)
            )
            if known == signed and same and base != its_base:
                row |= {"figure": f"change_{number}", "kind": "repeat", "formula": claim}
                self._write("claims", number, printed, numeral, unit, row)
                self.changes.append((signed, its_base, claim, self.changes[0][3]))
                return True
        if row["figure"] in self.figures:
            row["figure"] += f"_line_{number}"
        claim = row["figure"]
        self._write(
            "claims", number, printed, numeral, unit, row | {"kind": "growth", "formula": ""}
        )
        before = f"({now} {grows} {claim})"
        total = f"expenditure_{self.year}"
        whole = claim == f"expenditure_change_{self.year}" and self.value(base) == self.value(
            "T01.r58.c2"
        )
        figure, of = (
            (f"expenditure_{self.year - 1}", total)
            if whole
            else (re.sub(r"_change_\d+$", f"_{self.year - 1}", claim), base)
        )
        amount = self.figures.get(of)
        self.changes.append((signed, base, claim, before))
        if (whole or amount) and figure not in self.figures:  # else it is told again
            copied = amount or {"direction": "expenditure", "phase": "executed", "item": "total"}
            copied = {key: value for key, value in copied.items() if key not in ("value", "unit")}
            self._write(
                "amounts",
                number,
                printed,
                "",
                unit,
                copied
                | {
                    "figure": figure,
                    "basis": "derived",
                    "formula": f"{of} {grows} {claim}",
                    "year": str(self.year - 1),
                },
            )
            self.changes[-1] = (signed, base, claim, figure)
        return True

    def _again(self, figure: str, number: int, printed: str, numeral: str, unit: str) -> bool:
        """A figure that was drafted before is a claim that it is the same."""
        row = {
            "figure": f"{figure}_line_{number}",
            "kind": "repeat",
            "formula": figure,
            "statement": f"{self.figures[figure]['name_en'].lower()}, again",
            "statement_zh": f"再次列明{self.figures[figure]['name_zh']}",
        }
        while row["figure"] in self.figures:
            row["figure"] += "_again"
        self._write("claims", number, printed, numeral, unit, row)
        return True

    def _write(
        self, table: str, number: int, printed: str, numeral: str, unit: str, row: dict[str, str]
    ) -> None:
        row = {
            "at": str(self.start),
            "document": self.document,
            "line": str(number),
            "printed": printed,
            "value": numeral.replace(",", ""),
            "unit": unit,
            "year": str(self.year),
            "subject": "money" if unit in (*MONEY, "%", "") else "indicators",
            "relation": "<=" if row.get("kind") == "ceiling" else "=",
            "compares": "same",
        } | row
        self.figures[row["figure"]] = row
        self.draft.rows[table].append(row)

    def _macros(self, number: int, code: str, item: bool) -> dict[str, str]:
        spent, basic = f"T05.rtotal.c{self.spent}", f"T05.rtotal.c{self.spent + 1}"
        whole = self.value(spent) == self.value("T03.rtotal.c1")
        all_basic = self.value(basic) == self.value("T03.rtotal.c2")
        put = {
            "year": str(self.year),
            "last": str(self.year - 1),
            "line": str(number),
            "05.spent": spent,
            "05.basic": basic,
            "spent": f"expenditure_{self.year}" if whole else spent,
            "basic": f"basic_{self.year}" if all_basic else basic,
        }
        if item and code:
            put |= {
                "item": code,
                "item.spent": f"T05.r{code}.c{self.spent}",
                "item.table": f"T05.r{code}.c{self.spent}",
                "item.approved": f"approved_{code}_{self.year}",
            }
        elif item:
            put |= {
                "item": "item",
                "item.spent": put["spent"],
                "item.approved": f"approved_{self.year}",
            }
        elif code:
            own = f"T05.r{code}.c{self.spent}"
            line = f"T04.r{forms.CLASS_LINES[code] + 1}.c3"
            put |= {"class": code, "class.spent": own if self.has(own) else line}
        return put

    # ----------------------------------------------------------------- what a person sees

    def _against_budget(self, number: int, wide: str) -> None:
        """大于, 小于 and 持平 must fit the two amounts of the sentence."""
        said = re.search(
            r"决算数?[^，。；]{0,4}(大于|小于|高于|低于|等于|持平)|预算数?(?:基本)?(持平)", wide
        )
        amounts = [
            re.search(rf"{word}[^#，。；\d]{{0,6}}?([\d,.]+)万?元", wide)
            for word in ("预算(?:数)?为?", "支出决算(?:数)?为?")
        ]
        if not said or not all(amounts):
            return
        budget, spent = (float(one[1].rstrip(".").replace(",", "")) for one in amounts if one)
        word = said[1] or said[2]
        holds = {
            "大": spent > budget,
            "高": spent > budget,
            "小": spent < budget,
            "低": spent < budget,
        }.get(word[0], abs(spent - budget) < 0.05 * budget + 0.01)
        if not holds:
            self.draft.findings.append(
                Finding(number, f"{said[0]}, but {spent:g} was spent of a budget of {budget:g}")
            )

    def done(self) -> Draft:
        """Without what rests on figures that were never found."""
        known = {row["figure"] for rows in self.draft.rows.values() for row in rows}
        for row in self.draft.rows["claims"]:
            ways = row["formula"].split(" or ")
            row["formula"] = next((w for w in ways if _names(w) <= known and self.has(w)), ways[0])
        while True:
            known = {row["figure"] for rows in self.draft.rows.values() for row in rows}
            lost = 0
            for table, rows in self.draft.rows.items():
                kept = [row for row in rows if _names(row["formula"]) <= known]
                lost += len(rows) - len(kept)
                self.draft.rows[table] = kept
            if not lost:
                break
        kept_at = {(row["line"], row["at"]) for rows in self.draft.rows.values() for row in rows}
        for one in self.draft.drafted[:]:
            if (str(one.line), str(one.start)) not in kept_at:
                self.draft.drafted.remove(one)
                self.draft.listed.append(replace(one, why="nothing to hold it against"))
        return self.draft


def _names(formula: str) -> set[str]:
    """The figures that a formula names."""
    return set(re.findall(r"\b[a-z]\w*\b", re.sub(r"T\d\d\.r\w+\.c\d+", "", formula)))


def _put(text: str, macros: Mapping[str, str]) -> str:
    return re.sub(r"\{([\w.]+)\}", lambda m: macros.get(m[1], m[0]), text)
