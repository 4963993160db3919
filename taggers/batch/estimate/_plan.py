"""What a run would do, before anything is spent: found by looking at the pictures' heads alone."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from attrs import define, field, frozen

from ..._config import Config
from ..._money import Money
from ..._routes import Planner
from ...errors import TaggersError
from ..sources._content import Head, head
from ..sources._item import Item
from ._caps import passed
from ._copies import Copies
from ._counted import Counted, Reasons, leaves_of
from ._known import Known

__all__ = ["Plan", "Planned", "Reason", "plan"]


@frozen
class Reason:
    """How many pictures an error is about, and what the first of them says."""

    count: int
    example: str


@frozen(kw_only=True)
class Planned:
    """What one provider, or route, would be asked.

    * `calls`: one for each different picture that is taken; `units` is what they would bill;
    * `refused`: the pictures that nobody there takes, by kind of error;
    * `cost`: where the first that takes a picture answers; None where a price is not known. `most`
      is where a route has to go on to the dearest, and what is of unknown outcome is sent again, if
      that is allowed;
    * `as_of`: the oldest day of a price table that this is from; None where all is the user's word;
    * `time_s`: at the declared limits, with calls that take `CALL_S`, or `LOCAL_CALL_S`.
    """

    name: str
    calls: int
    units: int
    refused: Mapping[str, Reason]
    cost: Money | None
    most: Money | None
    as_of: datetime.date | None
    time_s: float


@frozen(kw_only=True)
class Plan:
    """What a run would do: the numbers of pictures found, of those that are copies of others, of
    those about which all is in the store, and of those that cannot be read, by kind of error; and
    what each would be asked. `cheapest` is the one of those that take the most pictures that costs
    the least; None where that is not known. `caps` says which spend caps all of it would pass."""

    found: int
    copies: int
    known: int
    unreadable: Mapping[str, Reason]
    providers: tuple[Planned, ...]
    cheapest: str | None
    caps: tuple[str, ...] = ()

    @property
    def unread(self) -> int:
        """How many pictures cannot be read."""
        return sum(reason.count for reason in self.unreadable.values())


def plan(
    items: Iterable[Item],
    names: Iterable[str],
    config: Config,
    *,
    prepare: Literal["auto", "never"] = "auto",
    fetch: bool = False,
    language: str | None = None,
    known: Known | None = None,
) -> Plan:
    """The plan for asking these providers, or routes, about these pictures. Nobody is asked, and
    nothing is decoded; what is `known` already is not counted as a call. Raises
    `ConfigurationError` for a name that is none."""
    planner = Planner(
        routes=config.routes,
        of=lambda name: leaves[name].candidate,
        roll=random.Random(1).random,  # noqa: S311
        cny_per_usd=config.prices.cny_per_usd,
    )
    asked = tuple(dict.fromkeys(names))
    leaves = leaves_of(_every_leaf(asked, config, planner), config)
    counted = [
        Counted(name=name, leaves=leaves, planner=planner, config=config, prepare=prepare,
                fetch=fetch) for name in asked
    ]  # fmt: skip
    with Copies() as copies:
        pictures = _Pictures(copies, asked, known)
        for item in items:
            found, missing = pictures.look(item)
            for one in counted:
                if found is not None and one.name in missing:
                    one.count(found, item.metadata, language)
    planned = tuple(map(_planned, counted))
    return Plan(
        found=pictures.found,
        copies=pictures.copied,
        known=pictures.known,
        unreadable=_reasons(pictures.unreadable),
        providers=planned,
        cheapest=_cheapest(planned, config.prices.cny_per_usd),
        caps=tuple(dict.fromkeys(passed(counted, config))),
    )


def _every_leaf(names: Iterable[str], config: Config, planner: Planner) -> Iterable[str]:
    for name in names:
        yield from planner.leaves(name)
        for shadow in config.routes[name].shadow if name in config.routes else ():
            yield from planner.leaves(shadow)


@define
class _Pictures:
    """Counts what is found."""

    copies: Copies
    asked: Sequence[str]
    store: Known | None
    found: int = 0
    copied: int = 0
    known: int = 0
    unreadable: Reasons = field(factory=Reasons)

    def look(self, item: Item) -> tuple[Head | None, Sequence[str]]:
        """The picture's head, None where there is no need of it, and whom to ask about it."""
        self.found += 1
        try:
            return self._looked(item)
        except TaggersError as error:
            self.unreadable.add(error)
        return None, ()

    def _looked(self, item: Item) -> tuple[Head | None, Sequence[str]]:
        missing = self.store.missing(item) if self.store else self.asked
        seen = head(item) if missing else None
        if seen is not None and self.copies.holds(seen):
            self.copied += 1
            return None, ()
        if self.store is not None and seen is not None:
            missing = self.store.missing_of(seen, missing)
        self.known += not missing
        return seen, missing


def _planned(one: Counted) -> Planned:
    listed = [one.leaves[name].listed for name in one.planner.leaves(one.name)]
    return Planned(
        name=one.name,
        calls=one.calls,
        units=one.units,
        refused=_reasons(one.refused),
        cost=one.cost(),
        most=one.most(),
        as_of=min((price.as_of for price in listed if price), default=None),
        time_s=one.time_s(),
    )


def _reasons(reasons: Reasons) -> Mapping[str, Reason]:
    return {
        kind: Reason(count, reasons.examples[kind]) for kind, count in reasons.counts.most_common()
    }


def _cheapest(every: Sequence[Planned], cny_per_usd: float | None) -> str | None:
    """Whom it costs the least among those that take the most pictures."""
    most = max((one.calls for one in every), default=0)
    costs = {one.name: one.cost for one in every if one.calls == most}
    known = {name: cost for name, cost in costs.items() if cost is not None}
    currencies = {cost.currency for cost in known.values() if cost.micros}
    if not most or len(known) < len(costs) or (len(currencies) > 1 and cny_per_usd is None):
        return None
    return min(known, key=lambda name: known[name].in_cny(cny_per_usd or 1.0))
