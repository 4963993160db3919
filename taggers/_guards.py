"""What stands before a service, for the calls that are on their way to it."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from attrs import define, field, frozen

from ._breaker import Breaker
from ._limits import Limiter
from ._retries import Retries

__all__ = ["Billed", "Guards", "Permits", "Purse", "Repeats", "Reservation"]

Billed = Literal["no", "maybe", "yes"]


class Reservation(Protocol):
    """Money that is set aside for one request."""

    def settle(self, billed: Billed) -> None:
        """Gives it back ("no"), books it ("yes"), or leaves it set aside ("maybe")."""


class Purse(Protocol):
    """The spend caps that one call is under. Its methods block, and belong into a thread."""

    def reserve(self, units: int) -> Reservation | None:
        """Sets money aside for a request that bills so many units. Raises `BudgetExceeded`."""


class Permits(Protocol):
    """Limits that hold for all processes of this machine. Its methods block, too."""

    def take(self) -> Any:
        """A permit for one request; or a number: ask again in so many seconds."""

    def sent(self, permit: Any, at: float | None) -> None:
        """Gives a permit back; its request had gone out at these ticks, or not at all."""

    def hold(self, seconds: float, reason: str) -> None:
        """Lets nothing through for so long."""

    def left_alone(self, seconds: float | None) -> None:
        """Writes down that the breaker has opened for so long; or (None) closed."""


@define(eq=False)
class Repeats:
    """How often one call may still ask again, whomever a route asks; an inner route's repeats are
    also some of those around it."""

    left: int
    within: Repeats | None = None

    def take(self) -> bool:
        """Whether one was left, which is taken."""
        if self.left < 1 or (self.within is not None and not self.within.take()):
            return False
        self.left -= 1
        return True


@frozen(kw_only=True)
class Guards:
    """What the process, and the machine, know of one service with one credential.

    `limiter`, `breaker` and `retries` are the process's; `permits` and `purse` the machine's, where
    limits are shared and caps are set; `repeats` belongs to the one call.
    """

    limiter: Limiter = field(factory=Limiter)
    breaker: Breaker = field(factory=Breaker)
    retries: Retries = field(factory=Retries)
    repeats: Repeats = field(factory=lambda: Repeats(1_000))
    permits: Permits | None = None
    purse: Purse | None = None
