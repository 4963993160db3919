"""What a run would do, before anything is spent: found by looking at the pictures' heads alone."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import define, field, frozen

from .._config import Config
from .._image import Image
from .._keys import Keys
from .._money import Money
from .._provider import Provider
from .._registry import Registry
from ..compare import Pricing
from ..errors import PayloadTooLarge, TaggersError, UnsupportedImage
from ._source import Item, open_item
from ._tariff import Tariff, tariff

__all__ = ["Plan", "Planned", "plan"]

HEAD_BYTES = 65_536
"""So much of a file is read to know what it is; all of it, where that does not tell."""
CALL_S = 1.0
"""How long a call is taken to last where nothing else bounds a run: an assumption."""


@frozen(kw_only=True)
class Planned:
    """What one provider would be asked.

    * `calls`: one for each different picture that it takes; `units` is what they would bill;
    * `refused`: how many pictures it would refuse, by reason;
    * `cost`: by the price known; None where none is. `most` is what it costs where each call has to
      be repeated once after it was billed;
    * `time_s`: at the declared limits, with calls that take a second.
    """

    name: str
    calls: int
    units: int
    refused: Mapping[str, int]
    cost: Money | None
    most: Money | None
    time_s: float


@frozen(kw_only=True)
class Plan:
    """What a run would do: the numbers of pictures found, of those that are copies of others, and
    of those that cannot be read, by reason; and what each provider would be asked. `cheapest` is
    the one that takes every readable picture for the least, where prices are known."""

    found: int
    copies: int
    unreadable: Mapping[str, int]
    providers: tuple[Planned, ...]
    cheapest: str | None


def plan(
    items: Iterable[Item],
    providers: Iterable[str],
    config: Config,
    registry: Registry,
    keys: Keys,
    pricing: Pricing,
) -> Plan:
    """The plan for asking these providers about these pictures. Nobody is asked, and nothing is
    decoded. Raises `ConfigurationError` for a provider that there is not."""
    asked = [_Asked.of(name, config, registry, keys, pricing) for name in dict.fromkeys(providers)]
    pictures = _Pictures()
    for item in items:
        if (image := pictures.head(item)) is not None:
            for one in asked:
                one.count(image)
    planned = tuple(one.planned() for one in asked)
    return Plan(
        found=pictures.found,
        copies=pictures.copies,
        unreadable=dict(pictures.unreadable.most_common()),
        providers=planned,
        cheapest=_cheapest(planned),
    )


@define
class _Pictures:
    """Counts what is found. Files of the same size may be copies: these are hashed."""

    found: int = 0
    copies: int = 0
    unreadable: Counter[str] = field(factory=Counter)
    _by_size: dict[int, list[str] | set[bytes]] = field(factory=lambda: defaultdict(list))
    _urls: set[str] = field(factory=set)

    def head(self, item: Item) -> Image | None:
        """The picture, its first bytes read; None of one that is a copy, or cannot be read."""
        self.found += 1
        try:
            image, size = _head(item.source)
        except TaggersError as error:
            self.unreadable[type(error).__name__] += 1
            return None
        if self._is_copy(item.source, size):
            self.copies += 1
            return None
        return image

    def _is_copy(self, source: str, size: int | None) -> bool:
        if size is None:
            known = source in self._urls
            self._urls.add(source)
            return known
        seen = self._by_size[size]
        if not seen:
            seen.append(source)  # type: ignore[union-attr]
            return False
        if isinstance(seen, list):
            seen = self._by_size[size] = {_digest(one) for one in seen}
        digest = _digest(source)
        known = digest in seen
        seen.add(digest)
        return known


def _digest(source: str) -> bytes:
    return hashlib.sha256(open_item(source).content or b"").digest()


def _head(source: str) -> tuple[Image, int | None]:
    """What the first bytes of a file tell, and its size in bytes; a URL has none."""
    if "://" in source:
        image = open_item(source)
        return image, None if image.content is None else len(image.content)
    try:
        with Path(source).open("rb") as file:
            head = file.read(HEAD_BYTES)
            size = file.seek(0, 2)
        return Image.from_bytes(head, source=source), size
    except (OSError, ValueError, UnsupportedImage):
        image = Image.open(source)  # says what is wrong, or reads on
        return image, len(image.content or b"")


@define
class _Asked:
    """A provider while the pictures are counted."""

    name: str
    provider: Provider
    tariff: Tariff
    concurrency: int
    rate_per_s: int | None
    calls: int = 0
    refused: Counter[str] = field(factory=Counter)

    @classmethod
    def of(
        cls, name: str, config: Config, registry: Registry, keys: Keys, pricing: Pricing
    ) -> _Asked:
        service = config.service(name, registry)
        provider = registry.provider(service.plugin)
        own, offers = service.limits, provider.offers
        return cls(
            name=name,
            provider=provider,
            tariff=tariff(name, config, registry, keys, pricing),
            concurrency=own.concurrency or offers.concurrency or 8,
            rate_per_s=own.rate_per_s or offers.rate_per_s,
        )

    def count(self, image: Image) -> None:
        """Counts a picture as one that is asked about, or refused."""
        error = _refusal(self.provider, image)
        if error is None:
            self.calls += 1
        else:
            self.refused[type(error).__name__] += 1

    def planned(self) -> Planned:
        units = self.calls * self.tariff.units
        cost = None if self.tariff.price is None else self.tariff.price * units
        by_calls = self.calls * CALL_S / self.concurrency
        return Planned(
            name=self.name,
            calls=self.calls,
            units=units,
            refused=dict(self.refused),
            cost=cost,
            most=None if cost is None else cost * 2,
            time_s=max(by_calls, self.calls / self.rate_per_s if self.rate_per_s else 0.0),
        )


def _refusal(provider: Provider, image: Image) -> TaggersError | None:
    """Why a picture would be refused even when it is made to fit; None where it would not. Of a
    file only the head is there, so that its bytes are not counted: too many are made fewer."""
    least = provider.accepts.min_edge_px or 1
    longest = max(image.width or least, image.height or least)
    fits = image.content is not None and "content" in provider.accepts.sources
    if fits and longest >= least:
        return None
    try:
        provider.accepts.check(image)
    except PayloadTooLarge:
        return None
    except TaggersError as error:
        return error
    return None


def _cheapest(planned: Iterable[Planned]) -> str | None:
    every = list(planned)
    if not every or any(one.cost is None for one in every):
        return None
    most = max(one.calls for one in every)
    fitting = [one for one in every if one.calls == most and one.cost is not None]
    if len({one.cost.currency for one in fitting if one.cost and one.cost.micros}) > 1:
        return None
    return min(fitting, key=lambda one: one.cost.micros if one.cost else 0).name
