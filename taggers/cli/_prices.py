"""What the providers cost, as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .._provider import Price, Provider

__all__ = ["prices_page"]

HEAD = """# What a call costs

What one billable unit cost on the vendors' price lists, and when, before taxes and discounts. Where
units differ in price it is that of the dearest, and nothing is counted as free, so that spend caps
err on the safe side. Written by `taggers providers prices`.

Prices change: look at the source, and write what you pay into `taggers.toml`, by the name of a
provider or of its plugin. It takes the place of the table's:

```toml
[prices]
google-vision = "0.0015 USD"
```
"""

NOT_KNOWN = """
## Not known

No public price was found for these that can be looked up and dated. What a spend cap covers is
refused until `[prices]` says what it costs, and the strategy `cheapest` asks these last. The
plugins' own pages say where their vendors tell prices.
"""

HEADS = ("provider", "unit", "price", "as of", "source", "note")


def prices_page(providers: Iterable[Provider]) -> str:
    """The page for these providers; those that bill nothing are left out."""
    billed = [provider for provider in providers if provider.offers.unit is not None]
    known = [(one, price) for one in billed if (price := one.offers.price) is not None]
    lines = [HEAD, f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    lines += [_row(provider, price) for provider, price in known]
    return "\n".join([*lines, NOT_KNOWN, *_not_known(billed)]) + "\n"


def _row(provider: Provider, price: Price) -> str:
    unit = provider.offers.unit
    cells = (f"`{provider.name}`", unit, price.money, price.as_of, f"<{price.source}>", price.note)
    return f"| {' | '.join(map(str, cells))} |"


def _not_known(billed: Iterable[Provider]) -> Iterator[str]:
    for provider in billed:
        if provider.offers.price is None:
            yield f"* `{provider.name}`, by the {provider.offers.unit}"
