"""What IPython's own completer shows on Tab: the names of tables, and a module's own names."""

import importlib
import json
import subprocess
import sys

import pytest
from conftest import ROOT

import analysis

ASK = """
import json, sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
shell.run_cell('''
import analysis
from analysis import load
from analysis.present import tables
from analysis.reports import budget_execution as report, common
''').raise_error()
with provisionalcompleter():
    found = {text: [one.text for one in shell.Completer.completions(text, len(text))]
             for text in json.load(sys.stdin)}
print(json.dumps(found))
"""
STRINGS = {
    'analysis.load("': analysis.tables(),
    'frame = analysis.load("in': ["indicator_definitions", "indicators"],
    "load('stat": ["statutory_tables"],
    'open("READ': ["README.md", "README.zh.md"],  # what others complete stays theirs
}
MODULES = {
    "analysis.budget": "analysis.measures.budget",
    "analysis.composition": "analysis.measures.composition",
    "analysis.indicators": "analysis.measures.indicators",
    "analysis.trends": "analysis.measures.trends",
    "analysis.claims": "analysis.checks.claims",
    "analysis.identities": "analysis.checks.identities",
    "analysis.charts": "analysis.present.charts",
    "analysis.present.tables": "analysis.present.tables",
    "tables": "analysis.present.tables",
    "report": "analysis.reports.budget_execution",
    "common": "analysis.reports.common",
}


@pytest.fixture(scope="module")
def shown() -> dict[str, list[str]]:
    asked = json.dumps([*STRINGS, *(f"{name}." for name in MODULES), "analysis."])
    done = subprocess.run([sys.executable, "-c", ASK], input=asked, cwd=ROOT, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("text", STRINGS)
def test_the_names_of_tables_stand_in_the_call_that_loads_them(shown, text):
    assert sorted(shown[text]) == sorted(STRINGS[text])


@pytest.mark.parametrize("name", MODULES)
def test_a_module_shows_what_it_defines_and_nothing_that_it_imports(shown, name):
    module = importlib.import_module(MODULES[name])
    assert shown[f"{name}."]
    for one in shown[f"{name}."]:
        assert getattr(module, one).__module__ == module.__name__


def test_the_package_shows_what_an_analyst_calls(shown):
    assert sorted(shown["analysis."]) == sorted(analysis.__all__)
