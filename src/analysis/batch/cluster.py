"""The same reports on a Dask cluster: each worker runs them as the batch does on its own machine.

Nothing but the library needs to be installed on the workers: data and notebooks are sent along,
the results come back, and the batch alone writes. What a lost worker had to do is done by another.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import functools
import multiprocessing
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from analysis.batch.plan import Failure, Options, Outcome, Report, WrongUseError
from analysis.batch.pool import outcomes as outcomes_here
from analysis.batch.snapshot import Snapshot
from analysis.batch.state import code_version

Files = dict[str, bytes]


def outcomes(
    reports: Iterable[Report], snapshot: Snapshot, options: Options
) -> Iterator[tuple[Report, Outcome | Failure]]:
    """Run reports on the cluster; each comes back as soon as it is done."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise WrongUseError("--dask needs another package: pip install distributed") from None
    address = options.dask
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise WrongUseError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise WrongUseError(f"the Dask cluster at {address} has no workers")
        [shared] = client.scatter([snapshot.files], broadcast=True)
        there = replace(options, jobs=1)
        running = {
            client.submit(remote, report, shared, code_version(), there, pure=False): report
            for report in reports
        }
        for future in as_completed(list(running)):
            try:
                outcome = future.result()
            except Exception as error:
                outcome = Failure("Cluster", f"the cluster did not run it: {error}")
            yield running.pop(future), outcome
            future.release()


def remote(report: Report, files: Files, version: str, options: Options) -> Outcome | Failure:
    """Run one report on a Dask worker."""
    if code_version() != version:
        return Failure("Version", "a worker of the cluster has another version of the library")
    # Dask's nanny starts workers as daemons, which may not have children; ours end with them
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    snapshot = _snapshot(tuple(sorted(files.items())))
    with tempfile.TemporaryDirectory(dir=_own_folder()) as scratch:
        [(_, outcome)] = outcomes_here([report], snapshot, Path(scratch), options, lambda _: None)
    return outcome


@functools.lru_cache(maxsize=1)
def _snapshot(files: tuple[tuple[str, bytes], ...]) -> Snapshot:
    return Snapshot(dict(files), Path(tempfile.mkdtemp(prefix="data-", dir=_own_folder()), "data"))


def _own_folder() -> str:
    """The Dask worker's folder, which Dask clears away after it."""
    from distributed import get_worker

    return str(get_worker().local_directory)
