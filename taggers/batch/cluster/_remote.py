"""What the coordinator of a job keeps, as a worker uses it: the journal, and the money."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, frozen

from ..._spend import Purse
from ...errors import Billed, TaggersError
from ..store._errand import Errand, Place, Retry
from ..store._settled import Settled
from ._job import LeaseOver

if TYPE_CHECKING:
    from ._worker import Lease

__all__ = ["RemoteBooks", "Till"]


@frozen
class RemoteBooks:
    """The journal of the coordinator, for `batch`."""

    lease: Lease

    def unasked(
        self, places: Sequence[Place], providers: Iterable[str], retry: Collection[Retry]
    ) -> dict[str, set[str]]:
        found: dict[str, set[str]] = self.lease.sure("unasked", places, [*providers], retry)
        return found

    def advance(
        self,
        outcomes: Sequence[tuple[int, Settled]],
        errands: Sequence[Errand],
        *,
        retry: Sequence[Retry] = ("failed",),
    ) -> list[int | None]:
        lease, calls = self.lease, list[int | None]()
        if errands:
            calls = self._begun(outcomes, errands, retry)
        else:
            lease.sure("settle", lease.name, outcomes, always=True)
        lease.calls -= {call for call, _ in outcomes}
        lease.calls |= {call for call in calls if call is not None}
        return calls

    def _begun(
        self,
        outcomes: Sequence[tuple[int, Settled]],
        errands: Sequence[Errand],
        retry: Sequence[Retry],
    ) -> list[int | None]:
        number = self.lease.number("advance")
        try:
            calls: list[int | None] = self.lease.sure(
                "advance", self.lease.name, number, outcomes, errands, retry
            )
        except LeaseOver:
            self.advance(outcomes, ())
            raise
        return calls


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
