"""Sections of the reports: one measure each, shown as a chart or table with what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from . import audit, budget, charts, composition, display, indicators, statutory
from .composition import SCHEMES
from .disclosure import Disclosure
from .display import Fragment
from .sentences import money, percent
from .tables import load, records

LISTING = {  # the value first, which a phone shows without scrolling
    "label": "Indicator",
    "text": "Value",
    "unit_en": "Unit",
    "year": "Year",
    "over": "Over",
    "share": "Share (%)",
}


def _table(
    frame: pd.DataFrame, caption: str, headers: Mapping[str, str], empty: str, **options: Any
) -> Fragment:
    """A table, or a notice where there is nothing to show."""
    if frame.empty:
        return display.notice(empty)
    return display.table(frame, caption, headers=headers, **options)


def rates(measures: pd.DataFrame, year: int) -> Fragment:
    """The measures that can be computed (from ``budget.measures``)."""
    return _table(
        measures[measures["value"].notna()],
        f"Measures of budget execution, {year}",
        {
            "label": "Measure",
            "value": "Rate (%)",
            "numerator": "Numerator (万元)",
            "denominator": "Base (万元)",
            "formula": "Formula",
        },
        "None of the published measures can be computed.",
    )


def not_computed(measures: pd.DataFrame, year: int) -> Fragment:
    """The measures that have no value, and why (from ``budget.measures``)."""
    missing = measures[measures["value"].isna()]
    if missing.empty:
        return display.paragraphs("Every measure can be computed.")
    return display.table(
        missing,
        f"Measures without a value, {year}",
        headers={"label": "Measure", "status": "Why", "formula": "Formula"},
    )


def projects(frame: pd.DataFrame) -> Fragment:
    """Approved and executed by project (from ``budget.projects``)."""
    if frame.empty:
        return display.notice(
            "The documents state one approved budget for the whole office and none for each "
            "project, so execution by project cannot be computed.",
            "not disclosed",
        )
    single = frame[frame["label"] != "Total"]
    title = (
        f"{(single['unspent'] <= 0).sum()} of {len(single)} projects spent everything; "
        f"{money(float(single['unspent'].sum()))} were left"
    )
    said = "; ".join(
        f"{row['label']} {money(row['executed'])} of {money(row['approved'])} "
        f"({percent(row['rate'])})"
        for row in records(single)
    )
    return display.chart(
        charts.bullet(single, unit="万元"),
        frame,
        title,
        f"Executed against approved: {said}.",
        headers={
            "label": "Project",
            "approved": "Approved (万元)",
            "executed": "Executed (万元)",
            "unspent": "Unspent (万元)",
            "rate": "Completion (%)",
        },
    )


def bridge(frame: pd.DataFrame) -> Fragment:
    """From the approved budget to the executed total (from ``budget.bridge``)."""
    if frame.empty:
        return display.notice(
            "No change of the budget during the year is stated, and none can be excluded.",
            "not disclosed",
        )
    first, last, steps = frame.iloc[0], frame.iloc[-1], frame.iloc[1:-1]
    said = ", ".join(f"{row['label']} {row['value']:+,.2f}" for row in records(steps))
    texts = [
        f"{row['value']:{'+' if row['kind'] == 'change' else ''},.2f}" for row in records(frame)
    ]
    named = steps[steps["label"] != "Not explained"]
    amounts = ", ".join(f"{value:+,.2f}" for value in named["value"])
    unexplained = (frame["label"] == "Not explained").any()
    return display.chart(
        charts.bridge(frame.assign(text=texts), unit="万元"),
        frame,
        f"The changes that the text names ({amounts}) "
        + ("do not close" if unexplained else "close")
        + f" the gap between {money(first['value'])} and {money(last['value'])}",
        f"Approved {money(first['value'])}; {said}; executed {money(last['value'])}.",
        headers={"label": "Step", "value": "Amount (万元)"},
    )


def explanations(frame: pd.DataFrame) -> Fragment:
    """What the documents say of their own figures (from ``Disclosure.explanations``)."""
    if frame.empty:
        return display.notice("No explanation of these figures is recorded.")
    return display.paragraphs(
        *(f"{row['said'][0].upper()}{row['said'][1:]} ({row['source']})." for row in records(frame))
    )


def others(frame: pd.DataFrame, year: int) -> Fragment:
    """What every disclosure must state besides (from ``budget.others``)."""
    return _table(
        frame,
        f"Operating cost, the three public expenses, meetings, contracts, {year}",
        {"label": "Item", "approved": "Approved (万元)", "executed": "Executed (万元)"},
        "The documents state none of these.",
    )


def revenue(frame: pd.DataFrame, year: int) -> Fragment:
    """Revenue by source, text beside table (from ``budget.revenue``)."""
    return _table(
        frame,
        f"Revenue by source: what the text says and what statutory table 02 says, {year}",
        {
            "label": "Source",
            "text": "Text (万元)",
            "table": "Table 02 (万元)",
            "difference": "Difference (万元)",
        },
        "The documents do not say where the money came from.",
        note="The text's county appropriation stands beside the table's appropriation of all "
        "levels (财政拨款收入): the table has no narrower column.",
    )


def shares(scheme: str, frame: pd.DataFrame, year: int) -> Fragment:
    """One classification of the money (from ``composition.by``)."""
    name = SCHEMES[scheme]
    if frame.empty:
        return display.notice(f"The documents do not divide the money {name}.")
    real = frame[frame["value"] > 0]
    value = "Received (万元)" if scheme == "source" else "Executed (万元)"
    headers = {"label": "Item", "value": value, "share": "Share (%)"}
    # of two rows a chart would only repeat the table
    if len(real) < 3 or frame["share"].isna().any():
        return display.table(frame, f"Money {name}, {year}", headers=headers)
    top = real.iloc[0]
    said = "; ".join(f"{row['label']} {percent(row['share'])}" for row in records(frame))
    return display.chart(
        charts.stacked(real.assign(group=str(year)), unit="万元 = 100 %"),
        frame,
        f"{top['label']} took {percent(top['share'])} of the money",
        f"Shares {name}: {said}.",
        headers=headers,
    )


def hierarchy(frame: pd.DataFrame, year: int) -> Fragment:
    """Expenditure from class to item (from ``composition.hierarchy``)."""
    return _table(
        frame,
        f"Expenditure by class, division and item, {year} (statutory table 03)",
        {
            "label": "Name",
            "total": "Total (万元)",
            "share": "Share (%)",
            "basic": "Basic (万元)",
            "project": "Project (万元)",
            "code": "Code",
            "level": "Level",
        },
        "No statutory table of expenditure is disclosed.",
        totals=frame.get("level") != "item",
    )


def classification_limits(disclosure: Disclosure) -> Fragment:
    """Which classifications this year's documents carry, and what that rules out."""
    have = composition.classifications(disclosure.amounts, disclosure.cells)
    lack = [scheme for scheme in SCHEMES if scheme not in have]
    said = [
        f"{disclosure.year} divides the money "
        + (", ".join(SCHEMES[scheme] for scheme in have) or "in no way")
        + "."
    ]
    if lack:
        said.append(
            "It does not divide it "
            + ", ".join(SCHEMES[scheme] for scheme in lack)
            + "; a year that does cannot be set beside it in these classifications, and no "
            "official concordance leads from one classification to another."
        )
    return display.notice(" ".join(said), "not comparable")


