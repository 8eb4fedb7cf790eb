"""One year's disclosure: the tables of its documents, joined with their dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from analysis.checks import claims, formula
from analysis.data.package import DataError, Package, Where, cite, find

AMOUNT = ["item", "year", "phase", "direction"]  # what identifies an amount


class Disclosure:
    """What the documents of one year say; each table is read when first used.

    Raises:
        DataError: the year has no document; the message lists the years that have one.
    """

    def __init__(self, year: int, data: Package | str | Path | None = None) -> None:
        self.year, self.package = year, find(data)
        self.documents = documents_of([year], self.package)

    @property
    def department(self) -> tuple[str, str]:
        """English and Chinese name."""
        first = self.documents.iloc[0]
        return first["department_en"], first["department"]

    @cached_property
    def amounts(self) -> pd.DataFrame:
        """Money outside the statutory tables: one row a figure, with its item and scheme.

        Besides the columns of `amounts`: scheme, label, label_zh, higher_level, base, low and
        high (yuan), own (of the disclosure's year), source, disputed (the finding that disputes
        it, or "").
        """
        return self._shared("amounts", lambda: settled(self._amounts, AMOUNT))

    @cached_property
    def _amounts(self) -> pd.DataFrame:
        frame = formula.derive(self._read("amounts"), self.package)
        items = self.package.load("items").rename(
            columns={"name_en": "label", "name_zh": "label_zh"}
        )
        frame = marked(frame.merge(items, on="item", how="left"), self.findings("money"))
        return frame.assign(own=frame["year"] == self.year)

    @property
    def disagreements(self) -> pd.DataFrame:
        """Amounts that two documents of the year state differently: rows of `amounts`, all of them.

        The first one is the one that the measures use.
        """
        stated = self._amounts[self._amounts["basis"] == "stated"]
        differ = stated.groupby(AMOUNT)["base"].transform("nunique") > 1
        return stated[differ].sort_values(AMOUNT, kind="stable", ignore_index=True)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Cells of the statutory tables, with `table` (01–09), the label's English and source."""
        return self._shared("cells", self._cells)

    def _cells(self) -> pd.DataFrame:
        frame = self._read("statutory_tables")
        items = self.package.load("items").set_index("item")["name_en"]
        frame["label_zh"] = frame["label"]
        frame["label"] = frame["row"].map(items).fillna(frame["label"])
        frame["source"] = cite(frame)
        return frame

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """See ``observations``."""
        return self._shared("indicators", self._indicators)

    def _indicators(self) -> pd.DataFrame:
        frame = observations(self.documents, self.findings("indicators"), self.package)
        frame = settled(frame, ["indicator", "year"])
        return frame.assign(own=frame["year"] == self.year)

    @cache  # noqa: B019 - a disclosure lives as long as its notebook
    def findings(self, subject: str) -> pd.DataFrame:
        """The claims of one subject (money, indicators, document), judged."""
        return pd.concat(
            claims.findings(self.package, document=document, subject=subject)
            for document in self.documents["document"]
        )

    def explanations(self, subject: str) -> pd.DataFrame:
        """What the documents say of their own figures, in our words: said, source.

        Raises:
            DataError: no such subject; the message lists those there are.
        """
        fields = {field["name"]: field for field in self.package.fields("explanations")}
        if subject not in (there := fields["subject"]["constraints"]["enum"]):
            raise DataError(f"no subject {subject!r}; there are: {', '.join(there)}")
        frame = self._read("explanations", subject=subject)
        frame["source"] = frame["document"] + ", line " + frame["line"].astype(str)
        return frame

    def _shared(self, what: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """What is made once for every disclosure of the year; each has a frame of its own."""
        return self.package.remember(f"{what} {self.year}", make).copy(deep=False)

    def _read(self, name: str, **where: Where) -> pd.DataFrame:
        return read_from(name, self.documents, self.package, **where)


def documents_of(
    years: int | Sequence[int] = (), data: Package | str | Path | None = None
) -> pd.DataFrame:
    """The documents of a year, of some or of all, as `load` gives them.

    Raises:
        DataError: a year has no document; the message lists the years that have one.
    """
    frame = find(data).load("documents")
    asked = list(years) if isinstance(years, Collection) else [years]
    if unknown := [one for one in asked if one not in {*frame["year"]}]:
        known = ", ".join(map(str, frame["year"].sort_values().unique()))
        raise DataError(f"no document for the year {unknown[0]!r}; there are: {known}")
    return frame[frame["year"].isin(asked or frame["year"])]


def read_from(name: str, documents: pd.DataFrame, package: Package, **where: Where) -> pd.DataFrame:
    """The rows of a table that stand in these documents, and no others are looked at."""
    parts = [package.load(name, document=document, **where) for document in documents["document"]]
    return pd.concat(parts, ignore_index=True)


def settled(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """One row for each key: what is stated before what is derived, then as the documents stand."""
    chosen = frame.sort_values("basis", ascending=False, kind="stable").drop_duplicates(keys)
    return chosen.sort_index(ignore_index=True).copy()  # which joins its blocks


def marked(frame: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """The frame with source, and disputed: the failed claim that disputes the figure, or ""."""
    failed = judged[~judged["holds"] & (judged["disputes"] != "")].drop_duplicates("disputes")
    disputed = frame["figure"].map(failed.set_index("disputes")["figure"]).fillna("")
    return frame.assign(source=cite(frame), disputed=disputed)


def observations(documents: pd.DataFrame, judged: pd.DataFrame, package: Package) -> pd.DataFrame:
    """Performance figures of these documents with their definitions, in the order of the themes.

    Returns:
        The columns of `indicators`, `indicator_definitions` and `themes`, and: label, label_zh,
        theme_en, theme_zh, low and high (base units), quantity, unit_en, unit_zh, base_en, base_zh
        (names of the unit printed and of its base unit), source, disputed.
    """
    frame = formula.derive(read_from("indicators", documents, package), package)
    definitions, units = package.remember("definitions", lambda: _definitions(package))
    frame = frame.merge(definitions, on="indicator", how="left").merge(units, on="unit", how="left")
    return marked(frame.sort_values("position", kind="stable", ignore_index=True), judged)


def _definitions(package: Package) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Indicators with their themes, and units, both as `observations` names their columns."""
    names = {"name_en": "label", "name_zh": "label_zh"}
    definitions = package.load("indicator_definitions").rename(columns=names)
    themes = package.load("themes").rename(columns={"name_en": "theme_en", "name_zh": "theme_zh"})
    units = package.load("units").rename(columns={"name_en": "unit_en", "name_zh": "unit_zh"})
    columns = ["unit", "quantity", "base_en", "base_zh", "unit_en", "unit_zh"]
    return definitions.merge(themes, on="theme", how="left"), units[columns]
