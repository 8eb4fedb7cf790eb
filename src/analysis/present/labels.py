"""Words of the field by the id they show: `labels.csv` has each in English and official Chinese."""

from pathlib import Path

import pandas as pd

from analysis.data.forms import read
from analysis.present.language import either

_ALL = {
    (row["kind"], row["id"]): (row["label"], row["label_zh"])
    for row in read(Path(__file__).with_name("labels.csv"))
}


def words(kind: str) -> dict[str, tuple[str, str]]:
    """The English label and the Chinese term of each id of a kind, e.g. of the verdicts."""
    return {name: said for (one, name), said in _ALL.items() if one == kind}


def both(kind: str, name: str) -> tuple[str, str]:
    """The English label and the Chinese term of an id. Raises KeyError if there is none."""
    return _ALL[kind, name]


def word(kind: str, name: str) -> str:
    """The label of an id in the language in use; "" of none. Raises KeyError if it is unknown."""
    return either(*both(kind, name)) if name else ""


def relabelled(frame: pd.DataFrame, kind: str, by: str = "kind") -> pd.DataFrame:
    """The frame with the words of those rows whose id in the column `by` has some."""
    shown = zip(frame[by], frame["label"], frame["label_zh"], strict=True)
    pairs = [_ALL.get((kind, name), own) for name, *own in shown]
    return frame.assign(label=[one for one, _zh in pairs], label_zh=[zh for _en, zh in pairs])