def tiers(frame: pd.DataFrame, year: int) -> Fragment:
    """Parts of a stock, e.g. risk tiers (rows of ``indicators.parts``)."""
    if frame.empty:
        return display.notice("The documents give no risk tiers.")
    frame = frame.assign(share=composition.shares(frame["k"]), value=frame["k"])
    texts = [f"{row['k']:,.0f} ({row['share']:.2f} %)" for row in records(frame)]
    whole = frame["n"].iloc[0]
    top = frame.sort_values("k").iloc[-1]
    said = "; ".join(
        f"{row['label']} {row['k']:,.0f} ({percent(row['share'])})" for row in records(frame)
    )
    return display.chart(
        charts.stacked(frame.assign(group=str(year), text=texts), unit="drug users = 100 %"),
        frame,
        f"{percent(top['share'], 1)} of {whole:,.0f} users are counted as "
        f"{top['label'][0].lower()}{top['label'][1:]}",
        f"Of {whole:,.0f}: {said}.",
        headers={"label": "Tier", "value": "Persons", "share": "Share (%)"},
        digits={"value": 0},
    )


def listing(observed: pd.DataFrame, themes: Sequence[str], caption: str) -> Fragment:
    """Every figure of some themes, with its base and share where it is a part."""
    frame = indicators.listing(observed, themes)
    if frame.empty:
        return display.notice("The documents give no figure on this.")
    headers = {
        column: header
        for column, header in LISTING.items()
        if column not in ("over", "share") or (frame["over"] != "").any()
    }
    return display.table(
        frame,
        caption,
        headers=headers,
        digits={"text": 0},
        note=" ".join(dict.fromkeys(frame["note"][frame["note"] != ""])),
    )


def relapse(observed: pd.DataFrame) -> Fragment:
    """What can be said of relapse."""
    rates = observed[(observed["kind"] == "rate") & (observed["concept"] == "relapse")]
    if rates.empty:
        return display.notice(
            "No relapse rate is printed with a figure. It must not be computed from the "
            "three-year abstinence: who has abstained for a shorter time has not relapsed.",
            "not disclosed",
        )
    shown = indicators.listing(observed, list(rates["theme"].unique()))
    return display.table(shown[shown["label"].isin(rates["label"])], "Relapse", headers=LISTING)


