"""Permits: a service's limits, kept by all processes of this machine together.

A permit is taken before a request and given back after. It counts among those that run until it is
given back, and in the rate until a little more than a second after its request had gone out; so a
server sees no more than the rate in any second, whenever it begins to count. What a dead process
held is freed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen

from ._ledger import Ledger
from ._limits import WINDOW_S
from ._process import Process
from .errors import LocalResourceError

__all__ = ["Permit", "Permits", "Usage", "limits", "usages"]

POLL_S = 0.02
"""When to ask again for a permit that another process has to give back."""

_TABLES = (
    """CREATE TABLE permits (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,
        pid INTEGER NOT NULL, started TEXT NOT NULL, space TEXT NOT NULL,
        running INTEGER NOT NULL,  -- 1 until it is given back
        taken REAL NOT NULL,       -- all times are ticks of the machine, in s
        counts_until REAL,         -- in the rate; NULL until that is known
        expires REAL NOT NULL
    )""",
    """CREATE TABLE holds (
        service TEXT PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL, reason TEXT NOT NULL
    )""",
    "CREATE TABLE breakers (service TEXT PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL)",
    "CREATE TABLE salt (salt BLOB NOT NULL)",
    "INSERT INTO salt VALUES (randomblob(32))",
)


def limits(folder: Path) -> Ledger:
    """The ledger of the permits and holds, in the folder of the store. Nothing in it has to survive
    a loss of power, so nothing waits for the disk."""
    return Ledger(folder / "limits.sqlite3", "which limits are used", _TABLES)


@frozen
class Permit:
    """That one request may be sent."""

    id: int
    taken: float


@frozen(kw_only=True)
class Permits:
    """Gives permits for a service with one credential; None: no limit.

    Whoever names the same provider, endpoint and credential shares them. Of the credential, which
    may be any text, only a salted digest is kept. A permit that is not given back after `lease_s`
    is freed, too: for where the end of a process cannot be seen. `ticks` counts seconds, alike in
    all processes.
    """

    ledger: Ledger
    provider: str
    endpoint: str
    credential: str = field(repr=False)
    concurrency: int | None
    rate_per_s: int | None
    lease_s: float = 600.0
    ticks: Callable[[], float] = field(default=time.monotonic, repr=False)

    def take(self) -> Permit | float:
        """A permit, to be given back; or a number: ask again in so many seconds.

        Raises `LocalResourceError` where the ledger cannot be written.
        """
        with self.ledger.write(durable=False) as ledger:
            now = self.ticks()  # when it is this call's turn
            _forget(ledger, now)
            service = self._service(ledger)
            if self._wait_s(ledger, service, now) and _free_dead(ledger, now):
                _forget(ledger, now)
            return self._wait_s(ledger, service, now) or self._taken(ledger, service, now)

    def sent(self, permit: Permit, at: float | None) -> None:
        """Gives a permit back. Its request had gone out by the ticks `at`, None: not at all.

        Raises nothing: where the ledger is out of reach the permit counts until it expires.
        """
        with suppress(LocalResourceError), self.ledger.write(durable=False) as ledger:
            now = self.ticks()
            until = now if at is None else WINDOW_S + min(max(at, permit.taken), now)
            ledger.execute(
                "UPDATE permits SET running = 0, counts_until = ? WHERE id = ?", (until, permit.id)
            )

    def hold(self, seconds: float, reason: str) -> None:
        """Lets nothing through for so long, or until a longer hold ends. Raises nothing."""
        with suppress(LocalResourceError), self.ledger.write(durable=False) as ledger:
            now = self.ticks()
            ledger.execute(
                "INSERT INTO holds VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET since = excluded.since, until = excluded.until, reason = excluded.reason "
                "WHERE excluded.until > until",
                (self._service(ledger), now, now + seconds, reason),
            )

    def left_alone(self, seconds: float | None) -> None:
        """Writes down that a process lets the service alone for so long, or (None) no more. Others
        are told of it by `usages`, and find out for themselves. Raises nothing."""
        with suppress(LocalResourceError), self.ledger.write(durable=False) as ledger:
            service, now = self._service(ledger), self.ticks()
            ledger.execute("DELETE FROM breakers WHERE service = ?", (service,))
            if seconds is not None:
                row = (service, now, now + seconds)
                ledger.execute("INSERT INTO breakers VALUES (?, ?, ?)", row)

    def _service(self, ledger: sqlite3.Connection) -> str:
        (salt,) = ledger.execute("SELECT salt FROM salt").fetchone()
        digest = hashlib.blake2b(self.credential.encode(), key=salt, digest_size=16).hexdigest()
        return json.dumps([self.provider, self.endpoint, digest])

    def _wait_s(self, ledger: sqlite3.Connection, service: str, now: float) -> float:
        """How long nothing is let through, for a hold, the concurrency or the rate; 0.0: it is."""
        held = ledger.execute("SELECT until FROM holds WHERE service = ?", (service,)).fetchone()
        if held is not None:
            return float(held[0]) - now
        if self.concurrency is not None and _running(ledger, service) >= self.concurrency:
            return POLL_S
        return 0.0 if self.rate_per_s is None else self._rate_wait_s(ledger, service, now)

    def _rate_wait_s(self, ledger: sqlite3.Connection, service: str, now: float) -> float:
        """How long until one more request keeps the rate. Of a permit that is not given back it is
        not known until when it counts: a window longer than it was taken, at the least."""
        ends = ledger.execute(
            "SELECT coalesce(counts_until, max(taken + ?, ?)) AS ends FROM permits "
            "WHERE service = ? AND ends > ? ORDER BY ends DESC LIMIT 1 OFFSET ?",
            (WINDOW_S, now + POLL_S, service, now, (self.rate_per_s or 1) - 1),
        ).fetchone()
        return 0.0 if ends is None else float(ends[0]) - now

    def _taken(self, ledger: sqlite3.Connection, service: str, now: float) -> Permit:
        this = Process.current()
        cursor = ledger.execute(
            "INSERT INTO permits (service, pid, started, space, running, taken, expires) "
            "VALUES (?, ?, ?, ?, 1, ?, ?)",
            (service, this.pid, this.started, this.space, now, now + self.lease_s),
        )
        assert cursor.lastrowid is not None
        return Permit(cursor.lastrowid, now)


@frozen
class Usage:
    """How a service's limits stand: requests that run and that count in the rate just now, how much
    longer nothing is let through, in s, and why, and how much longer a process lets it alone that
    saw it fail often. `credential` tells one from another."""

    provider: str
    endpoint: str
    credential: str
    running: int
    in_rate: int
    held_s: float
    reason: str | None
    left_alone_s: float


def usages(ledger: Ledger, ticks: Callable[[], float] = time.monotonic) -> tuple[Usage, ...]:
    """How all services stand of which something is in use."""
    with ledger.write(durable=False) as connection:
        now = ticks()
        _free_dead(connection, now)
        _forget(connection, now)
        services = connection.execute(
            "SELECT service FROM permits UNION SELECT service FROM holds "
            "UNION SELECT service FROM breakers ORDER BY service"
        ).fetchall()
        return tuple(_usage(connection, service, now) for (service,) in services)


def _usage(ledger: sqlite3.Connection, service: str, now: float) -> Usage:
    provider, endpoint, digest = json.loads(service)
    (in_rate,) = ledger.execute(
        "SELECT count(*) FROM permits WHERE service = ? AND (running OR counts_until > ?)",
        (service, now),
    ).fetchone()
    until, reason = ledger.execute(
        "SELECT until, reason FROM holds WHERE service = ?", (service,)
    ).fetchone() or (now, None)
    running = _running(ledger, service)
    (open_until,) = ledger.execute(
        "SELECT until FROM breakers WHERE service = ?", (service,)
    ).fetchone() or (now,)
    alone_s = open_until - now
    return Usage(provider, endpoint, digest[:6], running, in_rate, until - now, reason, alone_s)


def _running(ledger: sqlite3.Connection, service: str) -> int:
    (count,) = ledger.execute(
        "SELECT count(*) FROM permits WHERE service = ? AND running", (service,)
    ).fetchone()
    return int(count)


def _forget(ledger: sqlite3.Connection, now: float) -> None:
    """Drops what counts no more, and what is of before the machine was last started, when its ticks
    began anew."""
    ledger.execute(
        "DELETE FROM permits WHERE (NOT running AND counts_until <= :now) OR expires <= :now "
        "OR taken > :now + 1",
        {"now": now},
    )
    ledger.execute("DELETE FROM holds WHERE until <= :now OR since > :now + 1", {"now": now})
    ledger.execute("DELETE FROM breakers WHERE until <= :now OR since > :now + 1", {"now": now})


def _free_dead(ledger: sqlite3.Connection, now: float) -> bool:
    """Gives back what ended processes held; their last requests may have gone out just now."""
    holders = ledger.execute("SELECT DISTINCT pid, started, space FROM permits WHERE running")
    dead = [holder for holder in holders.fetchall() if Process(*holder).ended()]
    for holder in dead:
        ledger.execute(
            "UPDATE permits SET running = 0, counts_until = ? "
            "WHERE running AND pid = ? AND started = ? AND space = ?",
            (now + WINDOW_S, *holder),
        )
    return bool(dead)
