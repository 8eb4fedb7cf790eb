"""The command `analysis`."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading
from pathlib import Path

import click

from analysis.data.package import ROOT, DataError, find
from analysis.data.text import inert

LONGEST_CHECK = 300.0  # seconds
HOME = ROOT if (ROOT / "notebooks").is_dir() else Path.cwd()  # where one works


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="analysis")
def main() -> None:
    """Figures from a department's yearly disclosures, checked and reported."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that knows no Chinese gets escapes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _finite(context: click.Context, option: click.Parameter, seconds: float) -> float:
    if not seconds <= 1e6:  # nor is it what NaN is
        raise click.BadParameter(f"{seconds} is not at most 1e6.")
    return seconds


@main.command()
@click.option("--data", metavar="DIR", help="Data package; else $ANALYSIS_DATA, else data/.")
@click.option("--out", metavar="DIR", type=Path, help="Where to write; default reports/.")
@click.option("--year", "years", metavar="Y", type=int, multiple=True, help="Only this year.")
@click.option(
    "--notebook", "notebooks", metavar="N", multiple=True, help="Only this; or a path of another."
)
@click.option(
    "--language",
    "languages",
    type=click.Choice(["en", "zh"]),
    multiple=True,
    help="Only this; default both.",
)
@click.option("--jobs", type=click.IntRange(1), help="Reports at a time; default one a processor.")
@click.option("--force", is_flag=True, help="Also run what has not changed.")
@click.option("--engine", type=click.Choice(["forked", "nbclient"]), default="forked")
@click.option("--dask", metavar="ADDRESS", help="Run on the Dask cluster with this scheduler.")
@click.option(
    "--timeout",
    metavar="S",
    type=click.FloatRange(0, min_open=True),
    callback=_finite,
    default=600.0,
    show_default=True,
    help="Seconds that a report may take.",
)
@click.option("--why", is_flag=True, help="Say what has changed for each report that is run.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and why; write nothing.")
def reports(data: str | None, out: Path | None, jobs: int | None, **options: object) -> None:
    """Write every report of every year that is not up to date.

    Exit code 0: all are written; 1: one failed, the others are written; 2: wrong use or bad
    data, nothing was run.
    """
    try:
        from analysis.batch import plan, run

        chosen = plan.Options(
            out=(out or HOME / "reports").resolve(),
            jobs=jobs or os.cpu_count() or 1,
            **options,  # type: ignore[arg-type]
        )
        code = run.run(find(data), chosen)
        gc.freeze()  # or Python would look for garbage among all that was imported before it ends
        sys.exit(code)
    except MemoryError:
        click.echo("there is too little memory to go on; what is written stays", err=True)
        sys.exit(1)
    except DataError as error:
        click.echo("\n".join(map(inert, str(error).split("\n"))), err=True)
        sys.exit(2)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", metavar="[JUPYTERLAB'S]", nargs=-1, type=click.UNPROCESSED)
def lab(options: tuple[str, ...]) -> None:
    """Open JupyterLab on the overview, with the repository's folder around it.

    Further options, such as --no-browser or --port=8899, are JupyterLab's own.
    """
    from jupyterlab.labapp import main as jupyterlab

    os.environ.setdefault("ANALYSIS_DATA", str(HOME / "data"))
    first = "tree/notebooks/overview.ipynb" if (HOME / "notebooks").is_dir() else ""
    jupyterlab([f"--ServerApp.root_dir={HOME}", f"--LabApp.default_url=/lab/{first}", *options])


@main.command()
@click.option("--data", metavar="DIR", help="Data package; else $ANALYSIS_DATA, else data/.")
@click.option(
    "--documents",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Hold every row against the texts in this folder, DOCUMENT.txt each.",
)
def check(data: str | None, documents: str | None) -> None:
    """Validate the tables, and hold the documents against themselves.

    Exit code 0: the data can be used, and each finding is a line; 2: they cannot, or do not stand
    in the texts.
    """
    giving_up = threading.Timer(LONGEST_CHECK, _give_up)
    giving_up.daemon = True
    giving_up.start()
    from analysis.checks.validation import MOST, problems

    try:
        package = find(data)
        if found := problems(package):
            raise DataError("\n".join(found))
        from analysis.checks.summary import lines

        told = lines(package)
        if documents:
            from analysis.checks.provenance import verify

            verified = verify(documents, package)
            if more := len(verified.wrong) - MOST:
                verified.wrong[MOST:] = [f"and {more:,} more"] if more > 0 else []
            if verified.wrong:
                raise DataError("\n".join(verified.wrong))
            told.append(
                f"texts: {verified.rows:,} rows stand where they say, "
                f"every one of {verified.numerals:,} numerals is accounted for"
            )
    except DataError as error:
        click.echo("\n".join(map(inert, str(error).splitlines())), err=True)
        sys.exit(2)
    finally:
        giving_up.cancel()
    for line in told:
        click.echo(line)


def _give_up() -> None:
    click.echo(f"check: not done after {LONGEST_CHECK:.0f} seconds, given up", err=True)
    os._exit(2)


@main.command()
@click.argument("document", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=Path, help="Write a draft package into this new folder.")
@click.option("--into", metavar="DIR", type=Path, help="Add a draft year to this data package.")
def transcribe(document: Path, out: Path | None, into: Path | None) -> None:
    """Make a draft of a department's account: PDF, DOCX, XLSX, HTML or plain text.

    Exit code 0: written; 2: refused, with what to do.
    """
    folder = out or into
    if folder is None or (out and into):
        raise click.UsageError("Name either --out or --into.")
    from analysis.transcribe.draft import transcribe as write
    from analysis.transcribe.text import RefusedError

    try:
        outcome = write(document, folder, into is not None)
    except (RefusedError, DataError) as error:
        click.echo(error, err=True)
        sys.exit(2)
    for line in outcome.summary:
        click.echo(line)
    click.echo(f"next: {folder / 'transcription' / outcome.document}.review.html, then review.csv")
