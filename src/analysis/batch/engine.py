"""The papermill engine `forked`."""

from __future__ import annotations

from typing import Any


class _ForkedEngine:
    """Runs the cells in the current process: no kernel process, no sockets.

    Cells share the process with whatever else runs in it, so give each notebook one of its own:
    the batch forks it, `papermill --engine forked` is one.

    papermill loads its plug-ins while it is being imported itself, so what is built on papermill
    is only imported when it is used.
    """

    def __getattr__(self, name: str) -> Any:
        from analysis.batch.kernel import Engine

        return getattr(Engine, name)


ForkedEngine = _ForkedEngine()
