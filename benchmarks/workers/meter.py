"""What a worker measures of itself: CPU of the whole process, wall time and memory."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Meter", "peak_bytes", "resident_bytes"]


class Meter:
    """Counts what is done between `running` and its end, and prints it as one JSON object.

    `cpu_s` and `wall_s` are those of one call; `cpu_s` is user and system time of all threads.
    `responder_busy` is the part of the time for which the responder worked.
    """

    def __init__(self, url: str | None = None) -> None:
        self._url = url

    @contextlib.contextmanager
    def running(self, calls: int) -> Iterator[None]:
        """Measures so many calls."""
        theirs, before = self._responder_s(), peak_bytes()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
        measured = {
            "cpu_s": cpu_s / calls,
            "wall_s": wall_s / calls,
            "calls": calls,
            "grown_bytes": peak_bytes() - before,
        }
        if self._url:
            measured["responder_busy"] = (self._responder_s() - theirs) / wall_s
        print(json.dumps(measured), flush=True)

    def _responder_s(self) -> float:
        if self._url is None:
            return 0.0
        parts = urlsplit(self._url)
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as stream:
            stream.sendall(b"GET /cpu HTTP/1.1\r\n\r\n")
            return float(stream.recv(4096).rpartition(b"\r\n\r\n")[2])


def peak_bytes() -> int:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident_bytes() -> int:
    """The memory that this process holds now."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found
    return int(found[1]) * 1024
