"""The driver: does what a flow asks for, within its time, and lets it tidy up."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import anyio.to_thread

from ._fetch import Fetcher
from ._flow import Download, Effect, Enter, Send, Sleep, Wait, clock_skew_s
from ._sessions import Sessions
from ._transport import Progress, Transport
from ._wire import Prepared, Response
from .errors import DeadlineExceeded, TaggersError

__all__ = ["Driver", "skew_s"]

T = TypeVar("T")


async def skew_s(address: str, deadline_s: float = 5.0) -> float | None:
    """How many seconds a server's clock is ahead of this machine's; None where it does not tell.

    Asks it for nothing, with HEAD. Raises a `TaggersError` where it does not answer.
    """

    def ask() -> Generator[Effect, Any, Response]:
        outcome = yield Send(Prepared(method="HEAD", url=f"{address}/", headers={}), 65_536)
        if isinstance(outcome, TaggersError):
            raise outcome
        answer: Response = outcome
        return answer

    driver = Driver(Transport())
    try:
        answer: Any = await driver.run(ask(), deadline_s)
    finally:
        await driver.aclose()
    return clock_skew_s(answer, time.time()) if "date" in answer.headers else None


class Driver:
    """Drives flows. It belongs to one event loop; `aclose` closes its connections.

    `transport` is the way to the vendors' servers, `fetcher` to any other. `clean_up_s` is what a
    call that failed or was cancelled may still take to tidy up (to delete an upload).
    """

    def __init__(
        self, transport: Transport, *, clean_up_s: float = 5.0, fetcher: Fetcher | None = None
    ) -> None:
        self._transport = transport
        self._fetcher = fetcher or Fetcher(transport.tls)
        self._sessions = Sessions(self.run)
        self._clean_up_s = clean_up_s
        self._under_way = 0
        self._closed = False

    async def run(self, flow: Generator[Effect, Any, T], deadline_s: float) -> T:
        """The flow's result, or the error in which it ends, at most `deadline_s` from now.

        Only what a job has to tidy up after that may take longer, `clean_up_s` in all.
        """
        self._under_way += 1
        try:
            return await self._drive(flow, deadline_s)
        finally:
            self._under_way -= 1
            if self._closed and not self._under_way:
                await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections. Calls under way end in an error, and may still tidy up."""
        self._closed = True
        with anyio.CancelScope(shield=True):
            await self._transport.aclose()

    async def _drive(self, flow: Generator[Effect, Any, T], deadline_s: float) -> T:
        ends = asyncio.get_running_loop().time() + deadline_s
        last = ends + self._clean_up_s
        resume: Callable[[], Effect] = functools.partial(next, flow)
        while True:
            try:
                effect = resume()
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                outcome = await self._within(ends, effect)
            except asyncio.CancelledError as cancelled:
                await self._wind_down(flow, cancelled)
                raise
            if isinstance(outcome, DeadlineExceeded):
                ends = last
            resume = functools.partial(flow.send, outcome)

    async def _wind_down(self, flow: Generator[Effect, Any, Any], cancelled: BaseException) -> None:
        """Lets a cancelled flow tidy up, however often it is cancelled meanwhile."""
        tidying = asyncio.create_task(self._tidy(flow, cancelled))
        with anyio.CancelScope(shield=True):
            while not tidying.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.shield(tidying)

    async def _tidy(self, flow: Generator[Effect, Any, Any], cancelled: BaseException) -> None:
        ends = asyncio.get_running_loop().time() + self._clean_up_s
        resume: Callable[[], Effect] = functools.partial(flow.throw, cancelled)
        try:
            while True:
                outcome = await self._within(ends, resume())
                resume = functools.partial(flow.send, outcome)
        except (StopIteration, asyncio.CancelledError, TaggersError):
            return

    async def _within(self, ends: float, effect: Effect) -> Any:
        """The effect's outcome; errors and the end of the time are outcomes, cancelling is not."""
        progress = Progress()
        try:
            async with asyncio.timeout_at(ends):
                return await self._do(effect, progress)
        except TimeoutError:
            if isinstance(effect, Sleep):
                return None  # the request after it finds that no time is left
            asked = effect.prepared if isinstance(effect, Send) else effect
            where = getattr(asked, "host", "this machine")
            return DeadlineExceeded(
                f"time ran out while waiting for {where}", sent=progress.may_have_arrived
            )
        except TaggersError as error:
            return error

    async def _do(self, effect: Effect, progress: Progress) -> Any:
        if isinstance(effect, Send):
            return await self._transport.send(effect.prepared, effect.max_bytes, progress)
        if isinstance(effect, Sleep):
            return await asyncio.sleep(effect.seconds)
        if isinstance(effect, Enter):
            return await self._sessions.get(effect)
        if isinstance(effect, Wait):
            return await asyncio.wrap_future(effect.turn)
        if isinstance(effect, Download):
            return await self._fetcher.get(effect.url, effect.max_bytes)
        try:
            return await anyio.to_thread.run_sync(effect.call, abandon_on_cancel=True)
        except Exception as error:
            return error
