"""One thing done over and over, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .meter import Meter
from .task import Task

__all__ = ["repeat"]


def repeat(work: Callable[[], Any], task: Task) -> None:
    """Measures the work, done as often as the task says; once before that, to warm up, which
    counts for memory alone."""
    meter = Meter(task)
    work()
    with meter.running():
        for _ in range(task.calls):
            work()
