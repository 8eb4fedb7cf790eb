import shutil

import pytest
from click.testing import CliRunner
from conftest import DATA, edit

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
        "statutory_tables.csv, row 2, column value: found 57.50, expected 75.50",
    ),
    "a blank cell with a value": (
        replace("statutory_tables", ",,,万元", ",,0.00,万元"),
        "column value: found '0.00', expected the number printed as ''",
    ),
    "a table that no form knows": (
        replace("statutory_tables", "收入支出决算总表", "收支总表"),
        "statutory_tables.csv, row 2, column title: found '收支总表'",
    ),
    "a correction that finds something else": (
        replace("corrections", "unit,元,", "unit,角,"),
        "corrections.csv, ",
    ),
    "a boolean that is neither": (
        replace("amounts", "total,true", "total,perhaps"),
        "amounts.csv, row 2, column subtotal: found 'perhaps'",
    ),
    "a boolean as a spreadsheet saves it": (
        replace("amounts", "total,true", "total,TRUE"),
        "amounts.csv, row 2, column subtotal: found 'TRUE', expected true or false",
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
        "amounts.csv, row 2, column line: found 48, expected at most 47",
    ),
    "a unit of nothing": (
        replace("units", "yuan,元,1\n", "yuan,元,0\n"),
        "units.csv, row 2, column factor: found 0, expected a number above zero",
    ),
    "a table cell that is no amount of money": (
        replace("statutory_tables", ",万元,", ",人,"),
        "statutory_tables.csv, row 2, column unit: found '人', expected 元 or 万元",
    ),
    "a scheme with a space behind it": (
        replace("items", "publicity,project,", "publicity,project ,"),
        "items.csv, row 3, column scheme: found 'project ', expected one of total, project",
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
        "datapackage.json: found ",
    ),
    "a description that leads out of the folder": (
        descriptor('"path": "themes.csv"', '"path": "../themes.csv"'),
        "datapackage.json: found the path ../themes.csv out of the folder",
    ),
    "no document": (
        emptied("documents", "amounts", "indicators", "claims", "statutory_tables", "corrections",
                "explanations", "not_transcribed"),
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
def test_spoiled_data_are_refused_with_their_place_and_no_report_is_touched(how, tmp_path, reports):
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