def tests(frame: pd.DataFrame, year: int) -> Fragment:
    """Test results by population (from ``indicators.tests``)."""
    if frame.empty:
        return display.notice("The documents tell of no tests.")
    headers = {
        "label": "Population tested",
        "tests": "Tests",
        "positives": "Positive",
        "rate": "Rate (%)",
        "low": "95 % from",
        "high": "to",
    }
    digits = {"tests": 0, "positives": 0, "rate": 2, "low": 2, "high": 2}
    known = frame[frame["k"].notna()]
    # the reason once, not in every cell
    silent = frame["k"].isna()
    frame = frame.astype({"rate": object, "low": object, "high": object})
    frame.loc[silent, ["rate", "low", "high"]] = "—"
    note = (
        "The interval takes those tested for a random sample; how they were chosen is not stated."
    )
    if len(known) < 2:
        return display.table(
            frame, f"Hair tests, {year}", headers=headers, digits=digits, note=note
        )
    drawn = known.assign(
        estimate=known["rate"] / 100, low=known["low"] / 100, high=known["high"] / 100
    )
    found, clean = known[known["k"] > 0], known[known["k"] == 0]
    positive = "; ".join(
        [
            *(
                f"{row['label']}: {row['k']:,.0f} of {row['tests']} positive"
                for row in records(found)
            ),
            *(
                [f"nobody positive in {clean['n'].sum():,.0f} tests of {len(clean)} groups"]
                if len(clean)
                else []
            ),
        ]
    )
    positive = positive[0].upper() + positive[1:]
    said = "; ".join(
        f"{row['label']}: {row['k']:,.0f} of {row['tests']}, interval {row['low']:.2f}–"
        f"{percent(row['high'])}"
        for row in records(known)
    )
    return display.chart(
        charts.intervals(drawn, unit="share positive, with 95 % interval"),
        frame,
        positive,
        f"Share positive with Wilson 95 % interval. {said}.",
        headers=headers,
        digits=digits,
        note=note,
    )


def unit_costs(frame: pd.DataFrame, year: int) -> Fragment:
    """Money over count (from ``indicators.unit_costs``)."""
    return _table(
        frame,
        f"Unit costs, {year}",
        {
            "label": "Item",
            "cost": "Per unit (yuan)",
            "count": "Count",
            "money": "Spent, or price × count (万元)",
            "meaning": "How computed",
        },
        "No item of money has a count beside it.",
        digits={"count": 0, "cost": 0},
        note="The documents tie no count to the money: the true cost may be higher or lower.",
    )


def series(frame: pd.DataFrame, caption: str) -> Fragment:
    """Series over years as small multiples (from ``trends.panel`` or ``trends.money``)."""
    if frame.empty:
        return display.notice("No figure is known for two years.", "not comparable")
    moves = [_move(group) for _, group in frame.groupby("series", sort=False)]
    title = f"Largest relative change: {max(moves)[1]}"
    return display.chart(
        charts.multiples(frame),
        frame.assign(
            year=frame["year"].astype(str),
            status=frame["kind"].map({"missing": "no document, or none stated"}).fillna(""),
        ),
        title,
        " ".join(f"{told}." for _, told in moves),
        headers={
            "series": "Series",
            "year": "Year",
            "value": "Value",
            "low": "From",
            "high": "To",
            "kind": "Kind",
        },
    )


def _move(group: pd.DataFrame) -> tuple[float, str]:
    """The relative change over a series, and the sentence that tells it."""
    known = group[group["value"].notna()].sort_values("year")
    first, last = known.iloc[0], known.iloc[-1]
    a, b = float(first["value"]), float(last["value"])
    told = (
        f"{first['series']}: {first['text']} in {first['year']}, {last['text']} in {last['year']}"
    )
    return abs(b / a - 1) if a else float(b != a), told


# ------------------------------------------------------------------------------------- audit


def disputes(judged: pd.DataFrame) -> Fragment:
    """The failed statements of one report, leading to their findings."""
    failed = judged[~judged["holds"]]
    if failed.empty:
        return display.paragraphs(
            f"None: all {len(judged)} statements that can be recomputed hold."
        )
    frame = _told(failed).assign(disputed=failed["figure"])
    headers = {
        "label": "Statement",
        "place": "Printed",
        "reading": "But",
        "use_instead": "Use instead",
    }
    return display.cases(frame, headers=headers, badge="severity")


def findings(failed: pd.DataFrame) -> Fragment:
    """Failed statements with both readings, the arithmetic and what to use instead."""
    if failed.empty:
        return display.paragraphs("Every statement that can be recomputed holds.")
    headers = {
        "label": "Statement",
        "place": "Printed",
        "reading": "But",
        "other_places": "Printed there",
        "remark": "Why",
        "use_instead": "Use instead",
    }
    return display.cases(_told(failed), headers=headers, badge="severity", anchor="figure")


