"""The pictures of a folder, each tagged by `AsyncTagger` from a plain loop; nothing is kept."""

from __future__ import annotations

import asyncio

from taggers import AsyncTagger

from .. import cores
from .crowd import in_tasks
from .library import library
from .meter import Meter
from .providers import config
from .task import Task


async def _measure(task: Task, first: list[str], pictures: list[str]) -> None:
    async with AsyncTagger(config=config(task)) as tagger:

        async def tag_all(names: list[str]) -> None:
            each = iter(names)
            await in_tasks(lambda: tagger.tag(next(each)), len(names), task.at_a_time)

        await tag_all(first)
        with Meter(task).running():
            await tag_all(pictures)


if __name__ == "__main__":
    cores.unpin()
    given = Task.given()
    with library(given) as both:
        asyncio.run(_measure(given, *both))
