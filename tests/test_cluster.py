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
from command import arguments, files, process, ran, reports

DASK = str(Path(sys.executable).with_name("dask"))
READERS = ("slow", "reads_amounts", "reads_indicators", "reads_all", "reads_nothing")


def start(*line: str) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([DASK, *line], start_new_session=True, **quiet)


LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """A scheduler's address."""
    file = tmp_path / "scheduler.json"
    started = start("scheduler", "--port", "0", "--scheduler-file", str(file), *LOCAL)
    deadline = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield json.loads(file.read_text())["address"]
    stop(started)


def worker(address: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    local = ("--local-directory", str(folder), *LOCAL)
    return start("worker", address, "--nthreads", "1", *local, *more)


def stop(one: subprocess.Popen[bytes]) -> None:
    if one.poll() is None:
        os.killpg(one.pid, signal.SIGKILL)
    one.wait()


@pytest.fixture
def cluster(scheduler: str, tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address, and its two workers."""
    workers = [worker(scheduler, tmp_path) for _ in range(2)]
    yield scheduler, workers
    for one in workers:
        stop(one)


def wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(count, timeout=120)


def test_a_killed_worker_costs_no_report(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    reports(tmp_path / "here", *READERS, "cell_error")
    wait_for_workers(address, 2)
    line = arguments(tmp_path / "there", *READERS, "cell_error", dask=address)
    batch = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert batch.stdout is not None
    assert batch.stdout.readline().startswith("written ")
    os.killpg(workers[0].pid, signal.SIGKILL)
    _, errors = batch.communicate(timeout=300)
    assert batch.returncode == 1
    [line] = errors.splitlines()
    assert line.startswith("failed   cell_error: ZeroDivisionError: division by zero (")
    assert files(tmp_path / "there") == files(tmp_path / "here")
    again = reports(tmp_path / "there", *READERS, dask=address)
    assert again.returncode == 0
    assert ran(again) == set()


def test_code_in_the_package_that_is_a_worker_s_current_folder_is_not_run(
    scheduler: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "ran"
    for name in ("socket", "pandas", "sitecustomize", "usercustomize", "distributed", "analysis"):
        code = f"open({str(mark)!r}, 'w').close()\nraise ImportError('code ran')\n"
        (data / f"{name}.py").write_text(code, "utf-8")
    monkeypatch.chdir(data)  # of the command and of the worker
    # Dask's own nanny would start `python -c` here, which runs what lies in the current folder
    one = worker(scheduler, tmp_path, "--no-nanny")
    wait_for_workers(scheduler, 1)
    line = arguments(tmp_path / "out", "reads_amounts", data=".", dask=scheduler)
    result = process(line)
    stop(one)
    assert (result.returncode, result.stderr) == (0, "")
    assert ran(result) == {"2022/reads_amounts", "2024/reads_amounts"}
    assert not mark.exists()


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
