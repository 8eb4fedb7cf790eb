"""Two real accounts of other departments, keyed from their cells as read by eye into packages.

``data/planning-cells.csv`` and ``data/finance-cells.csv`` hold table, row, column and the
characters printed. The text that they stand in is made up: the titles, then two lines a cell, the
row and what is printed. It lies beside the package, in the folder `texts`.
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
        "period": "the year", "period_zh": "全年",
    }]  # fmt: skip
    for table in sorted({one["table"] for one in printed} | {*EMPTY[name]}):
        tables["disclosed_tables"].append({
            "document": document, "table": table, "line": int(table),
            "title": forms.TITLES[table][0], "unit": unit, "blanks": blanks,
            "empty": str(table in EMPTY[name]).lower(),
        })  # fmt: skip
    text = [title for title, _ in forms.TITLES.values()]
    for one in printed:
        text += [one["row"], one["printed"]]
        tables["statutory_tables"].append({
            "document": document, **one, "label": forms.label(one["table"], one["row"]),
            "line": len(text), "row_line": len(text) - 1,
            "value": one["printed"].replace(",", ""), "unit": unit,
        })  # fmt: skip
    content = "\n".join(text).encode()
    tables["documents"][0] |= {
        "lines": len(text), "sha256": hashlib.sha256(content).hexdigest()
    }  # fmt: skip
    texts = folder.with_name("texts")
    texts.mkdir(exist_ok=True)
    (texts / f"{document}.txt").write_bytes(content)
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
