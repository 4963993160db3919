"""What a run may cost, and a person's yes to it, before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import click

from ..._money import Money, by_currency
from ...batch import Item, Plan, Planned
from .._confirming import confirmed
from .._terminal import console, many, safe
from ._planned import show
from ._ticker import Ticker

__all__ = ["UNASKED", "approve", "planned", "worry"]

UNASKED = (Money.parse("1 USD"), Money.parse("5 CNY"))
"""What a run may cost without a question, where nobody says otherwise."""


def planned(items: Iterable[Item], make: Callable[[Iterator[Item]], Plan]) -> Plan:
    """The plan that is made of these pictures, while a person sees how far it is."""
    looked_at = 0

    def counted() -> Iterator[Item]:
        nonlocal looked_at
        for item in items:
            looked_at += 1
            yield item

    def told() -> str:
        return f"planning: {many(looked_at, 'picture')} looked at"

    with Ticker(told, told):
        return make(counted())


def approve(found: Plan, limit: Money | None, cny_per_usd: float | None) -> None:
    """Returns where a plan costs little, or a person agrees to it, and ends the command where not.
    Raises `InvalidInput` where nobody can be asked."""
    why = worry(found.providers, (limit,) if limit else UNASKED, cny_per_usd)
    if why is None:
        for line in found.caps:
            click.echo(f"taggers: {safe(line)}", err=True)
    else:
        show(found, console(stderr=True))
        confirmed(f"{safe(why)}; go on?", yes=False, why=why)


def worry(
    providers: Iterable[Planned], limits: Sequence[Money], cny_per_usd: float | None
) -> str | None:
    """Why a person has to agree; None where it surely costs no more than the limit in its currency,
    or than the first one that it can be exchanged into."""
    asked = [one for one in providers if one.calls]
    if unknown := [one.name for one in asked if one.most is None]:
        return f"what {', '.join(unknown)} costs is not known"
    costs = [one.most for one in asked if one.most is not None and one.most.micros]
    for limit in limits:
        total = _total(costs, limit, cny_per_usd)
        if total is not None:
            above = total.micros > limit.micros
            return f"it may cost {total}, which is more than {limit}" if above else None
    amounts = " and ".join(map(str, by_currency(costs)))
    return f"it may cost {amounts}, which cannot be compared with {limits[0]}"


def _total(costs: Sequence[Money], limit: Money, cny_per_usd: float | None) -> Money | None:
    """All together in the limit's currency; None where there is no rate for that."""
    if cny_per_usd is None and any(cost.currency != limit.currency for cost in costs):
        return None
    rate = cny_per_usd or 1.0
    micros = sum(cost.in_cny(rate) for cost in costs) / Money(1, limit.currency).in_cny(rate)
    return Money(round(micros), limit.currency)
