"""What a flow asks for, and what it takes from the world.

    Send(prepared)   ◄─ Response, or the TransportError that happened instead
    Sleep(seconds)   ◄─ None
    Enter(key, …)    ◄─ a Session that is kept, or new; or the error in which signing in ended
    Wait(turn, host) ◄─ None, when another call has tried the same credential
    Work(call)       ◄─ what the call returned, or the exception it raised
    Download(url)    ◄─ the bytes there, or the TaggersError that happened instead

The driver does these things; a test does them by hand, with `next` and `send`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from attrs import field, frozen

from ._clock import Moment
from ._gates import Gate
from ._guards import Guards
from ._policy import Policy
from ._provider import Download, Session, Work
from ._shared import Key
from ._wire import Prepared

__all__ = ["Context", "Download", "Effect", "Enter", "Send", "Sleep", "Wait", "Work"]


@frozen
class Send:
    """Wants this request sent and its answer, of at most `max_bytes`."""

    prepared: Prepared
    max_bytes: int


@frozen
class Sleep:
    """Wants so many seconds to pass."""

    seconds: float


@frozen
class Enter:
    """Wants a session: the one that is kept under `key`, or else the one that `flow` returns.
    `stale` is a session that the vendor did not take: it is not to be had again."""

    key: Key = field(repr=False)
    flow: Callable[[], Generator[Any, Any, Session]] = field(repr=False)
    stale: Session | None = None


@frozen
class Wait:
    """Wants another call to be done with trying the credential for this host."""

    turn: Future[None] = field(repr=False)
    host: str


Effect = Send | Sleep | Enter | Wait | Work | Download


@frozen(kw_only=True)
class Context:
    """What a call takes from the world, so that a test can give it another.

    `now` is the vendor's Unix time in s, for signatures, as far as it is known, and `correct` sets
    it; `ticks` counts seconds for durations; `gate` gives what stands before the credential, and
    `guards` is what stands before the service; `roll` gives random numbers from 0 to 1; `nonce` is
    32 random hex digits.
    """

    now: Callable[[], float] = time.time
    correct: Callable[[float], None] = lambda now: None
    gate: Callable[[], Gate] = Gate
    ticks: Callable[[], float] = time.monotonic
    roll: Callable[[], float]
    nonce: str
    policy: Policy = field(factory=Policy)
    guards: Guards = field(factory=Guards)

    @property
    def moment(self) -> Moment:
        """Now, for a gate."""
        return Moment(self.ticks(), self.now())
