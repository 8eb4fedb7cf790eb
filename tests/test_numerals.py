import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data import numerals

DIGITS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """Spelled as Chinese does, for whole numbers below ten thousand."""
    spelled = ""
    for place, power in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = number // power % 10
        if digit:
            spelled += DIGITS[digit] + place
        elif spelled and not spelled.endswith("零"):
            spelled += "零"
    return spelled.rstrip("零") or "零"


@pytest.mark.parametrize(
    ("printed", "value", "step", "qualifier"),
    [
        ("64.19万元", 64.19, 0.01, "exact"),
        ("65", 65, 1, "exact"),
        ("35万余份", 35, 1, "at_least"),
        ("300多名", 300, 1, "at_least"),
        ("1100余人", 1100, 1, "at_least"),
        ("超20万", 20, 1, "at_least"),
        ("未超3%", 3, 1, "exact"),
        ("十多万元", 10, 1, "at_least"),
        ("近三十家", 30, 1, "approximately"),
        ("三起", 3, 1, "exact"),
        ("第二低", 2, 1, "exact"),
        ("零种植", 0, 1, "exact"),
        ("未发现阳性人员", 0, 1, "exact"),
        ("均呈阴性", 0, 1, "exact"),
        ("2.5万元/人/半年", 2.5, 0.1, "exact"),
        ("数百克", None, 1, "unquantified"),
    ],
)
def test_printed_characters_read_as_a_person_reads_them(printed, value, step, qualifier):
    assert numerals.read(printed) == (value, pytest.approx(step), qualifier)


def test_characters_without_a_number_are_refused():
    with pytest.raises(ValueError, match="no numeral in '万元'"):
        numerals.read("万元")


@pytest.mark.parametrize(
    "name",
    ["一般公共服务支出", "一次性支出", "“三公”经费", "三公经费", "二十大精神", "党的二十大",
     "一般公共预算财政拨款", "十九届四中全会", "统一着装", "一带一路", "三农工作"],
)  # fmt: skip
def test_no_numeral_is_read_out_of_a_name(name):
    with pytest.raises(ValueError, match="no numeral in"):
        numerals.read(name)
    assert numerals.read(f"{name}2106.66万元") == (2106.66, pytest.approx(0.01), "exact")


@pytest.mark.parametrize("printed", ["五位一体", "一个", "第一批", "二十件", "三大案件", "两家"])
def test_a_numeral_that_counts_something_is_still_read(printed):
    assert (
        numerals.read(printed).value
        == {"五": 5, "一": 1, "第": 1, "二": 20, "三": 3, "两": 2}[printed[0]]
    )


@pytest.mark.parametrize("printed", ["065万元", "00.5万元", "007名"])
def test_a_leading_zero_is_refused(printed):
    with pytest.raises(ValueError, match="a number with a leading zero"):
        numerals.read(printed)


@pytest.mark.parametrize("printed", ["三万五千元", "3亿5000万元", "2万3千元"])
def test_a_number_in_several_parts_is_refused_and_not_read_in_part(printed):
    with pytest.raises(ValueError, match="a number in several parts"):
        numerals.read(printed)


@pytest.mark.parametrize(
    ("printed", "value"),
    [("1,065万元", 1065), ("１２人", 12), ("-65万元", -65), ("无人机3架", 3), ("超过85%", 85)],
)
def test_separators_full_width_digits_and_signs_are_read(printed, value):
    assert numerals.read(printed) == (value, 1, "exact")


@given(st.integers(0, 9999))
def test_every_chinese_numeral_below_ten_thousand_reads_back(number):
    assert numerals.chinese(in_chinese(number)) == number


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["万元", "人", "%", "吨"]))
def test_every_printed_decimal_reads_back_with_its_step(number, unit):
    reading = numerals.read(f"{number}{unit}")
    assert reading.value == float(number)
    assert reading.step == pytest.approx(0.01)


@given(st.integers(1, 10**6))
def test_a_bound_is_never_read_as_exact(number):
    assert numerals.read(f"{number}余人").qualifier == "at_least"
