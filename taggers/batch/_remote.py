"""What the coordinator of a job keeps, as a worker uses it: the journal, and the money."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, frozen

from .._model import Result
from .._spend import Purse
from ..errors import Billed, TaggersError
from ._errand import Errand, Place, Retry
from ._job import LeaseOver

if TYPE_CHECKING:
    from ._worker import Lease

__all__ = ["Books", "Till"]


@frozen
class Books:
    """The journal of the coordinator, for `batch`."""

    lease: Lease

    def asked(self, places: Iterable[Place]) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.lease.sure("asked", [*places])
        return found

    def advance(
        self,
        outcomes: Sequence[tuple[int, Result | TaggersError]],
        errands: Sequence[Errand],
        *,
        retry: Sequence[Retry] = ("failed",),
    ) -> list[int | None]:
        lease = self.lease
        number = lease.number("advance")
        try:
            calls: list[int | None] = lease.sure(
                "advance", lease.name, number, outcomes, errands, retry
            )
        except LeaseOver:
            self.settle(outcomes)
            raise
        lease.calls -= {call for call, _ in outcomes}
        lease.calls |= {call for call in calls if call is not None}
        return calls

    def settle(self, outcomes: Sequence[tuple[int, Result | TaggersError]]) -> None:
        self.lease.sure("settle", self.lease.name, outcomes, always=True)
        self.lease.calls -= {call for call, _ in outcomes}


@frozen
class Till:
    """Pays from the ledger of the coordinator."""

    ask: Callable[..., Any]
    purse: Purse

    def reserve(self, units: int) -> _Deposit | None:
        caps, _ = self.purse.counted(units)
        if not caps:
            return None
        token, purse = secrets.token_hex(8), self.purse
        self.ask(
            "reserve", token, units, purse.provider, purse.routes, purse.price, purse.priced_as
        )
        return _Deposit(self.ask, token)


@define(eq=False)
class _Deposit:
    """Money that the coordinator has set aside for one request."""

    ask: Callable[..., Any]
    token: str
    _open: bool = True

    def settle(self, billed: Billed) -> None:
        wanted, self._open = self._open and billed != "maybe", False
        if wanted:
            with contextlib.suppress(LeaseOver, TaggersError):
                self.ask("book", self.token, billed)
