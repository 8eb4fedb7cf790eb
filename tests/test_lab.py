"""An analyst's morning in a real JupyterLab, driven in Chromium."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from playwright.sync_api import Browser, Page, sync_playwright
from test_pages_in_a_browser import EXECUTABLE, QUIET

BIN = Path(sys.executable).parent
pytestmark = [
    pytest.mark.skipif(EXECUTABLE is None, reason="there is no Chromium on the PATH"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DARK = "apputils:change-theme"
RUN = """async () => {
  const app = window.jupyterapp;
  await app.shell.currentWidget.sessionContext.ready;
  await app.commands.execute('runmenu:run-all');
}"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .flatMap(cell => cell.model.outputs.toJSON())"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=EXECUTABLE, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a real JupyterLab, and the copy of the repository that it shows."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, folder / name)
    command = [BIN / "jupyter-lab", "--no-browser", "--allow-root", "--ServerApp.port=0",
               "--ServerApp.ip=127.0.0.1", "--LabApp.expose_app_in_browser=True",
               "--LabApp.news_url=", f"--ServerApp.root_dir={folder}"]  # fmt: skip
    home = {
        "HOME": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_DATA_DIR": str(folder / "share"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | home)
    deadline = time.monotonic() + 60
    while not (found := sorted((folder / "runtime").glob("jpserver-*.json"))):
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.2)
    facts = json.loads(found[0].read_text())
    yield f"{facts['url']}lab/tree/{{}}?token={facts['token']}&reset", folder
    request = urllib.request.Request(f"{facts['url']}api/shutdown?token={facts['token']}", data=b"")
    urllib.request.urlopen(request, timeout=10).close()
    server.wait(30)
    log.close()


def opened(browser: Browser, lab: tuple[str, Path], path: str, theme: str = "Light") -> Page:
    """A notebook in the Lab, its kernel ready."""
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.goto(lab[0].format(path), timeout=60_000)
    view.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext !== undefined")
    view.evaluate("async theme => window.jupyterapp.commands.execute("
                  "'apputils:change-theme', {theme: `JupyterLab ${theme}`})", theme)  # fmt: skip
    view.wait_for_function(
        "theme => document.body.dataset.jpThemeLight === String(theme === 'Light')", arg=theme
    )
    return view


def outputs(view: Page) -> list[dict]:
    """What all cells show, after they were run; none of it an error."""
    view.evaluate(RUN)
    shown = view.evaluate(OUTPUTS)
    assert [one for one in shown if one["output_type"] == "error"] == []
    return shown


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_another_year_is_one_edit_away(browser: Browser, lab, theme: str) -> None:
    view = opened(browser, lab, "notebooks/budget_execution.ipynb", theme)
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
    view.close()
