"""taggers' `Tagger`, many threads at a time."""

from __future__ import annotations

from taggers import Tagger

from .crowd import in_threads
from .meter import Meter
from .providers import config
from .task import Task


def _measure(task: Task) -> None:
    content = task.picture.read_bytes()
    with Tagger(config=config(task)) as tagger:

        def work() -> None:
            assert len(tagger.tag(content).tags) == 20

        in_threads(work, task.warm_up, task.at_a_time)
        with Meter(task).running():
            in_threads(work, task.calls, task.at_a_time)


if __name__ == "__main__":
    _measure(Task.given())
