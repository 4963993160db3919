"""Many calls in one process: how much memory those after the first tenth have added."""

from __future__ import annotations

import asyncio
import gc
import json

from taggers import AsyncTagger

from .crowd import in_tasks
from .meter import resident_bytes
from .providers import config
from .task import Task


async def _measure(task: Task) -> None:
    content = task.picture.read_bytes()
    async with AsyncTagger(config=config(task)) as tagger:
        await in_tasks(lambda: tagger.tag(content), task.calls // 10, task.at_a_time)
        gc.collect()
        before = resident_bytes()
        await in_tasks(lambda: tagger.tag(content), task.calls * 9 // 10, task.at_a_time)
        gc.collect()
        print(json.dumps({"added_bytes": resident_bytes() - before, "calls": task.calls}))


if __name__ == "__main__":
    asyncio.run(_measure(Task.given()))
