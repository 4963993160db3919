"""A worker of a job on many machines: it runs `batch`, and asks its coordinator for all that is
shared: pictures, the journal, its share of the limits, and the money."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import secrets
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from ..._client import AsyncTagger
from ..._limits import WHOLE, Share, allot, fits
from ...errors import TaggersError
from ..engine._run import batch
from ..engine._tally import Tally
from ..sources._item import Item
from ..store._happened import Happened
from ._job import BEAT_S, LEASE_S, Chunk, Job, LeaseOver, NotYet, Pulse, Word
from ._remote import RemoteBooks, Till
from ._shares import NOTHING, Seats
from ._turns import Turns

__all__ = ["Ask", "work"]

AGAIN_S = 0.1
"""How long until something is asked once more."""

Ask = Callable[..., Any]
"""Brings the name of one of its methods and the arguments to the coordinator, and gives what its
`answer` does. It raises whatever it wants where no answer comes within some seconds."""


def work(job: Job, ask: Ask) -> TaggersError | None:
    """Works until the job is over; the error because of which it cannot, if there is one.

    What it holds of the limits is of this process, so there may be one worker in a process.
    """
    try:
        job.enter()
        error = asyncio.run(_work(job, ask))
    except TaggersError as refused:
        error = refused
    if error is not None:
        error.message = f"on {platform.node()}: {error.message}"
        with contextlib.suppress(Exception):
            ask("note_fault", error)
    return error


async def _work(job: Job, ask: Ask) -> TaggersError | None:
    while True:
        ended: BaseException | None = None
        with Lease(job, ask, asyncio.get_running_loop()) as lease:
            try:
                async with AsyncTagger(config=job.config) as tagger:
                    await lease.run(tagger)
            except* (TaggersError, LeaseOver) as errors:
                ended = _first(errors)
        if not isinstance(ended, LeaseOver):
            return ended  # type: ignore[return-value]  # a TaggersError, or None


def _first(error: BaseException) -> BaseException:
    """The first of a group of errors."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


