"""The check of a provider's price."""

from __future__ import annotations

import datetime

from .._provider import Provider
from ._exchange import Mismatch

__all__ = ["check_price"]


def check_price(provider: Provider) -> None:
    """A price, where there is one, can be looked up: it names a page, and a day that has been."""
    price = provider.offers.price
    if price is None:
        return
    if not price.source.startswith("https://"):
        raise Mismatch(f"the price is from no page: {price.source!r}")
    tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    if price.as_of > tomorrow:  # which in some places it already is
        raise Mismatch(f"the price is of a day to come: {price.as_of}")
