"""Two real accounts of other departments, keyed from their cells as read by eye into packages.

``data/planning-cells.csv`` and ``data/finance-cells.csv`` hold table, row, column and the
characters printed. Lines are made up: a cell a line.
"""

import csv
import hashlib
import json
import shutil
from pathlib import Path

from conftest import DATA, ROOT

from analysis.data import forms
from analysis.data.package import standard

SAMPLES = ("planning", "finance")
# Tables that the cells leave out because they are printed without any amount.
EMPTY = {"planning": ("07", "08"), "finance": ("07", "08")}


def keyed(name: str, folder: Path, blanks: str = "unknown", unit: str = "万元") -> Path:
    """Write a package of one account; `blanks` says what its blank cells mean."""
    folder.mkdir(parents=True)
    source = ROOT / "tests" / "data" / f"{name}-cells.csv"
    with source.open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))
    tables = {name: [] for name in standard()}
    document = f"2024-{name}"
    tables["documents"] = [{
        "document": document, "year": 2024, "kind": "final_accounts",
        "department": "某区某局", "department_en": "A bureau of a district",
        "title": "2024年度部门决算", "title_en": "2024 departmental final accounts",
        "short_en": "2024 accounts", "short_zh": "2024年决算",
        "publisher": "某区某局", "publisher_en": "A bureau of a district",
        "period": "the year", "period_zh": "全年", "lines": 9999,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
    }]  # fmt: skip
    for table in sorted({one["table"] for one in printed} | {*EMPTY[name]}):
        tables["disclosed_tables"].append({
            "document": document, "table": table, "line": int(table),
            "title": forms.TITLES[table][0], "unit": unit, "blanks": blanks,
            "empty": str(table in EMPTY[name]).lower(),
        })  # fmt: skip
    for line, one in enumerate(printed, start=20):
        tables["statutory_tables"].append({
            "document": document, **one, "label": forms.label(one["table"], one["row"]),
            "line": line, "row_line": line, "value": one["printed"].replace(",", ""),
            "unit": unit,
        })  # fmt: skip
    for name, resource in standard().items():
        path = folder / resource["path"]
        if name in ("units", "items"):
            shutil.copy(DATA / resource["path"], path)
            continue
        with path.open("w", encoding="utf-8", newline="") as file:
            columns = [field["name"] for field in resource["schema"]["fields"]]
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(tables[name])
    descriptor = {"name": document, "title": document, "resources": [*standard().values()]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return folder
