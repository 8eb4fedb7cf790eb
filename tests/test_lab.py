"""An analyst's morning in a real JupyterLab, driven in Chromium."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import CHROMIUM, ROOT
from playwright.sync_api import Browser, Page

import analysis

BIN = Path(sys.executable).parent
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
OPTIONS = ("--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1",
           "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=")  # fmt: skip
RUN = """async () => {
  const app = window.jupyterapp;
  await app.shell.currentWidget.sessionContext.ready;
  await app.commands.execute('runmenu:run-all');
}"""
TAB = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const code = 'analysis.load("';
  const reply = await kernel.requestComplete({code, cursor_pos: code.length});
  return reply.content.matches;
}"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .flatMap(cell => cell.model.outputs.toJSON())"""


# how much lighter the lighter of text and ground is, of all that is shown in outputs
CONTRAST = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(one => one / 255)
      .map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const ground = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return /, 0\\)$/.test(colour) ? ground(element.parentElement) : colour;
  };
  const shown = [...document.querySelectorAll('.jp-OutputArea-output :is(dt, dd, th, td, p)')];
  return Math.min(...shown.filter(one => one.innerText).map(one => {
    const both = [light(getComputedStyle(one).color), light(ground(one))];
    return Math.max(...both) / Math.min(...both);
  }));
}"""


@contextmanager
def serving(command: Sequence[str | Path], folder: Path) -> Iterator[dict[str, Any]]:
    """What a real JupyterLab tells of itself while it serves; `folder` is its user's home."""
    home = {
        "HOME": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_DATA_DIR": str(folder / "share"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    told = folder / "log"
    with told.open("w") as log:
        line = [*command, *OPTIONS]
        with subprocess.Popen(line, stdout=log, stderr=log, env=os.environ | home) as server:
            try:
                deadline = time.monotonic() + 60
                served = (folder / "runtime").glob
                # the file is there before anything is written into it
                while "?token=" not in told.read_text() or not any(
                    one.read_text() for one in served("jpserver-*.json")
                ):
                    assert server.poll() is None, told.read_text()
                    assert time.monotonic() < deadline, told.read_text()
                    time.sleep(0.2)
                [found] = served("jpserver-*.json")
                yield json.loads(found.read_text()) | {"log": told}
            finally:
                server.terminate()
                with suppress(subprocess.TimeoutExpired):  # a kernel that is just being started
                    server.wait(15)
                server.kill()


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Path]]:
    """A real JupyterLab, and the copy of the repository that it shows."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, folder / name)
    with serving([BIN / "jupyter-lab", f"--ServerApp.root_dir={folder}"], folder) as facts:
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        view.goto(f"{facts['url']}lab?token={facts['token']}&reset", timeout=60_000)
        view.wait_for_function("window.jupyterapp !== undefined")
        yield view, folder
        view.close()


@pytest.fixture
def opened(lab: tuple[Page, Path]) -> Iterator[Callable[[str], Page]]:
    """Open a notebook in the Lab; it is closed again after the test."""
    view, _ = lab

    def open_(path: str) -> Page:
        view.evaluate(
            "async path => { await window.jupyterapp.restored;"
            " await window.jupyterapp.commands.execute('docmanager:open', {path}); }",
            path,
        )
        view.wait_for_function(
            "path => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path
        )
        return view

    yield open_
    view.evaluate("window.jupyterapp.shell.currentWidget.dispose()")


def legible_in_every_theme(view: Page) -> None:
    """What is shown keeps its contrast in each of JupyterLab's own themes."""
    for theme in ("Dark", "Light"):
        view.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {theme}",
        )
        view.wait_for_function(
            "theme => document.body.dataset.jpThemeLight === String(theme === 'Light')", arg=theme
        )
        assert view.evaluate(CONTRAST) > 4.5, theme


def outputs(view: Page) -> list[dict]:
    """What all cells show, after they were run; none of it an error."""
    view.evaluate(RUN)
    shown = view.evaluate(OUTPUTS)
    assert [one for one in shown if one["output_type"] == "error"] == []
    return shown


