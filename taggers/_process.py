"""A process of this machine, and whether it has ended."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

__all__ = ["Process"]


@frozen
class Process:
    """A process, told by when it `started` from a later one with the same id, and by its `space`
    from one in another container. Both are known on Linux alone, and empty elsewhere."""

    pid: int
    started: str
    space: str

    @classmethod
    def current(cls) -> Process:
        """This process."""
        pid = os.getpid()
        return cls(pid, _stat(pid)[1], _space())

    def in_sight(self) -> bool:
        """Whether its end can be seen. Windows has no harmless way to ask, and is not asked."""
        return os.name == "posix" and self.space == _space()

    def ended(self) -> bool:
        """Whether it has certainly ended."""
        if not self.in_sight():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        state, started = _stat(self.pid)
        return state in ("Z", "X") or started != self.started


def _stat(pid: int) -> tuple[str, str]:
    """The state of a process, and its start in ticks after the machine's: the fields 3 and 22 of
    proc(5). The second, its name, stands in parentheses and may hold anything."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]


def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
