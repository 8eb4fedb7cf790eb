"""The data as they were when a batch began: one copy that all reports read, and hashes of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

from analysis.data.package import DESCRIPTOR, DataError, Look, Package

PACKAGE: Look = ("", None)  # all of the package
ALWAYS: list[Look] = [  # typing a table needs them, and the pages' footers do
    (name, None) for name in ("documents", "corrections", "units", "disclosed_tables")
]


def elsewhere(path: str) -> Look:
    """A look at something that is not of the package, and so may have changed at any time."""
    return "", path


def label(look: Look) -> str:
    """A look as `amounts`, or `amounts of 2024-final-accounts`."""
    table, document = look
    return f"{table} of {document}" if document is not None else table or "the whole package"


def sha256(*parts: bytes) -> str:
    """Hash of byte strings; their borders count."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def hash_of_files(files: dict[str, bytes]) -> str:
    """Hash of files and of what they are called."""
    return sha256(*(part for name in files for part in (name.encode(), files[name])))


class Snapshot:
    """Files of a data package, written to a folder of their own; nothing edited later reaches it.

    Raises:
        DataError: a file would lie outside the folder.
    """

    def __init__(self, files: dict[str, bytes], folder: Path) -> None:
        self.files, self.folder = files, folder
        self.hash = hash_of_files(files)
        folder.mkdir()
        for name, content in files.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise DataError(f"{DESCRIPTOR}: found the path {name!r}, expected one within it")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if os.name == "posix":  # elsewhere it could not be removed again
                path.chmod(0o444)
        self.package = Package(folder)
        self._slices: dict[str, dict[str | None, str]] = {}

    def digests(self, looks: Iterable[Look]) -> dict[str, str]:
        """Hash of what each look has seen, by its label; the descriptor is always seen."""
        found = {label(look): self._digest(look) for look in looks if look[0] or look == PACKAGE}
        return {DESCRIPTOR: sha256(self.files[DESCRIPTOR])} | found

    def _digest(self, look: Look) -> str:
        table, document = look
        if look == PACKAGE:
            return self.hash
        if table not in self._slices:
            self._slices[table] = self._slice(table)
        return self._slices[table].get(document, "")

    def _slice(self, table: str) -> dict[str | None, str]:
        """Hash of a table's bytes (None), and of the rows of each document with the header."""
        path = self.package.resources.get(table, {}).get("path", "")
        content = self.files.get(path, b"")
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
        header = next(rows, [])
        groups: dict[str, list[list[str]]] = {}
        if "document" in header:
            place = header.index("document")
            for row in rows:
                groups.setdefault("".join(row[place : place + 1]), []).append(row)
        slices = {name: [header, *group] for name, group in groups.items()}
        return {None: sha256(path.encode(), content)} | {
            name: sha256(json.dumps(group).encode()) for name, group in slices.items()
        }
