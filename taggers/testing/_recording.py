"""A real call, watched: what was asked, what was answered, and what came of it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from .._clock import Clock
from .._driver import Driver
from .._flow import Context, Download, Effect, Enter, Send, call, clock_skew_s
from .._image import Image
from .._model import Options, Result
from .._policy import Policy
from .._prepare import Fitted
from .._provider import Session
from .._resolve import Target
from .._transport import Transport
from .._wire import Prepared, Response
from ..errors import LocalError, TaggersError, TransportError

__all__ = ["Answered", "NotRecorded", "Recording", "observe"]

T = TypeVar("T")


class NotRecorded(LocalError):
    """There is nothing of the call that could be written down as an exchange, or no way to."""


@frozen
class Answered:
    """A request that was answered, and how far the server's clock was ahead then."""

    prepared: Prepared = field(repr=False)
    response: Response
    skew_s: float


@define
class Recording:
    """A call under way, or done: the picture as it was sent, each request with its answer, what
    signing in gave, and the outcome."""

    image: Image
    nonce: str
    clock: Clock = field(factory=Clock)
    answered: list[Answered] = field(factory=list)
    sessions: list[Session] = field(factory=list)
    outcome: Result | TaggersError | None = None

    def watch(self, flow: Generator[Effect, Any, T]) -> Generator[Effect, Any, T]:
        """The same flow; what it wants, and what comes of that, is noted."""
        resume: Callable[[], Effect] = partial(next, flow)
        while True:
            try:
                effect = self._watched(resume())
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                outcome = yield effect
            except BaseException as error:
                resume = partial(flow.throw, error)
            else:
                self._note(effect, outcome)
                resume = partial(flow.send, outcome)

    def _watched(self, effect: Effect) -> Effect:
        """The effect; of signing in, every request is watched too."""
        if not isinstance(effect, Enter):
            return effect
        signing_in = effect.flow
        return evolve(effect, flow=lambda: self.watch(signing_in()))

    def _note(self, effect: Effect, outcome: Any) -> None:
        if isinstance(effect, Send) and isinstance(outcome, Response):
            skew_s = clock_skew_s(outcome, self.clock.now())
            self.answered.append(Answered(effect.prepared, outcome, skew_s))
        elif isinstance(effect, Enter) and isinstance(outcome, Session):
            self.sessions.append(outcome)
        elif isinstance(effect, Download) and isinstance(outcome, bytes):
            self.image = Image.from_bytes(outcome)
        elif isinstance(outcome, Fitted):
            self.image = outcome.image


async def observe(target: Target, image: Image, options: Options) -> Recording:
    """Asks a provider about a picture, for real.

    A refusal by the vendor is an outcome like another. Raises a `TransportError`, and whatever else
    comes before there is an answer.
    """
    if target.provider.endpoint is None:
        raise NotRecorded(f"{target.provider.name} works on this machine: it sends nothing")
    seen = Recording(image, secrets.token_hex(16))
    clock, policy = seen.clock, Policy()
    context = Context(
        now=clock.now, correct=clock.correct, roll=random.random, nonce=seen.nonce, policy=policy
    )
    flow = call(target.provider, image, options, target.settings, context)
    driver = Driver(Transport())
    try:
        seen.outcome = await driver.run(seen.watch(flow), policy.deadline_s)
    except TaggersError as error:
        if isinstance(error, TransportError) or not seen.answered:
            raise
        seen.outcome = error
    finally:
        await driver.aclose()
    return seen
