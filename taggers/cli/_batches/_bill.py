"""What was billed, in money as far as prices are known."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

from ..._config import Config
from ..._money import MICROS, Money, by_currency
from ..._registry import installed
from ...compare import prices
from ...errors import TaggersError
from .._terminal import many

__all__ = ["PriceOf", "amounts", "bill", "price_of"]

PriceOf = Callable[[str], Money | None]


def price_of(config: Config) -> PriceOf:
    """Tells what a unit costs by the name of who bills it; None: nobody knows."""
    pricing, registry = prices(config), installed()

    @functools.cache
    def price(name: str) -> Money | None:
        try:
            return pricing(name, config.service(name, registry).plugin)
        except TaggersError:
            return None

    return price


def bill(units: Mapping[str, int], price: PriceOf) -> str:
    """These units by who bills them as money, as in "1.35 USD", and those without a price as they
    are; empty where there are none."""
    priced = [(price(name), count) for name, count in dict(units).items()]
    costs = by_currency(one * count for one, count in priced if one is not None)
    return amounts(costs, sum(count for one, count in priced if one is None))


def amounts(paid: Iterable[Money], unpriced: int) -> str:
    """Money in several currencies, and units without a price, in words."""
    parts = [_rounded(one) for one in paid]
    parts += [f"{many(unpriced, 'unit')} of unknown price"] if unpriced else []
    return " and ".join(parts)


def _rounded(paid: Money) -> str:
    """Money in hundredths; what is less than one of them as it is."""
    if paid.micros * 100 < MICROS:
        return str(paid)
    return f"{paid.micros / MICROS:,.2f} {paid.currency}"
