"""How many consistent misreadings are noticed: one digit changed in what is printed and its value.

Run from the root of the repository, with the folder of the documents' texts as the argument:
``.venv/bin/python benchmarks/misreadings.py FOLDER``. It takes about a minute.
"""

import csv
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from accounts import SAMPLES, keyed  # noqa: E402

from analysis.checks import claims, identities, provenance, validation  # noqa: E402
from analysis.data.package import Package  # noqa: E402

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
CHANCE = random.Random(250)


def findings(package: Package) -> set[object]:
    """What fails in a package: figures of claims, and formulas of identities."""
    judged = claims.findings(package)
    failed: set[object] = {*judged[~judged["holds"]]["figure"]}
    for document, frame in identities.checked_tables(package).items():
        failed |= {(document, one) for one in frame[frame["result"] == "fails"]["formula"]}
    return failed


def misread(row: dict[str, str]) -> dict[str, str] | None:
    """The row with one digit changed; None where that does not change the value."""
    printed = row["printed"]
    digits = [place for place, one in enumerate(printed) if one.isdigit()]
    if not row["value"] or not digits:
        return None
    place = CHANCE.choice(digits)
    other = CHANCE.choice([one for one in "0123456789" if one != printed[place]])
    changed = printed[:place] + other + printed[place + 1 :]
    found = NUMBER.search(changed)
    assert found
    value = found.group().replace(",", "")
    same = float(value) == float(row["value"])
    return None if same else row | {"printed": changed, "value": value}


def run(folder: Path, texts: Path, weights: dict[str, int], times: int) -> Counter[tuple[str, str]]:
    """Misread so often, and count by table how each was noticed."""
    before, counted = findings(Package(folder)), Counter[tuple[str, str]]()
    while counted.total() < times:
        [name] = CHANCE.choices([*weights], [*weights.values()])
        path = folder / f"{name}.csv"
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode().splitlines()))
        place = CHANCE.randrange(len(rows))
        if not (changed := misread(rows[place])):
            continue
        rows[place] = changed
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        if validation.problems(folder):
            how = "refused"
        elif findings(Package(folder)) - before:
            how = "a finding"
        elif provenance.verify(texts, Package(folder)).wrong:
            how = "by the text only"
        else:
            how = "not noticed"
        counted[name, how] += 1
        path.write_bytes(content)
    return counted


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(shutil.copytree(ROOT / "data", Path(scratch, "own")))
        weights = {"amounts": 40, "indicators": 60, "claims": 50, "statutory_tables": 50}
        told = run(own, Path(sys.argv[1]), weights, 150)
        for sample in SAMPLES:
            account = keyed(sample, Path(scratch, sample, "package"), "zero")
            told += run(account, Path(scratch, sample, "texts"), {"statutory_tables": 1}, 50)
    for (name, how), number in sorted(told.items()):
        print(f"{name:20} {how:20} {number}")
