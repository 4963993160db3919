"""The providers of a configuration, each made ready when it is first asked for."""

from __future__ import annotations

import functools
import random
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from ._breaker import BREAKERS
from ._clock import CLOCKS, Moment
from ._config import Config
from ._effects import Context
from ._gates import GATES, Gate
from ._guards import Guards, Repeats
from ._guards import Purse as AnyPurse
from ._keys import Keys
from ._latency import LATENCIES
from ._ledger import Ledger
from ._limits import LIMITERS
from ._money import Money
from ._permits import Permits, limits
from ._policy import Policy
from ._registry import Registry
from ._resolve import Target, resolve
from ._retries import RETRIES
from ._routes import Candidate, Route
from ._shared import revealed
from ._spend import Purse, spending
from ._standing import Standing, standing
from .errors import CircuitOpen

__all__ = ["Targets"]


@define
class Targets:
    """The targets of one tagger, by name. `settings` are given for the one named `chosen`.

    All that one tagger asks is one run, to spend caps; `pays` makes of a purse the one that is
    used, where its ledger is not of this machine.
    """

    config: Config
    registry: Registry
    chosen: str | None = None
    settings: Mapping[str, Any] = field(factory=dict, repr=False)
    pays: Callable[[Purse], AnyPurse] | None = None
    _ready: dict[str, Target] = field(factory=dict, init=False, repr=False)
    _run: str = field(factory=lambda: secrets.token_hex(8), init=False)

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
        listed = target.provider.offers.price
        said = self.config.prices.said(target.provider.name, target.plugin)
        return said or (listed.money if listed else None)

    def standing(self, name: str) -> Standing:
        """How things stand with a provider just now."""
        return standing(self.of(name))

    def check_breaker(self, name: str) -> None:
        """Raises `CircuitOpen` for a provider that is left alone just now, for failing often: its
        calls need not even wait for their turn."""
        try:
            BREAKERS.of(self.of(name).service).check(Moment(time.monotonic(), time.time()))
        except CircuitOpen as error:
            error.provider = name
            raise

    def context(
        self, target: Target, policy: Policy, repeats: Repeats, routes: tuple[Route, ...] = ()
    ) -> Context:
        """What a call to a target takes from the world."""
        clock = CLOCKS.of((target.service[0], b""))
        return Context(
            now=clock.now,
            correct=clock.correct,
            gate=functools.partial(GATES.of, target.credential) if target.credential else Gate,
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
            permits=self._permits(target),
            purse=self._paying(target, routes),
        )

    def _permits(self, target: Target) -> Permits | None:
        """The limits of the whole machine, where they are shared."""
        if not self.config.store.share_limits:
            return None
        return Permits(
            ledger=ledger_of_limits(self.config.store.place),
            provider=target.plugin,
            endpoint=target.account[0],
            credential=repr([(n, revealed(v)) for n, v in target.signed_with]),
            concurrency=target.limits.concurrency,
            rate_per_s=target.limits.rate_per_s,
        )

    def _paying(self, target: Target, routes: tuple[Route, ...]) -> AnyPurse | None:
        purse = self.purse(target, routes)
        return self.pays(purse) if purse is not None and self.pays is not None else purse

    def purse(self, target: Target, routes: tuple[Route, ...] = ()) -> Purse | None:
        """The spend caps, where there are any, and where anything is billed."""
        if not (caps := self.config.caps()) or target.provider.offers.unit is None:
            return None
        return Purse(
            ledger=ledger_of_spending(self.config.store.place),
            caps=caps,
            provider=target.provider.name,
            routes=tuple(route.name for route in routes),
            run=self._run,
            price=self.price(target),
            priced_as=self.config.prices.key(target.provider.name, target.plugin),
        )


@functools.cache
def ledger_of_limits(folder: Path) -> Ledger:
    """The process's ledger of permits in a folder."""
    return limits(folder)


@functools.cache
def ledger_of_spending(folder: Path) -> Ledger:
    """The process's ledger of what is spent in a folder."""
    return spending(folder)
