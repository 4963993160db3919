"""What calls of routes cost, which is known when it is known who billed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from ..._money import Money
from ._rows import blocks
from ._settled import Payment, Settled
from ._tariff import Tariff

__all__ = ["price_calls", "prices_of"]


def prices_of(tariffs: Mapping[str, Tariff], asked: Iterable[str]) -> Mapping[str, Money]:
    """What a unit costs of everybody, as far as it is known; none where all who are `asked` have a
    price, which their calls have from the beginning. Routes have none."""
    if all(name in tariffs and tariffs[name].price for name in asked):
        return {}
    return {name: bills.price for name, bills in tariffs.items() if bills.price}


def price_calls(
    sql: sqlite3.Connection, outcomes: Iterable[tuple[int, Settled]], prices: Mapping[str, Money]
) -> None:
    """Gives calls that have no price yet that of a unit, by who billed them."""
    found = ((call, _price(settled.paid, prices)) for call, settled in outcomes)
    rows = [(call, price.micros, price.currency) for call, price in found if price]
    for marks, values in blocks(rows):
        sql.execute(_PRICED.format(marks), values)


_PRICED = """
    WITH told (call, price, currency) AS (VALUES {})
    UPDATE call_rows SET price = told.price, currency = told.currency
    FROM told WHERE call_rows.id = told.call AND call_rows.price IS NULL
"""


def _price(paid: Iterable[Payment], prices: Mapping[str, Money]) -> Money | None:
    """What a unit cost, on average where several have billed some; None where nobody has, a price
    is not known, or they are in two currencies."""
    billed = [(prices.get(who or ""), units) for who, _, units in paid if units]
    costs = [price * units for price, units in billed if price]
    currencies = {cost.currency for cost in costs}
    if len(costs) < len(billed) or len(currencies) != 1:
        return None
    units = sum(units for _, units in billed)
    return Money(round(sum(cost.micros for cost in costs) / units), currencies.pop())