def holding(judged: pd.DataFrame) -> Fragment:
    """Statements that hold, with their arithmetic."""
    if judged.empty:
        return display.paragraphs("No statement holds.")
    return display.table(
        _told(judged),
        f"{len(judged)} statements that hold",
        headers={
            "label": "Statement",
            "place": "Printed",
            "arithmetic": "Arithmetic",
            "remark": "Remark",
        },
    )


def _told(judged: pd.DataFrame) -> pd.DataFrame:
    """Claims as a reader should see them."""
    frame = judged.drop(columns="disputes")
    frame["label"] = frame["statement"].str[:1].str.upper() + frame["statement"].str[1:]
    frame["place"] = (
        frame["printed"] + " (" + frame["document"] + ", line " + frame["line"].astype(str) + ")"
    )
    frame["reading"] = frame["verdict"] + ": " + frame["arithmetic"]
    frame["other_places"] = [
        "; ".join(dict.fromkeys(f"{one.printed} (line {one.line})" for one in other if one.printed))
        for other in frame["other"]
    ]
    return frame


def identities(checked: Mapping[str, pd.DataFrame]) -> Fragment:
    """Result of each identity, for every document that prints statutory tables."""
    frames = [
        audit.identity_summary(frame).assign(document=document)
        for document, frame in checked.items()
    ]
    if not frames:
        return display.notice("No statutory table is disclosed, so no identity was checked.")
    frame = pd.concat(frames, ignore_index=True)
    frame["label"] = frame["identity"] + " " + frame["meaning"]
    return display.table(
        frame,
        "Identities of the statutory tables",
        headers={
            "label": "What must hold",
            "document": "Document",
            "result": "Result",
            "instances": "Checked",
            "zeros": "Only zeros",
            "reason": "Why not checked",
        },
        digits={"instances": 0, "zeros": 0},
    )


def missing(documents: pd.DataFrame) -> Fragment:
    """What the documents do not disclose."""
    said = []
    for document in records(documents):
        name, key = document["title_en"], document["document"]
        if document["kind"] == "performance_evaluation":
            said.append(
                f"{name}: an evaluation report, which need not carry the statutory tables; the "
                "accounts of its year are not at hand."
            )
            said += _silent(document["year"], name)
            continue
        cells = load("statutory_tables", document=key)
        absent = audit.undisclosed(cells)
        said.append(
            f"{name}: "
            + (
                "all nine statutory tables are printed."
                if not absent
                else f"{len(absent)} of the nine statutory tables are not printed: "
                + ", ".join(
                    f"{number} {statutory.TITLES[number][1]} ({statutory.TITLES[number][0]})"
                    for number in absent
                )
                + "."
            )
        )
        said += _silent(document["year"], name)
    known = set(documents["year"])
    gaps = [str(year) for year in range(min(known), max(known)) if year not in known]
    if gaps:
        said.append(
            f"No document of {', '.join(gaps)} is at hand; what is known of that year is what "
            "other documents say of it."
        )
    return display.paragraphs(*said)


def _silent(year: int, name: str) -> list[str]:
    """Measures without a base and tests without a result, of one year."""
    disclosure = Disclosure(year)
    measures = budget.measures(disclosure.amounts, disclosure.cells)
    lacking = measures[measures["status"].str.startswith("not disclosed")]
    told = []
    if len(lacking):
        labels = ", ".join(f"{label[0].lower()}{label[1:]}" for label in lacking["label"])
        told.append(f"{name}: too little is disclosed to compute {labels}.")
    tested = indicators.tests(disclosure.indicators)
    silent = tested[tested["status"].str.startswith("not disclosed")]
    if len(silent):
        rounds = ", ".join(f"{row['label']} ({row['tests']})" for row in records(silent))
        told.append(f"{name}: no result is stated for {rounds}.")
    return told


ROWS = {
    "statutory_tables": "Table cells",
    "amounts": "Amounts",
    "indicators": "Indicators",
    "claims": "Statements",
    "not_transcribed": "Left out",
}


def coverage(
    documents: pd.DataFrame,
    tables: Mapping[str, str] = ROWS,
    caption: str = "Rows transcribed from each document",
    note: str = "Every numeral of the documents is in a table, or left out with its reason.",
    data: Path | None = None,
) -> Fragment:
    """How many rows each table holds from each document."""
    frame = documents.rename(columns={"title_en": "label", "title": "label_zh"})
    for name in tables:
        counts = load(name, data)["document"].value_counts()
        frame[name] = frame["document"].map(counts).fillna(0).astype(int)
    return display.table(
        frame,
        caption,
        headers={"label": "Document", **tables},
        digits=dict.fromkeys(tables, 0),
        note=note,
    )
