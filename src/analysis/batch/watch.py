"""What a notebook looks at by itself, past the library: files, other processes, the network."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path
from typing import Any

from analysis.batch.snapshot import PACKAGE, elsewhere
from analysis.data import package

LIBRARY = str(Path(__file__).parents[1])
SYSTEM = ("/usr", "/lib", "/etc", "/proc", "/sys", "/dev", "/System", "/Library", "C:\\Windows")
LISTS = ("os.listdir", "os.scandir")
LEAVES = (
    *("subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn"),
    *("os.spawn", "socket.connect", "sqlite3.connect"),
)


def watch(data: Path, scratch: Path) -> None:
    """Add to `package.seen` whatever else is looked at in this process from now on.

    A look at the data makes the report depend on the whole package. What is neither the data nor
    installed nor written by the report itself may have changed by the next batch, unseen.
    """
    prefixes = [
        sys.prefix,
        sys.base_prefix,
        *site.getsitepackages(),
        LIBRARY,
        str(scratch),
        *SYSTEM,
    ]
    own = tuple(os.path.realpath(path) + os.sep for path in prefixes if path not in ("/", ""))
    package_folder = os.path.realpath(data) + os.sep
    written: set[str] = set()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in LEAVES:
            package.seen.add(elsewhere(event))
        elif event in ("open", *LISTS) and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if (path + os.sep).startswith(package_folder):
                if not _in_library():
                    package.seen.add(PACKAGE)
            elif event in LISTS or (path + os.sep).startswith(own) or Path(path).is_dir():
                return
            elif arguments[2] & os.O_TRUNC or (
                arguments[2] & os.O_CREAT and not Path(path).exists()
            ):
                written.add(path)
            elif path not in written and not arguments[2] & os.O_WRONLY:
                package.seen.add(elsewhere(path))

    sys.addaudithook(note)


def _in_library() -> bool:
    """Whether it is the library that reads, which notes more exactly what."""
    frame = sys._getframe(2)
    while frame and frame.f_globals is not vars(package):
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None
