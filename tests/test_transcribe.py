"""From a document to a draft that is checked: made accounts, seeded errors, refusals, samples."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import made_accounts as made
import pytest
from click.testing import CliRunner

from analysis.checks.identities import identities
from analysis.checks.validation import problems
from analysis.cli import main
from analysis.data.package import ROOT, Package, unreviewed
from analysis.transcribe import draft, tables, text

pytest.importorskip("pdfplumber", reason="needs the extra `transcribe`")
SAMPLES = os.environ.get("ANALYSIS_SAMPLES")
DOCUMENTS = os.environ.get("ANALYSIS_DOCUMENTS")
needs_samples = pytest.mark.skipif(not SAMPLES, reason="ANALYSIS_SAMPLES is not set")
needs_documents = pytest.mark.skipif(not DOCUMENTS, reason="ANALYSIS_DOCUMENTS is not set")
Sample = Callable[[str], draft.Outcome]
FORMATS: dict[str, Callable[[list[made.Block], Path], None]] = {
    "html": made.as_html,
    "docx": made.as_docx,
    "xlsx": made.as_xlsx,
}


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def drafted(told: list[made.Block], folder: Path, into: bool = False) -> draft.Outcome:
    path = folder / "account.html"
    made.as_html(told, path)
    return draft.transcribe(path, folder / "draft", into)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The draft of a real account, made once: a test that writes into it copies the folder."""

    @cache
    def of(name: str) -> draft.Outcome:
        path = Path(str(SAMPLES)) / f"{name}-2024.pdf"
        return draft.transcribe(path, tmp_path_factory.mktemp(name) / "draft", False)

    return of


def looked_at(outcome: draft.Outcome) -> str:
    """What a person has to look at first."""
    ranks = ("readers disagree", "finding", "identity fails", "claim fails")
    return "\n".join(one["what"] for one in outcome.review if one["rank"] in ranks)


# ------------------------------------------------------------------------------------ drafts


def test_an_account_becomes_a_package_that_is_valid_and_whose_identities_hold(tmp_path: Path):
    outcome = drafted(made.account(), tmp_path)
    package = Package(outcome.folder)
    assert problems(package) == []
    assert {row["table"] for row in rows(outcome.folder, "disclosed_tables")} == {
        f"{number:02}" for number in range(1, 10)
    }
    checked = identities(
        package.load("statutory_tables"), disclosed=package.load("disclosed_tables")
    )
    assert (checked["result"] != "fails").all()
    assert looked_at(outcome) == ""
    assert not [one for one in outcome.review if one["rank"] in ("numeral", "no identity")]


def test_every_numeral_and_every_row_of_a_draft_stands_in_its_text(tmp_path: Path):
    outcome = drafted(made.account(), tmp_path)
    told = CliRunner().invoke(
        main,
        ["check", "--data", str(outcome.folder), "--documents", f"{outcome.folder}/{draft.FOLDER}"],
    )
    assert told.exit_code == 0, told.output
    assert f"review: {len(outcome.review)} points" in told.output


def test_amounts_indicators_and_claims_are_drafted_with_item_and_formula(tmp_path: Path):
    folder = drafted(made.account(), tmp_path).folder
    amounts = {row["figure"]: row for row in rows(folder, "amounts")}
    assert amounts["revenue_2031"]["printed"] == "本年收入合计120.00万元"
    assert (amounts["approved_2040220_2031"]["item"], amounts["goods_2031"]["value"]) == (
        "2040220",
        "4.00",
    )
    assert amounts["expenditure_2030"]["formula"] == "expenditure_2031 - expenditure_change_2031"
    formulas = {row["figure"]: row["formula"] for row in rows(folder, "claims")}
    assert formulas["basic_share_2031"] == "basic_2031 / expenditure_2031"
    assert formulas["growth_676"] == "expenditure_change_2031 / expenditure_2030"


