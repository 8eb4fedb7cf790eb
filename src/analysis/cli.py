"""The command `analysis`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from analysis.data.package import DataError, data_directory


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Figures from a department's yearly disclosures, checked and reported."""


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
def reports(data: str | None, out: Path | None, jobs: int | None, **options: object) -> None:
    """Write every report of every year that is not up to date.

    Exit code 0: all are written; 1: one failed, the others are written; 2: wrong use or bad
    data, nothing was run.
    """
    from analysis.batch import plan, run

    try:
        chosen = run.Options(
            data=data_directory(data),
            out=(out or plan.ROOT / "reports").resolve(),
            jobs=jobs or os.cpu_count() or 1,
            **options,  # type: ignore[arg-type]
        )
        sys.exit(run.run(chosen))
    except (DataError, plan.WrongUseError) as error:
        click.echo(error, err=True)
        sys.exit(2)


@main.command()
@click.option("--data", metavar="DIR", help="Data package; else $ANALYSIS_DATA, else data/.")
def check(data: str | None) -> None:
    """Validate the tables, and hold the documents against themselves."""
    from analysis.checks.validation import problems

    try:
        directory = data_directory(data)
        if found := problems(directory):
            raise DataError("\n".join(found))
    except DataError as error:
        click.echo(error, err=True)
        sys.exit(2)
    from analysis.checks.summary import lines

    for line in lines(directory):
        click.echo(line)


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
