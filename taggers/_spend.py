"""Spend caps: money is set aside before a request is sent, and booked or given back after.

    reserve ──► send ──► settle("yes")     booked
                     ├─► settle("no")      given back
                     └─► settle("maybe")   stays reserved, as does what a dead process reserved

What is booked and what is reserved may together never pass a cap, however many processes ask. What
is kept are totals by day and by run; so a cap that is raised, renamed or new counts what was spent
under other caps before. A call that no cap covers costs nothing here, and is not counted.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from attrs import define, field, frozen

from ._ledger import Ledger
from ._money import Money
from .errors import Billed, BudgetExceeded, LocalResourceError

__all__ = ["Cap", "Per", "Purse", "Reservation", "Standing", "spending", "standings"]

Per = Literal["run", "day", "month"]

KEPT_DAYS = 400
"""How long after its last change a total is kept."""

_TABLES = (
    """CREATE TABLE totals (
        period TEXT NOT NULL,       -- a day in UTC, as 2026-07-31, or "run …"
        provider TEXT NOT NULL,
        routes TEXT NOT NULL,       -- a JSON list, the outermost first
        currency TEXT NOT NULL,
        booked INTEGER NOT NULL,    -- micros
        reserved INTEGER NOT NULL,  -- micros
        changed TEXT NOT NULL,      -- the day of the last change
        PRIMARY KEY (period, provider, routes, currency)
    ) WITHOUT ROWID""",
)


def spending(folder: Path) -> Ledger:
    """The ledger of what is spent, in the folder of the store."""
    return Ledger(folder / "spend.sqlite3", "what was spent", _TABLES)


@frozen
class Cap:
    """The most that may be spent per run, or per day or month in UTC.

    It counts what these providers and routes spend together; None: all of them.
    """

    name: str
    money: Money
    per: Per
    providers: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None

    def covers(self, provider: str, routes: Iterable[str]) -> bool:
        """Whether a call of this provider under these routes counts."""
        its_provider = self.providers is None or provider in self.providers
        return its_provider and (self.routes is None or not set(routes).isdisjoint(self.routes))

    def stands_for(self, other: Cap) -> bool:
        """Whether it counts none but what the other one does, as one in another currency has to."""
        pairs = ((self.providers, other.providers), (self.routes, other.routes))
        return all(
            names is None or (own is not None and {*own} <= {*names}) for own, names in pairs
        )

    def __str__(self) -> str:
        return f'the cap "{self.name}" of {self.money} a {self.per}'


@frozen
class Standing:
    """How a cap stands; `ends` is when it starts anew, None where that is with the next run."""

    cap: Cap
    spent: Money
    reserved: Money
    ends: datetime | None

    @property
    def left(self) -> Money:
        """What may still be reserved; none where the cap was lowered meanwhile."""
        left = self.cap.money.micros - self.spent.micros - self.reserved.micros
        return Money(max(0, left), self.cap.money.currency)

    def refusal(self, amount: Money, now: float) -> BudgetExceeded:
        """The error of a call that could cost so much, which is more than is left."""
        anew = "with the next run" if self.ends is None else f"at {self.ends:%Y-%m-%d %H:%M} UTC"
        return BudgetExceeded(
            f"this call may cost {amount}, and {self.left} is left of {self.cap}: {self.spent} is "
            f"spent, {self.reserved} reserved; it starts anew {anew}",
            hint="raise it in taggers.toml" + (", or wait" if self.ends else ""),
            retry_after_s=None if self.ends is None else self.ends.timestamp() - now,
        )


@define(eq=False)
class Reservation:
    """Money set aside for one request. If nobody settles it, it stays so."""

    _ledger: Ledger
    _amount: Money
    _rows: tuple[_Row, ...]
    _open: bool = True

    def settle(self, billed: Billed) -> None:
        """Books it ("yes"), gives it back ("no"), or leaves it set aside ("maybe"); the first time
        counts. Raises nothing: where the ledger is out of reach the money stays set aside, and the
        next call that wants some is told."""
        wanted, self._open = self._open and billed != "maybe", False
        if not wanted:
            return
        micros = self._amount.micros
        booked = micros if billed == "yes" else 0
        with suppress(LocalResourceError), self._ledger.write(durable=False) as ledger:
            for row in self._rows:
                row.settle(ledger, micros, booked)


@frozen(kw_only=True)
class Purse:
    """Pays the requests of one call to `provider` under `routes`, the outermost first.

    Of `caps` those count that cover it and are in the currency of `price`, which is for one unit;
    None: nobody knows it. One in another currency that none of them stands for lets nothing
    through. `priced_as` is its key in [prices] of taggers.toml. `now` is the Unix time in s.
    """

    ledger: Ledger
    caps: tuple[Cap, ...]
    provider: str
    routes: tuple[str, ...] = ()
    run: str
    price: Money | None
    priced_as: str
    now: Callable[[], float] = field(default=time.time, repr=False)

    def reserve(self, units: int) -> Reservation | None:
        """Sets aside what so many units may cost, before they are asked for; None: nothing has to.

        Raises `BudgetExceeded` where a cap forbids it or cannot be kept, and `LocalResourceError`
        where the ledger cannot be written. When it returns, a loss of power cannot undo it.
        """
        caps, amount = self.counted(units)
        if not caps or amount is None:
            return None
        with self.ledger.write(durable=True) as ledger:
            now = self.now()  # when it is this call's turn: a day may have passed
            for cap in caps:
                standing = _standing(ledger, cap, self.run, now)
                if amount.micros > standing.left.micros:
                    raise standing.refusal(amount, now)
            _forget(ledger, now)
            rows = self._rows(caps, amount, now)
            for row in rows:
                row.reserve(ledger, amount.micros, _day(now))
        return Reservation(self.ledger, amount, rows)

    def counted(self, units: int) -> tuple[list[Cap], Money | None]:
        """The caps that so many units count under, and what they may cost; none where nothing has
        to be set aside. Raises `BudgetExceeded` where a cap cannot be kept."""
        caps = [cap for cap in self.caps if cap.covers(self.provider, self.routes)]
        if not caps or units == 0:
            return [], None
        amount = self._known_price(caps) * units
        if amount.micros == 0:
            return [], None
        return self._in_currency(caps, amount), amount

    def _known_price(self, caps: Sequence[Cap]) -> Money:
        if self.price is None:
            raise BudgetExceeded(
                f"nobody knows what {self.provider} costs, so {caps[0]} could be passed",
                hint=f"write its price for one unit into taggers.toml: [prices] {self.priced_as} = "
                f'"… {caps[0].money.currency}"',
            )
        return self.price

    def _in_currency(self, caps: Sequence[Cap], amount: Money) -> list[Cap]:
        kept = [cap for cap in caps if cap.money.currency == amount.currency]
        for cap in caps:
            if cap not in kept and not any(its.stands_for(cap) for its in kept):
                raise self._uncounted(cap, amount)
        return kept

    def _uncounted(self, cap: Cap, amount: Money) -> BudgetExceeded:
        """The error of a call whose cost a cap in another currency cannot count."""
        lists = {"providers": cap.providers and [self.provider], "routes": cap.routes}
        only = "".join(f", {key} = {json.dumps(names)}" for key, names in lists.items() if names)
        return BudgetExceeded(
            f"{self.provider} costs {amount.currency}, which {cap} cannot count",
            hint=f"add a cap in its currency to taggers.toml: [budgets.{self.provider}-"
            f'{amount.currency.lower()}] cap = "… {amount.currency}", per = "{cap.per}"{only}; '
            f"or write its price in the cap's: [prices] {self.priced_as} = "
            f'"… {cap.money.currency}"',
        )

    def _rows(self, caps: Sequence[Cap], amount: Money, now: float) -> tuple[_Row, ...]:
        """Where it is counted: in the day always, in the run where a cap wants to know."""
        runs = [_run(self.run)] if any(cap.per == "run" for cap in caps) else []
        routes = json.dumps(self.routes)
        periods = (_day(now), *runs)
        return tuple(_Row(period, self.provider, routes, amount.currency) for period in periods)


@frozen
class _Row:
    """The key of one total."""

    period: str
    provider: str
    routes: str
    currency: str

    @property
    def _key(self) -> tuple[str, str, str, str]:
        return self.period, self.provider, self.routes, self.currency

    def reserve(self, ledger: sqlite3.Connection, micros: int, today: str) -> None:
        ledger.execute(
            "INSERT INTO totals VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT DO UPDATE "
            "SET reserved = reserved + excluded.reserved, changed = excluded.changed",
            (*self._key, micros, today),
        )

    def settle(self, ledger: sqlite3.Connection, micros: int, booked: int) -> None:
        ledger.execute(
            "UPDATE totals SET reserved = reserved - ?, booked = booked + ? "
            "WHERE period = ? AND provider = ? AND routes = ? AND currency = ?",
            (micros, booked, *self._key),
        )


def standings(ledger: Ledger, caps: Iterable[Cap], run: str, now: float) -> tuple[Standing, ...]:
    """How these caps stand in a run, at a Unix time in s."""
    with ledger.write(durable=False) as connection:
        return tuple(_standing(connection, cap, run, now) for cap in caps)


def _standing(ledger: sqlite3.Connection, cap: Cap, run: str, now: float) -> Standing:
    first, last, ends = _period(cap.per, run, now)
    currency = cap.money.currency
    totals = ledger.execute(
        "SELECT provider, routes, booked, reserved FROM totals "
        "WHERE period BETWEEN ? AND ? AND currency = ?",
        (first, last, currency),
    )
    spent = reserved = 0
    for provider, routes, its_booked, its_reserved in totals:
        if cap.covers(provider, json.loads(routes)):
            spent += its_booked
            reserved += its_reserved
    return Standing(cap, Money(spent, currency), Money(reserved, currency), ends)


def _period(per: Per, run: str, now: float) -> tuple[str, str, datetime | None]:
    """The first and the last total of a period, and when the next one begins."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if per == "day":
        return _day(now), _day(now), today + timedelta(days=1)
    if per == "month":
        next_month = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
        return f"{today:%Y-%m}-01", f"{today:%Y-%m}-31", next_month
    return _run(run), _run(run), None


def _day(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def _run(run: str) -> str:
    return f"run {run}"


def _forget(ledger: sqlite3.Connection, now: float) -> None:
    """Drops old totals, when the first money of a day is reserved."""
    if not ledger.execute("SELECT 1 FROM totals WHERE period = ?", (_day(now),)).fetchone():
        oldest = _day(now - KEPT_DAYS * 86_400)
        ledger.execute("DELETE FROM totals WHERE changed < ?", (oldest,))
