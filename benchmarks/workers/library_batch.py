"""The pictures of a folder, tagged by `batch` into a store: each call is in the journal before it
is sent, and its result before the next one is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from taggers import AsyncTagger
from taggers.batch import Journal, Store, batch

from .. import cores
from .library import library
from .meter import Meter
from .providers import config
from .task import Task


async def _measure(task: Task, first: list[str], pictures: list[str]) -> None:
    with Store.open(Path(pictures[0]).with_name("store.sqlite3"), make=True) as store:
        journal = Journal.open(store, "a benchmark")
        async with AsyncTagger(config=config(task)) as tagger:

            async def tag_all(names: list[str]) -> None:
                tally = await batch(tagger, journal, names, {task.vendor: task.at_a_time})
                assert tally.done == len(names)

            await tag_all(first)
            with Meter(task).running():
                await tag_all(pictures)
        journal.close()


if __name__ == "__main__":
    cores.unpin()
    given = Task.given()
    with library(given) as both:
        asyncio.run(_measure(given, *both))
