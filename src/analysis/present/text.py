"""Figures and words as text for readers, in the language in use.

English sets a space before a unit and parts thousands; Chinese sets neither. The minus is U+2212.
What is not known (None, NA, NaN) is "" here: whoever shows it says why.
"""

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.data.tab import own
from analysis.present.language import current, either

__dir__ = own(__name__)

HAN = "[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
# Chinese with the figures inside it: begins and ends with a character that only Chinese has
RUN = rf"{HAN}*[\u3400-\u9fff](?:[\w.,%/−–+·-]{{0,16}}?{HAN})*"
_UNIT = (
    "(?:个?百分点|万元|亿元|元|万|人次|人份|人|小时|周年|年度|年初|年末|年底|年|个月|月|日|名|条|件|起|"
    "项|处|家|张|次|场|个|分|辆|支|户|份|所|批|台|套|岁|天|行|栏|类|款|倍|成|吨|克|公斤|平方米)"
)
_DIGITS = r"(?:[≥≤±+−-] ?)?\d+(?:,\d{3})*(?:\.\d+)?"
# figures in a row (a range, a sum, a ratio), with their unit
NUMBER = (
    rf"(?<![A-Za-z0-9_.]){_DIGITS}(?: ?[–−+×/=±至] ?{_DIGITS})*"
    rf"(?: ?(?:%|‰|{_UNIT})(?:/[人件次个]/?(?:半年|年|月)?)?)?"
)
_RUN = re.compile(RUN)
_TOKEN = re.compile(f"(?P<run>{RUN})|{NUMBER}")
_NUMBER = re.compile(NUMBER)
_IDEOGRAPHS, _MARK = re.compile("[\u3400-\u9fff]+"), r'<span lang="zh-Hans">\g<0></span>'
_BREAKS = re.compile(r"[ ,–−+×/=±≥≤%-]|[^\x00-\x7f]")


def plain(value: object) -> str:
    """The text of a value in one line; controls that could hide or reorder it become visible."""
    text = " ".join(str(value).split()) if known(value) else ""
    if text.isprintable():
        return text
    hidden = ("Cc", "Cf", "Cs")
    return "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in hidden else c for c in text)


def known(value: object) -> bool:
    """Whether there is a value: not None, not NA, not NaN."""
    return not (value is None or value is pd.NA or value != value)


def number(value: float, digits: int | None = None, sign: bool = False) -> str:
    """A figure: `3,296`, in Chinese `3296`; two decimals unless whole or told; `sign` shows a +."""
    if not known(value):
        return ""
    if digits is None:
        digits = 0 if float(value).is_integer() else 2
    text = f"{value:{'+' if sign else ''}{',' if current() == 'en' else ''}.{digits}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")  # a rounded nothing has no sign
    return text.replace("-", "−")


def money(value: float, unit: str = "万元", sign: bool = False) -> str:
    """`75.50 万元`, in Chinese `75.50万元`; the value is in the unit."""
    return with_unit(number(value, 2, sign), unit)


def percent(value: float, digits: int = 2, sign: bool = False) -> str:
    """`175.99 %`, in Chinese `175.99%`; the value is in percent."""
    return with_unit(number(value, digits, sign), "%")


def points(value: float, digits: int = 2, sign: bool = True) -> str:
    """A difference of two rates: `+3.20 percentage points`, `+3.20个百分点`."""
    return with_unit(number(value, digits, sign), either("percentage points", "个百分点"))


def span(low: float, high: float, unit: str = "", digits: int | None = None) -> str:
    """A range: `73.65–73.75 万元`, in Chinese `73.65万元至73.75万元`; one figure if both agree."""
    first, last = number(low, digits), number(high, digits)
    if first == last:
        return with_unit(first, unit)
    if current() == "en":
        return with_unit(f"{first}–{last}", unit)
    return f"{first}{unit}至{last}{unit}"


def at_least(figure: str) -> str:
    """A lower bound: `≥ 300`, in Chinese `≥300`."""
    return either("≥ ", "≥") + figure


def clauses(said: Iterable[str]) -> str:
    """Clauses in a row, parted by the language's semicolon."""
    return either("; ", "；").join(said)


def with_unit(figure: str, unit: str) -> str:
    """A figure in words of digits with its unit, as the language sets it; "" stays ""."""
    return figure + (either(" ", "") if unit else "") + unit if figure else ""


def html(value: object) -> Markup:
    """A value as HTML: escaped, controls visible, figures bound to their units, Chinese marked.

    The one place where a figure, its sign and its unit are joined so that no line parts them.
    """
    bound = _TOKEN.sub(_marked, escape(plain(value)))
    return Markup(bound.replace("_", "_<wbr>"))  # an identifier breaks between its words


def marked(value: object, element: str = "span") -> Markup:
    """A value as HTML for a place where nothing wraps: escaped, its Chinese marked."""
    text = escape(plain(value))
    tag = f'<{element} lang="zh-Hans">\\g<0></{element}>'
    return Markup(text if current() == "zh" else _RUN.sub(tag, text))


def chinese(value: object, kind: str = "") -> Markup:
    """A Chinese text as an element of the class `kind`, figures bound; "" stays ""."""
    words = plain(value)
    inner = _NUMBER.sub(_bound, escape(words))
    # a term stays in one line unless it would not fit into one
    given = f' class="{kind}{" long" if len(words) > 16 else ""}"' if kind else ""
    return Markup(f'<span{given} lang="zh-Hans">{inner}</span>' if inner else "")


def _marked(match: re.Match[str]) -> str:
    if match["run"] is None:
        bound = _bound(match)
        return _IDEOGRAPHS.sub(_MARK, bound) if current() == "en" else bound
    inner = _NUMBER.sub(_bound, match[0])
    return inner if current() == "zh" else f'<span lang="zh-Hans">{inner}</span>'


def _bound(match: re.Match[str]) -> str:
    # bare digits have no place to break at
    return f'<span class="n">{match[0]}</span>' if _BREAKS.search(match[0]) else match[0]


def lines(*texts: Any) -> str:
    """Texts for a terminal, one a line, without the empty ones."""
    return "\n".join(filter(None, map(plain, texts)))
