"""Which cores the responder and its clients run on: different ones, where there are two."""

from __future__ import annotations

import os

__all__ = ["CLIENT", "RESPONDER", "pin", "unpin"]


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


CLIENT, RESPONDER = (_cores()[0], _cores()[-1]) if len(_cores()) > 1 else (None, None)
"""None: wherever the system puts them."""


def pin(core: int | None) -> None:
    """Keeps this process, and those that it starts, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def unpin() -> None:
    """Lets this process run on all cores, as one that has threads does."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
