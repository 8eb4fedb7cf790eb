"""A document as read, written as a draft package: rows, what a person has to look at, proof.

Nothing in the draft claims more than was read: every group of rows is open in the table `review`
until a person has looked at it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
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
NAMES = {  # by kind, after the year: title, title_en, short_en, short_zh
    "performance_evaluation": (
        "年部门整体支出绩效评价报告",
        " performance evaluation",
        " evaluation",
        "年绩效评价",
    ),
    "final_accounts": (
        "年度部门决算公开",
        " departmental final accounts",
        " accounts",
        "年决算",
    ),
}
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


@dataclass
class Outcome:
    """What was written where, and what is left to a person, worst first."""

    folder: Path
    document: str
    review: list[dict[str, str]] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)


def transcribe(path: Path, folder: Path, into: bool) -> Outcome:
    """Write a draft package into an empty folder, or a draft year into an existing package.

    Raises:
        RefusedError: the document or the folder cannot be used; nothing is written.
    """
    if not into and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedError(f"{folder}: not empty; name a new folder, or add a year with --into")
    if into and not (folder / DESCRIPTOR).is_file():
        raise RefusedError(f"{folder}: no {DESCRIPTOR}; name a data package, or use --out")
    existing = Package(folder) if into else None
    read = text.read(path)
    found, findings = tables.find(read.lines)
    facts = _facts(path, read, found, existing)
    draft = narrative.read(read.lines, found, facts["document"], int(facts["year"]))
    draft.findings = findings + draft.findings
    rows = _rows(read, found, draft, facts, existing)
    outcome = Outcome(folder, facts["document"])
    _prove(outcome, read, found, draft, rows, existing)
    rows["review"] = outcome.review
    with tempfile.TemporaryDirectory() as held:
        work = Path(held)
        for name, content in existing.content.items() if existing else ():
            (work / name).write_bytes(content)
        _write(work, rows, existing.descriptor if existing else None)
        outcome.summary += [f"package: {one}" for one in validation.problems(Package(work))[:5]]
        _save(work / FOLDER, path, read, outcome)
        shutil.copytree(work, folder, dirs_exist_ok=True)
    return outcome


# ---------------------------------------------------------------------- what document it is


def _facts(
    path: Path, read: Text, found: list[tables.Table], existing: Package | None
) -> dict[str, str]:
    """The row of `documents`.

    Raises:
        RefusedError: it is no account, none of its tables is known, or it is there already.
    """
    lines = [line.text.strip() for line in read.lines]
    whole = "".join(lines)
    if not re.search("决算|绩效评价|绩效自评", whole):
        raise RefusedError(
            f"{path.name}: no account: it nowhere says 决算 or 绩效评价; name a department's "
            "final accounts or performance evaluation"
        )
    evaluation = not found and "绩效" in whole[:3000]
    if not found and not evaluation:
        raise RefusedError(
            f"{path.name}: no statutory table has a title that is known; if it is an account, "
            "add its titles to data/form_titles.csv"
        )
    head = "".join(lines[:12])  # a title may be cut after the name
    told = (r"(20\d\d)\s*年度?", head) if evaluation else (r"(20\d\d)年度", whole)
    years = re.findall(*told) or re.findall(r"(20\d\d)\s*年", whole)
    if not years:
        raise RefusedError(f"{path.name}: no year; is it complete?")
    year = Counter(years).most_common(1)[0][0]
    kind = "performance_evaluation" if evaluation else "final_accounts"
    document, sha = f"{year}-{kind.replace('_', '-')}", _sha256(read.canonical)
    before = existing.rows("documents") if existing else []
    for row in before:
        if row["document"] == document or row["sha256"] == sha:
            raise RefusedError(
                f"{path.name}: the package has {row['document']} already; take its rows out first"
            )
    named = filter(None, (TITLE.search(whole), *map(NAMED.match, [*lines[:12], head])))
    names = [re.sub(r"20\d\d年度?", "", one[1]).strip() for one in named]
    department = next((one for one in names if one not in ("", "部门", "单位")), "")
    department = department or next((row["department"] for row in before), "?")
    known = {row["department"]: row["department_en"] for row in before}
    english = known.get(department, f"{department} (to be translated)")
    columns = ("title", "title_en", "short_en", "short_zh")
    return {
        "document": document,
        "year": year,
        "kind": kind,
        "department": department,
        "department_en": english,
        **{column: year + name for column, name in zip(columns, NAMES[kind], strict=True)},
        "publisher": department,
        "publisher_en": english,
        "period": "draft: the fiscal year, as far as the document says",
        "period_zh": "草稿：按文件所列，为该财政年度",
        "lines": str(len(lines)),
        "sha256": sha,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ------------------------------------------------------------------------------------- rows


def _rows(
    read: Text,
    found: list[tables.Table],
    draft: narrative.Draft,
    facts: dict[str, str],
    existing: Package | None,
) -> Rows:
    """The new rows of every table, with all that the columns of the package may ask for."""
    document = {"document": facts["document"]}
    priced = [one for one in found if one.unit]  # a finding says which: without a unit no amounts
    rows: Rows = {
        **{name: [] for name in standard()},
        **_renamed(draft.rows, existing, facts["year"]),
        "documents": [facts],
    }
    rows["disclosed_tables"] = [
        {
            **document,
            "table": table.table,
            "line": table.line,
            "title": table.title,
            "unit": table.unit,
            "blanks": "unknown",
            "empty": "true" if table.empty else "false",
        }
        for table in priced
    ]
    rows["statutory_tables"] = [
        {**document, **asdict(cell), "value": cell.printed.replace(",", ""), "unit": table.unit}
        for table in priced
        for cell in sorted(table.cells, key=lambda one: one.line)
    ]
    labels = {cell.row: cell.label for table in found for cell in table.cells}
    for name, key, source in (
        ("items", "item", rows["amounts"]),
        ("units", "unit", [one for part in rows.values() for one in part]),
        ("indicator_definitions", "indicator", rows["indicators"]),
    ):
        known = {row[key] for row in existing.rows(name)} if existing else set()
        for row in source:
            if row.get(key) and row[key] not in known:
                known.add(row[key])
                rows[name].append(_reference(name, row, labels))
    themes = existing.rows("themes") if existing else []
    if rows["indicator_definitions"] and THEME["theme"] not in {row["theme"] for row in themes}:
        last = max((int(row["position"]) for row in themes), default=0)
        rows["themes"] = [{**THEME, "position": last + 1}]
    rows["not_transcribed"] = [
        {**document, "printed": printed, "reason": reasons[0], "reason_zh": reasons[1]}
        for printed, reasons in draft.left_out.items()
    ] + [{**document, **span} for span in _form_lines(read, found)]
    return rows


def _renamed(drafted: Rows, existing: Package | None, year: str) -> Rows:
    """Figures under names that the package does not use yet, in formulas too."""
    taken = {row["figure"] for name in drafted for row in (existing.rows(name) if existing else [])}

    def renamed(names: str) -> str:
        return re.sub(r"\b[a-z]\w*", lambda m: m[0] + (f"_in_{year}" if m[0] in own else ""), names)

    own = {row["figure"] for rows in drafted.values() for row in rows} & taken
    return {
        name: [
            {**row, "figure": renamed(row["figure"]), "formula": renamed(row["formula"])}
            for row in rows
        ]
        for name, rows in drafted.items()
    }


def _reference(name: str, row: Row, labels: dict[str, str]) -> Row:
    """A row of a table of reference that the draft needs and the package does not have."""
    if name == "units":
        return next(one for one in narrative.rules("units") if one["unit"] == row["unit"])
    if name == "items":
        label = labels.get(row["item"], "")
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


def _form_lines(read: Text, found: list[tables.Table]) -> Iterator[Row]:
    """Numbers that belong to the forms, not to the account; no amount is among them."""
    known = {line for table in found for cell in table.cells for line in (cell.line, cell.row_line)}
    lines = sorted(
        line
        for table in found
        for line in table.lines
        if line not in known
        and provenance.ANYWHERE.search(read.lines[line - 1].text)
        and not re.fullmatch(r"\t\s*-?[\d,]*\.\d+", read.lines[line - 1].text)
    )
    for _, run in groupby(enumerate(lines), key=lambda one: one[1] - one[0]):
        span = [line for _, line in run]
        yield {**FORM, "line": span[0], "last_line": span[-1]}


# ---------------------------------------------------------------------------------- writing


def _write(folder: Path, rows: Rows, descriptor: dict[str, Any] | None) -> None:
    """The package's files: new rows after the ones that are there."""
    if descriptor is None:
        department = rows["documents"][0]["department"]
        descriptor = {
            "name": f"draft-{_sha256(department)[:8]}",
            "title": f"{department}（草稿）",
            "resources": list(standard().values()),
        }
    if "review" not in {one["name"] for one in descriptor["resources"]}:
        descriptor = {**descriptor, "resources": [*descriptor["resources"], _review_table()]}
    _write_json(folder / DESCRIPTOR, descriptor)
    for resource in descriptor["resources"]:
        columns = [one["name"] for one in resource["schema"]["fields"]]
        _append(folder / resource["path"], columns, rows.get(resource["name"], []))


