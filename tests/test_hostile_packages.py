"""Someone else's package, made to do harm: reading and checking it obeys nothing in it."""

import copy
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from accounts import keyed
from conftest import edit

import analysis
from analysis.checks import formula, validation
from analysis.data.package import DataError, Package

ANALYSIS = Path(sys.executable).with_name("analysis")


def descriptor(data: Path) -> dict:
    return json.loads((data / "datapackage.json").read_text(encoding="utf-8"))


def describe(data: Path, content: object) -> None:
    (data / "datapackage.json").write_text(json.dumps(content), encoding="utf-8")


def table(content: dict, name: str) -> dict:
    return next(one for one in content["resources"] if one["name"] == name)


def check(data: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [ANALYSIS, "check", "--data", data],
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | env,
    )


def places(node, place=()):
    """Where everything in a JSON document stands."""
    inside = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inside:
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from places(value, (*place, key))


def test_a_descriptor_with_any_key_removed_or_of_another_type_gives_clear_lines(data):
    content = descriptor(data)
    chance = random.Random(10)
    told = 0
    for place in chance.sample([*places(content)], 400):
        for other in (None, 7, "x", [], {}, {"a": [1]}, True, "removed"):
            spoiled = copy.deepcopy(content)
            inside = spoiled
            for key in place[:-1]:
                inside = inside[key]
            if other == "removed":
                del inside[place[-1]]
            else:
                inside[place[-1]] = other
            if chance.random() > 0.25:
                continue
            describe(data, spoiled)
            try:
                Package(data)
            except DataError as error:
                told += 1
                lines = str(error).splitlines()
                assert all("found" in line and len(line) < 1000 for line in lines), lines
                assert len(lines) <= 50
    assert told > 400


@pytest.mark.parametrize(
    "path",
    ["http://example.org/x.csv", "https://example.org/x.csv", "/etc/passwd", "../units.csv",
     "sub/units.csv", "units.csv/../../x.csv", "C:\\units.csv", "units.csv\0", "", ".", "a b.csv",
     "file:///etc/passwd", ["units.csv", "/etc/passwd"], {"a": 1}, 3, None],
    ids=repr,
)  # fmt: skip
def test_a_path_that_is_no_plain_name_is_refused(data, path):
    content = descriptor(data)
    table(content, "units")["path"] = path
    describe(data, content)
    [problem] = validation.problems(data)
    assert problem.startswith("datapackage.json, table units: found the path ")


@pytest.mark.parametrize(
    "key", ["extrapaths", "dialect", "layout", "control", "compression", "scheme", "data", "hash"]
)
def test_a_key_that_a_reader_of_packages_would_obey_is_refused(data, key):
    content = descriptor(data)
    table(content, "units")[key] = {"delimiter": ";"}
    describe(data, content)
    [problem] = validation.problems(data)
    assert f'found {{"delimiter": ";"}} as {key}, expected nothing' in problem


@pytest.mark.parametrize("key", ["profile", "$schema", "sources", "views"])
def test_a_key_of_the_whole_package_that_is_not_known_is_refused(data, key):
    describe(data, descriptor(data) | {key: "http://example.org/profile.json"})
    [problem] = validation.problems(data)
    assert problem.startswith(f'datapackage.json: found the key "{key}", expected one of ')


def test_a_pattern_of_a_stranger_is_compared_and_never_run(data):
    content = descriptor(data)
    fields = table(content, "documents")["schema"]["fields"]
    fields[0]["constraints"]["pattern"] = "(a+)+$"
    describe(data, content)
    edit(data, "documents", "2022-performance-evaluation", "a" * 60 + "!")
    [problem] = validation.problems(data)
    assert "table documents, column document: found " in problem
    assert "as constraints, expected" in problem


def test_a_column_missing_on_both_sides_is_told(data):
    content = descriptor(data)
    fields = table(content, "themes")["schema"]["fields"]
    del fields[1]
    describe(data, content)
    path = data / "themes.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(",".join(r[:1] + r[2:]) + "\n" for r in rows), encoding="utf-8")
    [problem] = validation.problems(data)
    assert problem.startswith("datapackage.json, table themes: found the columns ")


def test_a_table_of_one_s_own_may_be_added_and_loads(data):
    content = descriptor(data)
    own = {**copy.deepcopy(table(content, "themes")), "name": "prices", "path": "prices.csv"}
    own["schema"] = {"fields": [{"name": "price", "type": "number"}]}
    content["resources"].append(own)
    describe(data, content)
    (data / "prices.csv").write_text("price\n1.5\n", encoding="utf-8")
    assert validation.problems(data) == []
    assert analysis.load("prices", data)["price"].tolist() == [1.5]
    own["schema"]["fields"][0]["type"] = ["number"]
    describe(data, content)
    assert "expected a name and a type" in validation.problems(data)[0]


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "1" * 10_000, "[]", "null", '"x"', "\udcff", ""]
)
def test_a_descriptor_that_is_no_object_is_refused(data, content):
    (data / "datapackage.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    [problem] = validation.problems(data)
    assert problem.startswith("datapackage.json: found ")


def swap(data: Path, make) -> None:
    (data / "units.csv").unlink()
    make(data / "units.csv")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.symlink_to("/etc/hostname"), "found a link out of the folder"),
        (lambda path: path.symlink_to("/dev/zero"), "found a link out of the folder"),
        (lambda path: path.symlink_to("nowhere"), "found No such file or directory"),
        (lambda path: path.symlink_to(path), "found "),
        (os.mkfifo, "found no regular file"),
        (Path.mkdir, "found no regular file"),
    ],
    ids=["a file", "a device", "nothing", "itself", "a pipe", "a folder"],
)
def test_a_table_that_is_no_file_of_the_folder_is_refused(data, make, told):
    swap(data, make)
    [problem] = validation.problems(data)
    assert problem.startswith(f"units.csv: {told}")
    with pytest.raises(DataError):
        analysis.load("amounts", data)