def test_the_same_account_gives_the_same_package_in_every_format(tmp_path: Path):
    seen = []
    for kind, write in FORMATS.items():
        path = tmp_path / f"account.{kind}"
        write(made.account(), path)
        folder = draft.transcribe(path, tmp_path / kind, into=False).folder
        seen.append({file.name: file.read_bytes() for file in folder.glob("*.csv")})
    assert seen[0] == seen[1] == seen[2]


def test_a_year_is_added_to_a_package_without_touching_a_row_of_it(tmp_path: Path):
    folder = shutil.copytree(ROOT / "data", tmp_path / "draft")
    before = {file.name: file.read_bytes() for file in folder.glob("*.csv")}
    outcome = drafted(made.account(2023), tmp_path, into=True)
    for name, content in before.items():
        assert (folder / name).read_bytes().startswith(content), name
    assert problems(Package(folder)) == []
    assert 2023 in Package(folder).years
    # the accounts of 2024 imply an expenditure of 2023 already: both stand, under two names
    assert "expenditure_2023_in_2023" in {row["figure"] for row in rows(folder, "amounts")}
    assert "the package is of" in looked_at(outcome)


def test_a_draft_is_open_until_each_point_is_done(tmp_path: Path):
    folder = drafted(made.account(), tmp_path).folder
    assert unreviewed(folder) == len(rows(folder, "review")) > 0
    path = folder / "review.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace(",open\n", ",done\n"), encoding="utf-8"
    )
    assert unreviewed(folder) == 0
    assert unreviewed(ROOT / "data") == 0


def reported(folder: Path, out: Path) -> str:
    """A page of a draft."""
    line = ["reports", "--data", str(folder), "--out", str(out),
            "--notebook", "budget_execution", "--language", "en"]  # fmt: skip
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 0, done.output
    (page,) = out.glob("*/budget_execution.html")
    return page.read_text("utf-8")


def test_a_draft_of_a_made_account_gives_reports(tmp_path: Path):
    folder = drafted(made.account(), tmp_path).folder
    assert "Draft, not reviewed" in reported(folder, tmp_path / "reports")


# ------------------------------------------------------------------------------ seeded errors


def without_table_09(told: list[made.Block]) -> list[made.Block]:
    place = next(n for n, (_, what) in enumerate(told) if "三公" in str(what)[:20])
    return told[:place] + told[place + 3 :]


def columns_swapped(told: list[made.Block]) -> list[made.Block]:
    place = next(n for n, (_, what) in enumerate(told) if what == "支出决算表") + 2
    head, *body = told[place][1]
    swapped = [[*row[:3], row[4], row[3], *row[5:]] for row in body]
    return [*told[:place], ("t", [head, *swapped]), *told[place + 1 :]]


def year_changed(told: list[made.Block]) -> list[made.Block]:
    return [(k, w.replace("2031年度收", "2029年度收") if k == "p" else w) for k, w in told]


SEEDED: dict[str, tuple[list[made.Block], str]] = {
    "a total": (made.account(total="121.00"), "02.rtotal.c1 = 01.r27.c1 fails"),
    "a year": (year_changed(made.account()), "2029 in an account of 2031"),
    "more for less": (made.account(more="小于"), "决算数小于"),
    "a dropped table": (
        without_table_09(made.account()),
        "not printed: 财政拨款“三公”经费支出决算表",
    ),
    "swapped columns": (columns_swapped(made.account()), "fails by 80.00"),
    "a placeholder": (made.account(note="与上年相比，增加XX万元。"), "a placeholder was left: XX"),
    "a percentage": (made.account(note="与上年相比，增加20.00万元，增长30.00%。"), "growth"),
    "a direction": (
        made.account(note="与上年相比，增加20.00万元，下降20.00%。"),
        "other direction",
    ),
}


@pytest.mark.parametrize("error", SEEDED)
def test_a_seeded_error_is_a_finding(error: str, tmp_path: Path):
    told, finding = SEEDED[error]
    assert finding in looked_at(drafted(told, tmp_path))


