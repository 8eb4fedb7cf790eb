"""The output folder, held by one batch at a time."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from analysis.batch.plan import WrongUseError
from analysis.batch.snapshot import sha256
from analysis.batch.state import State, is_file

SCRATCH = "scratch-"


class Folder:
    """The output folder, held by one batch at a time; no link in it is ever followed.

    Raises:
        WrongUseError: it cannot be written, or something else stands where a batch would write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.private = path / ".analysis"
        self.made = [one for one in (self.private, path, *path.parents) if not one.exists()]
        years = [*path.glob("[0-9]*/"), *path.glob("zh/[0-9]*/")]
        for folder in (self.private, path / "zh", *years):
            if folder.is_symlink():
                raise WrongUseError(f"{folder} is a link, and no link is followed: remove it")
        for file in (self.private / "lock", self.private / "state.jsonl"):
            if file.is_symlink() or (file.exists() and not is_file(file)):
                raise WrongUseError(f"{file} is none of a batch: remove it")
        try:
            self.private.mkdir(parents=True, exist_ok=True)
            self.lock = FileLock(self.private / "lock")
            try:
                self.lock.acquire(blocking=False)
            except Timeout:
                print(f"waiting for another batch that writes to {path}", file=sys.stderr)
                self.lock.acquire()
            for leftover in self.private.glob(f"{SCRATCH}*"):  # of a batch that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            self.scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=self.private))
        except OSError as error:
            raise WrongUseError(f"cannot write to {path}: {error.strerror}") from None
        self.state = State(self.private)

    def close(self) -> None:
        """Give it free, without leftovers; where nothing was written, as it was before."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self.made and not self.state.path.exists():
            (self.private / "lock").unlink(missing_ok=True)
            with suppress(OSError):
                for folder in self.made:
                    folder.rmdir()
        self.lock.release()

    def write(self, files: dict[str, bytes]) -> dict[str, str]:
        """Put files into place, each of them whole, and give their hashes."""
        new = {name: self.scratch / f"new-{number}" for number, name in enumerate(files)}
        for name, path in new.items():
            path.write_bytes(files[name])
        for name, path in new.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            path.replace(self.path / name)
        return {name: sha256(content) for name, content in files.items()}

    def remove(self, name: str) -> None:
        """Remove the page and the notebook of a report that is no more, as far as it wrote them."""
        fact = self.state.reports[name]
        for suffix in (".html", ".ipynb"):
            path = self.path / (name + suffix)
            if is_file(path) and sha256(path.read_bytes()) == fact.files.get(name + suffix):
                path.unlink()
        with suppress(OSError):  # others are in it
            (self.path / name).parent.rmdir()
        self.state.forget(name)
