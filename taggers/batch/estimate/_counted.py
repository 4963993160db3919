"""What a provider, or a route, would be asked: counted picture by picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import define, field, frozen

from ..._config import Config
from ..._money import CURRENCIES, Money, by_currency
from ..._prepare import could_fit
from ..._provider import Price, Provider
from ..._registry import installed
from ..._routes import Asked, Candidate, Planner, Step
from ...errors import LocalResourceError, TaggersError
from ..sources._content import Head
from ..store._tariff import Tariff, settings_of, tariff

__all__ = ["CALL_S", "LOCAL_CALL_S", "Counted", "Leaf", "Reasons", "leaves_of"]

CALL_S = 1.0
"""How long a call is taken to last where nothing else bounds a run: an assumption."""
LOCAL_CALL_S = 0.02
"""The same of a provider that runs on this machine."""
DEFAULT_CONCURRENCY = 8


@frozen(kw_only=True)
class Leaf:
    """A provider that may be asked: what it bills, and the limits that hold for it."""

    candidate: Candidate
    tariff: Tariff
    listed: Price | None
    concurrency: int
    rate_per_s: int | None

    @property
    def cost(self) -> Money | None:
        """What a call costs; None: nobody knows."""
        return None if self.tariff.price is None else self.tariff.price * self.tariff.units

    @property
    def call_s(self) -> float:
        """How long a call is taken to last."""
        return LOCAL_CALL_S if self.candidate.provider.endpoint is None else CALL_S

    def refusal(
        self, head: Head, prepare: Literal["auto", "never"], fetch: bool
    ) -> TaggersError | None:
        """Why a picture would be refused before anything is sent; None where it would not, as it is
        or made to fit."""
        provider, image = self.candidate.provider, head.image
        accepts = provider.accepts
        if fetch and image.url is not None and "content" in accepts.sources:
            return None
        error = _broken_limit(provider, head)
        turned = image.orientation not in (None, 1)
        if provider.endpoint is None or prepare == "never" or not (error or turned):
            return error
        if could_fit(image, accepts):
            return None
        return error or LocalResourceError(
            f"{image.name} needs turning upright, which cannot be done here",
            hint="run: pip install 'taggers[image]'",
            scope="image",
        )


def _broken_limit(provider: Provider, head: Head) -> TaggersError | None:
    try:
        provider.accepts.check(head.image, head.size)
    except TaggersError as error:
        return error
    return None


def leaves_of(names: Iterable[str], config: Config) -> Mapping[str, Leaf]:
    """The providers of these names. Raises `ConfigurationError` for one that there is not."""
    registry = installed()

    def leaf(name: str) -> Leaf:
        service = config.service(name, registry)
        provider = registry.provider(service.plugin)
        bills = tariff(name, config)
        region = settings_of(name, config).get("region")
        own, offers = service.limits, provider.offers
        said = config.prices.said(name, service.plugin)
        return Leaf(
            candidate=Candidate(provider=provider, region=region, price=bills.price),
            tariff=bills,
            listed=None if said else offers.price,
            concurrency=own.concurrency or offers.concurrency or DEFAULT_CONCURRENCY,
            rate_per_s=own.rate_per_s or offers.rate_per_s,
        )

    return {name: leaf(name) for name in names}


@define
class Reasons:
    """How many errors there were by kind, and what the first of each said."""

    counts: Counter[str] = field(factory=Counter)
    examples: dict[str, str] = field(factory=dict)

    def add(self, error: TaggersError) -> None:
        """Counts an error."""
        kind = type(error).__name__
        self.counts[kind] += 1
        self.examples.setdefault(kind, str(error))


def _sum(parts: Iterable[Money | None]) -> Money | None:
    """What these are together; None where one is not known, or they are in two currencies."""
    every = list(parts)
    known = [part for part in every if part is not None]
    paid = by_currency(known)
    if len(known) < len(every) or len(paid) > 1:
        return None
    return paid[0] if paid else Money(0, CURRENCIES[0])


@define(kw_only=True)
class Counted:
    """A provider or route while pictures are counted."""

    name: str
    leaves: Mapping[str, Leaf]
    planner: Planner
    config: Config
    prepare: Literal["auto", "never"] = "auto"
    fetch: bool = False
    refused: Reasons = field(factory=Reasons)
    _ways: dict[tuple[tuple[str, ...], ...], _Way] = field(factory=dict)

    def count(self, head: Head, metadata: Mapping[str, str], language: str | None = None) -> None:
        """Counts a picture as one to be asked about, or refused by all that would be asked."""
        asked = Asked(image=head.image, language=language, metadata=metadata)
        taking, refusal = [], None
        for step in self.planner.plan(self.name, asked).steps:
            error = self.leaves[step.name].refusal(head, self.prepare, self.fetch)
            refusal = refusal or error
            if error is None:
                taking.append(step)
        if taking:
            key = tuple((step.name, *(route.name for route in step.routes)) for step in taking)
            self._ways.setdefault(key, _Way(taking)).pictures += 1
        elif refusal is not None:
            self.refused.add(refusal)

    def first(self) -> Iterator[tuple[Step, int]]:
        """Whom pictures come to first, and how many do."""
        for way in self._ways.values():
            yield way.steps[0], way.pictures

    @property
    def calls(self) -> int:
        """One for each picture that somebody takes."""
        return sum(way.pictures for way in self._ways.values())

    @property
    def units(self) -> int:
        """What those bill whom each picture comes to first."""
        return sum(self.leaves[step.name].tariff.units * many for step, many in self.first())

    def cost(self) -> Money | None:
        """What is paid where those answer whom each picture comes to first."""
        return _sum(_times(self.leaves[step.name].cost, many) for step, many in self.first())

    def most(self) -> Money | None:
        """What is paid where all goes wrong that may."""
        ways = self._ways.values()
        return _sum(_times(self._at_most(way.steps), way.pictures) for way in ways)

    def time_s(self) -> float:
        """How long it takes at the limits, in seconds, where those answer whom each picture comes
        to first."""
        asked = Counter[str]()
        for step, many in self.first():
            asked[step.name] += many
        rates = {name: self.leaves[name].rate_per_s for name in asked}
        paced = [asked[name] / rate for name, rate in rates.items() if rate]
        at_a_time = self.leaves[self.planner.leaves(self.name)[0]].concurrency
        busy = sum(
            math.ceil(calls / at_a_time) * self.leaves[name].call_s for name, calls in asked.items()
        )
        return max(busy, *paced, 0.0)

    def _at_most(self, taking: Sequence[Step]) -> Money | None:
        """What is paid for a picture at most: it comes to the dearest, or is paid at each where the
        route goes on at a cost; and twice, where that is allowed. Shadows come on top."""
        costs = [self._repeated(step) for step in taking]
        route = self.config.routes.get(self.name)
        shadows = route.shadow if route else ()
        more = [self.leaves[leaf].cost for one in shadows for leaf in self.planner.leaves(one)]
        if any(step.paid_on(step) for step in taking) or _sum(costs) is None:
            return _sum([*costs, *more])
        dearest = max(costs, key=lambda cost: cost.micros if cost else 0)
        return _sum([dearest, *more])

    def _repeated(self, step: Step) -> Money | None:
        twice = step.policy(self.config.policy).unknown == "retry-once"
        return _times(self.leaves[step.name].cost, 2 if twice else 1)


@define
class _Way:
    """Whom pictures come to in turn, and how many do."""

    steps: Sequence[Step]
    pictures: int = 0


def _times(cost: Money | None, count: int) -> Money | None:
    return None if cost is None else cost * count
