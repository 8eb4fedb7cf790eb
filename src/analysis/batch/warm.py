"""Imported once by the process that the workers are forked from: whatever any report needs."""

# mypy: allow-untyped-calls

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

MODULES = (
    "analysis.present.charts analysis.present.tables analysis.site.index analysis.batch.kernel "
    "analysis.batch.worker "
    "matplotlib.pyplot "
    "IPython.core.completerlib IPython.core.oinspect ipykernel.debugger ipykernel.kernelapp"
)


def warm_up() -> None:
    """Import, read the tables, compile templates and validators."""
    # jsonschema does without it, and it takes a second to be imported
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    for name in MODULES.split():
        import_module(name)
    del sys.modules["rfc3987_syntax"]
    import pandas as pd
    from nbformat.v4 import new_code_cell, new_notebook

    from analysis.batch import kernel
    from analysis.data.package import find
    from analysis.disclosure import Disclosure
    from analysis.present import charts, svg
    from analysis.reports import budget_execution, performance_indicators
    from analysis.site import page

    package = find()
    for table in package.tables:
        for column in {"document", "figure", "year"} & {*package.load(table)}:
            package.load(table, **{column: ""})  # indexed once
    # what one report computes and draws leaves caches behind that serve every other
    disclosure = Disclosure(package.years[-1])
    for report in (budget_execution, performance_indicators):
        report.opening(disclosure)
    figure = charts.bars(pd.DataFrame({"label": ["一"], "value": [1.0]}))
    svg.draw(figure, "", "warm")
    kernel.ready.append(kernel.SocketlessKernel())
    page.render(new_notebook(cells=[new_code_cell()]), page.Facts("", None, {}, "", ""))


def _end_with_batch(number: int, frame: object) -> None:
    """Nobody is served once the batch is gone, wherever this process may be held up."""
    if os.getppid() != int(os.environ["ANALYSIS_BATCH"]):
        os._exit(1)


if hasattr(signal, "setitimer"):
    signal.signal(signal.SIGALRM, _end_with_batch)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
os.chdir(Path(__file__).parent)  # where no matplotlibrc of somebody's lies
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch
with suppress(Exception):  # each report will say what is wrong
    warm_up()
gc.freeze()
