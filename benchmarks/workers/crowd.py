"""So many at a time: the same for every contender."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["in_tasks", "in_threads"]


async def in_tasks(work: Callable[[], Awaitable[Any]], calls: int, at_a_time: int) -> None:
    """Awaits the work so many times, by as many tasks as may be under way."""
    turns = itertools.count()

    async def one_after_another() -> None:
        while next(turns) < calls:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_a_time):
            group.create_task(one_after_another())


def in_threads(work: Callable[[], Any], calls: int, at_a_time: int) -> None:
    """Does the work so many times, in as many threads as may be under way."""
    turns = itertools.count()

    def one_after_another() -> None:
        while next(turns) < calls:
            work()

    with ThreadPoolExecutor(at_a_time) as pool:
        for done in [pool.submit(one_after_another) for _ in range(at_a_time)]:
            done.result()
