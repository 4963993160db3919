"""The processes of a job on many machines, without any engine: they meet at a socket.

    python crew.py lead JOB SOCKET [again]     coordinates, until it is killed
    python crew.py work JOB SOCKET             works, until the job is over

JOB is a file with a pickled `Job`. Who is asked answers in the order in which it is asked, by one
thread for each that asks.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from attrs import define, field

from taggers.batch import Item, Tell, find
from taggers.batch.cluster._coordinator import Coordinator
from taggers.batch.cluster._job import Job
from taggers.batch.cluster._worker import work

__all__ = ["Crew", "Line", "pictures"]

ANSWER_S = 4.0


def pictures(folder: Path, tell: Tell) -> Iterable[Item]:
    """Those of a folder."""
    return find([str(folder)], tell=tell)


class Line:
    """Asks the coordinator at a socket; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._mine = threading.local()

    def __call__(self, name: str, *arguments: Any) -> Any:
        try:
            return self._said((name, *arguments))
        except (OSError, EOFError):
            self._mine.connection = None
            raise

    def _said(self, asked: tuple[Any, ...]) -> Any:
        if getattr(self._mine, "connection", None) is None:
            self._mine.connection = Client(self._path, "AF_UNIX")
        self._mine.connection.send(asked)
        if not self._mine.connection.poll(ANSWER_S):
            raise EOFError
        return self._mine.connection.recv()


@define
class Crew:
    """A job's processes, which end with it."""

    folder: Path
    job: Job
    workers: list[subprocess.Popen[bytes]] = field(factory=list)
    lead: subprocess.Popen[bytes] | None = None

    @property
    def ask(self) -> Line:
        return Line(self.folder / "socket")

    def begin(self, *, again: bool = False) -> None:
        """Begins a coordinator, and waits until it answers."""
        (self.folder / "job").write_bytes(pickle.dumps(self.job))
        (self.folder / "socket").unlink(missing_ok=True)
        self.lead = self._process("lead", *(["again"] if again else []))
        while True:
            try:
                return self.ask("progress") and None
            except OSError:
                assert self.lead.poll() is None
                time.sleep(0.02)

    def hire(self, count: int = 1) -> None:
        """Begins so many workers more."""
        self.workers += [self._process("work") for _ in range(count)]

    def wait(self) -> None:
        """Waits until all workers have ended."""
        for worker in self.workers:
            worker.wait(timeout=60)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.lead]:
            if process is not None:
                process.kill()
                process.wait()

    def _process(self, *what: str) -> subprocess.Popen[bytes]:
        job, socket = self.folder / "job", self.folder / "socket"
        return subprocess.Popen([sys.executable, __file__, what[0], job, socket, *what[1:]])


def _lead(job: Job, path: str, again: bool) -> None:
    coordinator = Coordinator(job, again=again)
    with Listener(path, "AF_UNIX", backlog=64) as listener:
        while True:
            connection = listener.accept()
            threading.Thread(target=_serve, args=(coordinator, connection), daemon=True).start()


def _serve(coordinator: Coordinator, connection: Connection) -> None:
    try:
        while True:
            connection.send(coordinator.answer(*connection.recv()))
    except (EOFError, OSError):
        pass


if __name__ == "__main__":
    wish, path, socket, *more = sys.argv[1:]
    job = pickle.loads(Path(path).read_bytes())
    if wish == "lead":
        _lead(job, socket, bool(more))
    error = work(job, Line(Path(socket)))
    print(error or "", end="", file=sys.stderr)
    os._exit(0 if error is None else 1)
