"""What a provider, or a route, would be asked: counted picture by picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Literal

from attrs import define, field, frozen

from .._config import Config
from .._keys import Keys
from .._money import Money
from .._prepare import could_fit
from .._provider import Price, Provider
from .._registry import Registry
from .._routes import Asked, Candidate, Planner, Step
from ..compare import Pricing
from ..errors import LocalResourceError, TaggersError
from ._content import Head
from ._tariff import Tariff, settings_of, tariff

__all__ = ["Counted", "Leaf", "Reasons", "leaves_of"]

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


def leaves_of(
    names: Iterable[str], config: Config, registry: Registry, keys: Keys, pricing: Pricing
) -> Mapping[str, Leaf]:
    """The providers of these names. Raises `ConfigurationError` for one that there is not."""

    def leaf(name: str) -> Leaf:
        service = config.service(name, registry)
        provider = registry.provider(service.plugin)
        bills = tariff(name, config, registry, keys, pricing)
        region = settings_of(name, config, registry, keys).get("region")
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


@define
class _Sum:
    """A sum of money; None as soon as a part is not known, or is in another currency."""

    money: Money | None = field(factory=partial(Money, 0, "CNY"))

    def add(self, part: Money | None) -> None:
        """Adds a part."""
        if self.money is None or part is None:
            self.money = None
        elif not self.money.micros or not part.micros:
            self.money = part if part.micros else self.money
        elif self.money.currency != part.currency:
            self.money = None
        else:
            self.money = Money(self.money.micros + part.micros, part.currency)


@define(kw_only=True)
class Counted:
    """A provider or route while pictures are counted."""

    name: str
    leaves: Mapping[str, Leaf]
    planner: Planner
    config: Config
    prepare: Literal["auto", "never"] = "auto"
    fetch: bool = False
    calls: int = 0
    units: int = 0
    refused: Reasons = field(factory=Reasons)
    usual: _Sum = field(factory=_Sum)
    most: _Sum = field(factory=_Sum)
    _asked: Counter[str] = field(factory=Counter)

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
            self._add(taking)
        elif refusal is not None:
            self.refused.add(refusal)

    def time_s(self, call_s: float) -> float:
        """How long it takes at the limits, in seconds, with calls that take `call_s`: each picture
        asks the first that takes it."""
        first = next(iter(self.planner.leaves(self.name)))
        paced = (
            count / rate for name, count in self._asked.items()
            if (rate := self.leaves[name].rate_per_s)
        )  # fmt: skip
        return max(self.calls * call_s / self.leaves[first].concurrency, *paced, 0.0)

    def _add(self, taking: Sequence[Step]) -> None:
        first = self.leaves[taking[0].name]
        self.calls += 1
        self.units += first.tariff.units
        self._asked[taking[0].name] += 1
        self.usual.add(first.cost)
        for part in self._at_most(taking):
            self.most.add(part)

    def _at_most(self, taking: Sequence[Step]) -> list[Money | None]:
        """What is paid for a picture where all goes wrong that may: it is asked of the dearest, or
        paid at each where the route goes on at a cost; and twice, where that is allowed. Shadows
        come on top."""
        costs = [self._repeated(step) for step in taking]
        route = self.config.routes.get(self.name)
        shadows = route.shadow if route else ()
        more = [self.leaves[leaf].cost for one in shadows for leaf in self.planner.leaves(one)]
        if any(step.paid_on(step) for step in taking) or None in costs:
            return [*costs, *more]
        return [_dearest([cost for cost in costs if cost is not None]), *more]

    def _repeated(self, step: Step) -> Money | None:
        cost = self.leaves[step.name].cost
        twice = step.policy(self.config.policy).unknown == "retry-once"
        return cost * 2 if cost and twice else cost


def _dearest(costs: Sequence[Money]) -> Money | None:
    """The highest of these; None where they are in two currencies."""
    priced = [cost for cost in costs if cost.micros]
    if len({cost.currency for cost in priced}) > 1:
        return None
    return max(costs, key=lambda cost: cost.micros)