def _write_json(path: Path, content: Row) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _append(path: Path, columns: list[str], rows: list[Row]) -> None:
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    frame.to_csv(path, mode="a", header=not path.exists(), index=False, lineterminator="\n")


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


def _save(folder: Path, path: Path, read: Text, outcome: Outcome) -> None:
    """The text and where its lines stood, for whoever reviews; kept out of version control."""
    folder.mkdir()
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    name = outcome.document
    (folder / f"{name}.txt").write_bytes(read.canonical.encode())
    source = {"file": path.name, "sha256": read.sha256, "kind": read.kind, "reader": text.VERSION}
    _write_json(folder / f"{name}.source.json", source)
    page = review.page(name, read, outcome.review, outcome.summary)
    (folder / f"{name}.review.html").write_text(page, encoding="utf-8")
    columns = ["line", "page", "left", "top", "right", "bottom"]
    places = [
        dict(zip(columns, (number, line.page, *(line.box or ())), strict=False))
        for number, line in enumerate(read.lines, start=1)
        if line.page
    ]
    if places:
        _append(folder / f"{name}.places.csv", columns, places)


# ---------------------------------------------------------------------------------- proving


def _prove(
    outcome: Outcome,
    read: Text,
    found: list[tables.Table],
    draft: narrative.Draft,
    rows: Rows,
    existing: Package | None,
) -> None:
    """Hold the draft against itself: second reader, identities, claims, coverage."""
    facts, document = rows["documents"][0], outcome.document

    def point(rank: str, line: object, subject: str, printed: str, what: str) -> None:
        told = (document, rank, str(line), subject, printed, what, "open")
        outcome.review.append(dict(zip(review.COLUMNS, told, strict=True)))

    cells = [cell for table in found for cell in table.cells]
    again = [
        (cell, second) for cell in cells if (second := read.lines[cell.line - 1].second) is not None
    ]
    for cell, second in again:
        if second != cell.printed:
            what = f"the second reader has {second or 'nothing'}"
            point("readers disagree", cell.line, f"table {cell.table}", cell.printed, what)
    for finding in draft.findings:
        point("finding", finding.line, "", "", finding.what)
    absent = sorted({*forms.FORMS} - {table.table for table in found})
    for table in absent if facts["kind"] == "final_accounts" else ():
        point("finding", "", f"table {table}", "", f"not printed: {forms.TITLES[table][0]}")
    if facts["department"] == "?":
        point("finding", 1, "documents", "", "no name of a department was found")
    departments = {row["department"] for row in existing.rows("documents")} if existing else set()
    if departments and facts["department"] not in departments:
        what = f"the package is of {'、'.join(sorted(departments))}"
        point("finding", 1, "documents", facts["department"], what)

    checked = _declare(found, rows, existing)
    for row in rows["claims"]:  # what can fail is of medium severity until a person has judged it
        row["severity"] = "medium" if row["formula"] else ""
    package = _trial(rows, existing)
    printed = package.load("statutory_tables")
    known = Cells(printed, package.load("disclosed_tables")) if len(printed) else None
    covered: set[int] = set()
    for row in records(checked):
        if row["result"] == "holds":
            covered.update(_compared(row["formula"], known))
        elif row["result"] == "fails":
            off = f"{row['formula']} fails by {row['difference']:.2f} 万元: {row['meaning']}"
            at = next(_compared(row["formula"], known), "")
            point("identity fails", at, f"identity {row['identity']}", "", off)
    judged = claims.findings(package)
    for row in records(judged[~judged["holds"]]):
        what = f"{row['statement']}: {row['verdict']}; {row['arithmetic']}; severity to be judged"
        point("claim fails", row["line"], str(row["figure"]), str(row["printed"]), what)
    for numeral in draft.listed:
        near = _suggestions(existing, numeral) if existing else ""
        what = numeral.why + (f"; perhaps {near}" if near else "")
        point("numeral", numeral.line, numeral.context, numeral.printed, what)
    lines = {document: read.canonical.split("\n")}
    for problem in validation.problems(package) + provenance.misplaced(lines, package):
        point("finding", "", "package", "", problem)
    told = {(one.line, one.printed) for one in draft.listed}
    coverage = provenance.uncovered(lines, package)
    for row in records(coverage[~coverage["covered"]]):
        if not any(line == row["line"] and row["numeral"] in printed for line, printed in told):
            context = row["context"].strip()
            point("numeral", row["line"], context, row["numeral"], "not accounted for")
    amounts = [cell for cell in cells if cell.printed]
    lonely = [cell for cell in amounts if cell.line not in covered]
    for cell in lonely:
        where = f"table {cell.table}, row {cell.row}, column {cell.column}"
        point("no identity", cell.line, where, cell.printed, "no identity covers this cell")
    for declared in rows["disclosed_tables"]:
        if declared["blanks"] == "zero":
            what = "its blanks mean zero: proposed, since its identities hold so"
            point("proposal", declared["line"], f"table {declared['table']}", "", what)
    point("proposal", 1, "documents", facts["department"], "names, title and period: to be read")
    for table, count in Counter(row["table"] for row in rows["statutory_tables"]).items():
        point("rows", "", f"table {table}", "", f"{count} rows of statutory_tables as drafted")
    for name in narrative.DRAFTED:
        for line, count in Counter(row["line"] for row in rows[name]).items():
            point("rows", line, name, "", f"{count} rows of {name} as drafted")
    ranks = Counter(one["rank"] for one in outcome.review)
    outcome.review.sort(key=lambda one: ([*review.RANKS].index(one["rank"]), int(one["line"] or 0)))
    outcome.summary = [
        f"{document}: {len(read.pages) or 'no'} pages, {len(read.lines)} lines, {read.kind}",
        f"cells: {len(cells)} in {len(found)} tables; not printed: {', '.join(absent) or 'none'}",
        f"read twice: {len(again) - ranks['readers disagree']} of {len(again)} cells agree"
        if again
        else "read once: no second reader for this kind of document",
        f"identities: {int((checked['result'] == 'holds').sum())} hold, "
        f"{ranks['identity fails']} fail; they cover {len(amounts) - len(lonely)} of "
        f"{len(amounts)} amounts of the tables",
        f"numerals of the text: {len(draft.drafted)} drafted, {ranks['numeral']} left to a person",
        f"claims: {int(judged['holds'].sum())} of {len(judged)} reproduce",
        f"findings: {ranks['finding']}; open in review.csv: {len(outcome.review)}",
    ]


