"""Imported once by the process that the workers are forked from: whatever any report needs."""

# mypy: allow-untyped-calls

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing import spawn
from pathlib import Path
from string import printable

MODULES = (
    "analysis.batch.kernel analysis.batch.worker analysis.lookup analysis.present.charts "
    "analysis.reports.overview analysis.reports.spending_composition analysis.site.index "
    "IPython.core.logger bdb matplotlib.pyplot"
)
# what jsonschema and ipykernel do without, and would take half a second to import
UNUSED = ("rfc3987_syntax", "isoduration", "debugpy")


def warm_up() -> None:
    """Import, read the tables, judge the newest years, make a kernel, compile templates."""
    if main := os.environ.get("ANALYSIS_MAIN"):  # or each worker would
        spawn.import_main_path(main)
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]
    for name in MODULES.split():
        import_module(name)
    for name in UNUSED:
        del sys.modules[name]
    import pandas as pd
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    from analysis.batch import kernel
    from analysis.data.package import find
    from analysis.measures import budget
    from analysis.present import charts, language, tables
    from analysis.reports import budget_execution, index
    from analysis.site import page

    kernel.ready.append(kernel.SocketlessKernel())
    cells = [new_markdown_cell("[a](b)"), new_code_cell()]
    page.render(new_notebook(cells=cells), page.Facts("", None, {}, "", ""))
    package = find()
    for table in package.tables:
        for column in {"document", "year", "subject", "table"} & {*package.load(table)}:
            package.load(table, **{column: []})  # indexed once
    # what one report computes and draws leaves caches behind that serve every other
    newest = index.disclosures(package)[-2:]
    for one in newest:
        measures, _ = budget.measures(one.amounts, one.cells), one.indicators
    steps, items = budget.bridge(one.amounts, one.cells), budget.items(one.amounts)
    budget_execution.opening(one, measures, steps, items)
    frame = pd.DataFrame({"label": [printable], "value": [1.0]})
    tables.figure("", "", [("", charts.bars(frame), "")], frame)._repr_mimebundle_()
    language.catalogue()
    charts.ready += [charts.Chart() for _ in range(6)]


def _end_with_batch(number: int, frame: object) -> None:
    """Nobody is served once the batch is gone, also while this process imports for minutes."""
    if os.getppid() != int(os.environ["ANALYSIS_BATCH"]):
        os._exit(1)


if hasattr(signal, "setitimer"):
    signal.signal(signal.SIGALRM, _end_with_batch)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
os.environ["IPYTHONDIR"] = str(Path(os.environ["ANALYSIS_DATA"], "..", "ipython").resolve())
os.chdir(Path(__file__).parent)  # where no matplotlibrc of somebody's lies
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch
sys.excepthook = lambda *_: None  # of a worker that cannot even begin the batch says so in a line
gc.disable()  # what is imported stays, and looking for garbage in it takes a fifth of the time
with suppress(Exception):  # each report will say what is wrong
    warm_up()
gc.freeze()
gc.enable()
