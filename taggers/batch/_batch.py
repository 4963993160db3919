"""A library of pictures, tagged into a store.

from taggers import Tagger
from taggers.batch import Batch

with Tagger("local-basic") as tagger:
    tally = Batch(tagger, "photos.sqlite3").run("photos/")
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Unpack, get_args

from attrs import define, field

from .._call import TagOptions, wanted
from .._client import AsyncTagger
from .._model import positive
from .._registry import nearest
from .._sync import Tagger
from ..errors import ConfigurationError, InvalidInput, TaggersError
from .engine._run import batch
from .engine._tally import Tally
from .estimate._known import Known
from .estimate._plan import Plan, plan
from .sources._item import Item, Tell, raised
from .sources._source import ensure_there, find
from .store._costs import prices_of
from .store._errand import Retry
from .store._happened import Happened
from .store._journal import Journal
from .store._store import Store
from .store._tariff import Tariff, tariff
from .store._unread import Unreads

__all__ = ["AsyncBatch", "Batch", "Sources"]

Sources = str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Item]
"""A source as `find` takes it, or several, or the items of some."""


def _store(at: Store | str | os.PathLike[str]) -> Store:
    return at if isinstance(at, Store) else Store.open(Path(at), make=True)


def _several(_: Any, attribute: Any, names: Sequence[str]) -> None:
    if isinstance(names, str):
        raise InvalidInput(
            f"{attribute.name} must be several names, as in [{names!r}], not {names!r}",
            scope="call",
        )


def _states(_: Any, attribute: Any, states: Sequence[str]) -> None:
    known = get_args(Retry)
    for state in states:
        if state not in known:
            raise InvalidInput(
                f"{attribute.name} must be some of {', '.join(known)}, not {state!r}"
                f"{nearest(str(state), known)}",
                scope="call",
            )


@define(slots=False)
class AsyncBatch:
    """Tags libraries of pictures into a store, each picture once by each provider: what is in the
    store is not asked again, so the same call goes on where an earlier one was stopped.

        async with AsyncTagger.from_config() as tagger:
            tally = await AsyncBatch(tagger, "photos.sqlite3").run("photos/")

    * `store`: an open one, or a file, which is made if need be;
    * `providers`: the providers and routes to ask; none: the tagger's own;
    * `concurrency`: at most so many calls of each at a time; None: as it declares;
    * `retry`: which errands of earlier runs are asked again: "failed" ones, and "unknown" ones only
      on request, since they may be billed twice;
    * `shared`: whether other processes may run on the same store: the work is divided; the limits
      are, too, where the configuration has `share_limits`.

    Raises `InvalidInput` for an argument that cannot have its value.
    """

    tagger: AsyncTagger
    store: Store = field(converter=_store)
    providers: Sequence[str] = field(default=(), validator=_several)
    concurrency: int | None = field(default=None, validator=positive)
    retry: Sequence[Retry] = field(default=("failed",), validator=[_several, _states])
    shared: bool = False

    @property
    def asked(self) -> Sequence[str]:
        """Whom it asks. Raises `ConfigurationError` where nobody was named."""
        default = self.tagger.config.default
        if self.providers or default:
            return tuple(dict.fromkeys(self.providers)) or (str(default),)
        raise ConfigurationError("no provider was named", hint="name some as providers")

    @property
    def at_a_time(self) -> Mapping[str, int]:
        """How many calls of each may be under way."""
        declared = self.tagger.declared_concurrency
        return {name: self.concurrency or declared(name) for name in self.asked}

    @cached_property
    def tariffs(self) -> Mapping[str, Tariff]:
        """What a call bills, of each and of all whom a route comes to."""
        config = self.tagger.config
        names = [*self.asked, *(leaf for name in self.asked for leaf in self.tagger.leaves(name))]
        return {name: tariff(name, config) for name in dict.fromkeys(names)}

    async def plan(self, sources: Sources, **options: Unpack[TagOptions]) -> Plan:
        """What a run would do, before anything is spent: nobody is asked.

        Raises `InvalidInput` and `LocalResourceError` where a source cannot be read, or an option
        cannot have its value.
        """
        _check(sources, options)
        return await asyncio.to_thread(self.planned, _items(sources, raised), options)

    def planned(self, items: Iterable[Item], options: TagOptions) -> Plan:
        """The plan for these pictures, counting only what the store has not. It blocks."""
        with Known.of(self.store, self.asked, self.retry) as known:
            return plan(
                items,
                self.asked,
                self.tagger.config,
                prepare=options.get("prepare", "auto"),
                fetch=options.get("fetch", False),
                language=options.get("language"),
                known=known,
            )

    async def run(
        self,
        sources: Sources,
        *,
        stop: asyncio.Event | None = None,
        heard: Callable[[Happened], None] = lambda _: None,
        **options: Unpack[TagOptions],
    ) -> Tally:
        """Asks about every picture of the sources, and tells what came of it.

        What cannot be read of the sources is told and counted as a picture that cannot, and the
        rest goes on. `stop` and `heard` are as in `batch`. A run that is cancelled leaves what it
        had under way as unknown. Raises `InvalidInput` where an option cannot have its value, or
        the one source is the path of nothing, and `LocalResourceError` where another process runs
        on the store, or it cannot be written; what was finished before is in it.
        """
        _check(sources, options)
        for name in self.asked:
            self.tagger.check(name)
        about = {**options, "concurrency": self.concurrency}
        journal = Journal.open(self.store, _title(sources), about, shared=self.shared)
        tally, loop = Tally(), asyncio.get_running_loop()

        def told(one: Happened) -> None:
            tally.count(one)
            heard(one)

        def tell(error: TaggersError) -> None:
            loop.call_soon_threadsafe(told, Happened("", None, error))

        try:
            items = _items(sources, tell)
            return await self.do(journal, items, options, tally=tally, stop=stop, heard=heard)
        finally:
            self.store.close()

    async def do(
        self,
        journal: Journal,
        items: Iterable[Item],
        options: TagOptions,
        *,
        tally: Tally,
        stop: asyncio.Event | None = None,
        heard: Callable[[Happened], None] = lambda _: None,
    ) -> Tally:
        """Does a run that has begun, about these pictures, and ends it."""
        journal.prices = prices_of(self.tariffs, self.asked)
        stop, unread = stop or asyncio.Event(), Unreads(journal.keep_unread)
        state: Literal["done", "stopped"] = "stopped"

        def told(one: Happened) -> None:
            unread.hear(one)
            heard(one)

        try:
            await batch(
                self.tagger,
                journal,
                items,
                self.at_a_time,
                stop=stop,
                retry=self.retry,
                heard=told,
                tally=tally,
                tariffs=self.tariffs,
                **options,
            )
            state = "stopped" if stop.is_set() or tally.ended else "done"
        finally:
            unread.write()
            journal.close(state)
        return tally


class Batch:
    """`AsyncBatch` for programs without an event loop: the same arguments, the same answers."""

    def __init__(
        self, tagger: Tagger, store: Store | str | os.PathLike[str], **arguments: Any
    ) -> None:
        self.tagger = tagger
        self._batch = AsyncBatch(tagger.within, _store(store), **arguments)
        self.store = self._batch.store

    def plan(self, sources: Sources, **options: Unpack[TagOptions]) -> Plan:
        """As `AsyncBatch.plan`."""
        return self.tagger.run(lambda _: self._batch.plan(sources, **options))

    def run(
        self,
        sources: Sources,
        *,
        heard: Callable[[Happened], None] = lambda _: None,
        **options: Unpack[TagOptions],
    ) -> Tally:
        """As `AsyncBatch.run`."""
        return self.tagger.run(lambda _: self._batch.run(sources, heard=heard, **options))


def _check(sources: Sources, options: TagOptions) -> None:
    if "provider" in options:
        raise InvalidInput("whom a batch asks are its `providers`", scope="call")
    wanted(options)
    if isinstance(sources, str | os.PathLike):
        ensure_there((os.fspath(sources),))


def _title(sources: Sources) -> str:
    return f"batch {os.fspath(sources)}" if isinstance(sources, str | os.PathLike) else "batch"


def _items(sources: Sources, tell: Tell) -> Iterator[Item]:
    some = (sources,) if isinstance(sources, str | os.PathLike) else sources
    for one in some:
        yield from (one,) if isinstance(one, Item) else find((os.fspath(one),), tell=tell)