def test_an_item_that_no_table_has_is_a_finding_and_not_the_nearest(tmp_path: Path):
    told = [
        (k, w.replace("执法办案（项）", "执法办公（项）") if k == "p" else w)
        for k, w in made.account()
    ]
    outcome = drafted(told, tmp_path)
    assert "no table has the item 执法办公" in looked_at(outcome)
    assert "2040220" not in {row["item"] for row in rows(outcome.folder, "amounts")}


def test_a_change_that_is_printed_twice_is_not_the_year_before_of_itself(tmp_path: Path):
    cost = ("p", "机关运行经费支出9.00万元，比上年增加1.00万元，增长12.50%。")
    told = [*made.account(), ("p", "十一、机关运行经费支出说明"), cost, cost]
    outcome = drafted(told, tmp_path)
    derived = [row for row in rows(outcome.folder, "amounts") if row["basis"] == "derived"]
    assert [row["figure"] for row in derived] == ["expenditure_2030", "agency_operation_2030"]
    assert looked_at(outcome) == ""


def test_an_item_that_is_explained_twice_is_called_by_its_name(tmp_path: Path):
    told = made.account()
    place = next(n for n, (_, what) in enumerate(told) if "执法办案（项）" in str(what))
    folder = drafted([*told[:place], told[place], *told[place:]], tmp_path).folder
    statements = {row["statement_zh"] for row in rows(folder, "claims")}
    assert "再次列明执法办案" in statements


@pytest.mark.parametrize("printed", ["3", "三"])
def test_a_number_in_words_is_drafted_as_a_number(printed: str, tmp_path: Path):
    stock = [("p", "十一、国有资产占用情况说明"), ("p", f"共有车辆{printed}辆。")]
    folder = drafted([*made.account(), *stock], tmp_path).folder
    (row,) = rows(folder, "indicators")
    assert (row["figure"], row["value"]) == ("vehicles_2031", "3")


@pytest.mark.parametrize("printed", ["03", "半"])
def test_a_numeral_that_is_no_number_is_left_to_a_person(printed: str, tmp_path: Path):
    stock = [("p", "十一、国有资产占用情况说明"), ("p", f"共有车辆{printed}辆。")]
    outcome = drafted([*made.account(), *stock], tmp_path)
    assert rows(outcome.folder, "indicators") == []
    assert [one["printed"] for one in outcome.review if one["rank"] == "numeral"][:1] == [
        f"{printed}辆"
    ]


def test_a_number_with_its_thousands_parted_is_one_number(tmp_path: Path):
    cost = ("p", "机关运行经费支出1,234.56万元,比上年增加1,000.00万元。")
    told = [*made.account(), ("p", "十一、机关运行经费支出说明"), cost]
    outcome = drafted(told, tmp_path)
    values = {row["figure"]: row["value"] for row in rows(outcome.folder, "amounts")}
    assert values["agency_operation_executed_2031"] == "1234.56"
    assert not [one for one in outcome.review if one["rank"] == "numeral"]


def test_an_amount_with_two_points_is_no_number(tmp_path: Path):
    told = [(k, w.replace("110.00", "110..00") if k == "p" else w) for k, w in made.account()]
    outcome = drafted(told, tmp_path)
    assert "110" in {one["printed"] for one in outcome.review if one["rank"] == "numeral"}


def test_an_unknown_line_of_a_form_is_a_finding(tmp_path: Path):
    told = made.account()
    for kind, what in told:
        if kind == "t" and what[2][0][0] == "一般公共预算财政拨款收入":
            what[4][0] = ("四、数字经济收入", 1)
    assert "no such line: 四、数字经济收入" in looked_at(drafted(told, tmp_path))


# ------------------------------------------------------------------------------------ readers


def test_a_sheet_whose_cells_have_no_borders_is_read(tmp_path: Path):
    from openpyxl import Workbook
    from openpyxl.styles import Border

    book = Workbook()
    for row in (["一、支出决算表"], ["科目名称", "合计"], ["公安", 3.5]):
        book.active.append(row)
    book.active["A2"].border = Border(top=None, bottom=None)
    book.save(tmp_path / "account.xlsx")
    told = text.read_here(tmp_path / "account.xlsx").canonical
    assert told == "一、支出决算表\n\t科目名称\n\t合计\n\n\t公安\n\t3.5\n"


