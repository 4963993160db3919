"""A batch on a Ray cluster of this machine, through the command line. Ray is large, and so in no
extra for tests: without it, they are skipped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggers.batch import Store, query, runs
from taggers.emulator import Emulator, Fault
from taggers.testing import png

pytest.importorskip("ray", reason="needs Ray: pip install 'taggers[ray]'")

V2 = "huawei-tagging-v2"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(faults=[Fault(do="slow", latency_s=0.05)]) as running:
        yield running


def _batch(emulator: Emulator, folder: Path, *more: str) -> subprocess.Popen[str]:
    """A batch of the pictures in `photos` on a cluster of its own."""
    table = f"[providers.{V2}]\n"
    text = emulator.toml().replace(table, f"{table}concurrency = 8\n")
    (folder / "taggers.toml").write_text(text)
    command = (sys.executable, "-m", "taggers", "batch", "photos", "--into", "store", "-p", V2)
    return subprocess.Popen(
        [*command, "--engine", "ray", "--address", "local", "--prepare", "never", "--yes", *more],
        cwd=folder,
        env={**os.environ, **emulator.environment()},
        stderr=subprocess.PIPE,
        text=True,
    )


def _pictures(folder: Path, count: int) -> None:
    folder.mkdir()
    for index in range(count):
        (folder / f"{index:04}.png").write_bytes(png(40, 40) + str(index).encode())


def _actor(batch: subprocess.Popen[str], name: str) -> int:
    """The process of an actor of this batch."""
    while True:
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                title = (place / "cmdline").read_bytes().decode(errors="replace")
                if title.startswith(f"ray::{name}") and batch.pid in _above(int(place.name)):
                    return int(place.name)
        assert batch.poll() is None
        time.sleep(0.05)


def _above(pid: int) -> Iterator[int]:
    """The process that has begun this one, and so on."""
    while pid > 1:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        pid = int(stat.rpartition(")")[2].split()[1])
        yield pid


def _wait(emulator: Emulator, batch: subprocess.Popen[str], calls: int) -> None:
    """Waits until so many calls more have been answered."""
    wanted = len(emulator.journal) + calls
    while len(emulator.journal) < wanted and batch.poll() is None:
        time.sleep(0.01)


def _asked(emulator: Emulator) -> Counter[str | None]:
    return Counter(call.picture for call in emulator.journal if call.picture)


def _states(folder: Path) -> dict[str, int]:
    counts = "SELECT state, count(*) FROM calls GROUP BY state"
    with Store.open(folder / "store") as opened, query(opened, counts) as answer:
        return dict(answer.rows)


def test_a_cluster_divides_the_work_and_writes_parts(emulator: Emulator, tmp_path: Path) -> None:
    from pyarrow import parquet

    _pictures(tmp_path / "photos", 150)

    batch = _batch(emulator, tmp_path, "--workers", "2", "--parts", "parts")
    _, said = batch.communicate(timeout=120)

    assert (0, {"done": 150}) == (batch.returncode, _states(tmp_path)), said
    assert 150 == len(_asked(emulator)) == _asked(emulator).total()
    parts = sorted((tmp_path / "parts").iterdir())
    assert ["run-1-00001.parquet"] == [part.name for part in parts]
    assert 150 == parquet.read_table(parts[0]).num_rows
    assert "run 1: 150 done" in said


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_cluster_that_there_is_not_ends_the_run_and_says_how_to_have_one(
    emulator: Emulator, tmp_path: Path
) -> None:
    _pictures(tmp_path / "photos", 2)

    batch = _batch(emulator, tmp_path, "--address", "nowhere")
    _, said = batch.communicate(timeout=120)

    assert (4, {}) == (batch.returncode, _states(tmp_path))
    assert "taggers: Ray: Invalid address format: nowhere; --address local begins a" in said
    assert ["stopped"] == [run.state for run in runs(Store.open(tmp_path / "store"))]


def test_a_cluster_whose_actors_are_killed_loses_nothing_and_sends_nothing_twice(
    emulator: Emulator, tmp_path: Path
) -> None:
    _pictures(tmp_path / "photos", 600)
    batch = _batch(emulator, tmp_path, "--workers", "2")

    for name in ("_Hand", "_Lead"):
        _wait(emulator, batch, 100)
        os.kill(_actor(batch, name), signal.SIGKILL)
    _, said = batch.communicate(timeout=120)

    states = _states(tmp_path)
    unknown = states.pop("unknown", 0)
    assert {"done": 600 - unknown} == states, said
    assert unknown <= 3 * 8
    assert 600 - unknown <= _asked(emulator).total() == len(_asked(emulator))


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_cluster_finishes_what_is_under_way(
    emulator: Emulator, tmp_path: Path, interrupt: signal.Signals
) -> None:
    _pictures(tmp_path / "photos", 600)
    batch = _batch(emulator, tmp_path, "--workers", "2")

    _wait(emulator, batch, 100)
    batch.send_signal(interrupt)
    _, said = batch.communicate(timeout=120)

    done = _states(tmp_path)["done"]
    assert 130 == batch.returncode, said
    assert {"done": done} == _states(tmp_path)
    assert done == _asked(emulator).total() < 600
