import pytest
from conftest import edit

from analysis import load
from analysis.checks import claims, formula, summary
from analysis.checks.cells import Interval
from analysis.data.package import DataError, Package, seen

# Every statement that fails, and how. A finding that vanishes is as loud as a new one.
FAILING = {
    "grants_revenue_table_2024": ("high", "contradicted", "tables"),
    "carry_over_table_2024": ("high", "not_reconcilable", "different_basis"),
    "closing_balance_table_2024": ("high", "not_reconcilable", "different_basis"),
    "closing_balance_reason_2024": ("high", "not_reconcilable", "different_basis"),
    "users_called_tiers_2024": ("medium", "not_reconcilable", "different_basis"),
    "item_label_2024": ("high", "contradicted", "label"),
    "custody_unit_2022": ("high", "contradicted", "unit"),
    "hair_testing_unit_2022": ("high", "contradicted", "unit"),
    "county_revenue_table_2024": ("medium", "not_reconcilable", "different_basis"),
    "carry_over_unit_987": ("medium", "contradicted", "unit"),
    "carry_over_unit_993": ("medium", "contradicted", "unit"),
    "change_reasons_987": ("medium", "not_reconcilable", "missing_figure"),
    "change_reasons_993": ("medium", "not_reconcilable", "missing_figure"),
    "change_reasons_996": ("medium", "not_reconcilable", "missing_figure"),
    "custody_affordable_2024": ("medium", "own_test", "arithmetic"),
    "goal_label_2022": ("medium", "contradicted", "label"),
    "suspects_growth_2024": ("medium", "contradicted", "no_integer"),
    "precursor_count_2022": ("low", "not_reconcilable", "different_basis"),
    "festivals_again_2024": ("low", "not_reconcilable", "different_basis"),
    "five_bodies_2024": ("low", "not_reconcilable", "open_definition"),
    "contest_label_2022": ("low", "contradicted", "label"),
    "project_label_2022": ("low", "contradicted", "label"),
    "scope_year_2024": ("low", "contradicted", "label"),
    "townships_unit_2024": ("low", "contradicted", "label"),
    "section_number_2024": ("low", "contradicted", "label"),
    "hospital_label_2024": ("low", "contradicted", "label"),
    "county_revenue_share_2024": ("low", "contradicted", "arithmetic"),
    "personnel_share_2024": ("low", "not_reconcilable", "zero_base"),
    "operating_share_2024": ("low", "not_reconcilable", "zero_base"),
}


@pytest.fixture(scope="module")
def judged():
    return claims.findings().set_index("figure")


def test_exactly_the_known_statements_fail_and_as_known(judged):
    failed = judged[~judged["holds"]]
    found = {
        figure: (row["severity"], row["verdict_id"], row["reason_id"])
        for figure, row in failed.iterrows()
    }
    assert found == FAILING


def test_every_failed_statement_tells_why_and_what_to_use_instead(judged):
    failed = judged[~judged["holds"]]
    for column in ("severity", "remark", "use_instead", "arithmetic"):
        assert (failed[column] != "").all(), column


def test_every_statement_that_can_fail_has_a_severity(judged):
    assert set(judged["severity"]) == {"high", "medium", "low"}


def judge(**claim):
    """Verdict on a claim over the project's figures."""
    given = {"document": "2024-final-accounts", "figure": "x", "kind": "repeat", "relation": "="}
    found = claims.judge({**given, **claim}, formula.Figures())
    return found["verdict_id"], found["reason_id"]


