"""Starts fault servers and workers, and waits for what they have to say."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cattrs
from attrs import evolve, frozen

from .ledger import Book
from .outcome import Report, Task
from .plan import SECRET, Plan

__all__ = ["Served", "full_port", "serving", "work"]

TESTS = Path(__file__).parent.parent
PATIENCE_S = 900
SETTINGS = {
    "SOAK_AK": "EXAMPLE-AK",
    "SOAK_SK": SECRET,
    "SOAK_PASSWORD": "EXAMPLE-PASSWORD",
    "TAGGERS_TRUSTED_HOSTS": "nobody.invalid",
    "PYTHONPATH": str(TESTS),
}


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port of which the queue is full: connecting to it takes for ever."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@frozen
class Served:
    """A server under way; its `book` can be read when it has ended."""

    port: int
    ledger: Path

    @property
    def book(self) -> Book:
        return Book.read(self.ledger)


@contextlib.contextmanager
def serving(plan: Plan, folder: Path, name: str = "server") -> Iterator[Served]:
    """A fault server in a process of its own."""
    told, ledger = folder / f"{name}.json", folder / f"{name}.ledger"
    told.write_text(json.dumps(cattrs.unstructure(plan)))
    process = _python("faults.server", str(told), str(ledger), home=folder)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Served(int(process.stdout.readline()), ledger)
    finally:
        process.stdin.close()
        process.wait(PATIENCE_S)
        process.stdout.close()


def work(task: Task, folder: Path, processes: int = 1) -> list[Report]:
    """The reports of so many workers, which share the calls out among themselves and start at the
    same time."""
    each, more = divmod(task.calls, processes)
    workers, first = [], task.first
    for number in range(processes):
        calls = each + (number < more)
        workers.append(_started(evolve(task, first=first, calls=calls), folder))
        first += calls
    return [_reported(worker) for worker in workers]


def _started(task: Task, folder: Path) -> subprocess.Popen[str]:
    process = _python("faults.worker", home=folder)
    assert process.stdin is not None
    json.dump(cattrs.unstructure(task), process.stdin)
    process.stdin.close()
    process.stdin = None
    return process


def _reported(worker: subprocess.Popen[str]) -> Report:
    said, _ = worker.communicate(timeout=PATIENCE_S)
    if worker.returncode:
        raise RuntimeError(f"a worker ended with {worker.returncode}")
    return cattrs.structure(json.loads(said), Report)


def _python(module: str, *arguments: str, home: Path) -> subprocess.Popen[str]:
    kept: dict[str, Any] = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=TESTS,
        env={**kept, **SETTINGS, "TAGGERS_HOME": str(home / "home")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
