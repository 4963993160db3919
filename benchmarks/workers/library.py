"""A folder of small pictures, of which no two are the same."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .task import Task

__all__ = ["library"]


@contextlib.contextmanager
def library(task: Task) -> Iterator[tuple[list[str], list[str]]]:
    """The pictures' paths, while they are needed: those to warm up, and those to measure with."""
    content = task.picture.read_bytes()
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{number:06}.jpg" for number in range(task.warm_up + task.calls)]
        for path in paths:
            path.write_bytes(content + path.name.encode())
        names = [*map(str, paths)]
        yield names[: task.warm_up], names[task.warm_up :]
