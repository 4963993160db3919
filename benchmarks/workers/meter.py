"""What a worker measures of itself: CPU of the whole process, wall time and memory."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from .task import Task

__all__ = ["Meter", "peak_bytes", "resident_bytes"]


class Meter:
    """Measures what a worker does, and prints it as one JSON object.

    * `cpu_s`, `wall_s`: of one call; `cpu_s` is user and system time of all threads;
    * `peak_bytes`: the most memory that the process has held;
    * `grown_bytes`: how much more memory the process has held than when the
      meter was made;
    * `responder_busy`: the part of the time for which the responder worked;
    * `of_ideal`: how many calls there were, as part of those that the responder's latency allows.
    """

    def __init__(self, task: Task) -> None:
        self._task, self._before = task, peak_bytes()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Measures the calls of the task that are made meanwhile."""
        calls, ideal_s = self._task.calls, self._task.latency_s / self._task.at_a_time
        theirs = self._responder_s()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
        measured = {
            "cpu_s": cpu_s / calls,
            "wall_s": wall_s / calls,
            "calls": calls,
            "peak_bytes": peak_bytes(),
            "grown_bytes": peak_bytes() - self._before,
        }
        if self._task.url:
            measured["responder_busy"] = (self._responder_s() - theirs) / wall_s
            measured["of_ideal"] = ideal_s * calls / wall_s
        print(json.dumps(measured), flush=True)

    def _responder_s(self) -> float:
        if not self._task.url:
            return 0.0
        parts = urlsplit(self._task.url)
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as stream:
            stream.sendall(b"GET /cpu HTTP/1.1\r\n\r\n")
            return float(stream.recv(4096).rpartition(b"\r\n\r\n")[2])


def peak_bytes() -> int:
    """The most memory that this process has held. (`ru_maxrss` counts that of its parent, too.)"""
    return _status("VmHWM")


def resident_bytes() -> int:
    """The memory that this process holds now."""
    return _status("VmRSS")


def _status(name: str) -> int:
    """What Linux says of this process, in bytes."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found, f"this system does not tell {name}"
    return int(found[1]) * 1024
