"""The same reports from a real Dask cluster, one of whose workers is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import arguments, files, ran, reports

DASK = str(Path(sys.executable).with_name("dask"))
READERS = ("slow", "reads_amounts", "reads_indicators", "reads_all", "reads_nothing")


def start(*line: str) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([DASK, *line], start_new_session=True, **quiet)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address, and its two workers."""
    file = tmp_path / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = start("scheduler", "--port", "0", "--scheduler-file", str(file), *local)
    while not (file.exists() and file.read_text()):
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    workers = [
        start("worker", address, "--nthreads", "1", "--local-directory", str(tmp_path), *local)
        for _ in range(2)
    ]
    yield address, workers
    for process in (*workers, scheduler):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_killed_worker_costs_no_report(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    reports(tmp_path / "here", *READERS, "cell_error")
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)
    line = arguments(tmp_path / "there", *READERS, "cell_error", dask=address)
    batch = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert batch.stdout is not None
    assert batch.stdout.readline().startswith("written ")
    os.killpg(workers[0].pid, signal.SIGKILL)
    _, errors = batch.communicate(timeout=120)
    assert batch.returncode == 1
    [line] = errors.splitlines()
    assert line.startswith("failed   cell_error: ZeroDivisionError: division by zero (")
    assert files(tmp_path / "there") == files(tmp_path / "here")
    again = reports(tmp_path / "there", *READERS, dask=address)
    assert again.returncode == 0
    assert ran(again) == set()


def test_no_scheduler_is_wrong_use(tmp_path: Path) -> None:
    result = reports(tmp_path, "reads_nothing", dask="tcp://127.0.0.1:9")
    assert result.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in result.stderr


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError('not here')", "utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = reports(tmp_path, "reads_nothing", dask="tcp://x:1", env={"PYTHONPATH": path})
    assert result.returncode == 2
    assert "--dask needs another package: pip install distributed" in result.stderr
