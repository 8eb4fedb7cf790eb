"""A document as read, written as a draft package: rows, what a person has to look at, proof.

Nothing in the draft claims more than was read: every group of rows is open in the table `review`
until a person has looked at it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.checks import claims, identities, provenance, validation
from analysis.checks.cells import REFERENCE, Cells
from analysis.data import forms
from analysis.data.package import DESCRIPTOR, Package, records, standard
from analysis.transcribe import narrative, review, tables, text
from analysis.transcribe.text import RefusedError, Text

FOLDER = "transcription"  # beside the tables: the text, where its lines stood, the review page
TITLE = re.compile(r"第一部分\s*(.{2,40}?)(?:部门|单位)?(?:概况|基本情况)")
NAMED = re.compile(
    r"^(?:附件\d*[：:]?)?(?:关于)?(?:20\d\d年度?)?(.{2,40}?)(?:20\d\d年度?)?(?:部门)?(?:整体)?(?:支出)?(?:决算|绩效)"
)
PLACES = ("line", "page", "left", "top", "right", "bottom")  # columns of places.csv
FORM = {
    "printed": "",
    "reason": "number, code or label of a statutory form",
    "reason_zh": "决算表的行次、栏次、代码或项目",
}
THEME = {
    "theme": "organisation",
    "name_zh": "机构人员资产",
    "name_en": "Staff, vehicles and assets",
}

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Point = tuple[str, object, str, str, str]  # rank, line, subject, printed, what


def transcribe(path: Path, folder: Path, into: bool) -> Outcome:
    """Write a draft package into an empty folder, or a draft year into an existing package.

    Raises:
        RefusedError: the document or the folder cannot be used; nothing is written.
    """
    if not into and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedError(f"{folder}: not empty; name a new folder, or add a year with --into")
    if into and not (folder / DESCRIPTOR).is_file():
        raise RefusedError(f"{folder}: no {DESCRIPTOR}; name a data package, or use --out")
    before = Package(folder) if into else _package({}, _descriptor(""))
    outcome = Outcome(folder, path, text.read(path), before)
    descriptor = before.descriptor if into else _descriptor(outcome.facts["department"])
    with tempfile.TemporaryDirectory() as held:
        work = Path(held)
        for name, content in before.content.items():
            (work / name).write_bytes(content)
        _write(work, outcome.rows, descriptor)
        # a draft that stands alone was validated before its review was written
        wrong = validation.problems(Package(work))[:5] if into else []
        outcome.summary += [f"package: {one}" for one in wrong]
        _save(work / FOLDER, path, outcome)
        shutil.copytree(work, folder, dirs_exist_ok=True)
    return outcome


class Outcome:
    """What was read of a document and drafted of it, to be added to a package.

    Attributes:
        facts: the row of `documents`.
        rows: the new rows of every table; of `review`, what is left to a person, worst first.
        summary: what it came to.
    """

    def __init__(self, folder: Path, path: Path, read: Text, before: Package) -> None:
        """Draft the rows and prove them; `before` is the package as it was.

        Raises:
            RefusedError: the document cannot be used.
        """
        self.folder, self.read, self.before = folder, read, before
        self.tables, findings = tables.find(read.lines)
        self.facts = _facts(path.name, read, bool(self.tables), before.rows("documents"))
        self.document, year = self.facts["document"], self.facts["year"]
        self.said = narrative.read(read.lines, self.tables, self.document, int(year))
        self.findings = findings + self.said.findings
        self.cells = [cell for table in self.tables for cell in table.cells]
        self.absent = sorted({*forms.FORMS} - {table.table for table in self.tables})
        self.rows = self._rows()
        self.package, self.checked = self._declared()
        self.judged = claims.findings(self.package)
        self.review = [
            dict(zip(review.COLUMNS, (self.document, *map(str, point), "open"), strict=True))
            for point in (*self._read(), *self._held(), *self._accounted(), *self._drafted())
        ]
        order = [*review.RANKS]
        self.review.sort(key=lambda one: (order.index(one["rank"]), int(one["line"] or 0)))
        self.rows["review"] = self.review
        self.summary = self._summary()

    # --------------------------------------------------------------------------------- rows

    def _rows(self) -> Rows:
        """The new rows of every table, with all that the columns of the package may ask for."""
        document = {"document": self.document}
        # a finding says which has no unit: without one no amounts
        priced = [one for one in self.tables if one.unit]
        rows: Rows = {**{name: [] for name in standard()}, **self._renamed()}
        rows["documents"] = [self.facts]
        for row in rows["claims"]:  # what can fail is medium until a person has judged it
            row["severity"] = "medium" if row["formula"] else ""
        rows["disclosed_tables"] = [
            {**document, **vars(one), "blanks": "unknown", "empty": str(one.empty).lower()}
            for one in priced
        ]
        rows["statutory_tables"] = [
            {**document, **vars(cell), "value": cell.printed.replace(",", ""), "unit": table.unit}
            for table in priced
            for cell in sorted(table.cells, key=lambda one: one.line)
        ]
        labels = {cell.row: cell.label for cell in self.cells}
        for name, key, source in (
            ("items", "item", rows["amounts"]),
            ("units", "unit", [one for part in rows.values() for one in part]),
            ("indicator_definitions", "indicator", rows["indicators"]),
        ):
            known = {"", *(row[key] for row in self.before.rows(name))}
            for row in source:
                if row.get(key, "") not in known:
                    known.add(row[key])
                    rows[name].append(_reference(name, row, labels.get(row.get("item", ""), "")))
        themes = {row["theme"]: int(row["position"]) for row in self.before.rows("themes")}
        if rows["indicator_definitions"] and THEME["theme"] not in themes:
            rows["themes"] = [{**THEME, "position": max(themes.values(), default=0) + 1}]
        rows["not_transcribed"] = [
            {**document, "printed": printed, "reason": reason, "reason_zh": chinese}
            for printed, (reason, chinese) in self.said.left_out.items()
        ]
        for _, run in groupby(enumerate(self._form_lines()), key=lambda one: one[1] - one[0]):
            (_, first), *_, (_, last) = [*run] * 2
            rows["not_transcribed"] += [{**document, **FORM, "line": first, "last_line": last}]
        return rows

    def _renamed(self) -> Rows:
        """Figures under names that the package does not use yet, in formulas too."""
        drafted, after = self.said.rows, f"_in_{self.facts['year']}"
        taken = {row["figure"] for name in drafted for row in self.before.rows(name)}
        own = {row["figure"] for rows in drafted.values() for row in rows} & taken

        def renamed(names: str) -> str:
            return re.sub(r"\b[a-z]\w*", lambda m: m[0] + (after if m[0] in own else ""), names)

        return {
            name: [
                {**row, "figure": renamed(row["figure"]), "formula": renamed(row["formula"])}
                for row in rows
            ]
            for name, rows in drafted.items()
        }

    def _form_lines(self) -> Iterator[int]:
        """Lines whose numbers belong to the forms, not to the account; no amount is among them."""
        lines = {line: self.read.lines[line - 1].text for t in self.tables for line in t.lines}
        cells = {line for cell in self.cells for line in (cell.line, cell.row_line)}
        for line in sorted({*lines} - cells):
            amount = re.fullmatch(r"\t\s*-?[\d,]*\.\d+", lines[line])
            if provenance.ANYWHERE.search(lines[line]) and not amount:
                yield line

    # ------------------------------------------------------------------------------ proving

    def _checked(self) -> tuple[Package, pd.DataFrame]:
        """The draft as a package of its own, so that it is checked before it is written."""
        names = ("items", "units", "themes", "indicator_definitions")
        known = {name: [*self.before.rows(name), *self.rows[name]] for name in names}
        package = _package({**self.rows, **known}, _descriptor(self.facts["department"]))
        nothing = pd.DataFrame(columns=["formula", "result"])
        return package, identities.checked_tables(package).get(self.document, nothing)

    def _declared(self) -> tuple[Package, pd.DataFrame]:
        """Propose that blanks mean zero where a table's identities hold so and none fails."""
        blank = {cell.table for cell in self.cells if cell.label and not cell.printed}
        printed = [row for row in self.rows["disclosed_tables"] if row["empty"] == "false"]
        proposed = [row for row in printed if row["table"] in blank]
        for row in proposed:
            row["blanks"] = "zero"
        package, checked = self._checked()
        for row in proposed:
            own = checked[checked["formula"].str.match(rf"Σ?{row['table']}\.")]["result"]
            if not (own == "holds").any() or (own == "fails").any():
                row["blanks"] = "unknown"
        doubted = any(row["blanks"] == "unknown" for row in proposed)
        return self._checked() if doubted else (package, checked)

    def _read(self) -> Iterator[Point]:
        """What the second reader has otherwise, and what does not fit or is not there."""
        for cell in self.cells:
            second = self.read.lines[cell.line - 1].second
            if second not in (None, cell.printed):
                what = f"the second reader has {second or 'nothing'}"
                yield "readers disagree", cell.line, f"table {cell.table}", cell.printed, what
        for finding in self.findings:
            yield "finding", finding.line, "", "", finding.what
        for table in self.absent if self.facts["kind"] == "final_accounts" else ():
            yield "finding", "", f"table {table}", "", f"not printed: {forms.TITLES[table][0]}"
        department = self.facts["department"]
        if department == "?":
            yield "finding", 1, "documents", "", "no name of a department was found"
        departments = sorted({row["department"] for row in self.before.rows("documents")})
        if departments and department not in departments:
            what = f"the package is of {'、'.join(departments)}"
            yield "finding", 1, "documents", department, what
        yield "proposal", 1, "documents", department, "names, title and period: to be read"

    def _held(self) -> Iterator[Point]:
        """The identities and the claims that fail, and the amounts that no identity covers."""
        known = Cells(self.package.load("statutory_tables"), self.package.load("disclosed_tables"))
        covered: set[int] = set()
        for row in records(self.checked):
            if row["result"] == "holds":
                covered.update(_compared(row["formula"], known))
            elif row["result"] == "fails":
                off = f"{row['formula']} fails by {row['difference']:.2f} 万元: {row['meaning']}"
                at = next(_compared(row["formula"], known), "")
                yield "identity fails", at, f"identity {row['identity']}", "", off
        for cell in self.cells:
            if cell.printed and cell.line not in covered:
                where = f"table {cell.table}, row {cell.row}, column {cell.column}"
                yield "no identity", cell.line, where, cell.printed, "no identity covers this cell"
        for row in records(self.judged[~self.judged["holds"]]):
            what = f"{row['statement']}: {row['verdict']}; {row['arithmetic']}"
            what += "; severity to be judged"
            yield "claim fails", row["line"], row["figure"], row["printed"], what

    def _accounted(self) -> Iterator[Point]:
        """The numerals that are left to a person, and what is wrong with the package."""
        for numeral in self.said.listed:
            near = _suggestions(self.before, numeral)
            what = numeral.why + (f"; perhaps {near}" if near else "")
            yield "numeral", numeral.line, numeral.context, numeral.printed, what
        lines = {self.document: self.read.canonical.split("\n")}
        misplaced = provenance.misplaced(lines, self.package)
        for problem in (*validation.problems(self.package), *misplaced):
            yield "finding", "", "package", "", problem
        told = {(one.line, one.printed) for one in self.said.listed}
        coverage = provenance.uncovered(lines, self.package)
        for row in records(coverage[~coverage["covered"]]):
            line, numeral = row["line"], row["numeral"]
            if not any(line == at and numeral in printed for at, printed in told):
                yield "numeral", line, row["context"].strip(), numeral, "not accounted for"

    def _drafted(self) -> Iterator[Point]:
        """What is proposed, and the groups of rows."""
        for row in self.rows["disclosed_tables"]:
            if row["blanks"] == "zero":
                what = "its blanks mean zero: proposed, since its identities hold so"
                yield "proposal", row["line"], f"table {row['table']}", "", what
        for table, count in Counter(row["table"] for row in self.rows["statutory_tables"]).items():
            yield "rows", "", f"table {table}", "", f"{count} rows of statutory_tables as drafted"
        for name in narrative.DRAFTED:
            for line, count in Counter(row["line"] for row in self.rows[name]).items():
                yield "rows", line, name, "", f"{count} rows of {name} as drafted"

    def _summary(self) -> list[str]:
        read, ranks = self.read, Counter(one["rank"] for one in self.review)
        again = sum(read.lines[cell.line - 1].second is not None for cell in self.cells)
        amounts = sum(bool(cell.printed) for cell in self.cells)
        pages, absent = len(read.pages) or "no", ", ".join(self.absent) or "none"
        return [
            f"{self.document}: {pages} pages, {len(read.lines)} lines, {read.kind}",
            f"cells: {len(self.cells)} in {len(self.tables)} tables; not printed: {absent}",
            f"read twice: {again - ranks['readers disagree']} of {again} cells agree"
            if again
            else "read once: no second reader for this kind of document",
            f"identities: {int((self.checked['result'] == 'holds').sum())} hold, "
            f"{ranks['identity fails']} fail; they cover {amounts - ranks['no identity']} of "
            f"{amounts} amounts of the tables",
            f"numerals of the text: {len(self.said.drafted)} drafted, "
            f"{ranks['numeral']} left to a person",
            f"claims: {int(self.judged['holds'].sum())} of {len(self.judged)} reproduce",
            f"findings: {ranks['finding']}; open in review.csv: {len(self.review)}",
        ]


