"""How the limits of a job are divided among its workers: never more than all of each is in use.

Everybody has a seat, and of each limit what is dealt to that seat. When somebody comes or goes,
all first go down to what both the old seat and the new one have, and say so; when the last has, and
a window of the rates is over, they go up to what the new one has.
"""

from __future__ import annotations

from attrs import define, field, frozen

from ..._limits import WINDOW_S

__all__ = ["NOTHING", "Seats", "Shares"]

Seats = frozenset[tuple[int, int]]
"""As in `Share`: a number from 0, and of how many. A worker has the least that one of them has."""
NOTHING: Seats = frozenset()


@frozen
class Told:
    """What a worker may use from now on, and whether that stays as it is."""

    seats: Seats
    settled: bool


@define(eq=False)
class Shares:
    """The seats of the workers of one job. It keeps, for each, the most that it may hold just now:
    what it said last, or more, where it has been told so since."""

    _order: list[str] = field(factory=list)
    _most: dict[str, Seats] = field(factory=dict)
    _level_since: float | None = None

    def join(self, worker: str, held: Seats) -> None:
        """Gives a worker a seat: the next one, or about the one that it holds already."""
        number = min(held, default=(len(self._order), 0))[0]
        self._order.insert(number, worker)
        self._most[worker] = held
        self._level_since = None

    def leave(self, worker: str) -> None:
        """Frees the seat of a worker, which uses nothing any more."""
        self._order.remove(worker)
        del self._most[worker]
        self._level_since = None

    def heard(self, worker: str, held: Seats, now: float) -> Told:
        """What a worker may use that says that it holds these."""
        self._most[worker] = held
        seat = self._seat(worker)
        if not self._level(now):
            return Told(held and held | {seat}, settled=False)
        self._most[worker] = frozenset({seat})
        return Told(self._most[worker], settled=True)

    def _seat(self, worker: str) -> tuple[int, int]:
        return self._order.index(worker), len(self._order)

    def _level(self, now: float) -> bool:
        """Whether for a window nobody has held more than its own seat has."""
        if any(held and self._seat(worker) not in held for worker, held in self._most.items()):
            return False
        if self._level_since is None:
            self._level_since = now
        return now >= self._level_since + WINDOW_S
