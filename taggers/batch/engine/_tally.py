"""What became of pictures at providers, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from attrs import define, field

from ..._model import Result
from ...errors import TaggersError
from ..estimate._counted import Reasons
from ..store._happened import Happened
from ..store._settled import Payment, Settled, paid

__all__ = ["Tally"]


@define
class Tally:
    """How many errands ended how. `billed` are units by who was asked, and `maybe_billed` those of
    which it is not known; `unread` tells of pictures that could not be read, `waiting` of whom is
    waited for, and `ended` of who is not asked any more."""

    done: int = 0
    known: int = 0
    failed: Counter[str] = field(factory=Counter)
    unread: Reasons = field(factory=Reasons)
    billed: Counter[str] = field(factory=Counter)
    maybe_billed: Counter[str] = field(factory=Counter)
    waiting: dict[str, TaggersError] = field(factory=dict)
    ended: dict[str, TaggersError] = field(factory=dict)

    @property
    def unreadable(self) -> int:
        """How many pictures could not be read."""
        return self.unread.counts.total()

    @property
    def units(self) -> int:
        """How many units were billed."""
        return self.billed.total()

    @property
    def maybe_units(self) -> int:
        """How many units may have been billed."""
        return self.maybe_billed.total()

    def count(self, one: Happened) -> None:
        """Counts what happened."""
        if one.said == "known":
            self.known += 1
        elif isinstance(one.said, Result):
            self.done += 1
            self._pay(one.provider, paid(one.said.provenance.attempts))
        else:
            self.failed[type(one.said).__name__] += 1
            if one.provider is None:
                self.unread.add(one.said)
            self._pay(one.provider, paid(one.said.attempts))

    def settle(self, call: Settled) -> None:
        """Counts how a call ended, as it is written down."""
        if call.kind is None:
            self.done += 1
        else:
            self.failed[call.kind] += 1
        self._pay("", call.paid)

    def _pay(self, asked: str | None, payments: Iterable[Payment]) -> None:
        for provider, billed, units in payments:
            counted = self.billed if billed == "yes" else self.maybe_billed
            counted[provider or asked or ""] += units