@pytest.mark.parametrize(
    ("reason", "claim"),
    [
        ("", {"printed": "88%", "value": 88, "unit": "%", "kind": "percentage",
                       "formula": "abstinent_users_2024 / users_registered_2024"}),
        ("rounding", {"printed": "89%", "value": 89, "unit": "%", "kind": "percentage",
                        "formula": "abstinent_users_2024 / users_registered_2024"}),
        ("rounding", {"printed": "175.9%", "value": 175.9, "unit": "%", "kind": "percentage",
                        "formula": "expenditure_2024 / approved_2024"}),
        ("arithmetic", {"printed": "91%", "value": 91, "unit": "%", "kind": "percentage",
                     "formula": "abstinent_users_2024 / users_registered_2024"}),
        ("no_integer", {"printed": "4%", "value": 4, "unit": "%", "kind": "growth",
                            "formula": "suspects_2024 / suspects_2023 - 1"}),
        ("tables", {"printed": "13万元", "value": 13, "unit": "万元", "formula": "T01.r4.c1"}),
        ("text", {"printed": "174人", "value": 174, "unit": "人",
                      "formula": "risk_medium_2024"}),
        ("unit", {"printed": "19.6元", "value": 19.6, "unit": "元",
                      "formula": "carry_over_2024"}),
        ("label", {"printed": "2023年", "value": 2023, "unit": "年", "kind": "year",
                       "formula": "document_year"}),
        ("label", {"printed": "其他公安支出", "value": None, "unit": "", "kind": "label",
                       "formula": "T05"}),
        ("", {"printed": "执法办案", "value": None, "unit": "", "kind": "label",
                       "formula": "T05"}),
        ("zero_base", {"printed": "0%", "value": 0, "unit": "%", "kind": "percentage",
                     "formula": "personnel_2024 / basic_2024"}),
        ("", {"printed": "3%", "value": 3, "unit": "%", "kind": "ceiling",
                       "relation": ">=",
                       "formula": "hair_positives_users_2022 / hair_tests_users_2022"}),
        ("arithmetic", {"printed": "1%", "value": 1, "unit": "%", "kind": "ceiling",
                      "relation": ">=",
                      "formula": "hair_positives_users_2022 / hair_tests_users_2022"}),
        ("", {"printed": "755023.66元", "value": 755023.66, "unit": "元",
                       "formula": "T01.r27.c1"}),
        ("missing_figure", {"printed": "3万元", "value": 3, "unit": "万元",
                            "formula": "T06.r301.c1"}),
        ("text", {"printed": "756123.66元", "value": 756123.66, "unit": "元",
                      "formula": "expenditure_2024"}),
    ],
)  # fmt: skip
def test_each_reason_has_a_case_of_its_own(reason, claim):
    verdict = {"": "holds"} | dict.fromkeys(("missing_figure", "zero_base"), "not_reconcilable")
    assert judge(**claim) == (verdict.get(reason, "contradicted"), reason)


@pytest.mark.parametrize("reason", ["different_basis", "missing_figure", "open_definition"])
def test_what_is_not_the_same_thing_is_not_contradicted(reason):
    claim = {"printed": "13万元", "value": 13, "unit": "万元", "formula": "T01.r4.c1"}
    assert judge(**claim, compares=reason) == ("not_reconcilable", reason)
    assert judge(**claim, compares="own_test")[0] == "own_test"


@pytest.fixture
def two_parts(data):
    """The data, and two amounts of 95.36 and 10.23 万元."""
    path = data / "amounts.csv"
    text = path.read_text(encoding="utf-8")
    for name, value, item in (("one", "95.36", "goods"), ("two", "10.23", "works")):
        text += (f"{name},2022-performance-evaluation,23,{value}万元,{value},万元,2022,"
                 f"expenditure,executed,{item},stated,\n")  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return formula.Figures(data)


@pytest.mark.parametrize(
    ("printed", "unit", "reason"),
    [("105.58", "万元", ""), ("105.57", "万元", "text"), ("1055800.00", "元", ""),
     ("1055700.00", "元", "text"), ("105.6", "万元", "")],
)  # fmt: skip
def test_a_sum_may_differ_by_what_rounding_makes_of_its_parts_and_no_more(
    two_parts, printed, unit, reason
):
    claim = {"figure": "x", "document": "2022-performance-evaluation", "kind": "sum",
             "relation": "=", "printed": printed + unit, "value": float(printed), "unit": unit,
             "formula": "one + two"}  # fmt: skip
    assert claims.judge(claim, two_parts)["reason_id"] == reason


def test_a_percentage_has_no_tolerance_but_its_own_last_place():
    claim = {"unit": "%", "kind": "percentage", "formula": "expenditure_2024 / approved_2024"}
    assert judge(**claim, printed="175.99%", value=175.99)[0] == "holds"
    assert judge(**claim, printed="175.97%", value=175.97) == ("contradicted", "arithmetic")


