"""What a report is made from, and so when it has to be made again."""

import json
from pathlib import Path

import pytest
from command import NOTEBOOKS

from analysis.batch import plan
from analysis.batch.plan import Slices, WrongUseError


def notebook(*cells: tuple[str, list[str]]) -> bytes:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "metadata": {"tags": tags}, "source": source}
                for source, tags in cells
            ]
        }
    ).encode()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tables = [{"name": name, "path": f"{name}.csv"} for name in ("sums", "documents")]
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": tables}), "utf-8")
    (tmp_path / "sums.csv").write_text("year,total,value\n2022,true,1\n2024,false,2\n", "utf-8")
    (tmp_path / "documents.csv").write_text("year\n2022\n2024\n", "utf-8")
    return tmp_path


def query(**where: object) -> plan.Query:
    return {"table": "sums", "where": where}


def test_parameters_are_the_names_that_the_tagged_cell_assigns() -> None:
    source = notebook(("other = 1", []), ("a = 1\nb: int = 2  # two\nc, d = 3, 4", ["parameters"]))
    assert plan.parameter_names(source) == {"a", "b"}


def test_a_slice_is_the_rows_that_a_query_sees(data: Path) -> None:
    before = Slices(data)
    all_rows, rows_2022, true = (
        before.digest(one) for one in (query(), query(year=2022), query(total=True))
    )
    content = (data / "sums.csv").read_text("utf-8")
    (data / "sums.csv").write_text(content.replace("false,2", "false,3"), "utf-8")
    after = Slices(data)
    assert after.digest(query(year=2022)) == rows_2022
    assert after.digest(query(total=True)) == true
    assert after.digest(query()) != all_rows
    assert after.digest(query(year=2024)) != before.digest(query(year=2024))


def test_what_is_edited_while_a_batch_runs_is_for_the_next_one(data: Path) -> None:
    running = Slices(data)
    before = Slices(data).digest(query())
    (data / "sums.csv").write_text("year,total,value\n", "utf-8")
    assert running.digest(query()) == before


def test_rows_that_come_or_move_are_seen(data: Path) -> None:
    digests = [Slices(data).digest(query(year=2023))]
    for lines in ("2023,true,1\n", "2023,true,1\n2023,true,2\n", "2023,true,2\n2023,true,1\n"):
        (data / "sums.csv").write_text(f"year,total,value\n{lines}", "utf-8")
        digests.append(Slices(data).digest(query(year=2023)))
    assert len(set(digests)) == 4


def test_cells_do_not_run_into_each_other(data: Path) -> None:
    digests = set()
    for row in ('2022,"a,b",c', '2022,a,"b,c"', "2022,ab,c"):
        (data / "sums.csv").write_text(f"year,total,value\n{row}\n", "utf-8")
        digests.add(Slices(data).digest(query(year=2022)))
    assert len(digests) == 3


def test_a_byte_order_mark_and_other_line_ends_change_nothing(data: Path) -> None:
    before = Slices(data).digest(query(year=2022))
    content = (data / "sums.csv").read_bytes()
    (data / "sums.csv").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert Slices(data).digest(query(year=2022)) == before


def test_the_description_of_a_table_is_part_of_its_slices(data: Path) -> None:
    before = Slices(data).digest(query(year=2022))
    text = (data / "datapackage.json").read_text("utf-8").replace("sums.csv", "./sums.csv")
    (data / "datapackage.json").write_text(text, "utf-8")
    assert Slices(data).digest(query(year=2022)) != before


def test_a_yearly_notebook_is_a_report_for_every_year_and_another_is_one(data: Path) -> None:
    yearly, cross = (str(NOTEBOOKS / f"{name}.ipynb") for name in ("reads_amounts", "reads_all"))
    names = [report.name for report in plan.reports(data, (), (yearly, cross))]
    assert names == ["reads_all", "2022/reads_amounts", "2024/reads_amounts"]
    names = [report.name for report in plan.reports(data, (2024,), (yearly, cross))]
    assert names == ["2024/reads_amounts"]


def test_an_unknown_year_is_refused_with_those_there_are(data: Path) -> None:
    with pytest.raises(WrongUseError, match=r"no document of the year 2023; there are: 2022, 2024"):
        plan.reports(data, (2023,))


def test_an_unknown_notebook_is_refused_with_those_there_are(data: Path) -> None:
    with pytest.raises(WrongUseError, match=r"no notebook 'budget'; there are: .*trends"):
        plan.reports(data, (), ("budget",))


def test_a_file_that_is_no_notebook_is_refused(data: Path) -> None:
    (data / "broken.ipynb").write_text("{", "utf-8")
    with pytest.raises(WrongUseError, match=r"broken.ipynb is no notebook"):
        plan.reports(data, (), (str(data / "broken.ipynb"),))


def test_a_state_cut_short_by_a_kill_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    state = plan.State(tmp_path)
    state.add("one", value=1)
    state.add("two", value=2)
    with state.path.open("ab") as file:
        file.write(b'{"about": "three", "val')
    cut = plan.State(tmp_path)
    assert cut.facts.keys() == {"one", "two"}
    cut.add("four", value=4)
    cut.tidy()
    assert plan.State(tmp_path).facts.keys() == {"one", "two", "four"}
