"""How a batch tells people how far it is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from typing import Any

from analysis.data.text import inert


def say(text: object, error: bool = False) -> None:
    """One message, in which nothing moves the cursor or reorders; errors go to stderr."""
    lines = "\n".join(map(inert, str(text).split("\n")))
    try:
        print(lines, file=sys.stderr if error else sys.stdout, flush=True)
    except OSError:  # nobody reads on, as with `| head`; the work goes on
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if error else 1)


class Show:
    """How many of how many reports are done, and which are being run."""

    def __init__(self, total: int) -> None:
        self.progress: Any = None
        self.total, self.count = total, 0
        self.running: list[str] = []
        if total and all(stream and stream.isatty() for stream in (sys.stdout, sys.stderr)):
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (
                MofNCompleteColumn(),
                BarColumn(),
                TextColumn("{task.description}", markup=False),
            )
            self.progress = Progress(*columns, transient=True)
            self.progress.start()
            self.task = self.progress.add_task("", total=total)

    def line(self, text: str, error: bool = False) -> None:
        """One line beside the bar."""
        text = inert(text)
        if self.progress:
            self.progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            say(text, error)

    def starts(self, name: str) -> None:
        """One report is being run."""
        self.running = [*dict.fromkeys([*self.running, name])]
        self._update(0)

    def done(self, name: str, error: str | None) -> None:
        """One report has come to its end."""
        self.count += 1
        what = f"failed   {name}: {error}" if error else f"written  {name}"
        self.line(f"{what} ({self.count} of {self.total})", error=bool(error))
        self.running = [one for one in self.running if one != name]
        self._update(1)

    def _update(self, more: int) -> None:
        if self.progress:
            running = inert(", ".join(self.running))
            self.progress.update(self.task, advance=more, description=running)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.progress:
            self.progress.stop()