def test_the_descriptor_may_not_be_a_pipe_or_a_link_either(data, tmp_path):
    (data / "datapackage.json").rename(tmp_path / "outside.json")
    (data / "datapackage.json").symlink_to(tmp_path / "outside.json")
    assert "found a link out of the folder" in validation.problems(data)[0]


def test_what_is_edited_after_a_package_is_opened_does_not_reach_it(data):
    package = Package(data)
    edit(data, "amounts", "64.19万元,64.19", "64.18万元,64.18")
    assert package.load("amounts", figure="expenditure_2022")["value"].tolist() == [64.19]
    assert analysis.load("amounts", data, figure="expenditure_2022")["value"].tolist() == [64.18]


def test_no_function_ignores_the_package_it_is_given(data, monkeypatch, tmp_path):
    """Below the public entry points nothing looks for another package."""
    from analysis.checks import claims, identities, provenance, summary

    package = Package(data)
    monkeypatch.setattr(os, "environ", {"ANALYSIS_DATA": str(tmp_path)})
    monkeypatch.setattr("analysis.data.package.ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="expected a data package"):
        analysis.load("amounts")
    assert validation.problems(package) == []
    assert len(claims.findings(package)) == 132
    assert len(identities.checked_tables(package)) == 1
    assert summary.lines(package)
    assert formula.Figures(package)["approved_2022"].amount
    with pytest.raises(DataError, match="found no such text"):
        provenance.texts(tmp_path, package)


def test_the_package_is_found_by_argument_environment_repository_and_folder(
    data, monkeypatch, tmp_path
):
    monkeypatch.delenv("ANALYSIS_DATA", raising=False)
    assert analysis.years(data) == analysis.years() == [2022, 2024]
    monkeypatch.setattr("analysis.data.package.ROOT", tmp_path / "nowhere")
    monkeypatch.chdir(data.parent)  # an installed library, and ``data/`` in the current folder
    assert analysis.years() == [2022, 2024]


def chain(data: Path, length: int) -> None:
    """As many figures that each follow from the one before."""
    path = data / "amounts.csv"
    text = path.read_text(encoding="utf-8")
    for number in range(length):
        before = f"link{number - 1}" if number else "approved_2022"
        text += (f"link{number},2022-performance-evaluation,23,65万元,,万元,{1950 + number % 60},"
                 f"expenditure,{('approved', 'executed')[number // 60 % 2]},"
                 f"{('goods', 'works', 'services')[number // 120]},derived,{before}\n")  # fmt: skip
    path.write_text(text, encoding="utf-8")


def test_a_long_chain_of_derived_figures_is_refused(data):
    chain(data, 300)
    [problem] = validation.problems(data)
    assert "found a chain of 301 figures, expected 50" in problem


def test_a_chain_that_grows_beyond_all_numbers_has_no_value(data):
    chain(data, 12)
    path = data / "amounts.csv"
    text = path.read_text(encoding="utf-8")
    for number in range(12):
        before = f"link{number - 1}" if number else "approved_2022"
        text = text.replace(f"derived,{before}\n", f"derived,{' * '.join([before] * 9)}\n")
    path.write_text(text, encoding="utf-8")
    assert any("found 'a number too large'" in one for one in validation.problems(data))


def test_a_terminal_of_western_letters_gets_escapes_and_no_traceback(data):
    shown = check(data, PYTHONIOENCODING="latin-1", PYTHONUTF8="0", LC_ALL="C")
    assert shown.returncode == 0, shown.stderr
    assert b"\\u4e07\\u5143" in shown.stdout
    edit(data, "amounts", "65万元,65,", "65万元,66,")
    refused = check(data, PYTHONIOENCODING="latin-1", PYTHONUTF8="0", LC_ALL="C")
    assert refused.returncode == 2
    assert b"Traceback" not in refused.stderr


def test_text_that_would_move_a_terminal_is_shown_as_escapes(data):
    edit(data, "claims", "grants from higher", "\x1b]0;x\x07\u202egrants\u2066 from higher")
    shown = check(data)
    assert shown.returncode == 0, shown.stderr
    assert b"\\x1b]0;x\\x07\\u202egrants\\u2066" in shown.stdout
    assert not {"\x1b", "\x07", "\u202e"} & {*shown.stdout.decode()}


@pytest.fixture
def account(tmp_path):
    """A package with the text that it was made from, and how to check it against the text."""
    data = keyed("planning", tmp_path / "package", "zero")

    def checked(texts: Path = tmp_path / "texts"):
        line = [ANALYSIS, "check", "--data", data, "--documents", texts]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    return data, checked


def test_any_package_is_held_against_its_texts(account):
    data, checked = account
    shown = checked()
    assert shown.returncode == 0, shown.stderr
    last = shown.stdout.splitlines()[-1]
    assert last.startswith("texts: 645 rows stand where they say, every one of ")
    assert last.endswith(" numerals is accounted for")
    path = data / "statutory_tables.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(rows[:-1]), encoding="utf-8")
    shown = checked()
    assert shown.returncode == 2
    assert "the numeral 0.39 in '0.39' is in no table" in shown.stderr
    assert shown.stdout == ""


def test_a_text_that_is_not_there_or_another_is_told(account, tmp_path):
    _, checked = account
    (tmp_path / "empty").mkdir()
    shown = checked(tmp_path / "empty")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith("2024-planning.txt: found no such text in ")
    (tmp_path / "texts" / "2024-planning.txt").write_text("another", encoding="utf-8")
    shown = checked()
    assert shown.stderr == "2024-planning.txt: not the text that was transcribed\n"


def test_that_every_numeral_is_accounted_for_is_not_said_where_it_was_not_verified(data):
    assert b"accounted" not in check(data).stdout


def test_no_home_and_no_folder_to_write_to_is_no_hindrance(data, tmp_path):
    shown = check(data, HOME="/nonexistent", TMPDIR="/nonexistent")
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == b""


def test_a_check_that_takes_too_long_gives_up():
    code = "import analysis.cli as c; c.LONGEST_CHECK = 0.01; c.main(['check'])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 2
    assert "given up" in shown.stderr


def test_code_that_lies_in_the_package_is_not_run(data, monkeypatch):
    for name in ("socket", "csv", "json", "pandas", "analysis", "sitecustomize", "conftest"):
        (data / f"{name}.py").write_text("import os\nos._exit(77)\n", encoding="utf-8")
    monkeypatch.chdir(data)
    assert check(Path()).returncode == 0


def own_table(data: Path, content: str, **schema: object) -> None:
    """Add a table of one's own to the package."""
    described = descriptor(data)
    like = copy.deepcopy(table(described, "themes"))
    like |= {"name": "own", "title": "Own", "path": "own.csv"}
    like["schema"] |= {"fields": [{"name": "a", "type": "string"}]} | schema
    like["schema"].pop("primaryKey", None)
    like["schema"] |= {key: schema[key] for key in {*schema} & {"primaryKey"}}
    described["resources"].append(like)
    describe(data, described)
    (data / "own.csv").write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    "schema",
    [
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(a+)+$"}}]},
        {"fields": [{"name": "a", "type": "string", "constraints": None}]},
        {"fields": [{"name": "a", "type": "string"}] * 2},
        {"primaryKey": ["zz"]},
        {"primaryKey": 5},
    ],
    ids=["slow-pattern", "no-rules", "twice", "no-such-key", "odd-key"],
)
def test_a_stranger_s_own_table_brings_no_rules_of_its_own(data, schema):
    own_table(data, "a\n" + "a" * 40 + "!\n", **schema)
    [problem] = validation.problems(data)
    assert ", table own: found " in problem


