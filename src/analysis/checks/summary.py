"""What ``analysis check`` prints."""

from __future__ import annotations

from pathlib import Path

from analysis.checks.claims import findings
from analysis.checks.identities import checked_tables, undisclosed
from analysis.data.package import load, records


def lines(data: str | Path | None = None) -> list[str]:
    """What ``analysis check`` prints: one line a finding, then what was checked."""
    told = []
    judged = findings(data)
    for row in records(judged[~judged["holds"]]):
        told.append(
            f"{row['severity']}: {row['document']}:{row['line']} {row['printed']}: "
            f"{row['statement']}: {row['verdict']}; {row['arithmetic']} [{row['figure']}]"
        )
    checked = checked_tables(data)
    for document in load("documents", data)["document"]:
        if document not in checked:
            told.append(f"identities: {document}: no statutory table is disclosed")
            continue
        for row in records(checked[document][checked[document]["result"] == "fails"]):
            told.append(
                f"high: {document}: {row['formula']}: fails by {row['difference']:.2f} 万元 "
                f"(identity {row['identity']})"
            )
        counts = checked[document]["result"].value_counts()
        absent = undisclosed(load("statutory_tables", data, document=document))
        told.append(
            f"identities: {document}: {counts.get('holds', 0)} hold, "
            f"{counts.get('fails', 0)} fail, {counts.get('not checked', 0)} not checked; "
            f"tables not disclosed: {', '.join(absent) or 'none'}"
        )
    told.append(f"claims: {int(judged['holds'].sum())} of {len(judged)} reproduce")
    return told
