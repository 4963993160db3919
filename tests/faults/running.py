"""Starts fault servers and workers, each in a process of its own, and hears what they have to say.

They are forked from a process that has loaded their modules, which takes 20 ms in place of 600.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from . import server, worker
from .ledger import Book
from .outcome import Report, Task
from .plan import SECRET, Plan

__all__ = ["Served", "full_port", "serving", "work"]

PATIENCE_S = 900
SETTINGS = {
    "SOAK_AK": "EXAMPLE-AK",
    "SOAK_SK": SECRET,
    "SOAK_PASSWORD": "EXAMPLE-PASSWORD",
    "TAGGERS_TRUSTED_HOSTS": "nobody.invalid",
}
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    [server.__name__, worker.__name__, *(["pytest"] if "pytest" in sys.modules else [])]
)


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
    """A fault server, until the block ends."""
    ledger = folder / f"{name}.ledger"
    process, pipe = _started(server.serve, folder, plan, ledger)
    try:
        yield Served(pipe.recv(), ledger)
    finally:
        pipe.close()
        process.join(PATIENCE_S)


def work(task: Task, folder: Path, processes: int = 1) -> list[Report]:
    """The reports of so many workers, which share the calls out among themselves and start at the
    same time."""
    each, more = divmod(task.calls, processes)
    workers, first = [], task.first
    for number in range(processes):
        part = evolve(task, first=first, calls=each + (number < more))
        workers.append(_started(worker.work, folder, part))
        first += part.calls
    return [_reported(*started) for started in workers]


def _reported(process: BaseProcess, pipe: Connection) -> Report:
    with pipe:
        try:
            report: Report = pipe.recv()
        except EOFError:
            process.join(PATIENCE_S)
            raise RuntimeError(f"a worker ended with {process.exitcode}") from None
    process.join(PATIENCE_S)
    return report


def _started(target: Any, folder: Path, *arguments: Any) -> tuple[BaseProcess, Connection]:
    """A process that does this, and our end of its pipe."""
    ours, theirs = _FORKED.Pipe()
    process = _FORKED.Process(
        target=_settled, args=(target, folder, theirs, *arguments), daemon=True
    )
    process.start()
    theirs.close()
    return process, ours


def _settled(target: Any, folder: Path, *arguments: Any) -> None:
    """Does it with the settings of the scenario, and none of the user's."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(SETTINGS, TAGGERS_HOME=str(folder / "home"))
    target(*arguments)
