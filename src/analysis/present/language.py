"""The language of what is shown: English, or Chinese from the catalogue under `locale`.

A plain setting of the process, since each report has a process of its own. English texts are the
keys of the catalogue; `make messages` collects them from code, templates and notebooks.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from analysis.data.package import DataError, records
from analysis.data.tab import own

__dir__ = own(__name__)

LANGUAGES = {"en": "en", "zh": "zh-Hans"}  # as asked for: as HTML calls it
CATALOGUE = files("analysis.present").joinpath("locale/zh_Hans/LC_MESSAGES/analysis.po")
_current = "en"


def use(language: str) -> None:
    """Show everything that follows in this language.

    Raises:
        DataError: the language is neither "en" nor "zh".
    """
    global _current
    if language not in [*LANGUAGES]:  # nor is it, if it is a list
        raise DataError(f"no language {language!r}; there are: {', '.join(LANGUAGES)}")
    _current = language


def current() -> str:
    """The language in use: "en" or "zh"."""
    return _current


@cache
def catalogue() -> Catalog:
    """The Chinese texts, read once and only where they are shown."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _(message: str) -> str:
    """A whole sentence, or a label, in the language in use."""
    return message if _current == "en" else _chinese(message) or message


def ngettext(one: str, many: str, n: int) -> str:
    """The sentence for `n` of something; Chinese has one form."""
    if _current == "en":
        return one if n == 1 else many
    return _chinese(one) or (one if n == 1 else many)


def either(english: str, chinese: str) -> str:
    """Of two wordings, or marks, the one of the language in use."""
    return english if _current == "en" else chinese


def _chinese(message: str) -> str:
    found = catalogue().get(message)
    text = found.string if found else ""
    return text if isinstance(text, str) else str((text or [""])[0])


def labelled(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, `label` as it leads and `term` as what stands beside it.

    English leads with `label`, and `label_zh` stands beside; Chinese has `label_zh` alone, or
    `label` where there is none. A term that repeats its label is left out.
    """
    rows = records(frame)
    for row in rows:
        label, term = row["label"], row.get("label_zh")
        term = term if isinstance(term, str) else ""
        if _current == "zh":
            row |= {"label": term or label, "term": ""}
        else:
            row["term"] = term if term != label else ""
    return rows


def column(frame: pd.DataFrame, name: str) -> "pd.Series[str]":
    """A column of free text, e.g. `statement`, in the language in use (`statement_zh`)."""
    chinese = f"{name}_zh"
    return frame[chinese] if _current == "zh" and chinese in frame else frame[name]


def listing(items: Sequence[str]) -> str:
    """Items in a row of a sentence: "a, b and c", "a、b和c"; "" of none."""
    *first, last = items or [""]
    if not first:
        return last
    return either(", ", "、").join(first) + either(" and ", "和") + last
