"""A document as read, written as a draft package: rows, what a person has to look at, proof.

Nothing in the draft claims more than was read: every group of rows is open in the table `review`
until a person has looked at it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.checks import claims, identities, provenance, validation
from analysis.data import forms
from analysis.data.package import DESCRIPTOR, Package, standard
from analysis.transcribe import narrative, review, tables, text
from analysis.transcribe.outcome import Outcome
from analysis.transcribe.text import RefusedError, Text

FOLDER = "transcription"  # beside the tables: the text, where its lines stood, the review page
TITLE = re.compile(r"第一部分\s*(.{2,40}?)(?:部门|单位)?(?:概况|基本情况)")
NAMED = re.compile(
    r"^(?:附件\d*[：:]?)?(?:关于)?(?:20\d\d年度?)?(.{2,40}?)(?:20\d\d年度?)?(?:部门)?(?:整体)?(?:支出)?(?:决算|绩效)"
)
REVIEW = ("document", "rank", "line", "subject", "printed", "what", "state")
RANKS = (
    "readers disagree",
    "finding",
    "identity fails",
    "claim fails",
    "numeral",
    "no identity",
    "proposal",
    "rows",
)
FORM = ("number, code or label of a statutory form", "决算表的行次、栏次、代码或项目")
THEME = {
    "theme": "organisation",
    "position": "1",
    "name_zh": "机构人员资产",
    "name_en": "Staff, vehicles and assets",
}


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
    rows = _rows(read, found, draft, facts, existing)
    with tempfile.TemporaryDirectory() as held:
        findings += draft.findings
        outcome = _prove(Path(held), read, found, findings, draft, facts, rows, existing)
        outcome.folder = folder
        rows["review"] = outcome.review
        work = Path(held) / "package"
        if existing:
            for one in (DESCRIPTOR, *(one["path"] for one in existing.resources.values())):
                (work / one).parent.mkdir(exist_ok=True)
                (work / one).write_bytes(existing.content[one])
        _write(work, rows, facts, existing.descriptor if existing else None)
        outcome.summary += [f"package: {one}" for one in validation.problems(Package(work))[:5]]
        _save(work, path, read, outcome)
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
    head = "".join(lines[:12])
    evaluation = not found and "绩效" in whole[:3000]
    if not found and not evaluation:
        raise RefusedError(
            f"{path.name}: no statutory table has a title that is known; if it is an account, "
            "add its titles to data/form_titles.csv"
        )
    years = (
        re.findall(r"(20\d\d)\s*年度?", head) if evaluation else re.findall(r"(20\d\d)年度", whole)
    )
    years = years or re.findall(r"(20\d\d)\s*年", whole)
    if not years:
        raise RefusedError(f"{path.name}: no year; is it complete?")
    year = Counter(years).most_common(1)[0][0]
    named = TITLE.search(whole) or next(
        (m for line in lines[:12] if (m := NAMED.match(line))), None
    )
    department = re.sub(r"20\d\d年度?", "", named[1]).strip() if named else ""
    kind = "performance_evaluation" if evaluation else "final_accounts"
    document = f"{year}-{kind.replace('_', '-')}"
    sha = hashlib.sha256(read.canonical.encode()).hexdigest()
    for row in existing.rows("documents") if existing else []:
        if row["document"] == document or row["sha256"] == sha:
            raise RefusedError(
                f"{path.name}: the package has {row['document']} already; take its rows out first"
            )
    if existing and not department:
        department = existing.rows("documents")[0]["department"]
    said = {
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
    }[kind]
    before = existing.rows("documents") if existing else []
    known = {row["department"]: row["department_en"] for row in before}
    return {
        "document": document,
        "year": year,
        "kind": kind,
        "department": department or "?",
        "department_en": known.get(department, department or "?"),
        "title": year + said[0],
        "title_en": year + said[1],
        "short_en": year + said[2],
        "short_zh": year + said[3],
        "publisher": department or "?",
        "publisher_en": known.get(department, department or "?"),
        "period": "draft: the fiscal year, as far as the document says",
        "period_zh": "草稿：按文件所列，为该财政年度",
        "lines": str(len(lines)),
        "sha256": sha,
    }


# ------------------------------------------------------------------------------------- rows


def _rows(
    read: Text,
    found: list[tables.Table],
    draft: narrative.Draft,
    facts: dict[str, str],
    existing: Package | None,
) -> dict[str, list[dict[str, str]]]:
    """The new rows of every table, with all that the columns of the package may ask for."""
    document = facts["document"]
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in standard()}
    rows["documents"] = [facts]
    for table in found:
        if not table.unit:
            continue  # a finding says so: amounts without a unit are none
        rows["disclosed_tables"].append(
            {
                "document": document,
                "table": table.table,
                "line": str(table.line),
                "title": table.title,
                "unit": table.unit,
                "blanks": "unknown",
                "empty": "true" if table.empty else "false",
            }
        )
        for cell in sorted(table.cells, key=lambda one: one.line):
            rows["statutory_tables"].append(
                {
                    "document": document,
                    "table": cell.table,
                    "row": cell.row,
                    "column": str(cell.column),
                    "label": cell.label,
                    "line": str(cell.line),
                    "row_line": str(cell.row_line),
                    "printed": cell.printed,
                    "value": cell.printed.replace(",", ""),
                    "unit": table.unit,
                }
            )
    for name, drafted in _renamed(draft.rows, existing, facts["year"]).items():
        rows[name] = drafted
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
    if rows["indicator_definitions"]:
        themes = existing.rows("themes") if existing else []
        if THEME["theme"] not in {row["theme"] for row in themes}:
            last = max((int(row["position"]) for row in themes), default=0)
            rows["themes"] = [{**THEME, "position": str(last + 1)}]
    rows["not_transcribed"] = [
        {"document": document, "printed": printed, "reason": reasons[0], "reason_zh": reasons[1]}
        for printed, reasons in draft.left_out.items()
    ] + list(_form_lines(read, found, document))
    return rows


def _renamed(
    drafted: dict[str, list[dict[str, str]]], existing: Package | None, year: str
) -> dict[str, list[dict[str, str]]]:
    """Figures under names that the package does not use yet, in formulas too."""
    taken = {row["figure"] for name in drafted for row in (existing.rows(name) if existing else [])}
    new = {
        row["figure"]: f"{row['figure']}_in_{year}"
        for rows in drafted.values()
        for row in rows
        if row["figure"] in taken
    }
    return {
        name: [
            {
                **row,
                "figure": new.get(row["figure"], row["figure"]),
                "formula": re.sub(r"\b[a-z]\w*", lambda m: new.get(m[0], m[0]), row["formula"]),
            }
            for row in rows
        ]
        for name, rows in drafted.items()
    }


def _reference(name: str, row: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """A row of a table of reference that the draft needs and the package does not have."""
    if name == "units":
        path = Path(__file__).with_name("units.csv")
        with path.open(encoding="utf-8", newline="") as file:
            return next(one for one in csv.DictReader(file) if one["unit"] == row["unit"])
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
        "indicator": row["indicator"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "theme": THEME["theme"],
        "kind": row["kind"],
        "population": row["name_en"].lower(),
        "population_zh": row["name_zh"],
        "sampled": "false",
        "better": "neither",
        "concept": row["indicator"],
        "comparability": "single",
    }


def _booked_in(row: dict[str, str]) -> str:
    """The column of table 02 whose heading the name of a source of revenue ends with."""
    headings = {one["id"]: one["header"] for (t, _, _), one in forms.COLUMNS.items() if t == "02"}
    ends = (one for one, header in headings.items() if row["name_zh"].endswith(header))
    return next(ends, "") if row.get("scheme") == "source" else ""


def _form_lines(read: Text, found: list[tables.Table], document: str) -> Iterator[dict[str, str]]:
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
    first = None
    for line, after in zip(lines, [*lines[1:], 0], strict=False):
        first = first or line
        if after != line + 1:
            yield {
                "document": document,
                "line": str(first),
                "last_line": str(line),
                "printed": "",
                "reason": FORM[0],
                "reason_zh": FORM[1],
            }
            first = None


# ---------------------------------------------------------------------------------- writing


def _write(
    folder: Path,
    rows: dict[str, list[dict[str, str]]],
    facts: dict[str, str],
    descriptor: dict[str, Any] | None,
) -> None:
    """The package's files: new rows after the ones that are there."""
    folder.mkdir(exist_ok=True)
    if descriptor is None:
        slug = hashlib.sha256(facts["department"].encode()).hexdigest()[:8]
        descriptor = {
            "name": f"draft-{slug}",
            "title": f"{facts['department']}（草稿）",
            "resources": list(standard().values()),
        }
    if "review" not in {one["name"] for one in descriptor["resources"]}:
        descriptor = {**descriptor, "resources": [*descriptor["resources"], _review_table()]}
    (folder / DESCRIPTOR).write_text(
        json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    for resource in descriptor["resources"]:
        columns = [one["name"] for one in resource["schema"]["fields"]]
        _append(folder / resource["path"], columns, rows.get(resource["name"], []))


def _append(path: Path, columns: list[str], rows: Iterable[dict[str, str]]) -> None:
    held = io.StringIO(newline="")
    writer = csv.DictWriter(held, columns, restval="", extrasaction="ignore", lineterminator="\n")
    if not path.exists():
        writer.writeheader()
    writer.writerows(rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(held.getvalue())


def _review_table() -> dict[str, Any]:
    """Description of the table of what a person has to look at, and has."""
    fields = [{"name": name, "type": "string"} for name in REVIEW]
    return {
        **standard()["themes"],
        "name": "review",
        "path": "review.csv",
        "title": "What of a draft a person has to look at: open, or done",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _save(folder: Path, path: Path, read: Text, outcome: Outcome) -> None:
    """The text and where its lines stood, for whoever reviews; kept out of version control."""
    held = folder / FOLDER
    held.mkdir(exist_ok=True)
    (held / ".gitignore").write_text("*\n", encoding="utf-8")
    name = outcome.document
    (held / f"{name}.txt").write_bytes(read.canonical.encode())
    source = {"file": path.name, "sha256": read.sha256, "kind": read.kind, "reader": text.VERSION}
    (held / f"{name}.source.json").write_text(
        json.dumps(source, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    places = [
        {
            "line": str(number),
            "page": str(line.page),
            **dict(zip(("left", "top", "right", "bottom"), map(str, line.box or ()), strict=False)),
        }
        for number, line in enumerate(read.lines, start=1)
        if line.page
    ]
    (held / f"{name}.review.html").write_text(review.page(outcome), encoding="utf-8")
    if places:
        columns = ["line", "page", "left", "top", "right", "bottom"]
        _append(held / f"{name}.places.csv", columns, places)


# ---------------------------------------------------------------------------------- proving


def _prove(
    scratch: Path,
    read: Text,
    found: list[tables.Table],
    findings: list[tables.Finding],
    draft: narrative.Draft,
    facts: dict[str, str],
    rows: dict[str, list[dict[str, str]]],
    existing: Package | None,
) -> Outcome:
    """Hold the draft against itself: second reader, identities, claims, coverage."""
    document = facts["document"]
    outcome = Outcome(scratch, document, read, found)

    def point(rank: str, line: object, subject: str, printed: str, what: str) -> None:
        outcome.review.append(
            {
                "document": document,
                "rank": rank,
                "line": str(line),
                "subject": subject,
                "printed": printed,
                "what": what,
                "state": "open",
            }
        )

    cells = [cell for table in found for cell in table.cells]
    second = {cell: read.lines[cell.line - 1].second for cell in cells}
    for cell, other in second.items():
        if other not in (None, cell.printed):
            what = f"the second reader has {other or 'nothing'}"
            point("readers disagree", cell.line, f"table {cell.table}", cell.printed, what)
    for finding in findings:
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

    trial = _Trial(scratch, rows, facts, existing)
    frame = trial.declare(found)
    covered: set[Key] = set()
    lines_of = {(cell.table, cell.row, cell.column): cell.line for cell in cells}
    for row in frame.to_dict("records"):
        named = list(_named(str(row["formula"]), lines_of))
        if row["result"] == "holds":
            covered.update(named)
        elif row["result"] == "fails":
            off = f"{row['formula']} fails by {row['difference']:.2f} 万元: {row['meaning']}"
            at = lines_of[named[0]] if named else ""
            point("identity fails", at, f"identity {row['identity']}", "", off)
    judged = trial.judge()
    for row in judged[~judged["holds"]].to_dict("records"):
        what = f"{row['statement']}: {row['verdict']}; {row['arithmetic']}; severity to be judged"
        point("claim fails", row["line"], str(row["figure"]), str(row["printed"]), what)
    package = trial.package()
    for numeral, near in zip(draft.listed, _suggestions(existing, draft.listed), strict=True):
        what = numeral.why + (f"; perhaps {near}" if near else "")
        point("numeral", numeral.line, numeral.context, numeral.printed, what)
    lines = {document: read.canonical.split("\n")}
    for problem in validation.problems(package):
        point("finding", "", "package", "", problem)
    for wrong in provenance.misplaced(lines, package):
        point("finding", "", "package", "", wrong)
    told = {(one.line, one.printed) for one in draft.listed}
    coverage = provenance.uncovered(lines, package)
    for row in coverage[~coverage["covered"]].to_dict("records"):
        if not any(line == row["line"] and row["numeral"] in printed for line, printed in told):
            point(
                "numeral", row["line"], row["context"].strip(), row["numeral"], "not accounted for"
            )
    amounts = [cell for cell in cells if cell.printed]
    lonely = [one for one in amounts if (one.table, one.row, one.column) not in covered]
    for cell in lonely:
        where = f"table {cell.table}, row {cell.row}, column {cell.column}"
        point("no identity", cell.line, where, cell.printed, "no identity covers this cell")
    for declared in rows["disclosed_tables"]:
        if declared["blanks"] == "zero":
            what = "its blanks mean zero: proposed, since its identities hold so"
            point("proposal", declared["line"], f"table {declared['table']}", "", what)
    point("proposal", 1, "documents", facts["department"], "names, title and period: to be read")
    for name in ("statutory_tables", "amounts", "indicators", "claims"):
        groups = Counter(row["table"] if "table" in row else row["line"] for row in rows[name])
        for group, count in groups.items():
            line, subject = ("", f"table {group}") if "statutory" in name else (group, name)
            point("rows", line, subject, "", f"{count} rows of {name} as drafted")
    outcome.review.sort(key=lambda one: (RANKS.index(one["rank"]), int(one["line"] or 0)))
    ranks = Counter(one["rank"] for one in outcome.review)
    twice = sum(other is not None for other in second.values())
    outcome.summary = [
        f"{document}: {len(read.pages) or 'no'} pages, {len(read.lines)} lines, {read.kind}",
        f"cells: {len(cells)} in {len(found)} tables; not printed: {', '.join(absent) or 'none'}",
        f"read twice: {twice - ranks['readers disagree']} of {twice} cells agree"
        if twice
        else "read once: no second reader for this kind of document",
        f"identities: {int((frame['result'] == 'holds').sum())} hold, "
        f"{ranks['identity fails']} fail; they cover {len(amounts) - len(lonely)} of "
        f"{len(amounts)} amounts of the tables",
        f"numerals of the text: {len(draft.drafted)} drafted, {ranks['numeral']} left to a person",
        f"claims: {int(judged['holds'].sum())} of {len(judged)} reproduce",
        f"findings: {ranks['finding']}; open in review.csv: {len(outcome.review)}",
    ]
    return outcome


class _Trial:
    """The draft as a package of its own, so that the checks can run before it is written."""

    def __init__(
        self,
        scratch: Path,
        rows: dict[str, list[dict[str, str]]],
        facts: dict[str, str],
        existing: Package | None,
    ) -> None:
        self.scratch, self.rows, self.facts, self.existing = scratch, rows, facts, existing
        self.number = 0

    def package(self) -> Package:
        self.number += 1
        folder = self.scratch / f"trial{self.number}"
        rows = {**self.rows}
        if self.existing:
            for name in ("items", "units", "themes", "indicator_definitions"):
                rows[name] = [*self.existing.rows(name), *rows[name]]
        _write(folder, rows, self.facts, None)
        return Package(folder)

    def declare(self, found: list[tables.Table]) -> pd.DataFrame:
        """Propose that blanks mean zero where the identities of a table hold so and none fails.

        Returns:
            the identities as they come out with that.
        """
        document = self.facts["document"]
        blank = {
            t.table
            for t in found
            if not t.empty and any(c.label and not c.printed for c in t.cells)
        }
        proposed = [row for row in self.rows["disclosed_tables"] if row["table"] in blank]
        frame = pd.DataFrame(columns=["formula", "result"])
        for attempt in (True, False):
            for row in proposed:
                row["blanks"] = "zero" if attempt or row["table"] in blank else "unknown"
            checked = identities.checked_tables(self.package())
            frame = checked.get(document, frame)
            for row in proposed:
                own = frame[frame["formula"].str.match(rf"Σ?{row['table']}\.")]["result"]
                if not (own == "holds").any() or (own == "fails").any():
                    blank.discard(row["table"])
        return frame

    def judge(self) -> pd.DataFrame:
        """Judge the claims; what can fail is of medium severity until a person has judged it."""
        for row in self.rows["claims"]:
            if row["formula"]:
                row["severity"] = "medium"
        return claims.findings(self.package())


Key = tuple[str, str, int]
TERM = re.compile(
    r"(\d\d)\.r(\w+?)(?:\.\.r(\d+))?(/\*)?\.(?:c(\d+)(?:\.\.c(\d+))?|([a-z_]+))(?!\w)"
)


def _named(formula: str, keys: Iterable[Key]) -> Iterator[Key]:
    """The cells that an identity's formula names, ranges and levels below spelled out."""
    known = set(keys)
    for found in TERM.finditer(formula):
        table, row, last, below, column, to, name = found.groups()
        rows = [row]
        if below:
            rows = list(forms.children(row, [r for t, r, _ in known if t == table]))
        elif last:
            rows = [str(number) for number in range(int(row), int(last) + 1)]
        if name:
            width = forms.width(table, [c for t, _, c in known if t == table])
            columns = [
                c
                for (t, w, c), one in forms.COLUMNS.items()
                if t == table and w == width and one["id"] == name
            ]
        else:
            columns = list(range(int(column), int(to or column) + 1))
        yield from ((table, r, c) for r in rows for c in columns if (table, r, c) in known)


def _suggestions(package: Package | None, listed: list[narrative.Numeral]) -> list[str]:
    """For each numeral the indicators of a package with its unit and words, nearest first."""
    if package is None:
        return [""] * len(listed)
    names = {row["indicator"]: row["name_zh"] for row in package.rows("indicator_definitions")}
    units = {(row["indicator"], row["unit"]) for row in package.rows("indicators")}
    near = []
    for numeral in listed:
        around = {a + b for a, b in zip(numeral.context, numeral.context[1:], strict=False)}
        scores = sorted(
            (-sum(a + b in around for a, b in zip(names[one], names[one][1:], strict=False)), one)
            for one, unit in units
            if numeral.printed.endswith(unit) and one in names
        )
        near.append(", ".join(one for score, one in scores[:3] if score <= -2))
    return near