WORD = """<w:body xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:p><w:r><w:t>甲</w:t></w:r><w:del><w:r><w:t>删</w:t></w:r></w:del><w:r><w:t>乙</w:t></w:r></w:p>
<w:sdt><w:sdtContent><w:tbl>
  <w:tr>
    <w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr><w:p><w:r><w:t>一</w:t></w:r></w:p></w:tc>
    <w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>二</w:t></w:r></w:p></w:tc>
  </w:tr>
  <w:tr>
    <w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p><w:r><w:t>藏</w:t></w:r></w:p></w:tc>
    <w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>三</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>
  </w:tr>
  <w:tr>
    <w:trPr><w:gridBefore w:val="1"/></w:trPr>
    <w:tc><w:p><w:r><w:t>四</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>五</w:t></w:r></w:p>
    </w:tc></w:tr></w:tbl></w:tc>
  </w:tr>
</w:tbl></w:sdtContent></w:sdt></w:body>"""


def test_deletions_merged_cells_and_controls_of_word_are_told_apart(tmp_path: Path):
    path = tmp_path / "account.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", WORD)
    read = text.read_here(path)
    assert read.canonical == "甲乙\n\t一\n\t二\n\n\t\n\t三\n\n\t\n\t四五\n"
    boxes = {line.text: line.box for line in read.lines}
    assert (boxes["\t二"], boxes["\t四五"]) == ((1, 0, 3, 1), (1, 2, 2, 3))


def test_only_the_innermost_tables_of_html_have_rows_and_a_cell_reaches_down(tmp_path: Path):
    path = tmp_path / "account.html"
    path.write_text(
        "<body>前<table><tr><td>外<table><tr><th rowspan=2>一<th>二<tr><td>三</table></table>"
        "后<br>末<script>x</script>了",
        encoding="utf-8",
    )
    told = text.read_here(path).canonical
    assert told == "前\n外\n\t一\n\t二\n\n\t\n\t三\n\n后\n末了"


# --------------------------------------------------------------------------- forms and headings


def grid(*told: str) -> list[text.Line]:
    """Lines of tables: a title, or cells parted by | with their place."""
    lines = []
    for number, row in enumerate(told):
        if "|" not in row:
            lines.append(text.Line(row))
            continue
        cells = row.split("|")
        lines += [
            text.Line("\t" + c, 0, (n, number, n + 1, number + 1)) for n, c in enumerate(cells)
        ]
        lines.append(text.Line(""))
    return lines


def test_budget_and_outturn_printed_in_turn_get_the_columns_of_the_form():
    once = "合计|因公出国（境）费|公务用车购置及运行费小计"
    once += "|公务用车购置费|公务用车运行费|公务接待费"
    kinds = "|".join(f"{one}|{one}" for one in once.split("|"))
    values = "|".join(f"{n}.00" for n in range(12))
    phases = "|".join(["预算数", "决算数"] * 6)
    lines = grid("“三公”经费支出决算表", "单位：万元", kinds, phases, values)
    (table,), findings = tables.find(lines)
    assert [(c.column, c.printed) for c in sorted(table.cells, key=lambda c: c.column)] == [
        (n + 1, f"{v}.00") for n, v in enumerate([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11])
    ]
    assert findings == []


def test_codes_in_three_cells_and_a_total_beside_the_headings_are_read():
    heads = "科目编码|||科目名称|本年支出合计|基本支出|项目支出"
    lines = grid(
        "支出决算表",
        "单位：元",
        f"{heads}|上缴上级支出|经营支出|对附属单位补助支出",
        "类|款|项|合计|3.00|1.00|2.00|||",
        "204|||公共安全支出|3.00|1.00|2.00|||",
        "204|02||公安|3.00|1.00|2.00|||",
        "204|02|20|执法办案|3.00|1.00|2.00|||",
    )
    (table,), findings = tables.find(lines)
    assert {c.row for c in table.cells} == {"total", "204", "20402", "2040220"}
    assert (table.unit, len(table.cells), findings) == ("元", 24, [])


