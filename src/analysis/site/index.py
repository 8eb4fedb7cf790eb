"""The page that leads to every report and sets the years side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.data.package import data_directory, dictionary, load, records, years
from analysis.disclosure import Disclosure
from analysis.present import display
from analysis.present import old_charts as charts
from analysis.reports import data_quality
from analysis.reports.overview import findings, headlines
from analysis.site.page import Shell, exporter

BY_TABLE = "Rows transcribed from each document, by table"
CALLED = {"claims": "Statements", "not_transcribed": "Left out"}
NEWEST = 10  # years set side by side; more fit neither a table nor a phone


@dataclass(frozen=True)
class Status:
    """What became of one report; `path` leads to it from the index."""

    notebook: str
    year: int | None
    path: str
    title: str
    state: str  # written or failed
    error: str = ""


def render(statuses: Sequence[Status], data: Path) -> str:
    """The index of these reports and of the data they were made from."""
    documents = load("documents", data)
    disclosures = [Disclosure(year, data) for year in years(data)[-NEWEST:]]
    newest = sorted({s.year for s in statuses if s.year is not None}, reverse=True)
    groups = [(str(year), [s for s in statuses if s.year == year]) for year in newest]
    across = [s for s in statuses if s.year is None]
    counted = {
        name: CALLED.get(name, name.replace("_", " ").capitalize())
        for name, table in dictionary(data_directory(data)).items()
        if name != "documents" and "document" in {one["name"] for one in table["schema"]["fields"]}
    }
    context = {
        "shell": Shell(""),
        "departments": list(dict.fromkeys(zip(documents["department_en"], documents["department"],
                                              strict=True))),
        "failed": [s for s in statuses if s.state == "failed"],
        "groups": [*groups, ("All years", across)] if across else groups,
        "sections": [
            ("Findings", [display.bullets(findings(disclosures))]),
            (
                "The newest years side by side"
                if len(disclosures) < len(years(data))
                else "The years side by side",
                _headline(headlines(disclosures), set(years(data))),
            ),
            (
                "What the data cover",
                [data_quality.coverage(documents, counted, BY_TABLE, "", data)],
            ),
        ],
    }  # fmt: skip
    return str(exporter("index.html.j2").template.render(resources=context))


def _headline(frame: pd.DataFrame, documented: set[int]) -> Iterable[display.Fragment]:
    """The headline figures as a table of all years, and as small multiples."""
    if frame.empty:
        yield display.notice("No figure is known for two years.", "not comparable")
        return
    shown = {str(year): str(year) for year in sorted(frame["year"].unique(), reverse=True)}
    silent = {year: "not stated" if int(year) in documented else "no document" for year in shown}
    frame = frame.fillna({"source": "", "disputed": ""})
    known = frame[frame["kind"] != "missing"]
    table = [
        {
            "label": series,
            "label_zh": part["label_zh"].iloc[0],
            **silent,
            **{str(row["year"]): _figure(row) for row in records(part)},
            "source": "; ".join(source for source in part["source"] if source),
            "disputed": next(filter(None, part["disputed"]), ""),
        }
        for series, part in known.groupby("series", sort=False)
    ]
    yield display.table(
        pd.DataFrame(table),
        "Headline figures of the years",
        headers={"label": "Figure", **shown},
        digits=dict.fromkeys(shown, 2),
        note=" ".join(
            [
                "Whether the executed totals of two documents, and the rates over them, include "
                "the same is not stated: do not compare them.",
                *dict.fromkeys(
                    f"{row['series']}: {row['note']}." for row in records(frame) if row["note"]
                ),
            ]
        ),
    )
    yield display.chart(
        charts.multiples(frame),
        frame,
        "Headline figures over the years",
        "Small multiples: one panel a figure, one mark a year; the values are in the table above.",
        headers={"series": "Figure", "year": "Year", "value": "Value", "kind": "Kind"},
    )


def _figure(row: dict[str, Any]) -> str:
    return f"{row['text']} (derived)" if row["kind"] == "derived" else str(row["text"])
