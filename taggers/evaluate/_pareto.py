"""Cost against quality: which providers are worth a thought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from .._model import Result
from .._money import CURRENCIES, Money
from ..compare import Pricing
from ._scores import Difference

__all__ = ["cost_per_1000", "front"]


def cost_per_1000(results: Iterable[Result], pricing: Pricing) -> Money | None:
    """What 1,000 pictures cost at a provider, by the mean of the units that its answers took;
    answers from a cache took none and do not count. None where a price or the units are not known,
    and where there are prices in two currencies."""
    micros = list[int]()
    currencies = set[str]()
    for result in results:
        provenance = result.provenance
        if not provenance.cached:
            price = pricing(result.provider, provenance.plugin)
            if price is None:
                return None
            micros.append(price.micros * provenance.billable_units)
            currencies |= {price.currency} if micros[-1] else set()
    if not micros or len(currencies) > 1:
        return None
    currency = next((one for one in CURRENCIES if one in currencies), CURRENCIES[0])
    return Money(round(1000 * fmean(micros)), currency)


def front(
    costs: Mapping[str, Money | None],
    differences: Iterable[Difference],
    cny_per_usd: float | None = None,
) -> tuple[str, ...]:
    """The providers that none beats: for which there is no other that costs no more and is better
    (F1) beyond chance. One that only looks worse stays. Those without a known cost are not in it.

    Nobody is beaten at a price in another currency, unless it is known what a dollar is worth.
    """
    better = {
        (one.a, one.b) if one.difference > 0 else (one.b, one.a)
        for one in differences
        if one.metric == "f1" and one.ranked and one.difference is not None
    }
    known = {name: cost for name, cost in costs.items() if cost is not None}
    return tuple(
        name
        for name, cost in known.items()
        if not any(
            (other, name) in better and _at_most(theirs, cost, cny_per_usd)
            for other, theirs in known.items()
        )
    )


def _at_most(left: Money, right: Money, cny_per_usd: float | None) -> bool:
    """Whether an amount is known to be no more than another."""
    if left.micros == 0 or left.currency == right.currency:
        return left.micros <= right.micros
    if cny_per_usd is None:
        return False
    in_yuan = [one.micros * (1 if one.currency == "CNY" else cny_per_usd) for one in (left, right)]
    return in_yuan[0] <= in_yuan[1]