def test_a_title_that_only_ends_like_one_of_the_nine_is_none():
    found, _ = tables.find(
        grid("项目支出决算表", "单位：万元", "204|公共安全支出|1.00|1.00|0.00|||")
    )
    assert found == []


def test_a_dash_is_neither_zero_nor_blank_but_a_finding():
    lines = grid("支出决算表", "单位：万元", "204|公共安全支出|3.00|1.00|2.00|—||")
    (table,), findings = tables.find(lines)
    assert "a dash" in findings[-1].what
    assert "4" not in {str(c.column) for c in table.cells}


# ------------------------------------------------------------------------------------ refusals


def refused(path: Path, folder: Path) -> str:
    done = CliRunner().invoke(main, ["transcribe", str(path), "--out", str(folder)])
    assert done.exit_code == 2, done.output
    assert not (folder / "datapackage.json").exists()
    return done.output


def test_what_cannot_be_transcribed_is_refused_with_what_to_do(tmp_path: Path):
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    out = tmp_path / "out"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (text.UNPACKED + 1))
    entities = io.BytesIO()
    with zipfile.ZipFile(entities, "w") as archive:
        archive.writestr(
            "word/document.xml", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///x'>]><a>&b;</a>"
        )
    cases = {
        "no account": (write("a.html", "<p>你好</p>".encode()), "no account"),
        "no form": (write("b.html", "<p>2024年度部门决算</p>".encode()), "no statutory table"),
        "a picture": (write("c.png", b"\x89PNG\r\n"), "convert it"),
        "damaged": (write("d.pdf", b"%PDF-1.7\n nothing"), "print it to PDF anew"),
        "old office": (write("e.doc", b"\xd0\xcf\x11\xe0rest"), "save it without password"),
        "a bomb": (write("f.docx", bomb.getvalue()), "more than can be read"),
        "entities": (write("g.docx", entities.getvalue()), "declares entities"),
        "missing": (tmp_path / "h.pdf", "not a file"),
        "empty": (write("i.txt", b"\n"), "no text"),
    }
    for what, (path, said) in cases.items():
        assert said in refused(path, out), what


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path):
    made.as_html(made.account(), tmp_path / "a.html")
    assert "not empty" in refused(tmp_path / "a.html", tmp_path)


def test_a_document_that_is_there_already_is_not_added_twice(tmp_path: Path):
    drafted(made.account(), tmp_path)
    with pytest.raises(text.RefusedError, match="already"):
        drafted(made.account(), tmp_path, into=True)


def test_a_page_that_is_only_a_picture_is_named(tmp_path: Path):
    from PIL import Image

    path = tmp_path / "scan.pdf"
    Image.new("L", (600, 800), 200).save(path, "PDF")
    assert "no text on page 1" in refused(path, tmp_path / "out")


def test_the_script_of_a_document_is_neither_read_nor_shown(tmp_path: Path):
    told = [("p", "2031年度<img src=x onerror=alert(1)>部门决算"), *made.account()]
    outcome = drafted(told, tmp_path)
    page = (outcome.folder / draft.FOLDER / f"{outcome.document}.review.html").read_text("utf-8")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "default-src 'none'" in page
    assert "<th>why <span lang='zh-Hans'>说明</span>" in page


def test_a_department_without_an_english_name_is_marked(tmp_path: Path):
    (document,) = rows(drafted(made.account(), tmp_path).folder, "documents")
    assert document["department_en"] == "青山县水务局 (to be translated)"


# ------------------------------------------------------------------- real accounts, at hand or not


@needs_samples
@pytest.mark.parametrize("name", ["planning", "finance"])
def test_every_cell_of_a_real_account_is_read_twice_and_right(name: str, sample: Sample):
    outcome = sample(name)
    found = {
        (row["table"], row["row"], row["column"]): row["printed"]
        for row in rows(outcome.folder, "statutory_tables")
    }
    assert found == made.printed(Path(__file__).parent / "data" / f"{name}-cells.csv")
    assert not [one for one in outcome.review if one["rank"] == "readers disagree"]
    assert problems(Package(outcome.folder)) == []
    assert "not accounted for" not in {one["what"] for one in outcome.review}
    page = outcome.folder / draft.FOLDER / f"{outcome.document}.review.html"
    assert "Text, read once" not in page.read_text("utf-8")