def _trial(rows: Rows, existing: Package | None) -> Package:
    """The draft as a package of its own, so that the checks can run before it is written."""
    names = ("items", "units", "themes", "indicator_definitions") if existing else ()
    known = {name: [*existing.rows(name), *rows[name]] for name in names if existing}
    with tempfile.TemporaryDirectory() as held:
        _write(Path(held), {**rows, **known}, None)
        return Package(Path(held))


def _declare(found: list[tables.Table], rows: Rows, existing: Package | None) -> pd.DataFrame:
    """Propose that blanks mean zero where the identities of a table hold so and none fails.

    Returns:
        the identities as they come out with that.
    """
    blank = {
        t.table for t in found if not t.empty and any(c.label and not c.printed for c in t.cells)
    }
    proposed = [row for row in rows["disclosed_tables"] if row["table"] in blank]
    checked = pd.DataFrame(columns=["formula", "result"])
    for attempt in (True, False):
        for row in proposed:
            row["blanks"] = "zero" if attempt or row["table"] in blank else "unknown"
        for checked in identities.checked_tables(_trial(rows, existing)).values():
            for row in proposed:
                own = checked[checked["formula"].str.match(rf"Σ?{row['table']}\.")]["result"]
                if not (own == "holds").any() or (own == "fails").any():
                    blank.discard(row["table"])
    return checked


def _compared(formula: str, known: Cells | None) -> Iterator[int]:
    """Lines of the cells that an identity, written as readers see it, compares."""
    written = re.sub(r"(?<!\d)(?=\d\d\.r)", "T", formula).replace("..", "_").replace("/*", "_")
    for one in REFERENCE.finditer(written):
        yield from (cell.line for cell in (known.find(one[0]) if known else ()) if cell.line)


def _suggestions(package: Package, numeral: narrative.Numeral) -> str:
    """The indicators of a package with the unit and the words of a numeral, nearest first."""

    def pairs(text: str) -> list[str]:
        return [a + b for a, b in pairwise(text)]

    names = {row["indicator"]: row["name_zh"] for row in package.rows("indicator_definitions")}
    units = {(row["indicator"], row["unit"]) for row in package.rows("indicators")}
    around = {*pairs(numeral.context)}
    scores = sorted(
        (-sum(pair in around for pair in pairs(names[one])), one)
        for one, unit in units
        if numeral.printed.endswith(unit) and one in names
    )
    return ", ".join(one for score, one in scores[:3] if score <= -2)
