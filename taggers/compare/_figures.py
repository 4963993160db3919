"""What one provider did over all pictures: how much it said, how fast, and for how much."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen

from .._config import Config
from .._model import Result
from .._money import CURRENCIES, Money
from .._registry import Registry, installed
from ..errors import ConfigurationError, PluginError
from ._comparison import Comparison, Failure
from ._labels import Alignment

__all__ = ["Pricing", "ProviderFigures", "figures", "prices"]

Pricing = Callable[[str, str], Money | None]
"""What one billable unit of a provider costs, by its own name and its plugin's; None: not known."""


@frozen(kw_only=True)
class ProviderFigures:
    """What a provider, or a route, did over the pictures that it was asked about.

    * `plugins`: whose answers these are, installed providers' names; `emulated`: whether any of
      them came from an emulator, and so from no vendor;
    * `answered`, `failed`: numbers of pictures; `errors`: the failures by their kind;
    * `cached`: how many answers had been kept, and were not asked for;
    * `tags_per_picture`: the mean over the pictures answered; `vocabulary`: how many different
      labels it used, aligned;
    * `latency_p50_s`, `latency_p95_s`: seconds that requests for a picture took, without waits for
      limits and retries; by nearest rank, over answers that were asked for;
    * `billable_units`, and their `cost` by the prices known; None where a price is not.
      What failed calls may have cost is not in it: `maybe_billed` counts them.
    """

    name: str
    plugins: tuple[str, ...]
    emulated: bool
    answered: int
    failed: int
    errors: Mapping[str, int]
    maybe_billed: int
    cached: int
    tags_per_picture: float | None
    vocabulary: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    billable_units: int
    cost: tuple[Money, ...] | None


def figures(
    comparison: Comparison, alignment: Alignment, pricing: Pricing
) -> tuple[ProviderFigures, ...]:
    """The figures of each provider, in the comparison's order."""
    return tuple(_of(name, comparison, alignment, pricing) for name in comparison.providers)


def prices(config: Config, registry: Registry | None = None) -> Pricing:
    """The user's own prices, or else those of the plugins' tables."""
    found = registry or installed()

    def price(name: str, plugin: str) -> Money | None:
        if said := config.prices.said(name, plugin):
            return said
        try:
            offers = found.provider(plugin).offers
        except (ConfigurationError, PluginError):
            return None
        if offers.unit is None:
            return Money(0, CURRENCIES[0])
        return offers.price.money if offers.price else None

    return price


def _of(
    name: str, comparison: Comparison, alignment: Alignment, pricing: Pricing
) -> ProviderFigures:
    said = [comparison.said.get((picture.id, name)) for picture in comparison.pictures]
    results = [one for one in said if isinstance(one, Result)]
    failures = [one for one in said if isinstance(one, Failure)]
    fresh = [result for result in results if not result.provenance.cached]
    latencies = sorted(map(_latency_s, fresh))
    labels = {alignment.label(tag).id for result in results for tag in result.tags}
    return ProviderFigures(
        name=name,
        plugins=tuple(sorted({result.provenance.plugin for result in results})),
        emulated=any(result.provenance.emulated for result in results),
        answered=len(results),
        failed=len(failures),
        errors=dict(Counter(failure.kind for failure in failures).most_common()),
        maybe_billed=sum(failure.billed != "no" for failure in failures),
        cached=len(results) - len(fresh),
        tags_per_picture=_mean([len(result.tags) for result in results]),
        vocabulary=len(labels),
        latency_p50_s=_quantile(latencies, 0.5),
        latency_p95_s=_quantile(latencies, 0.95),
        billable_units=sum(result.provenance.billable_units for result in fresh),
        cost=_cost(fresh, pricing),
    )


def _latency_s(result: Result) -> float:
    attempts = result.provenance.attempts
    return attempts[-1].duration_s if attempts else result.provenance.duration_s


def _cost(results: Iterable[Result], pricing: Pricing) -> tuple[Money, ...] | None:
    """What the results cost together, by currency; None where a price is not known."""
    micros = Counter[str]()
    for result in results:
        units = result.provenance.billable_units
        price = pricing(result.provider, result.provenance.plugin) if units else None
        if units and price is None:
            return None
        if price:
            micros[price.currency] += units * price.micros
    return tuple(Money(micros[one], one) for one in CURRENCIES if one in micros)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest of these sorted values that so large a share does not exceed."""
    return values[math.ceil(share * len(values)) - 1] if values else None
