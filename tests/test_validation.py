import shutil
import time

import pytest
from accounts import SAMPLES, keyed
from click.testing import CliRunner
from conftest import DATA, edit
from many_years import widen

from analysis.checks import validation
from analysis.cli import main


def replace(table, old, new):
    return lambda data: edit(data, table, old, new)


def lines(table, change):
    """Spoil the list of lines of a table."""

    def spoil(data):
        path = data / f"{table}.csv"
        text = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(change(text)), encoding="utf-8")

    return spoil


def octets(table, change):
    def spoil(data):
        path = data / f"{table}.csv"
        path.write_bytes(change(path.read_bytes()))

    return spoil


def column(table, name, values=None):
    """Drop a column, or add one."""

    def change(text):
        rows = [line.rstrip("\n").split(",") for line in text]
        if values is None:
            place = rows[0].index(name)
            return [",".join(row[:place] + row[place + 1 :]) + "\n" for row in rows]
        return [
            ",".join([*row, value]) + "\n" for row, value in zip(rows, [name, *values], strict=True)
        ]

    return lines(table, change)


def descriptor(old, new):
    def spoil(data):
        path = data / "datapackage.json"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def emptied(*tables):
    """Leave nothing but the headers."""

    def spoil(data):
        for table in tables:
            lines(table, lambda text: text[:1])(data)

    return spoil


