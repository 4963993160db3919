"""Money, counted in whole micros, so that sums are exact."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Literal, cast, get_args

from attrs import field, frozen
from attrs.validators import ge, in_, instance_of

__all__ = ["CURRENCIES", "Currency", "Money", "by_currency"]

Currency = Literal["CNY", "USD"]

CURRENCIES: tuple[Currency, ...] = get_args(Currency)
MICROS = 1_000_000
_WRITTEN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,30})?) ([A-Z]{3})", re.ASCII)


@frozen
class Money:
    """An amount: so many millionths of a yuan or of a dollar, never less than none."""

    micros: int = field(validator=[instance_of(int), ge(0)])
    currency: Currency = field(validator=in_(CURRENCIES))

    @classmethod
    def parse(cls, text: str) -> Money:
        """Reads "50 CNY" or "0.0015 USD"; what is finer than a micro is rounded up.

        Raises `ValueError` for anything else.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None or found[2] not in CURRENCIES:
            raise ValueError(f'{text!r} is no amount of money: write "50 CNY" or "0.0015 USD"')
        micros = (Decimal(found[1]) * MICROS).to_integral_value(ROUND_CEILING)
        return cls(int(micros), cast(Currency, found[2]))

    def in_cny(self, cny_per_usd: float) -> float:
        """It in micros of yuan, for comparing, at so many yuan to the dollar."""
        return self.micros * (cny_per_usd if self.currency == "USD" else 1.0)

    def __mul__(self, count: int) -> Money:
        return Money(self.micros * count, self.currency)

    def __str__(self) -> str:
        whole, micros = divmod(self.micros, MICROS)
        return f"{whole}.{micros:06}".rstrip("0").rstrip(".") + f" {self.currency}"


def by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """What all of these are together in each currency; none where there is nothing of one."""
    micros = Counter[Currency]()
    for one in amounts:
        micros[one.currency] += one.micros
    return tuple(Money(micros[one], one) for one in CURRENCIES if micros[one])
