"""A batch that runs on many machines: which cluster, and what is seen of it on this one."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import click
from attrs import define, frozen

from ..._extras import check_extra
from ...batch import Job, Journal, Progress, Tell, write_parts
from ...errors import TaggersError
from ._choosing import flows
from ._running import INTERRUPTS, Screen

__all__ = ["Cluster", "Elsewhere", "clustered"]

_OPTIONS = (
    click.option("--engine", type=click.Choice(("local", "ray")), default="local",
                 help="Where it runs: in this process, or on a Ray cluster."),
    click.option("--address", metavar="ADDRESS",
                 help="With ray: the cluster's, or local for a new one; default: the one of this "
                      "machine, or else a new one."),
    click.option("--workers", type=click.IntRange(1), metavar="N",
                 help="With ray: so many workers; default: one for each node."),
    click.option("--parts", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
                 help="With ray: write the run's results here, too, as Parquet."),
)  # fmt: skip


Elsewhere = Callable[[Job, Journal, Screen], bool]
"""Runs a job whose run has begun, and says whether it was stopped before its end."""


@frozen
class Cluster:
    """The cluster that a batch runs on."""

    address: str | None
    workers: int | None
    parts: Path | None

    def check(self, sources: Sequence[str]) -> None:
        """Raises `UsageError` for sources that other nodes cannot read, and `LocalResourceError`
        where a library is missing."""
        if any(map(flows, sources)):
            raise click.UsageError(
                "--engine ray reads its sources elsewhere: write the list into a .csv file with "
                "the column image"
            )
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        check_extra("ray", "--engine ray", "ray")
        if self.parts:
            check_extra("parquet", "--parts", "pyarrow")

    def doing(self, tell: Tell) -> Elsewhere:
        """What runs a job here, and `tell`s what went wrong."""
        return functools.partial(self.run, tell)

    def run(self, tell: Tell, job: Job, journal: Journal, screen: Screen) -> bool:
        """Runs a job whose run has begun, and says whether it was stopped before its end. `tell`
        is told of what could not be read of the sources, and why workers had to end."""
        from ...batch.cluster._ray import on_ray

        watch = _Watch(screen)
        state: Literal["done", "stopped"] = "stopped"
        try:
            with watch.interruptible():
                on_ray(job, self.address, self.workers, watch.look)
            state = "stopped" if watch.stopped or screen.tally.ended else "done"
        except KeyboardInterrupt:
            watch.stopped = True
        finally:
            journal.close(state)
        for error in watch.faults:
            tell(error)
        for part in write_parts(journal.store, journal.run, self.parts) if self.parts else ():
            screen.say(f"wrote {part}")
        return watch.stopped


@define
class _Watch:
    """Shows a job that runs elsewhere, and stops it."""

    screen: Screen
    stopped: bool = False
    faults: Sequence[TaggersError] = ()

    def look(self, ask: Callable[..., Any]) -> None:
        """Asks the coordinator how far it is. One that cannot answer just now begins again."""
        signal.signal(signal.SIGTERM, self._interrupted)  # which Ray has taken as it began
        with suppress(Exception):
            if self.stopped:
                ask("stop")
            seen = ask("progress")
            if isinstance(seen, Progress):
                self.faults, self.screen.tally = seen.faults, seen.tally

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The first interrupt lets what is under way end, the second one ends all."""
        before = {one: signal.signal(one, self._interrupted) for one in INTERRUPTS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _interrupted(self, *_: Any) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        self.screen.finishing()


def clustered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options of a cluster, together as `cluster`; None: it runs here."""

    @functools.wraps(command)
    def called(
        *args: Any,
        engine: str,
        address: str | None,
        workers: int | None,
        parts: Path | None,
        **more: Any,
    ) -> Any:
        if engine == "local" and (address or workers or parts):
            raise click.UsageError("--address, --workers and --parts go with --engine ray")
        cluster = Cluster(address, workers, parts) if engine == "ray" else None
        return command(*args, cluster=cluster, **more)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
