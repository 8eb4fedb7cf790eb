import pytest
from conftest import edit

from analysis import load
from analysis.checks import claims, formula, summary

# Every statement that fails, and how. A finding that vanishes is as loud as a new one.
FAILING = {
    "grants_revenue_table_2024": ("high", claims.TABLES),
    "carry_over_table_2024": ("high", claims.TABLES),
    "closing_balance_table_2024": ("high", claims.TABLES),
    "closing_balance_reason_2024": ("high", claims.TEXT),
    "users_called_tiers_2024": ("high", claims.TEXT),
    "item_label_2024": ("high", claims.LABEL),
    "custody_unit_2022": ("high", claims.UNIT),
    "hair_testing_unit_2022": ("high", claims.UNIT),
    "county_revenue_table_2024": ("medium", claims.TABLES),
    "carry_over_unit_987": ("medium", claims.UNIT),
    "carry_over_unit_993": ("medium", claims.UNIT),
    "change_reasons_987": ("medium", claims.NOT),
    "change_reasons_993": ("medium", claims.NOT),
    "change_reasons_996": ("medium", claims.NOT),
    "custody_affordable_2024": ("medium", claims.NOT),
    "goal_label_2022": ("medium", claims.LABEL),
    "suspects_growth_2024": ("medium", claims.NO_INTEGER),
    "precursor_count_2022": ("low", claims.TEXT),
    "festivals_again_2024": ("low", claims.TEXT),
    "five_bodies_2024": ("low", claims.TEXT),
    "contest_label_2022": ("low", claims.LABEL),
    "project_label_2022": ("low", claims.LABEL),
    "scope_year_2024": ("low", claims.LABEL),
    "townships_unit_2024": ("low", claims.LABEL),
    "section_number_2024": ("low", claims.LABEL),
    "hospital_label_2024": ("low", claims.LABEL),
    "county_revenue_share_2024": ("low", claims.NOT),
    "personnel_share_2024": ("low", claims.NOT),
    "operating_share_2024": ("low", claims.NOT),
}


@pytest.fixture(scope="module")
def judged():
    return claims.findings().set_index("figure")


def test_exactly_the_known_statements_fail_and_as_known(judged):
    failed = judged[~judged["holds"]]
    found = {figure: (row["severity"], row["verdict"]) for figure, row in failed.iterrows()}
    assert found == FAILING


def test_every_failed_statement_tells_why_and_what_to_use_instead(judged):
    failed = judged[~judged["holds"]]
    for column in ("severity", "remark", "use_instead", "arithmetic"):
        assert (failed[column] != "").all(), column


def test_a_statement_that_holds_has_no_severity(judged):
    assert (judged[judged["holds"]]["severity"] == "").all()


def judge(**claim):
    """Verdict on a claim over the project's figures."""
    given = {"document": "2024-final-accounts", "figure": "x", "kind": "repeat", "relation": "="}
    return claims.judge({**given, **claim}, formula.Figures(), 2024)["verdict"]


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        (claims.HOLDS, {"printed": "88%", "value": 88, "unit": "%", "kind": "percentage",
                       "formula": "abstinent_users_2024 / users_registered_2024"}),
        (claims.NEARLY, {"printed": "89%", "value": 89, "unit": "%", "kind": "percentage",
                        "formula": "abstinent_users_2024 / users_registered_2024"}),
        (claims.NEARLY, {"printed": "175.9%", "value": 175.9, "unit": "%", "kind": "percentage",
                        "formula": "expenditure_2024 / approved_2024"}),
        (claims.NOT, {"printed": "91%", "value": 91, "unit": "%", "kind": "percentage",
                     "formula": "abstinent_users_2024 / users_registered_2024"}),
        (claims.NO_INTEGER, {"printed": "4%", "value": 4, "unit": "%", "kind": "growth",
                            "formula": "suspects_2024 / suspects_2023 - 1"}),
        (claims.TABLES, {"printed": "13万元", "value": 13, "unit": "万元", "formula": "T01.r4.c1"}),
        (claims.TEXT, {"printed": "174人", "value": 174, "unit": "人",
                      "formula": "risk_medium_2024"}),
        (claims.UNIT, {"printed": "19.6元", "value": 19.6, "unit": "元",
                      "formula": "carry_over_2024"}),
        (claims.LABEL, {"printed": "2023年", "value": 2023, "unit": "年", "kind": "year",
                       "formula": "document_year"}),
        (claims.LABEL, {"printed": "其他公安支出", "value": None, "unit": "", "kind": "label",
                       "formula": "T05"}),
        (claims.HOLDS, {"printed": "执法办案", "value": None, "unit": "", "kind": "label",
                       "formula": "T05"}),
        (claims.NOT, {"printed": "0%", "value": 0, "unit": "%", "kind": "percentage",
                     "formula": "personnel_2024 / basic_2024"}),
        (claims.HOLDS, {"printed": "3%", "value": 3, "unit": "%", "kind": "ceiling",
                       "relation": ">=",
                       "formula": "hair_positives_users_2022 / hair_tests_users_2022"}),
        (claims.NOT, {"printed": "1%", "value": 1, "unit": "%", "kind": "ceiling",
                      "relation": ">=",
                      "formula": "hair_positives_users_2022 / hair_tests_users_2022"}),
        (claims.HOLDS, {"printed": "755023.66元", "value": 755023.66, "unit": "元",
                       "formula": "T01.r27.c1"}),
        (claims.TEXT, {"printed": "756123.66元", "value": 756123.66, "unit": "元",
                      "formula": "expenditure_2024"}),
    ],
)  # fmt: skip
def test_each_verdict_has_a_case_of_its_own(verdict, claim):
    assert judge(**claim) == verdict


def test_a_growth_rate_gives_the_only_whole_number_that_fits():
    figures = formula.Figures()
    assert figures["users_sanctioned_2023"].amount == formula.Interval(26, 26, 26)
    assert figures["new_users_2022"].amount == formula.Interval(34, 34, 34)
    assert figures["suspects_2023"].amount is None


def test_a_derived_amount_carries_the_interval_that_rounding_leaves():
    amount = formula.Figures()["expenditure_2023"].amount
    assert (amount.value, amount.low, amount.high) == pytest.approx(
        (737_023.66, 736_523.655, 737_523.665)
    )


def test_a_formula_cannot_run_code():
    for text in ("__import__('os')", "open('x')", "approved_2024 ** 2", "[1][0]"):
        with pytest.raises((ValueError, LookupError, StopIteration)):
            formula.evaluate(text, formula.Figures(), "2024-final-accounts", 2024)


def test_a_corrected_source_turns_its_finding_into_a_statement_that_holds(data):
    edit(data, "claims", "82.787%,82.787", "82.78%,82.78")
    judged = claims.findings(data).set_index("figure")
    assert judged.loc["county_revenue_share_2024", "verdict"] == claims.HOLDS


def test_the_check_prints_a_line_for_each_finding_and_what_was_checked():
    lines = summary.lines()
    assert len([line for line in lines if line.startswith(("high", "medium", "low"))]) == 29
    assert "claims: 103 of 132 reproduce" in lines
    assert any("219 hold, 0 fail, 17 not checked" in line for line in lines)


def test_the_library_s_own_words_are_not_the_document_s():
    """Statements are told in English; the document's sentences stay outside."""
    claims = load("claims")
    assert claims["statement"].str.fullmatch(r"[^一-鿿]*").all()
    assert claims["printed"].str.len().max() < 30
