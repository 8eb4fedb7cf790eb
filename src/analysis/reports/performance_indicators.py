"""What does the office report about drug use, treatment and prevention?"""

from __future__ import annotations

import pandas as pd

from analysis.data.package import records
from analysis.disclosure import Disclosure
from analysis.measures import budget, composition, indicators
from analysis.present import display
from analysis.present import old_charts as charts
from analysis.present.display import Fragment
from analysis.reports.common import LISTING, Findings, Tile, headline, percent, table_or_notice


def performance_indicators(disclosure: Disclosure) -> tuple[pd.DataFrame, Findings]:
    """Headline figures and findings on drug-control performance."""
    observed = disclosure.indicators
    if observed.empty:
        return headline([]), ["The documents of this year give no performance figures."]
    told = []
    parts = indicators.parts(observed)
    counted = parts[~parts["sampled"]]
    for name, group in counted[counted["position"] <= 4].groupby("whole", sort=False):
        whole, n = str(name), group["n"].iloc[0]
        full = group["k"].sum() == n
        share = composition.shares(group["k"]) if full else group["estimate"] * 100
        split = ", ".join(
            f"{row['text']} {row['label'][0].lower()}{row['label'][1:]} ({percent(row['share'])})"
            for row in records(group.assign(share=share))
        )
        told.append(f"Of {n:,.0f} {whole[0].lower()}{whole[1:]}: {split}.")
    told += _changes(observed)
    tested = indicators.tests(observed)
    for row in records(tested[tested["k"] > 0]):
        told.append(
            f"{row['label']}: {row['positives']:,.0f} of {row['tests']} positive, "
            f"{percent(row['rate'])} (95 % interval {row['low']:.2f}–{percent(row['high'])})."
        )
    clean = tested[tested["k"] == 0]
    if len(clean):
        *most, last = [percent(high, 1) for high in clean["high"]]
        limits = f"{', '.join(most)} and {last}" if most else last
        told.append(
            "Nobody was positive among "
            + ", ".join(f"{row['tests']} {row['label'].lower()}" for row in records(clean))
            + f"; in random samples the true shares could still be up to {limits} "
            "(95 % interval)."
        )
    silent = tested[tested["status"].str.startswith("not disclosed")]
    if len(silent):
        told.append(
            "The result is not stated for "
            + ", ".join(f"{row['label'].lower()} ({row['tests']})" for row in records(silent))
            + "."
        )
    told += [f"{one[0].upper()}{one[1:]}." for one in disclosure.documents["period"]]
    return headline(_tiles(indicators.latest(observed), parts, _before(observed))), told


def _tiles(now: pd.DataFrame, parts: pd.DataFrame, before: dict[str, str]) -> list[Tile]:
    """The first telling figure of each theme: wholes before parts, no zeros, five at most."""
    known = now[(now["better"] != "neither") & now["base"].notna() & (now["base"] != 0)]
    known = known.assign(part=~known["indicator"].isin(now["share_of"]))
    known = known.sort_values(["position", "part"], kind="stable").drop_duplicates("theme")
    shares = parts.drop_duplicates("figure").set_index("figure")
    tiles = []
    for row in records(known.head(5)):
        notes = []
        if row["figure"] in shares.index:
            part = shares.loc[row["figure"]]
            whole = str(part["whole"])
            share = percent(part["estimate"] * 100, 1)
            notes.append(f"{share} of {part['n']:,.0f} {whole[0].lower()}{whole[1:]}")
        if row["basis"] == "derived":
            notes.append("derived from a printed change")
        if row["denominator"] == "not stated":
            notes.append("base not stated")
        unit = "%" if row["quantity"] == "ratio" else row["unit_en"]
        value = row["text"].removesuffix(" (derived)")
        change = before.get(row["indicator"], "")
        tiles.append((row["label"], row["label_zh"], value, unit, change, "; ".join(notes)))
    return tiles


def _before(observed: pd.DataFrame) -> dict[str, str]:
    """For each indicator known of the year before too: that value, and what time it is of."""
    last = observed[budget.before(observed) & observed["base"].notna()]
    told = {}
    for row in records(last):
        when = "the year before"
        if row["kind"] == "flow":
            when = "in the same period of the year before"
        elif row["basis"] == "derived":  # since when a stock has changed is not said
            when = "the year before, if the printed change is of one year"
        percent_sign = " %" if row["quantity"] == "ratio" else ""
        told[row["indicator"]] = f"{row['text']}{percent_sign} {when}"
    return told


def _changes(observed: pd.DataFrame) -> list[str]:
    """A sentence for each indicator that is known of the year before too."""
    before = _before(observed)
    now = indicators.latest(observed)
    return [
        f"{row['label']}: {row['text']}{' %' if row['quantity'] == 'ratio' else ''}, after "
        f"{before[row['indicator']]}"
        + ("; its base is not stated." if row["denominator"] == "not stated" else ".")
        for row in records(now[now["base"].notna()])
        if row["indicator"] in before
    ]


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
    return table_or_notice(
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