@needs_samples
@pytest.mark.parametrize("name", ["planning", "finance"])
def test_a_real_account_goes_from_draft_to_pages_that_say_so_until_it_is_reviewed(
    name: str, sample: Sample, tmp_path: Path
):
    folder = shutil.copytree(sample(name).folder, tmp_path / "draft")
    assert CliRunner().invoke(main, ["check", "--data", str(folder)]).exit_code == 0
    for state in ("open", "done"):
        path = folder / "review.csv"
        path.write_text(path.read_text("utf-8").replace(",open\n", f",{state}\n"), "utf-8")
        page = reported(folder, tmp_path / "out")
        assert ("Draft, not reviewed" in page) == (state == "open")


@needs_samples
@pytest.mark.parametrize("kind", FORMATS)
def test_a_real_account_in_another_format_gives_the_same_text(
    kind: str, sample: Sample, tmp_path: Path
):
    read = sample("finance").read
    path = tmp_path / f"account.{kind}"
    FORMATS[kind](made.blocks(read.lines), path)
    assert text.read(path).canonical == read.canonical


@needs_samples
def test_the_same_document_gives_the_same_bytes(sample: Sample, tmp_path: Path):
    first = sample("planning").folder
    path = Path(str(SAMPLES)) / "planning-2024.pdf"
    second = draft.transcribe(path, tmp_path / "draft", False).folder
    for file in sorted(first.rglob("*")):
        if file.is_file():
            assert file.read_bytes() == (second / file.relative_to(first)).read_bytes(), file


@needs_samples
def test_the_empty_form_is_a_draft_of_placeholders(sample: Sample):
    outcome = sample("template")
    assert all(row["empty"] == "true" for row in rows(outcome.folder, "disclosed_tables"))
    assert "a placeholder was left" in looked_at(outcome)


@needs_documents
def test_the_account_transcribed_by_hand_is_drafted_alike(tmp_path: Path):
    path = Path(str(DOCUMENTS)) / "2024-final-accounts.txt"
    folder = draft.transcribe(path, tmp_path / "draft", False).folder
    by_hand = [r for r in rows(ROOT / "data", "statutory_tables") if r["document"] == path.stem]
    ours = rows(folder, "statutory_tables")
    assert len(ours) == len(by_hand)
    assert all(row in ours for row in by_hand)

    def figures(place: Path) -> set[tuple[Any, ...]]:
        keys = ("line", "value", "unit", "item", "indicator", "direction", "phase", "formula")
        return {
            (name, *(row.get(key) for key in keys))
            for name in ("amounts", "indicators", "claims")
            for row in rows(place, name)
            if row["document"] == path.stem
        }

    drafted_, theirs = figures(folder), figures(ROOT / "data")
    assert len(drafted_ & theirs) >= 0.97 * len(drafted_)
    listed = [r for r in rows(folder, "review") if r["rank"] == "numeral"]
    standard = [r for r in listed if 985 <= int(r["line"]) <= 1026]
    assert {r["what"] for r in standard} == {"part of a reason"}


@needs_documents
def test_an_evaluation_is_listed_numeral_by_numeral_with_what_is_known(tmp_path: Path):
    path = Path(str(DOCUMENTS)) / "2022-performance-evaluation.txt"
    outcome = draft.transcribe(path, tmp_path / "draft", False)
    (document,) = rows(outcome.folder, "documents")
    assert document["kind"] == "performance_evaluation"
    assert document["department"] == rows(ROOT / "data", "documents")[0]["department"]
    assert not rows(outcome.folder, "amounts")
    listed = [one["what"] for one in outcome.review if one["rank"] == "numeral"]
    assert len(listed) > 50
    assert "not accounted for" not in listed