def test_a_growth_rate_gives_the_only_whole_number_that_fits():
    figures = formula.Figures()
    assert figures["users_sanctioned_2023"].amount == Interval(26, 26, 26)
    assert figures["new_users_2022"].amount == Interval(34, 34, 34)
    assert figures["suspects_2023"].amount is None


def test_a_derived_amount_carries_the_interval_that_rounding_leaves():
    amount = formula.Figures()["expenditure_2023"].amount
    assert (amount.value, amount.low, amount.high) == pytest.approx(
        (737_023.66, 736_523.655, 737_523.665)
    )


def test_a_formula_cannot_run_code():
    for text in ("__import__('os')", "open('x')", "approved_2024 ** 2", "[1][0]"):
        with pytest.raises(DataError, match="expected arithmetic"):
            formula.evaluate(text, formula.Figures(), "2024-final-accounts")


def test_an_unknown_name_in_a_formula_is_a_look_up_that_fails():
    with pytest.raises(LookupError, match="nobody is no figure"):
        formula.evaluate("nobody + 1", formula.Figures(), "2024-final-accounts")


@pytest.mark.parametrize(
    "text",
    ["1 + " * 5000 + "1", "(" * 900 + "1" + ")" * 900, "+".join("1" * 900), "-" * 1900 + "1",
     "a." * 900 + "b", "9" * 1900, "1" + " * 1000000000000" * 60, "\0"],
    ids=["long", "nested", "deep", "signs", "dots", "digits", "overflowing", "nul"],
)  # fmt: skip
def test_a_monstrous_formula_is_refused_or_has_no_value_and_takes_no_time(text):
    if not formula.misfits(text, ()):
        with pytest.raises(OverflowError):
            formula.evaluate(text, formula.Figures())


def test_a_derived_figure_may_use_the_year_of_its_document(data):
    edit(data, "amounts", "derived,custody_approved_2022", "derived,document_year")
    assert formula.Figures(data)["custody_executed_2022"].amount.value == 2022


def test_a_corrected_source_turns_its_finding_into_a_statement_that_holds(data):
    edit(data, "claims", "82.787%,82.787", "82.78%,82.78")
    judged = claims.findings(data).set_index("figure")
    assert judged.loc["county_revenue_share_2024", "verdict_id"] == "holds"


def test_the_check_prints_a_line_for_each_finding_and_what_was_checked():
    lines = summary.lines()
    assert len([line for line in lines if line.startswith(("high", "medium", "low"))]) == 29
    assert lines[-1] == (
        "131 statements: 103 hold, 15 contradicted, 13 not reconcilable; 1 test of our own fails"
    )
    assert any(
        "244 hold, 0 fail, 29 not checked; of 244 comparisons 143 are only of zeros, 0 rest on"
        in line
        for line in lines
    )


def test_the_counts_come_from_one_place(judged):
    told = claims.counts(judged)
    assert told.hold + told.contradicted + told.not_reconcilable == told.statements == 131
    assert told.high + told.medium + told.low == told.contradicted + told.not_reconcilable
    assert (told.own_tests, told.own_failed) == (1, 1)
    assert str(claims.counts(judged[judged["holds"]])) == (
        "103 statements: 103 hold, 0 contradicted, 0 not reconcilable"
    )


def test_every_reason_has_a_label_and_every_verdict_an_id(judged):
    assert {*judged["verdict_id"]} <= {*claims.VERDICTS}
    assert {*judged["reason_id"]} <= {*claims.REASONS}
    assert {*claims.REASONS} - {""} <= {*claims.LABELS}


def test_the_library_s_own_words_are_not_the_document_s():
    """Statements are told in English; the document's sentences stay outside."""
    frame = load("claims")
    assert frame["statement"].str.fullmatch(r"[^一-鿿]*").all()
    assert frame["printed"].str.len().max() < 30


def test_judging_a_document_looks_at_the_claims_of_no_other(data):
    """So that a claim that is mended has no other year's reports made again."""
    before = {*seen}
    seen.clear()
    judged = claims.findings(Package(data), document="2024-final-accounts", subject="money")
    looks = {look for look in seen if look[0] == "claims"}
    seen.update(before)
    assert looks == {("claims", "2024-final-accounts")}
    assert len(judged) > 50


def test_a_filter_that_names_a_year_twice_finds_its_rows_once():
    assert len(load("amounts", year=[2022, 2022])) == len(load("amounts", year=2022))
