"""The run of a command line: approved, run, and told of."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import frozen

from ..._call import TagOptions
from ..._money import Money
from ...batch import AsyncBatch, Item, Journal, Tell
from ...batch import Job as Work
from ...errors import InvalidInput
from ._approval import approve, planned
from ._pictures import Pictures
from ._running import INTERRUPTS, Screen

__all__ = ["Job"]


@frozen
class Job:
    """What is to be done: `pictures`, tagged by a batch, and asked about with `options`."""

    batch: AsyncBatch
    pictures: Pictures
    options: TagOptions

    @property
    def is_free(self) -> bool:
        """Whether nobody bills anything."""
        return all(
            bills.units == 0 or (bills.price is not None and not bills.price.micros)
            for bills in self.batch.tariffs.values()
        )

    def approve(self, limit: Money | None) -> int:
        """Plans, and returns when a person agrees, or it costs no more than the limit; how many
        errands there are. Ends the command where not."""
        if self.pictures.once:
            raise InvalidInput(
                "what this will cost cannot be planned, as its list can be read only once",
                hint="pass --yes, or write the list into a .csv file with the column image",
                scope="call",
            )
        found = planned(
            self.pictures.items(), lambda items: self.batch.planned(items, self.options)
        )
        approve(found, limit, self.batch.tagger.config.prices.cny_per_usd)
        return found.found * self.pictures.each

    async def run(self, journal: Journal, items: Iterable[Item], screen: Screen) -> bool:
        """Runs, and tells whether it was stopped before its end."""
        stop = asyncio.Event()
        with contextlib.suppress(asyncio.CancelledError), _interruptible(stop, screen):
            async with self.batch.tagger:
                await self.batch.do(
                    journal,
                    screen.paced(items),
                    self.options,
                    tally=screen.tally,
                    stop=stop,
                    heard=screen.show,
                )
        return stop.is_set()

    def for_many(self, journal: Journal, pictures: Callable[[Tell], Iterable[Item]]) -> Work:
        """The same for many machines."""
        return Work(
            folder=Path.cwd(),
            store=self.batch.store.path.absolute(),
            run=journal.run,
            name=secrets.token_hex(8),
            config=self.batch.tagger.config,
            pictures=pictures,
            providers=self.batch.at_a_time,
            retry=tuple(self.batch.retry),
            tariffs=self.batch.tariffs,
            options=self.options,
        )


@contextlib.contextmanager
def _interruptible(stop: asyncio.Event, screen: Screen) -> Iterator[None]:
    """The first interrupt, or the loss of who reads the results, lets what is under way end; the
    second interrupt cancels it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def interrupted() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        screen.finishing()

    screen.lost = lambda: loop.call_soon_threadsafe(stop.set)
    for number in INTERRUPTS:
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        screen.lost = lambda: None
        for number in INTERRUPTS:
            loop.remove_signal_handler(number)
