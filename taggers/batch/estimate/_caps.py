"""What the spend caps would not let through of a plan."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..._config import Config
from ..._money import Money
from ..._spend import Cap, Purse, Standing, spending, standings
from ...errors import BudgetExceeded
from ._counted import Counted

__all__ = ["passed"]


def passed(every: Iterable[Counted], config: Config) -> Iterator[str]:
    """Says which caps all of these would pass together, where those answer whom each picture comes
    to first, and whom a cap lets nothing through to. What was spent before counts."""
    caps = config.caps()
    costs = Counter[str]()  # micros, in the cap's currency
    for purse, units in _purses(every, config, caps):
        try:
            counted, amount = purse.counted(units)
        except BudgetExceeded as error:
            yield f"nothing is sent to {purse.provider}: {error}"
            continue
        if amount is not None:
            costs.update({cap.name: amount.micros for cap in counted})
    for standing in _standings(caps, config) if costs else ():
        cost = Money(costs[standing.cap.name], standing.cap.money.currency)
        if cost.micros > standing.left.micros:
            yield (
                f"it costs {cost}, and {standing.left} is left of {standing.cap}: what is above "
                "that is not asked"
            )


def _purses(
    every: Iterable[Counted], config: Config, caps: tuple[Cap, ...]
) -> Iterator[tuple[Purse, int]]:
    """Who pays whom for how many units, of those who bill any."""
    ledger = spending(config.store.place)
    for one in every:
        for step, pictures in one.first():
            bills = one.leaves[step.name].tariff
            plugin = config.service(step.name).plugin
            purse = Purse(
                ledger=ledger,
                caps=caps,
                provider=step.name,
                routes=tuple(route.name for route in step.routes),
                run="",
                price=bills.price,
                priced_as=config.prices.key(step.name, plugin),
            )
            yield purse, bills.units * pictures


def _standings(caps: tuple[Cap, ...], config: Config) -> Sequence[Standing]:
    """How the caps stand, without making a ledger where there is none."""
    ledger = spending(config.store.place)
    if ledger.path.exists():
        return standings(ledger, caps, "", time.time())
    return [Standing(cap, cap.money * 0, cap.money * 0, None) for cap in caps]
