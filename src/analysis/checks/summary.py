"""What ``analysis check`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.checks.claims import counts, findings
from analysis.checks.identities import checked_tables, undisclosed
from analysis.data.package import Package, find, records, unreviewed
from analysis.data.text import inert


def lines(data: Package | str | Path | None = None) -> list[str]:
    """One line a finding, then what was checked; nothing in them moves a terminal."""
    return [inert(one) for one in _lines(find(data))]


def _lines(package: Package) -> Iterator[str]:
    judged = findings(package)
    for row in records(judged[~judged["holds"]]):
        yield (
            f"{row['severity']}: {row['document']}:{row['line']} {row['printed']}: "
            f"{row['statement']}: {row['verdict']}; {row['arithmetic']} [{row['figure']}]"
        )
    checked = checked_tables(package)
    for document in package.load("documents")["document"]:
        if document not in checked:
            yield f"identities: {document}: no statutory table is disclosed"
            continue
        frame = checked[document]
        for row in records(frame[frame["result"] == "fails"]):
            yield (
                f"high: {document}: {row['formula']}: fails by {row['difference']:.6g} 万元 "
                f"(identity {row['identity']})"
            )
        results = frame["result"].value_counts()
        real = frame[frame["result"] != "not checked"]
        absent = undisclosed(package.load("disclosed_tables", document=document))
        yield (
            f"identities: {document}: {results.get('holds', 0)} hold, "
            f"{results.get('fails', 0)} fail, {results.get('not checked', 0)} not checked; "
            f"of {len(real)} comparisons {int(real['zeros'].sum())} are only of zeros, "
            f"{int((real['declared'] > 0).sum())} rest on blanks declared to be zero; "
            f"tables not disclosed: {', '.join(absent) or 'none'}"
        )
    yield str(counts(judged))
    if left := unreviewed(package):
        yield f"review: {left} points of a draft are open in review.csv"