def test_too_many_tables_rows_or_columns_are_refused_at_once(data):
    described = descriptor(data)
    described["resources"] += [table(described, "themes")] * 200
    describe(data, described)
    [problem] = validation.problems(data)
    assert problem.endswith("tables, expected at most 100")


def test_a_table_of_too_many_rows_is_refused_before_it_fills_the_memory(data):
    own_table(data, "a\n" + "b\n" * 300_000)
    [problem] = validation.problems(data)
    assert problem == "own.csv, row 200002: found more rows, expected at most 200,000"
    (data / "own.csv").write_text("a\n" + "\n" * 3_000_000, encoding="utf-8")
    problems = validation.problems(data)
    assert problems[0] == "own.csv, row 2: found an empty row, expected 1 cells"
    assert len(problems) == 51
    (data / "own.csv").write_text(",".join(f"c{i}" for i in range(60_000)) + "\n", "utf-8")
    [problem] = validation.problems(data)
    assert problem.startswith("own.csv, row 1, column a, c0, c1, ")


def test_a_day_of_release_that_is_none_is_refused(data):
    content = descriptor(data)
    content["created"] = "2024\x1b[31m"
    describe(data, content)
    [problem] = validation.problems(data)
    assert problem.endswith("expected a day like 2024-12-31")


@pytest.mark.parametrize("year", ["2024.9", "1e300", "18446744073709551615", "nan"])
def test_a_year_that_is_no_whole_number_is_refused_by_who_only_loads(data, year):
    edit(data, "amounts", ",2024,", f",{year},")
    with pytest.raises(DataError, match=r"^amounts\.csv: found "):
        analysis.load("amounts", data)