# what is done: how, and what the line that refuses it must name
SPOILED = {
    "a blank key": (replace("amounts", "approved_2022,", ","), "amounts.csv, row 2, column figure"),
    "a letter in a number": (
        replace("amounts", "64.19万元,64.19,", "64.19万元,64.I9,"),
        "amounts.csv, row 3, column value: found '64.I9'",
    ),
    "a number that is not printed": (
        replace("amounts", "64.19万元,64.19,", "64.19万元,46.19,"),
        "amounts.csv, row 3, column value: found '46.19', expected 64.19",
    ),
    "an unknown unit": (replace("amounts", "65,万元", "65,百元"), "amounts.csv, row 2"),
    "a unit that is not printed": (
        replace("amounts", "65,万元", "65,人"),
        "amounts.csv, row 2, column unit: found '人'",
    ),
    "an unknown item": (
        replace("amounts", "approved,total", "approved,totals"),
        "amounts.csv, row 2",
    ),
    "an unknown document": (
        replace("amounts", "2022-performance-evaluation", "2022-report"),
        "amounts.csv, row 2",
    ),
    "a duplicate row": (lines("amounts", lambda t: [*t, t[1]]), "amounts.csv, row 63"),
    "a repeated figure in another table": (
        replace("indicators", "townships_2022,", "approved_2022,"),
        "indicators.csv, row 2, column figure: found 'approved_2022'",
    ),
    "a missing column": (column("themes", "position"), "themes.csv"),
    "an extra column": (column("themes", "colour", ["red"] * 18), "themes.csv"),
    "a renamed column": (replace("themes", "theme,position", "theme,place"), "themes.csv"),
    "a second header": (lines("amounts", lambda t: [*t[:5], t[0], *t[5:]]), "amounts.csv, row 6"),
    "an empty line": (lines("units", lambda t: [*t[:3], "\n", *t[3:]]), "units.csv, row 4"),
    "a row that is too short": (
        lines("units", lambda t: [*t[:3], "里,miles\n", *t[3:]]),
        "units.csv, row 4",
    ),
    "a row that is too long": (
        lines("units", lambda t: [*t[:3], "里,miles,length,500,x\n", *t[3:]]),
        "units.csv, row 4",
    ),
    "another encoding": (
        octets("items", lambda b: b.decode().encode("gb18030")),
        "items.csv, row 2: found byte",
    ),
    "a file cut off": (octets("claims", lambda b: b[: len(b) // 2]), "claims.csv, row"),
    "no line end at the end": (
        octets("claims", lambda b: b.rstrip(b"\n")),
        ": found no line end after the last row",
    ),
    "an empty file": (octets("amounts", lambda b: b""), "amounts.csv"),
    "a missing file": (lambda data: (data / "amounts.csv").unlink(), "amounts.csv"),
    "a broken descriptor": (
        lambda data: (data / "datapackage.json").write_text("{", encoding="utf-8"),
        "datapackage.json",
    ),
    "a negative line": (
        replace("amounts", "performance-evaluation,23,", "performance-evaluation,-23,"),
        "amounts.csv, row 2, column line: found '-23'",
    ),
    "an unknown phase": (
        replace("amounts", "approved,", "planned,"),
        "column phase: found 'planned'",
    ),
    "a year with a letter": (replace("documents", ",2022,", ",2O22,"), "column year: found '2O22'"),
    "a year far off": (replace("documents", ",2022,", ",20222,"), "column year: found '20222'"),
    "a formula over an unknown figure": (
        replace("claims", "= ,".replace(" ", ""), "=,nobody + "),
        "column formula: found 'nobody'",
    ),
    "a formula that is no arithmetic": (
        replace("claims", "expenditure_2022 / approved_2022", "expenditure_2022 /"),
        "column formula: found 'expenditure_2022 /'",
    ),
    "a dispute over an unknown figure": (
        replace("claims", "custody_approved_2022,high", "custody_2022,high"),
        "column disputes: found 'custody_2022'",
    ),
    "a wrong qualifier": (
        replace("indicators", "launch_participants,at_least", "launch_participants,exact"),
        "column qualifier: found 'exact', expected 'at_least'",
    ),
    "a value for a derived figure": (
        replace("indicators", "下降53%,,人", "下降53%,34,人"),
        "column value: found '34', expected blank",
    ),
    "a stated figure with a formula": (
        replace("indicators", "exact,stated,", "exact,stated,townships_2022"),
        "column formula: found 'townships_2022'",
    ),
    "a cell that is not what is printed": (
        replace("statutory_tables", "75.50,75.50", "75.50,57.50"),
        "statutory_tables.csv, row 2, column value: found '57.50', expected 75.50",
    ),
    "a blank cell with a value": (
        replace("statutory_tables", ",,,万元", ",,0.00,万元"),
        "column value: found '0.00', expected the number printed as ''",
    ),
    "a table that no form knows": (
        replace("disclosed_tables", "收入支出决算总表", "收入决算表"),
        "disclosed_tables.csv, row 2, column title: found '收入决算表', expected a title of table",
    ),
    "a correction that finds something else": (
        replace("corrections", "unit,元,", "unit,角,"),
        "corrections.csv, ",
    ),
    "a boolean that is neither": (
        replace("items", "Total,false", "Total,perhaps"),
        "items.csv, row 2, column higher_level: found 'perhaps'",
    ),
    "a boolean as a spreadsheet saves it": (
        replace("items", "Total,false", "Total,FALSE"),
        "items.csv, row 2, column higher_level: found 'FALSE', expected true or false",
    ),
    "a number that is none": (
        replace("amounts", "65万元,65,", "65万元,NaN,"),
        "amounts.csv, row 2, column value: found 'NaN', expected a number",
    ),
    "a space before a number": (
        replace("claims", ",2022,money,", ", 2022,money,"),
        "claims.csv, row 2, column year: found ' 2022', expected a whole number",
    ),
    "a number in full-width digits": (
        replace("amounts", "65万元,65,", "65万元,６５,"),
        "amounts.csv, row 2, column value: found '６５', expected a number",
    ),
    "a quote that is not closed": (
        replace("corrections", ",the three", ',"the three'),
        "corrections.csv, row 4: found unexpected end of data",
    ),
    "a figure told twice": (
        lines("amounts", lambda text: [*text, text[1].replace("approved_2022", "again", 1)]),
        "amounts.csv, row 63, column document, year, direction, phase, item: found what ",
    ),
    "a line that the document does not have": (
        replace("amounts", "evaluation,23,65万元", "evaluation,48,65万元"),
        "amounts.csv, row 2, column line: found '48', expected at most 47",
    ),
    "a numeral left out on a line that the document does not have": (
        replace("not_transcribed", ",19,19,1、", ",19,48,1、"),
        "not_transcribed.csv, row 13, column last_line: found '48', expected at most 47",
    ),
    "numerals left out from a line on that ends nowhere": (
        replace("not_transcribed", ",19,19,1、", ",19,,1、"),
        "column last_line: found nothing, expected a line from 19 on",
    ),
    "numerals left out up to a line that begin nowhere": (
        replace("not_transcribed", ",19,19,1、", ",,19,1、"),
        "column last_line: found '19', expected blank, as is the first line",
    ),
    "a unit of nothing": (
        replace("units", "yuan,元,1\n", "yuan,元,0\n"),
        "units.csv, row 2, column factor: found '0', expected a number above zero",
    ),
    "a table cell that is no amount of money": (
        replace("statutory_tables", ",万元\n", ",人\n"),
        "statutory_tables.csv, row 2, column unit: found '人', expected one of 元, 万元",
    ),
    "a scheme with a space behind it": (
        replace("items", "publicity,project,", "publicity,project ,"),
        "items.csv, row 3, column scheme: found 'project ', expected no space around it",
    ),
    "a correction to a unit that is unknown": (
        replace("corrections", "unit,元,万元", "unit,元,百元"),
        "corrections.csv, row 2, column corrected: found '百元'",
    ),
    "a correction of a column that cannot be corrected": (
        replace("corrections", "unit,元,万元", "item,custody,publicity"),
        "corrections.csv, row 2, column column: found 'item', expected one of unit, value",
    ),
    "a derived figure that has no value": (
        replace("amounts", "derived,custody_approved_2022", "derived,custody_approved_2022 / 0"),
        "amounts.csv, row 7, column formula: found 'float division by zero'",
    ),
    "a derived figure without arithmetic": (
        replace("amounts", "derived,custody_approved_2022", "derived,-custody_approved_2022"),
        "amounts.csv, row 7, column formula: found '-custody_approved_2022'",
    ),
    "a description without a table": (
        descriptor('"name": "themes"', '"name": "topics"'),
        "datapackage.json: found no table themes, expected one",
    ),
    "a description of a type that is none": (
        descriptor('"type": "string"', '"type": "money"'),
        'datapackage.json, table documents, column document: found "money" as type',
    ),
    "a description that leads out of the folder": (
        descriptor('"path": "themes.csv"', '"path": "../themes.csv"'),
        'datapackage.json, table themes: found the path "../themes.csv", expected a CSV file',
    ),
    "a word that a closed list does not have": (
        replace("items", "publicity,project,", "publicity,projects,"),
        "items.csv, row 3, column scheme: found 'projects', expected one of total, project",
    ),
    "a leading zero": (
        replace("amounts", "65万元,65,", "65万元,065,"),
        "amounts.csv, row 2, column value: found '065', expected a number",
    ),
    "a printed leading zero": (
        replace("amounts", "65万元,65,", "065万元,65,"),
        "amounts.csv, row 2, column printed: found '065万元', expected the characters of a figure",
    ),
    "an odd factor": (
        replace("units", "money,yuan,元,10000", "money,yuan,元,1000"),
        "units.csv, row 3, column factor: found '1000', expected 10000",
    ),
    "an odd factor of a counted thing": (
        replace("units", "copies,copies,份,10000", "copies,copies,份,12"),
        "column factor: found '12', expected 10000",
    ),
    "an odd quantity": (
        replace("units", "万元,money", "万元,mass"),
        "units.csv, row 3, column quantity: found 'mass', expected money",
    ),
    "a quantity that is none": (
        replace("units", "人,persons,人,persons", "人,persons,人,people"),
        "column quantity: found 'people', expected one of money",
    ),
    "a unit of mass on money": (
        replace("amounts", "65万元,65,万元", "65吨,65,吨"),
        "amounts.csv, row 2, column unit: found '吨', expected a unit of money",
    ),
    "a row that a form does not have": (
        replace("statutory_tables", "accounts,04,1,1,", "accounts,04,total,1,"),
        "column row: found 'total', expected a row of table 04 (财政拨款收入支出决算总表)",
    ),
    "a column that a form does not have": (
        replace("statutory_tables", "accounts,03,total,6,", "accounts,03,total,7,"),
        "column column: found '7', expected 1 to 6 in row total of table 03",
    ),
    "a column of the other half of a table": (
        replace("statutory_tables", "accounts,04,1,1,", "accounts,04,1,2,"),
        "column column: found '2', expected 1 to 1 in row 1 of table 04",
    ),
    "a table that has cells and is called empty": (
        replace("disclosed_tables", "unknown,false", "unknown,true"),
        "disclosed_tables.csv, row 2, column empty: found 'true', expected true for a table",
    ),
    "a table that has no cells and is not called empty": (
        replace("disclosed_tables", "2024-final-accounts,05,824,一般公共预算财政拨款支出决算表",
                "2024-final-accounts,06,824,一般公共预算财政拨款基本支出决算表"),
        "expected a value of disclosed_tables",
    ),
    "a unit of a table that its cells do not have": (
        replace("disclosed_tables", "万元,unknown", "元,unknown"),
        "disclosed_tables.csv, row 2, column unit: found '元', expected '万元' as in its cells",
    ),
    "a claim that can fail and that nobody has weighed": (
        replace("claims", "grants_revenue_2024,high,", "grants_revenue_2024,,"),
        "column severity: found nothing, expected high, medium or low",
    ),
    "a claim that quotes itself": (
        replace("claims", "=,approved_2022,", "=,budget_header_2022,"),
        "claims.csv, row 2, column formula: found 'budget_header_2022' itself",
    ),
    "the same characters of one line as two quantities": (
        lines("claims", lambda text: [
            *text,
            text[1].replace("budget_header_2022", "again", 1).replace("65,65,万元", "65,65,元", 1),
        ]),
        "column unit: found '元', expected '万元' as claims.csv, row 2 reads the same characters",
    ),
    "a value of a hundred and thirty thousand digits": (
        replace("amounts", "65万元,65,", f"65万元,{'9' * 130_000},"),
        "amounts.csv, row 2, column value: found 130,000 characters, expected at most 5,000",
    ),
    "printed characters without end": (
        replace("amounts", "65万元,65,", f"{'1' * 120_000},65,"),
        "amounts.csv, row 2, column printed: found 120,000 characters, expected at most 200",
    ),
    "a field of fifty megabytes": (
        lambda data: (data / "themes.csv").write_bytes(
            (data / "themes.csv").read_bytes() + b"x" * 50_000_000 + b"\n"),
        "themes.csv: found 50,",
    ),
    "a NUL character": (
        replace("themes", "users,1", "us\0ers,1"),
        "themes.csv: found a NUL character",
    ),
    "no document": (
        emptied("documents", "disclosed_tables", "amounts", "indicators", "claims",
                "statutory_tables", "corrections", "explanations", "not_transcribed"),
        "documents.csv: found no row, expected a document",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """An output folder that holds something already."""
    out = tmp_path_factory.mktemp("reports")
    (out / "index.html").write_text("what was there", encoding="utf-8")
    return out


def test_the_project_s_own_data_are_valid():
    assert validation.problems() == []


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_data_are_refused_with_their_place_and_no_report_is_touched(
    how, tmp_path, reports, monkeypatch
):
    monkeypatch.setenv("ANALYSIS_DATA", "")  # what the command sets for its workers ends here
    data = shutil.copytree(DATA, tmp_path / "data")
    spoil, place = SPOILED[how]
    spoil(data)
    result = CliRunner().invoke(main, ["reports", "--data", str(data), "--out", str(reports)])
    assert result.exit_code == 2, result.output
    assert place in result.output
    assert "Traceback" not in result.output
    assert all("found" in line for line in result.output.strip().splitlines()), result.output
    assert [path.name for path in reports.iterdir()] == ["index.html"]
    assert (reports / "index.html").read_text(encoding="utf-8") == "what was there"


def test_there_are_at_least_thirty_ways_of_spoiling():
    assert len(SPOILED) >= 30


def test_of_ten_thousand_errors_some_fifty_lines_are_told_and_their_number(data):
    path = data / "units.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "".join(f"u{i},,,?,,,x\n" for i in range(5_000)), encoding="utf-8")
    found = validation.problems(data)
    assert len(found) == 51
    assert found[-1] == "and 19,950 more found like these"


def test_hostile_text_in_a_message_moves_no_terminal(data):
    edit(data, "amounts", "approved_2022,", "approved\x1b[2J\u202e_2022,")
    [line] = validation.problems(data)
    assert line.isprintable()
    assert "\\x1b[2J\\u202e" in line


def test_a_department_that_is_new_to_this_is_valid(tmp_path):
    for name in SAMPLES:
        for blanks in ("zero", "unknown"):
            assert validation.problems(keyed(name, tmp_path / name / blanks, blanks)) == []


def test_thirty_thousand_rows_are_validated_in_a_few_seconds(tmp_path):
    widen(DATA, tmp_path, 74)
    files = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")]
    assert sum(text.count("\n") - 1 for text in files) > 30_000
    begun = time.process_time()
    assert validation.problems(tmp_path) == []
    assert time.process_time() - begun < 3
