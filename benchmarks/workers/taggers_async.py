"""taggers' `AsyncTagger`, many tasks at a time."""

from __future__ import annotations

import asyncio

from taggers import AsyncTagger

from .crowd import in_tasks
from .meter import Meter
from .providers import config
from .task import Task


async def _measure(task: Task) -> None:
    content = task.picture.read_bytes()
    async with AsyncTagger(config=config(task)) as tagger:

        async def work() -> None:
            assert len((await tagger.tag(content)).tags) == 20

        await in_tasks(work, task.warm_up, task.at_a_time)
        with Meter(task).running():
            await in_tasks(work, task.calls, task.at_a_time)


if __name__ == "__main__":
    asyncio.run(_measure(Task.given()))