def test_another_year_is_one_edit_away(opened) -> None:
    view = opened("notebooks/budget_execution.ipynb")
    first = json.dumps(outputs(view), ensure_ascii=False)
    view.evaluate("""() => {
      const cells = window.jupyterapp.shell.currentWidget.content.widgets;
      const cell = cells.find(cell => cell.model.sharedModel.getSource().includes('year: int'));
      const source = cell.model.sharedModel.getSource();
      cell.model.sharedModel.setSource(source.replace('2024', '2022'));
    }""")
    second = json.dumps(outputs(view), ensure_ascii=False)
    assert "175.99" in first
    assert "98.75" not in first
    assert "98.75" in second
    assert "175.99" not in second


def test_the_overview_works_its_questions(opened) -> None:
    view = opened("notebooks/overview.ipynb")
    shown = outputs(view)
    assert len(shown) >= 13
    told = json.dumps(shown, ensure_ascii=False)
    assert "carry_over_table_2024" in told  # what a high finding disputes
    assert "79.74" in told  # how much was procured
    tiles = "getComputedStyle(document.querySelector('.an .tiles')).display"
    assert view.evaluate(tiles) == "grid"
    legible_in_every_theme(view)


def test_a_box_narrows_what_is_shown_and_the_same_call_goes_on(opened) -> None:
    view = opened("notebooks/explore.ipynb")
    outputs(view)
    boxes = view.locator(".jp-OutputArea-output .widget-dropdown select")
    boxes.first.wait_for(timeout=30_000)
    boxes.filter(has_text="high").select_option(label="high")
    boxes.filter(has_text="2022").select_option(label="2022")
    # of all figures a frame shows the first and the last; of these few it shows every one
    view.get_by_text("custody_unit_2022").first.wait_for(timeout=60_000)
    view.evaluate("""async () => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      notebook.activeCellIndex = notebook.widgets.length - 1;
      await window.jupyterapp.commands.execute('notebook:run-cell');
    }""")
    found = json.dumps(view.evaluate(OUTPUTS)[-1], ensure_ascii=False)
    assert "custody_approved_2022" in found or "35元" in found
    assert "19.6" not in found
    assert view.evaluate(TAB) == sorted(analysis.tables())


def test_the_command_opens_the_overview_with_reports_and_data_around_it(
    browser: Browser, tmp_path: Path
) -> None:
    with serving([BIN / "analysis", "lab"], tmp_path) as facts:
        assert Path(facts["root_dir"]) == ROOT
        for name in ("data/amounts.csv", "notebooks/overview.ipynb"):
            address = f"{facts['url']}api/contents/{name}?content=0&token={facts['token']}"
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert json.load(answer)["path"] == name
        [said, *_] = re.findall(r"http://\S+token=\S+", facts["log"].read_text())
        view = browser.new_page()
        view.goto(said, timeout=60_000)
        view.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
        path = "window.jupyterapp.shell.currentWidget.context.path"
        assert view.evaluate(path) == "notebooks/overview.ipynb"


def test_an_executed_notebook_opened_untrusted_pairs_each_label_with_its_value(
    opened, lab, written: Path
) -> None:
    shutil.copy(written / "2024" / "budget_execution.ipynb", lab[1] / "executed.ipynb")
    view = opened("executed.ipynb")
    view.wait_for_function("window.jupyterapp.shell.currentWidget.content.widgets.length > 5")
    trusted = "window.jupyterapp.shell.currentWidget.content.widgets.every(c => c.model.trusted)"
    assert not view.evaluate(trusted)
    for shown in ("dl dt", "tbody tr"):
        view.wait_for_selector(shown)
    tiles = view.evaluate("[...document.querySelectorAll('dl > div')].map(e => e.innerText)")
    assert any("Budget completion" in tile and "175.99" in tile for tile in tiles), tiles
    rows = view.evaluate("[...document.querySelectorAll('tbody tr')].map(e => e.innerText)")
    assert any("Approved budget" in row and "42.90" in row for row in rows), rows
    legible_in_every_theme(view)
    assert view.locator(".jp-OutputArea-output script, .jp-OutputArea-output style").count() == 0