@define(eq=False)
class Lease:
    """What a worker has from its coordinator, as long as that hears of it. The heart beats in a
    thread of its own; where it reaches nobody for `LEASE_S`, the lease is over: nothing is sent any
    more, and what is under way is cancelled."""

    job: Job
    ask: Ask
    loop: asyncio.AbstractEventLoop
    name: str = field(factory=lambda: secrets.token_hex(8))
    over: threading.Event = field(factory=threading.Event)
    stop: asyncio.Event = field(factory=asyncio.Event)
    tally: Tally = field(factory=Tally)
    calls: set[int] = field(factory=set)
    unread: list[Happened] = field(factory=list)
    chunks: dict[int, dict[str, set[str]]] = field(factory=dict)
    turns: Turns = field(init=False)
    _share: Share = field(factory=lambda: Share(NOTHING))
    _held: Seats = NOTHING
    _numbers: Counter[str] = field(factory=Counter)
    _ended: threading.Event = field(factory=threading.Event)
    _task: asyncio.Task[Any] | None = None
    _thread: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.turns = Turns(self.job.providers)
        self._thread = threading.Thread(target=self._live, name="heart", daemon=True)

    def __enter__(self) -> Self:
        self._allot(self._share)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        if not self.over.is_set():
            with contextlib.suppress(Exception):
                self.ask("leave", self.name, self._pulse())
        allot(WHOLE, time.monotonic())

    async def run(self, tagger: AsyncTagger) -> None:
        """Runs what the coordinator hands out. Raises `LeaseOver`."""
        for name in self.job.providers:
            tagger.check(name)
        tagger.paid_by(lambda purse: Till(self.sure, purse))
        needs = [limits for name in self.job.providers for limits in tagger.limits_of(name)]
        least = [n for limits in needs for n in (limits.concurrency, limits.rate_per_s) if n]
        self._task = asyncio.create_task(
            self._batch(tagger, [*least, *self.job.providers.values()])
        )
        try:
            await self._task
        except asyncio.CancelledError:
            if self.over.is_set():
                raise LeaseOver from None
            raise

    async def _batch(self, tagger: AsyncTagger, limits: Sequence[int]) -> None:
        await batch(
            tagger,
            RemoteBooks(self),
            self._handed_out(limits),
            self.job.providers,
            stop=self.stop,
            retry=self.job.retry,
            tariffs=self.job.tariffs,
            heard=self._heard,
            tally=self.tally,
            turn=self.turns.of,
            **self.job.options,
        )

    async def _handed_out(self, limits: Sequence[int]) -> AsyncIterator[Sequence[Item]]:
        """The pictures that are handed out, while there is a share of all these limits."""
        while True:
            if self.over.is_set():
                raise LeaseOver
            has_share = all(self._share.of(limit, time.monotonic()) for limit in limits)
            taken = await asyncio.to_thread(self._take) if has_share else "wait"
            if isinstance(taken, Chunk):
                self._note(taken)
                yield taken.items
            elif taken == "over" or self.stop.is_set():
                return
            else:
                await asyncio.sleep(AGAIN_S)

    def _note(self, chunk: Chunk) -> None:
        """Notes of whom there is something to hear about each picture."""
        left = self.chunks[chunk.id] = {}
        for item in chunk.items:
            names = self.job.providers if item.providers is None else item.providers
            left.setdefault(item.source, set()).update(names)

    def _take(self) -> Any:
        ended = set(self.tally.ended)
        finished = [
            number
            for number, left in list(self.chunks.items())
            if all(names <= ended for names in list(left.values()))
        ]
        unread, self.unread = self.unread, []
        taken = self.sure("take", self.name, self.number("take"), finished, unread)
        for number in finished:
            del self.chunks[number]
        return taken

    def _heard(self, one: Happened) -> None:
        if one.provider is None:
            self.unread.append(one)
        for left in self.chunks.values():
            if one.provider is None:
                left.pop(one.source, None)
            elif one.source in left:
                left[one.source].discard(one.provider)
                if not left[one.source]:
                    del left[one.source]

    def number(self, method: str) -> int:
        """The number of the next request of a method, which repeats of it have, too."""
        self._numbers[method] += 1
        return self._numbers[method]

    def sure(self, name: str, *arguments: Any, always: bool = False) -> Any:
        """What the coordinator answers, whenever it does. Raises `LeaseOver`, unless it is asked
        `always`."""
        while always or not self.over.is_set():
            answer = self._answer(name, *arguments)
            if not isinstance(answer, Exception):
                return answer
            if not isinstance(answer, ConnectionError | NotYet):
                raise answer
            time.sleep(AGAIN_S)
        raise LeaseOver

    def _answer(self, name: str, *arguments: Any) -> Any:
        """What the coordinator answers, an exception also; `ConnectionError` where it does not."""
        try:
            return self.ask(name, *arguments)
        except Exception as error:
            return ConnectionError(str(error))

    def _live(self) -> None:
        """Beats until the worker has ended, or the lease is over."""
        ends, wait_s = time.monotonic() + LEASE_S, 0.0
        while not self._ended.wait(wait_s):
            at = time.monotonic()
            word = self._answer("beat", self.name, self._pulse())
            if isinstance(word, Word):
                ends = at + LEASE_S
                self._follow(word, ends)
            if isinstance(word, LeaseOver) or time.monotonic() >= ends:
                return self._lose()
            wait_s = BEAT_S if isinstance(word, Word) and word.settled else AGAIN_S
        return None

    def _pulse(self) -> Pulse:
        if fits(self._share) and self.turns.fit(self._share):
            self._held = self._share.seats
        return Pulse(
            calls=frozenset(self.calls.copy()),
            held=self._held,
            known=self.tally.known,
            ended=dict(self.tally.ended),
        )

    def _follow(self, word: Word, ends: float) -> None:
        if not self._held or word.seats <= self._held:  # more than before, and held from now on
            self._held = word.seats
        self._allot(Share(word.seats, ends))
        if word.stop:
            self.loop.call_soon_threadsafe(self.stop.set)

    def _allot(self, share: Share) -> None:
        self._share = self.turns.share = share
        allot(share, time.monotonic())
        self.loop.call_soon_threadsafe(self.turns.wake)

    def _lose(self) -> None:
        self.over.set()
        self._allot(Share(NOTHING))
        if self._task is not None:
            self.loop.call_soon_threadsafe(self._task.cancel)
