"""Sessions that calls share: each is got once for all who wait, and kept for 80 % of its life."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from attrs import define, field, frozen

from ._flow import Enter
from ._provider import Session
from .errors import Authentication, ClockSkew, ConnectFailed, TaggersError

__all__ = ["Sessions"]

SIGN_IN_S = 10.0
"""How long signing in may take."""
LOCKED_OUT_S = 300.0
"""How long a refused password is not tried again: a few failures lock the account for everybody."""


@frozen
class _Entry:
    task: asyncio.Task[Session]
    began: float

    def usable(self, stale: Session | None) -> bool:
        """Whether to wait for this, or take what it gave, rather than to sign in anew."""
        if not self.task.done():
            return True
        if self.task.cancelled():
            return False
        if error := self.task.exception():
            refused = isinstance(error, Authentication) and not isinstance(error, ClockSkew)
            return refused and time.monotonic() < self.began + LOCKED_OUT_S
        session = self.task.result()
        return session is not stale and session.fresh(time.time())


@define
class Sessions:
    """The sessions of one driver by their keys; `run` drives a flow within so many seconds."""

    run: Callable[[Any, float], Awaitable[Any]]
    _entries: dict[Hashable, _Entry] = field(factory=dict)

    async def get(self, wanted: Enter) -> Session:
        """The session that is wanted. Raises the error in which signing in ended."""
        entry = self._entries.get(wanted.key)
        if entry is None or not entry.usable(wanted.stale):
            task = asyncio.create_task(self._signed_in(wanted))
            entry = self._entries[wanted.key] = _Entry(task, time.monotonic())
        try:
            return await asyncio.shield(entry.task)
        except TaggersError as error:
            raise copy.copy(error) from error  # one of several calls that are told of it
        except asyncio.CancelledError:
            if entry.task.cancelled():
                raise ConnectFailed("the tagger was closed while it was signing in") from None
            raise

    def close(self) -> None:
        """Ends all signing in that is under way, and forgets all sessions."""
        for entry in self._entries.values():
            entry.task.cancel()
        self._entries.clear()

    async def _signed_in(self, wanted: Enter) -> Session:
        session: Session = await self.run(wanted.flow(), SIGN_IN_S)
        return session
