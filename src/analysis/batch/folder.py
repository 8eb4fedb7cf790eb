"""The output folder, held by one batch at a time."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO

from analysis.batch.plan import (
    State,
    sha256,
)


class Folder:
    """The output folder, held by one batch at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.private = path / ".analysis"
        self.private.mkdir(parents=True, exist_ok=True)
        self._lock = (self.private / "lock").open("w")
        _lock(self._lock, f"waiting for another batch that writes to {path}")
        for leftover in self.private.iterdir():  # of a batch that was killed
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            elif leftover.name not in ("lock", "state.jsonl"):
                leftover.unlink()
        self.scratch = Path(tempfile.mkdtemp(dir=self.private))
        self.state = State(self.private)

    def close(self) -> None:
        """Give it free, without leftovers."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._lock.close()

    def write(self, files: dict[str, bytes]) -> dict[str, str]:
        """Put files into place, each of them whole, and give their hashes."""
        new = {name: self.private / f"new-{number}" for number, name in enumerate(files)}
        try:
            for name, path in new.items():
                path.write_bytes(files[name])
            for name, path in new.items():
                (self.path / name).parent.mkdir(exist_ok=True)
                path.replace(self.path / name)
        finally:
            for path in new.values():
                path.unlink(missing_ok=True)
        return {name: sha256(content) for name, content in files.items()}


def _lock(file: IO[str], waiting: str) -> None:
    if sys.platform == "win32":
        return  # two batches at once are then up to the user
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(waiting, file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
