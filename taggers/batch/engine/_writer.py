"""Writes a run's journal from an event loop: what comes up at the same time is one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self

from attrs import define, field

from ..._model import Result
from ...errors import TaggersError
from ..store._errand import Errand, Place, Retry
from ..store._settled import Settled

__all__ = ["Books", "Writer"]

_Begin = tuple[Errand, "asyncio.Future[int | None]"]
_Settle = tuple[int, Result | TaggersError, "asyncio.Future[None]"]


class Books(Protocol):
    """What a run is written down in, as `Journal` says: the journal itself, or who asks it from
    another machine. Its methods block."""

    def unasked(
        self, places: Sequence[Place], providers: Iterable[str], retry: Collection[Retry]
    ) -> dict[str, set[str]]:
        """About which of these sources each provider has still to be asked."""

    def advance(
        self,
        outcomes: Sequence[tuple[int, Settled]],
        errands: Sequence[Errand],
        *,
        retry: Sequence[Retry] = ("failed",),
    ) -> list[int | None]:
        """Writes down what came of calls, and what is about to be asked; the ids of what may be."""


@define(eq=False)
class Writer:
    """The one that writes into a journal, in a thread of its own, until it is left. While one
    commit is under way, all that comes up waits for the next one together.

    Where the journal cannot be written, `begin` and `settle` raise the `LocalResourceError`, now
    and ever after.
    """

    journal: Books
    retry: tuple[Retry, ...] = ("failed",)
    _begins: list[_Begin] = field(factory=list)
    _settles: list[_Settle] = field(factory=list)
    _wanted: asyncio.Event = field(factory=asyncio.Event)
    _thread: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "journal"))
    _task: asyncio.Task[None] | None = None
    _broken: Exception | None = None
    _ending: bool = False

    async def begin(self, errand: Errand) -> int | None:
        """The id of the call that may now be sent, its intent being on the disk; None where it must
        not be, as `Journal.begin` says."""
        done: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        if self._broken is not None:
            raise self._broken
        self._begins.append((errand, done))
        self._wanted.set()
        return await asyncio.shield(done)

    def settle(self, call: int, outcome: Result | TaggersError) -> asyncio.Future[None]:
        """What came of a call; done when it is on the disk. Whatever begins later is written no
        earlier."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._broken is not None:
            _fail(done, self._broken)
        self._settles.append((call, outcome, done))
        self._wanted.set()
        return done

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Writes what is waiting, and ends the thread."""
        self._ending = True
        self._wanted.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._ending or self._begins or self._settles:
            await self._wanted.wait()
            self._wanted.clear()
            begins, self._begins = self._begins, []
            settles, self._settles = self._settles, []
            try:
                ids = await loop.run_in_executor(self._thread, self._commit, begins, settles)
            except Exception as error:
                self._broken = error
                for *_, future in [*begins, *settles]:
                    _fail(future, error)
                break
            for (_, begun), call in zip(begins, ids, strict=True):
                begun.set_result(call)
            for *_, settled in settles:
                if not settled.done():  # nobody waits any more: it was cancelled
                    settled.set_result(None)

    def _commit(self, begins: list[_Begin], settles: list[_Settle]) -> list[int | None]:
        """One commit for both. What is over must not be lost where nothing may begin."""
        outcomes = [(call, Settled.of(outcome)) for call, outcome, _ in settles]
        errands = [errand for errand, _ in begins]
        try:
            return self.journal.advance(outcomes, errands, retry=self.retry)
        except TaggersError:
            if errands:
                self.journal.advance(outcomes, ())
            raise


def _fail(future: Any, error: BaseException) -> None:
    """Fails a future that nobody may wait for any more."""
    future.set_exception(error)
    future.exception()
