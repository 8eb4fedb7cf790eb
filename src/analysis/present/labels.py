"""Words of the field by the id they show: `labels.csv` has each in English and official Chinese."""

import csv
from functools import cache
from importlib.resources import files

import pandas as pd

from analysis.present.language import either


def words(kind: str) -> dict[str, tuple[str, str]]:
    """The English label and the Chinese term of each id of a kind, e.g. of the verdicts."""
    return _kinds()[kind]


@cache
def _kinds() -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    with files("analysis.present").joinpath("labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["kind"], {})[row["id"]] = row["label"], row["label_zh"]
    return found


def both(kind: str, name: str) -> tuple[str, str]:
    """The English label and the Chinese term of an id. Raises KeyError if there is none."""
    return words(kind)[name]


def word(kind: str, name: str) -> str:
    """The label of an id in the language in use; "" of none. Raises KeyError if it is unknown."""
    return either(*both(kind, name)) if name else ""


def relabelled(frame: pd.DataFrame, kind: str, by: str = "kind") -> pd.DataFrame:
    """The frame with the words of those rows whose id in the column `by` has some."""
    shown = zip(frame[by], frame["label"], frame["label_zh"], strict=True)
    pairs = [words(kind).get(name, own) for name, *own in shown]
    return frame.assign(label=[one for one, _zh in pairs], label_zh=[zh for _en, zh in pairs])
