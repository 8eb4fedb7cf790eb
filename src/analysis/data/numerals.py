"""How the documents print numbers: Arabic or Chinese numerals, bounds and words of absence."""

import re
import unicodedata
from typing import NamedTuple

ARABIC = r"\d+(?:\.\d+)?"
CHINESE = r"[零一二两三四五六七八九十百千]+"
NUMERAL = re.compile(f"{ARABIC}|{CHINESE}")

WIDE = str.maketrans("０１２３４５６７８９．，％－", "0123456789.,%-")

# Characters of numerals in names and set phrases, where they count nothing.
NAMES = re.compile(
    "一般|一次性|一体|一定|一致|一律|一些|一站式|一线|一把手|一带一路|一票否决|统一|同一|唯一|万一"
    '|[“"]?三公[”"]?经费|三公|三农|三定|三重一大|两会|两新|十分|百分之|千方百计|千家万户|百姓'
    "|[一二三四五六七八九十]+大(?=[^一-鿿]|精神|报告|以来|$)|[一二三四五六七八九]中全会"
    "|[一二三四五六七八九十]+届(?=[一二三四五六七八九]中全会)"
)
# "none was found", "no ...", "all were negative", "none last year either": a printed zero.
ABSENT = re.compile(r"未发现|未发生|无(?!人机)|均呈阴性|上年度也无")
# "some tens", "some hundreds": a quantity of which no number can be read
UNQUANTIFIED = re.compile("数[十百千万]")
AT_LEAST = re.compile(rf"(?:{ARABIC}|{CHINESE})万?[余多]|超过?{ARABIC}(?![.\d%])")
APPROXIMATELY = re.compile("近|约")


class Reading(NamedTuple):
    """What printed characters say: the number, its rounding step and what kind of number it is."""

    value: float | None
    step: float
    qualifier: str


def chinese(numeral: str) -> int:
    """Value of a Chinese numeral below ten thousand, e.g. 三十二 → 32."""
    total = digit = 0
    for character in numeral:
        number = 2 if character == "两" else int(unicodedata.numeric(character))
        if number >= 10:
            total += (digit or 1) * number
            digit = 0
        else:
            digit = number
    return total + digit


def read(printed: str) -> Reading:
    """Read printed characters, e.g. ``35万余份`` → 35, step 1, ``at_least``.

    The value counts in the printed unit (万份 here). The step is the last printed place:
    0.01 for ``64.19万元``.

    Raises:
        ValueError: there is no numeral and no word of absence, or a numeral in several parts or
            with a leading zero.
    """
    printed = re.sub(r"(?<=\d),(?=\d{3})", "", printed.translate(WIDE))
    if UNQUANTIFIED.search(printed):
        return Reading(None, 1, "unquantified")
    if ABSENT.match(printed):
        return Reading(0, 1, "exact")
    unnamed = NAMES.sub(lambda name: "□" * len(name.group()), printed)
    found = NUMERAL.search(unnamed)
    if not found:
        raise ValueError(f"no numeral in {printed!r}")
    text = found.group()
    if re.match(r"[万亿]?[\d零〇一二两三四五六七八九十百千]", unnamed[found.end() :]):
        raise ValueError(f"a number in several parts: {printed!r}")
    if re.match(r"0\d", text):
        raise ValueError(f"a number with a leading zero: {printed!r}")
    if text[0].isascii():
        value = float(text)
        step = 10.0 ** -len(text.partition(".")[2])
    else:
        value, step = float(chinese(text)), 1.0
    qualifier = "approximately" if APPROXIMATELY.match(printed) else "exact"
    if AT_LEAST.search(printed):
        qualifier = "at_least"
    minus = printed[: found.start()].strip() in ("-", "−")
    return Reading(-value if minus else value, step, qualifier)
