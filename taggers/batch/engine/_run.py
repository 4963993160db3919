"""A run: every picture of a source to every provider, each once, whatever happens on the way.

    pictures ─► read and hash ─► begin (on the disk) ─► ask ─► settle (on the disk)

What is in the store is not asked again, so a run that was killed goes on where it was: the same
command does it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import (
    AsyncIterable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, aclosing

from attrs import define

from ..._client import AsyncTagger
from ..._image import Image
from ..._model import Result
from ...errors import LocalResourceError, TaggersError
from ..sources._item import Item
from ..store._errand import Errand, Picture, Place, Retry
from ..store._happened import Happened
from ..store._tariff import Tariff
from ._ahead import Missing, Work, read, read_ahead
from ._groups import Group, found, handed_out
from ._patience import PATIENCE_S, Patience
from ._queues import Queues
from ._tally import Tally
from ._writer import Books, Writer

__all__ = ["batch"]

ENDING = ("credential", "account", "process")
"""The scopes of errors after which asking the same provider again is in vain."""

Turn = Callable[[str], AbstractAsyncContextManager[None]]


def _at_once(_: str) -> AbstractAsyncContextManager[None]:
    return contextlib.nullcontext()


async def batch(
    tagger: AsyncTagger,
    journal: Books,
    sources: Iterable[str | Item] | AsyncIterable[Sequence[Item]],
    providers: Mapping[str, int],
    *,
    stop: asyncio.Event | None = None,
    retry: Sequence[Retry] = ("failed",),
    tariffs: Mapping[str, Tariff] | None = None,
    heard: Callable[[Happened], None] = lambda _: None,
    tally: Tally | None = None,
    patience_s: float = PATIENCE_S,
    turn: Turn = _at_once,
    **options: object,
) -> Tally:
    """Asks each provider, or route, about each picture, and keeps what comes in the journal.

    * `sources`: paths and URLs, or items, whose metadata routes may ask for, and which may name
      fewer providers; they are taken as they are needed, or come in groups;
    * `providers`: how many calls of each may be under way;
    * `turn`: what a call of a provider has to enter before it begins, where fewer may just now;
    * `stop`: when it is set, nothing new begins, and what is under way is finished;
    * `retry`: which errands of earlier runs are asked again: "failed" ones, and "unknown" ones only
      on request, since they may be billed twice;
    * `tariffs` say what a call may cost, for what is never answered;
    * `patience_s`: how long an endpoint that cannot be reached is waited for;
    * `heard` is told of everything as it happens, in the event loop, when `tally` has counted it.

    Raises `LocalResourceError` where the store cannot be written any more; everything that was
    finished before is in it.
    """
    stop = stop or asyncio.Event()
    async with Writer(journal, tuple(retry)) as writer:
        counted = tally or Tally()
        patience = Patience(patience_s, stop, counted.waiting)
        run = _Run(
            tagger,
            journal,
            writer,
            providers,
            options,
            tariffs or {},
            heard,
            stop,
            counted,
            patience,
            turn,
        )
        groups = handed_out(sources) if isinstance(sources, AsyncIterable) else found(sources, stop)
        async with aclosing(groups):
            await run.all(groups)
    return counted


@define
class _Run:
    tagger: AsyncTagger
    journal: Books
    writer: Writer
    providers: Mapping[str, int]
    options: Mapping[str, object]
    tariffs: Mapping[str, Tariff]
    heard: Callable[[Happened], None]
    stop: asyncio.Event
    tally: Tally
    patience: Patience
    turn: Turn

    async def all(self, groups: AsyncIterable[Group]) -> None:
        try:
            await self._all(groups)
        except ExceptionGroup as errors:  # where the journal breaks, it does so for many tasks
            raise errors.exceptions[0] from errors

    async def _all(self, groups: AsyncIterable[Group]) -> None:
        queues = Queues(self.providers)
        async with asyncio.TaskGroup() as tasks:
            for name, at_a_time in self.providers.items():
                for _ in range(at_a_time):
                    tasks.create_task(self._work_off(name, queues, tasks))
            await self._feed(groups, queues)
            queues.end()

    async def _feed(self, groups: AsyncIterable[Group], queues: Queues) -> None:
        """Hands every picture to those who have still to ask about it."""
        async for group in groups:
            async with aclosing(read_ahead(await self._unasked(group))) as reading:
                async for work, names in reading:
                    if self._is_over():
                        return
                    if isinstance(work, Happened):
                        self._tell(work)
                    else:
                        await queues.put(work, names)
            if self._is_over():
                return

    async def _unasked(self, group: Group) -> list[Missing]:
        """The pictures about which somebody has still to be asked; of the others it is told."""
        unasked = await asyncio.to_thread(
            self.journal.unasked,
            [place for _, place in group],
            self.providers,
            self.writer.retry,
        )
        missing = list[Missing]()
        for item, place in group:
            names, still = self._asked_about(item), unasked.get(item.source, ())
            if still and (whom := [name for name in names if name in still]):
                missing.append((item, place, whom))
            for name in names:
                if name not in still:
                    self._tell(Happened(item.source, name, "known"))
        return missing

    def _is_over(self) -> bool:
        """Whether nothing new begins."""
        return self.stop.is_set() or self.tally.ended.keys() >= self.providers.keys()

    def _asked_about(self, item: Item) -> Iterable[str]:
        return self.providers if item.providers is None else item.providers

    async def _work_off(self, name: str, queues: Queues, tasks: asyncio.TaskGroup) -> None:
        while (work := await queues.get(name)) is not None:
            source = work.item.source
            async with self.turn(name):
                if self.stop.is_set() or name in self.tally.ended:
                    continue
                if (image := work.image or await self._read(work)) is None:
                    continue
                call = await self.writer.begin(self._errand(name, image, work.place))
                if call is None:
                    self._tell(Happened(source, name, "known"))
                    continue
                said = await self._asked(name, image, work.item.metadata)
            written = self.writer.settle(call, said)
            tasks.create_task(self._told(Happened(source, name, said), written))

    async def _read(self, work: Work) -> Image | None:
        """A picture whose turn has come; where it cannot be read any more, that is told."""
        again = await asyncio.to_thread(read, work.item, work.place)
        if isinstance(again, Work):
            return again.image
        self._tell(again)
        return None

    def _errand(self, name: str, image: Image, place: Place) -> Errand:
        bills = self.tariffs.get(name, Tariff())
        return Errand(
            picture=Picture.of(image),
            provider=name,
            place=place,
            units=bills.units,
            price=bills.price,
        )

    async def _asked(
        self, name: str, image: Image, metadata: Mapping[str, str]
    ) -> Result | TaggersError:
        options = {**self.options, "provider": name}
        if metadata:
            options["metadata"] = metadata
        began = asyncio.get_running_loop().time()
        said = await self._said(image, options)
        while self.patience.is_down(said) and await self.patience.wait(name, said, began):
            said = await self._said(image, options)
        self.patience.saw(name, said)
        if isinstance(said, TaggersError) and self._is_vain(name, said):
            self.tally.ended.setdefault(name, said)
        return said

    async def _said(self, image: Image, options: Mapping[str, object]) -> Result | TaggersError:
        try:
            return await self.tagger.tag(image, **options)  # type: ignore[arg-type]
        except TaggersError as error:
            return error

    def _is_vain(self, name: str, error: TaggersError) -> bool:
        """Whether there is no use in asking the same provider again."""
        if self.patience.is_down(error):
            return self.patience.is_over(name)
        return error.scope in ENDING and not isinstance(error, LocalResourceError)

    async def _told(self, one: Happened, written: asyncio.Future[None]) -> None:
        """Tells what happened when it is on the disk."""
        await written
        self._tell(one)

    def _tell(self, one: Happened) -> None:
        self.tally.count(one)
        self.heard(one)
