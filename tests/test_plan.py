"""What a report is made from, and so when it has to be made again."""

import json
import os
import random
from pathlib import Path

import pytest
from command import NOTEBOOKS

from analysis.batch import plan
from analysis.batch.plan import Report, WrongUseError
from analysis.batch.snapshot import PACKAGE, Snapshot, elsewhere, sha256
from analysis.batch.state import Fact, State, key, orphans, reasons
from analysis.data.package import DataError, Package


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
def data(data: Path) -> Path:
    """A package with a table of its own."""
    path = data / "datapackage.json"
    descriptor = json.loads(path.read_text("utf-8"))
    fields = [{"name": "document", "type": "string"}, {"name": "value", "type": "string"}]
    [themes] = [one for one in descriptor["resources"] if one["name"] == "themes"]
    own = {"name": "sums", "path": "sums.csv", "title": "Sums", "schema": {"fields": fields}}
    descriptor["resources"].append({**themes, **own})
    path.write_text(json.dumps(descriptor), "utf-8")
    (data / "sums.csv").write_text("document,value\nfirst,1\nsecond,2\n", "utf-8")
    return data


@pytest.fixture
def taken(data: Path, tmp_path: Path):
    """Take a snapshot of the data as they are now."""
    numbers = iter(range(1000))
    return lambda: Snapshot(Package(data).content, tmp_path / f"copy-{next(numbers)}")


def test_parameters_are_the_names_that_the_tagged_cell_assigns() -> None:
    source = notebook(("other = 1", []), ("a = 1\nb: int = 2  # two\nc, d = 3, 4", ["parameters"]))
    assert plan.parameter_names(source) == {"a", "b"}
    assert plan.parameter_names(notebook(("other = 1", []))) is None


def test_a_look_at_a_document_sees_its_rows_and_no_others(data: Path, taken) -> None:
    looks = [("sums", "first"), ("sums", "second"), ("sums", "third"), ("sums", None), PACKAGE]
    before = taken().digests(looks)
    (data / "sums.csv").write_text("document,value\nfirst,1\nsecond,3\n", "utf-8")
    after = taken().digests(looks)
    assert {name for name in before if before[name] != after[name]} == {
        "sums of second",
        "sums",
        "the whole package",
    }


@pytest.mark.parametrize(
    "rows",
    ["", "first,1\nfirst,2\n", "first,2\nfirst,1\n", '"first","1,2"\n', "first,1,2\n", "first\n"],
)
def test_rows_that_come_go_move_or_change_are_seen(rows: str, data: Path, taken) -> None:
    before = taken().digests([("sums", "first")])
    (data / "sums.csv").write_text(f"document,value\n{rows}second,2\n", "utf-8")
    assert taken().digests([("sums", "first")]) != before


def test_cells_do_not_run_into_each_other(data: Path, taken) -> None:
    digests = set()
    for row in ('first,"a,b",c', 'first,a,"b,c"', "first,ab,c"):
        (data / "sums.csv").write_text(f"document,value,more\n{row}\n", "utf-8")
        digests.add(taken().digests([("sums", "first")])["sums of first"])
    assert len(digests) == 3


