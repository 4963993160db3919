"""Sessions that calls share: each is got once for all who wait, and kept for 80 % of its life.

They are kept for the whole process, as what is known of a credential is: two taggers with the same
password sign in once.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, field

from ._clock import Moment
from ._flow import Enter
from ._gates import Gate
from ._provider import Session
from ._shared import Shared
from .errors import TaggersError

__all__ = ["Sessions"]

SIGN_IN_S = 10.0
"""How long signing in may take."""


@define(eq=False)
class _Kept:
    """The session of one credential, where there is one, and the gate before signing in."""

    gate: Gate = field(factory=Gate)
    session: tuple[Session, float] | None = None

    def usable(self, stale: Session | None) -> Session | None:
        """The session, unless it is the stale one or too old."""
        if self.session is None or self.session[0] is stale:
            return None
        session, got = self.session
        return session if time.monotonic() < got + session.useful_s else None


KEPT = Shared(_Kept)


@define
class Sessions:
    """The way of one driver to the sessions; `run` drives a flow within so many seconds."""

    run: Callable[[Any, float], Awaitable[Any]]

    async def get(self, wanted: Enter) -> Session:
        """The session that is wanted. Raises the error in which signing in ended."""
        kept, this = KEPT.of(wanted.key), object()
        while (session := kept.usable(wanted.stale)) is None:
            turn = kept.gate.enter(this, _now())
            if turn is None:
                return await self._signed_in(kept, wanted, this)
            try:
                await asyncio.wrap_future(turn)
            except TaggersError as error:
                mine = copy.copy(error)  # one of several calls that are told of it
                mine.attempts = ()
                raise mine from None
        return session

    async def _signed_in(self, kept: _Kept, wanted: Enter, this: object) -> Session:
        """The session that this call signs in for, or another one got just before."""
        failed: TaggersError | None = None
        try:
            if (session := kept.usable(wanted.stale)) is None:
                session = await self.run(wanted.flow(), SIGN_IN_S)
                kept.session = (session, time.monotonic())
            return session
        except TaggersError as error:
            failed = error
            kept.gate.judge(error, _now())
            raise
        finally:
            kept.gate.leave(this, failed)


def _now() -> Moment:
    return Moment(time.monotonic(), time.time())
