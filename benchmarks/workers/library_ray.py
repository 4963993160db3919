"""The pictures of a folder, tagged by a batch on a Ray cluster of this machine: a coordinator, one
worker, and whatever Ray needs, on the same cores. It is measured from the commit with which the
warm-up ends, since Ray takes seconds to begin."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from taggers.batch import Item, Job, Journal, Store, Tell
from taggers.batch.cluster._ray import on_ray

from .library import library
from .providers import config
from .task import Task


def _items(names: list[str], _: Tell) -> Iterable[Item]:
    return map(Item, names)


def _measure(task: Task, names: list[str]) -> None:
    folder = Path(names[0]).parent
    with Store.open(folder / "store.sqlite3", make=True) as store:
        journal = Journal.open(store, "a benchmark")
        job = Job(
            folder=folder,
            store=store.path,
            run=journal.run,
            name="benchmark",
            config=config(task),
            pictures=partial(_items, names),
            providers={task.vendor: task.at_a_time},
        )
        on_ray(job, "local", 1, lambda _: None)
        journal.close()
        ended = sorted(end for (end,) in _ends(store))
    assert len(ended) == len(names)
    took_s = ended[-1] - ended[task.warm_up - 1]
    calls = len(ended) - task.warm_up
    print(json.dumps({"wall_s": took_s / calls, "calls": calls}), flush=True)


def _ends(store: Store) -> Iterable[tuple[float]]:
    with store.read() as sql:
        yield from sql.execute("SELECT ended FROM call_rows WHERE state = 'done'")


if __name__ == "__main__":
    given = Task.given()
    with library(given) as (first, pictures):
        _measure(given, [*first, *pictures])