def test_the_description_of_the_tables_and_the_header_are_always_seen(data: Path, taken) -> None:
    looks = [("sums", "first")]
    found = [taken().digests(looks)]
    (data / "sums.csv").write_text("document,amount\nfirst,1\nsecond,2\n", "utf-8")
    found.append(taken().digests(looks))
    with (data / "datapackage.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    found.append(taken().digests(looks))
    assert len({json.dumps(one) for one in found}) == 3


def test_what_is_edited_while_a_batch_runs_is_for_the_next_one(data: Path, taken) -> None:
    running = taken()
    before = running.digests([("sums", None)])
    (data / "sums.csv").write_text("document,value\n", "utf-8")
    assert running.digests([("sums", None)]) == before
    assert (running.folder / "sums.csv").read_text("utf-8") != "document,value\n"


@pytest.mark.parametrize("name", ["../out.csv", "/tmp/out.csv", "a/../../out.csv"])
def test_a_copy_writes_nothing_outside_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected one within it"):
        Snapshot({name: b""}, tmp_path / "copy")
    assert [*tmp_path.rglob("*")] == [tmp_path / "copy"]


def test_of_200_random_edits_each_is_seen_by_every_look_that_holds_it(
    data: Path, tmp_path: Path
) -> None:
    chance = random.Random(1)
    tables = ("sums",)
    names = [f"d{number}" for number in range(5)]
    looks = [(table, document) for table in tables for document in (None, *names)]

    def seen(look) -> object:
        table, document = look
        lines = (data / f"{table}.csv").read_text("utf-8").splitlines()
        return [lines[0], *(one for one in lines[1:] if document in (None, one.split(",")[0]))]

    for table in tables:
        rows = [f"{chance.choice(names)},{number}" for number in range(20)]
        (data / f"{table}.csv").write_text("\n".join(["document,value", *rows, ""]), "utf-8")
    for number in range(200):
        before = {look: seen(look) for look in looks}
        old = Snapshot(Package(data).content, tmp_path / f"old-{number}")
        path = data / f"{chance.choice(tables)}.csv"
        lines = path.read_text("utf-8").splitlines()
        place = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
        match chance.randrange(4):
            case 0 if place:
                del lines[place]
            case 1:
                lines.insert(place + 1, f"{chance.choice(names)},{chance.random()}")
            case 2 if place:
                lines[place] = f"{chance.choice(names)},{lines[place].split(',')[1]}"
            case _ if place:
                other = chance.randrange(1, len(lines))
                lines[place], lines[other] = lines[other], lines[place]
        path.write_text("\n".join([*lines, ""]), "utf-8")
        new = Snapshot(Package(data).content, tmp_path / f"new-{number}")
        for look in looks:
            changed = old.digests([look]) != new.digests([look])
            assert changed or before[look] == seen(look), (number, look)


def planned(data: Path, only: tuple[str, ...] = (), years=(), languages=()) -> list[str]:
    found, _ = plan.reports(plan.notebooks(only), (2022, 2024), years, languages)
    return [report.name for report in found]


def test_a_yearly_notebook_is_a_report_for_every_year_and_another_is_one(data: Path) -> None:
    both = tuple(str(NOTEBOOKS / f"{name}.ipynb") for name in ("reads_amounts", "reads_all"))
    assert planned(data, both) == ["reads_all", "2022/reads_amounts", "2024/reads_amounts"]
    assert planned(data, both, (2024,)) == ["2024/reads_amounts"]


def test_a_notebook_that_has_a_language_is_a_report_in_each(data: Path, tmp_path: Path) -> None:
    source = notebook(("year: int = 2024\nlanguage: str = 'en'", ["parameters"]))
    (tmp_path / "spoken.ipynb").write_bytes(source)
    only = (str(tmp_path / "spoken.ipynb"), str(NOTEBOOKS / "reads_amounts.ipynb"))
    assert planned(data, only, (2024,)) == [
        "2024/reads_amounts",
        "2024/spoken",
        "zh/2024/spoken",
    ]
    assert planned(data, only, (2022,), ("zh",)) == ["zh/2022/spoken"]
    [report], _ = plan.reports(plan.notebooks(only), (2024,), languages=("zh",))
    assert report.parameters == {"year": 2024, "language": "zh"}
    assert Report.of(report.name).name == report.name


def test_sketches_in_the_folder_of_notebooks_are_left_alone(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan, "NOTEBOOKS", tmp_path)
    tagged = notebook(("year: int = 2024", ["parameters"]))
    for name, source in (("good", tagged), ("Untitled1", tagged), ("try", notebook(("1", [])))):
        (tmp_path / f"{name}.ipynb").write_bytes(source)
    found, left = plan.reports(plan.notebooks(()), (2024,))
    assert [report.name for report in found] == ["2024/good"]
    assert left == ["Untitled1.ipynb", "try.ipynb"]


def test_an_unknown_year_is_refused_with_those_there_are(data: Path) -> None:
    with pytest.raises(WrongUseError, match=r"no document of the year 2023; there are: 2022, 2024"):
        planned(data, (), (2023,))


def test_an_unknown_notebook_is_refused_with_those_there_are(data: Path) -> None:
    with pytest.raises(WrongUseError, match=r"no notebook 'budget'; there are: .*trends"):
        planned(data, ("budget",))


@pytest.mark.parametrize("content", ["{", "[]", "[" * 100_000, '{"cells": [1]}', "\xff"])
def test_a_file_that_is_no_notebook_is_refused(content: str, data: Path) -> None:
    (data / "broken.ipynb").write_text(content, "latin-1")
    with pytest.raises(WrongUseError, match=r"broken.ipynb is no notebook"):
        planned(data, (str(data / "broken.ipynb"),))


@pytest.mark.parametrize("name", [b"\xff.ipynb", b"a\nb.ipynb", b"a\xe2\x80\xaeb.ipynb"])
def test_a_name_that_nobody_can_print_is_refused(name: bytes, data: Path) -> None:
    path = data / os.fsdecode(name)
    path.write_bytes(notebook(("1", [])))
    with pytest.raises(WrongUseError, match=r"rename the notebook") as refused:
        planned(data, (str(path),))
    assert str(refused.value).isprintable()


def test_a_report_is_run_again_for_every_reason_and_only_for_one(
    data: Path, taken, tmp_path: Path
) -> None:
    report, state, looks = Report("one", 2022, source=b"{}"), State(tmp_path), [("sums", "first")]
    (tmp_path / "2022").mkdir()

    def why(report: Report = report) -> list[str]:
        return reasons(report, state, taken(), tmp_path)

    def written(**changes: object) -> None:
        files = {f"2022/one{suffix}": "" for suffix in (".html", ".ipynb")}
        for name in files:
            (tmp_path / name).write_bytes(b"as written")
            files[name] = sha256(b"as written")
        fact = {"error": None, "files": files, "key": key(report, taken(), looks), "looks": looks}
        state.add(report.name, Fact(**fact | changes))

    assert why() == ["never run"]
    written(error="it broke")
    assert why() == ["failed last time"]
    written()
    assert why() == []
    assert why(Report("one", 2022, source=b"{ }")) == ["notebook"]
    assert why(Report("one", 2022, source=b"{}", takes_language=True)) == ["parameters"]
    (data / "sums.csv").write_text("document,value\nfirst,1\nsecond,3\n", "utf-8")
    assert why() == []
    (data / "sums.csv").write_text("document,value\nfirst,2\nsecond,3\n", "utf-8")
    assert why() == ["data: sums of first"]
    written(looks=[*looks, elsewhere("/tmp/mine.csv")])
    assert why() == ["reads what is not of the package: /tmp/mine.csv"]
    written()
    (tmp_path / "2022" / "one.html").write_bytes(b"edited")
    (tmp_path / "2022" / "one.ipynb").unlink()
    assert why() == ["2022/one.html was edited", "2022/one.ipynb is missing"]
    (tmp_path / "2022" / "one.ipynb").symlink_to(tmp_path / "2022" / "one.html")
    (tmp_path / "2022" / "one.html").unlink()
    os.mkfifo(tmp_path / "2022" / "one.html")
    assert why() == ["2022/one.html is missing", "2022/one.ipynb is missing"]


def test_reports_whose_notebook_or_year_is_gone_are_found(tmp_path: Path) -> None:
    state = State(tmp_path)
    mine = tmp_path / "mine.ipynb"
    mine.write_bytes(b"{}")
    for name in ("2022/one", "2023/one", "gone", "zh/2022/one"):
        state.add(name, Fact(None))
    for name in ("mine", "2023/mine", "2022/mine"):
        state.add(name, Fact(None, path=str(mine)))
    assert orphans(state, {"2022/one"}, [2022]) == ["2023/one", "gone", "zh/2022/one", "2023/mine"]


def test_a_state_cut_short_by_a_kill_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.add("one", Fact(None, {"one.html": "0"}, {"notebook": "1"}, [("sums", None), PACKAGE]))
    state.note("two", {"value": 2})
    with state.path.open("ab") as file:
        file.write(b'["report", "three", {"err')
    cut = State(tmp_path)
    assert (cut.reports, cut.others) == (state.reports, state.others)
    cut.add("four", Fact("it broke"))
    cut.tidy(tmp_path)
    again = State(tmp_path)
    assert [*again.reports] == ["one", "four"]
    assert again.reports == cut.reports


GOOD = {"error": None, "files": {}, "key": {}, "looks": [], "path": ""}


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"[]",
        b'"report"',
        b"{}",
        b"[1, 2, 3]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 10_000,
        b'["report", null, null]',
        b'["report", "one", []]',
        b'["report", "one", {}]',
        *(
            json.dumps(["report", name, GOOD]).encode()
            for name in ("../one", "/etc/passwd", "a/b", "..", "zh/..", "", "x/2022/one", "a\\b")
        ),
        *(
            json.dumps(["report", "one", GOOD | change]).encode()
            for change in (
                {"error": 1},
                {"error": ["x"]},
                {"files": {"../../etc/passwd": "0"}},
                {"files": {"one.html": 0}},
                {"files": ["one.html"]},
                {"key": {"a": None}},
                {"looks": [["sums"]]},
                {"looks": [["sums", 1]]},
                {"looks": "sums"},
                {"path": None, "error": "\ud800"},
                {"path": 1},
                {"more": 1},
            )
        ),
    ],
)
def test_a_damaged_line_of_the_state_is_as_if_nothing_had_been_run(
    line: bytes, tmp_path: Path
) -> None:
    (tmp_path / "state.jsonl").write_bytes(line + b'\n["other", "after", 1]\n')
    state = State(tmp_path)
    assert state.reports == {}
    assert state.others["after"] == 1
    state.added = 1
    state.tidy(tmp_path)
    assert State(tmp_path).reports == {}