# ---------------------------------------------------------------------- what document it is


def _facts(name: str, read: Text, has_tables: bool, before: list[Row]) -> dict[str, str]:
    """The row of `documents`.

    Raises:
        RefusedError: it is no account, none of its tables is known, or it is there already.
    """
    lines = [line.text.strip() for line in read.lines]
    whole = "".join(lines)
    if not re.search("决算|绩效评价|绩效自评", whole):
        raise RefusedError(
            f"{name}: no account: it nowhere says 决算 or 绩效评价; name a department's "
            "final accounts or performance evaluation"
        )
    evaluation = not has_tables and "绩效" in whole[:3000]
    if not has_tables and not evaluation:
        raise RefusedError(
            f"{name}: no statutory table has a title that is known; if it is an account, "
            "add its titles to data/form_titles.csv"
        )
    head = "".join(lines[:12])  # a title may be cut after the name
    told = (r"(20\d\d)\s*年度?", head) if evaluation else (r"(20\d\d)年度", whole)
    years = re.findall(*told) or re.findall(r"(20\d\d)\s*年", whole)
    if not years:
        raise RefusedError(f"{name}: no year; is it complete?")
    year = Counter(years).most_common(1)[0][0]
    kind = "performance_evaluation" if evaluation else "final_accounts"
    document, sha = f"{year}-{kind.replace('_', '-')}", _sha256(read.canonical)
    for row in before:
        if row["document"] == document or row["sha256"] == sha:
            raise RefusedError(
                f"{name}: the package has {row['document']} already; take its rows out first"
            )
    named = filter(None, (TITLE.search(whole), *map(NAMED.match, [*lines[:12], head])))
    names = [re.sub(r"20\d\d年度?", "", one[1]).strip() for one in named]
    department = next((one for one in names if one not in ("", "部门", "单位")), "")
    department = department or next((row["department"] for row in before), "?")
    known = {row["department"]: row["department_en"] for row in before}
    english = known.get(department, f"{department} (to be translated)")
    (words,) = (one for one in narrative.rules("documents") if one["kind"] == kind)
    return {
        **{column: said.replace("{year}", year) for column, said in words.items()},
        "document": document,
        "year": year,
        "department": department,
        "department_en": english,
        "publisher": department,
        "publisher_en": english,
        "lines": str(len(lines)),
        "sha256": sha,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _reference(name: str, row: Row, label: str) -> Row:
    """A row of a table of reference that the draft needs and the package does not have."""
    if name == "units":
        return next(one for one in narrative.rules("units") if one["unit"] == row["unit"])
    if name == "items":
        return {
            "item": row["item"],
            "scheme": row.get("scheme", "total"),
            "name_zh": label or row["name_zh"],
            "name_en": label or row["name_en"],
            "higher_level": "true" if row["item"] == "higher_level_grants" else "false",
            "booked_in": _booked_in(row),
        }
    return {
        **{key: row[key] for key in ("indicator", "name_zh", "name_en", "kind")},
        "theme": THEME["theme"],
        "population": row["name_en"].lower(),
        "population_zh": row["name_zh"],
        "sampled": "false",
        "better": "neither",
        "concept": row["indicator"],
        "comparability": "single",
    }


def _booked_in(row: Row) -> str:
    """The column of table 02 whose heading the name of a source of revenue ends with."""
    headings = {one["id"]: one["header"] for (t, _, _), one in forms.COLUMNS.items() if t == "02"}
    ends = (one for one, header in headings.items() if row["name_zh"].endswith(header))
    return next(ends, "") if row.get("scheme") == "source" else ""


# ---------------------------------------------------------------------------------- writing


def _descriptor(department: str) -> Row:
    """What a package of one draft says of itself."""
    return {
        "name": f"draft-{_sha256(department)[:8]}",
        "title": f"{department}（草稿）",
        "resources": [*standard().values()],
    }


def _package(rows: Rows, descriptor: Row) -> Package:
    """A package of these rows, that lies nowhere."""
    with tempfile.TemporaryDirectory() as held:
        _write(Path(held), rows, descriptor)
        return Package(Path(held))


def _write(folder: Path, rows: Rows, descriptor: Row) -> None:
    """The package's files: new rows after the ones that are there."""
    if "review" not in {one["name"] for one in descriptor["resources"]}:
        descriptor = {**descriptor, "resources": [*descriptor["resources"], _review_table()]}
    _write_json(folder / DESCRIPTOR, descriptor)
    for resource in descriptor["resources"]:
        columns = [one["name"] for one in resource["schema"]["fields"]]
        _append(folder / resource["path"], columns, rows.get(resource["name"], []))


def _write_json(path: Path, content: Row) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _append(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        if not file.tell():
            writer.writeheader()
        writer.writerows(rows)


def _review_table() -> dict[str, Any]:
    """Description of the table of what a person has to look at, and has."""
    fields = [{"name": name, "type": "string"} for name in review.COLUMNS]
    return {
        **standard()["themes"],
        "name": "review",
        "path": "review.csv",
        "title": "What of a draft a person has to look at: open, or done",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _save(folder: Path, path: Path, outcome: Outcome) -> None:
    """The text and where its lines stood, for whoever reviews; kept out of version control."""
    folder.mkdir()
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    name, read = outcome.document, outcome.read
    (folder / f"{name}.txt").write_bytes(read.canonical.encode())
    source = {"file": path.name, "sha256": read.sha256, "kind": read.kind, "reader": text.VERSION}
    _write_json(folder / f"{name}.source.json", source)
    page = review.page(name, read, outcome.review, outcome.summary)
    (folder / f"{name}.review.html").write_text(page, encoding="utf-8")
    places = [
        dict(zip(PLACES, (number, line.page, *line.box), strict=True))
        for number, line in enumerate(read.lines, start=1)
        if line.page
    ]
    if places:
        _append(folder / f"{name}.places.csv", PLACES, places)


def _compared(formula: str, known: Cells) -> Iterator[int]:
    """Lines of the cells that an identity, written as readers see it, compares."""
    written = re.sub(r"(?<!\d)(?=\d\d\.r)", "T", formula).replace("..", "_").replace("/*", "_")
    for one in REFERENCE.finditer(written):
        yield from (cell.line for cell in known.find(one[0]) if cell.line)


def _suggestions(package: Package, numeral: narrative.Numeral) -> str:
    """The indicators of a package with the unit and the words of a numeral, nearest first."""
    names = {row["indicator"]: row["name_zh"] for row in package.rows("indicator_definitions")}
    units = {(row["indicator"], row["unit"]) for row in package.rows("indicators")}
    around = {*pairwise(numeral.context)}
    scores = sorted(
        (-sum(pair in around for pair in pairwise(names[one])), one)
        for one, unit in units
        if numeral.printed.endswith(unit) and one in names
    )
    return ", ".join(one for score, one in scores[:3] if score <= -2)
