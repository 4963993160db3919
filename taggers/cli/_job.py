"""The run of a command line: approved, run, and told of."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import define, field

from .._client import AsyncTagger
from .._config import Config
from .._keys import Keys
from .._money import Money
from .._registry import installed
from .._sync import Tagger
from ..batch import Item, Journal, Known, Retry, Store, Tariff, Tell, batch, tariff
from ..batch import Job as Work
from ..compare import prices
from ..errors import InvalidInput
from ._approval import approve, planned
from ._pictures import Pictures
from ._running import Screen

__all__ = ["Job", "check"]


@define(kw_only=True)
class Job:
    """What is to be done: `pictures`, asked about with `options`, `concurrency` calls of each
    provider at a time (None: as it declares). `retry` says which errands are begun again."""

    config: Config
    store: Store
    pictures: Pictures
    retry: tuple[Retry, ...]
    options: Mapping[str, Any]
    concurrency: int | None = None
    tariffs: Mapping[str, Tariff] = field(init=False)

    def __attrs_post_init__(self) -> None:
        registry, keys, pricing = installed(), Keys.load(), prices(self.config)
        self.tariffs = {
            name: tariff(name, self.config, registry, keys, pricing)
            for name in self.pictures.providers
        }

    @property
    def is_free(self) -> bool:
        """Whether nobody bills anything."""
        return all(
            bills.units == 0 or (bills.price is not None and not bills.price.micros)
            for bills in self.tariffs.values()
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
        names = self.pictures.providers
        with Known.of(self.store, names, self.retry) as known:
            found = planned(
                self.pictures.items(),
                names,
                self.config,
                known,
                language=self.options["language"],
                prepare=self.options["prepare"],
                fetch=self.options["fetch"],
            )
        approve(found, limit, self.config.prices.cny_per_usd)
        return found.found * self.pictures.each

    async def run(self, journal: Journal, items: Iterable[Item], screen: Screen) -> bool:
        """Runs, and tells whether it was stopped before its end."""
        stop = asyncio.Event()
        state: Literal["done", "stopped"] = "stopped"
        try:
            with _interruptible(stop, screen):
                async with AsyncTagger(config=self.config) as tagger:
                    await batch(
                        tagger,
                        journal,
                        screen.paced(items),
                        self._at_a_time(tagger),
                        stop=stop,
                        retry=self.retry,
                        heard=screen.show,
                        tally=screen.tally,
                        tariffs=self.tariffs,
                        **self.options,
                    )
            state = "stopped" if stop.is_set() or screen.tally.ended else "done"
        except asyncio.CancelledError:
            stop.set()
        finally:
            journal.close(state)
        return stop.is_set()

    def for_many(self, journal: Journal, pictures: Callable[[Tell], Iterable[Item]]) -> Work:
        """The same for many machines."""
        return Work(
            folder=Path.cwd(),
            store=self.store.path.absolute(),
            run=journal.run,
            name=secrets.token_hex(8),
            config=self.config,
            pictures=pictures,
            providers=self._at_a_time(AsyncTagger(config=self.config)),
            retry=self.retry,
            tariffs=self.tariffs,
            options=self.options,
        )

    def _at_a_time(self, tagger: AsyncTagger) -> Mapping[str, int]:
        names: Sequence[str] = self.pictures.providers
        return {name: self.concurrency or tagger.declared_concurrency(name) for name in names}


def check(names: Iterable[str], config: Config) -> None:
    """Raises `ConfigurationError` where there is no such provider, or it lacks something."""
    with Tagger(config=config) as tagger:
        for name in names:
            tagger.check(name)


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
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        screen.lost = lambda: None
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
