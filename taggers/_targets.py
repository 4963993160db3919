"""The providers of a configuration, each made ready when it is first asked for."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from ._breaker import BREAKERS
from ._clock import CLOCKS, Moment
from ._config import Config
from ._effects import Context
from ._gates import GATES
from ._guards import Guards, Repeats
from ._keys import Keys
from ._latency import LATENCIES
from ._limits import LIMITERS
from ._money import Money
from ._policy import Policy
from ._registry import Registry
from ._resolve import Target, resolve
from ._retries import RETRIES
from ._routes import Candidate, Route

__all__ = ["Targets"]


@define
class Targets:
    """The targets of one tagger, by name. `settings` are given for the one named `chosen`."""

    config: Config
    registry: Registry
    chosen: str | None = None
    settings: Mapping[str, Any] = field(factory=dict, repr=False)
    _ready: dict[str, Target] = field(factory=dict, init=False, repr=False)

    def of(self, name: str) -> Target:
        """The provider of this name. Raises `ConfigurationError` where something is missing."""
        if name not in self._ready:
            arguments = self.settings if name == self.chosen else {}
            target = resolve(name, self.config, Keys.load(), self.registry, arguments)
            self._ready[name] = target
        return self._ready[name]

    def candidate(self, name: str) -> Candidate:
        """What a route's plan has to know of a provider."""
        target = self.of(name)
        return Candidate(
            provider=target.provider,
            region=target.settings.get("region"),
            price=self.price(target),
            latency_s=LATENCIES.of(target.account).seconds,
        )

    def price(self, target: Target) -> Money | None:
        """What a billable unit costs there: what the user says, else the dated table."""
        own, listed = self.config.prices.units, target.provider.offers.price
        said = own.get(target.provider.name) or own.get(target.plugin)
        return said or (listed.money if listed else None)

    def left_alone(self, name: str) -> str | None:
        """Why a provider is let alone just now, for failing often; None where it is not."""
        breaker = BREAKERS.of(self.of(name).service)
        if breaker.is_open(Moment(time.monotonic(), time.time())):
            return f"{name}: it failed often and is left alone until {breaker.until()}"
        return None

    def context(
        self, target: Target, policy: Policy, repeats: Repeats, routes: tuple[Route, ...] = ()
    ) -> Context:
        """What a call to a target takes from the world."""
        clock = CLOCKS.of((target.service[0], b""))
        return Context(
            now=clock.now,
            correct=clock.correct,
            gate=GATES.of,
            roll=random.random,
            nonce=secrets.token_hex(16),
            policy=policy,
            guards=self._guards(target, repeats, routes),
        )

    def _guards(self, target: Target, repeats: Repeats, routes: tuple[Route, ...]) -> Guards:
        limiter = LIMITERS.of(target.account)
        limiter.limits = target.limits
        return Guards(
            limiter=limiter,
            breaker=BREAKERS.of(target.service),
            retries=RETRIES.of(target.service),
            repeats=repeats,
        )
