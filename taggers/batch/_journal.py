"""The journal of a run: what is about to be asked, and what came of it.

    begin ──► send ──► settle       'sent' becomes 'done', 'failed' or 'unknown'
          └─► the process dies      'sent' becomes 'unknown' when the next run begins

Each is on the disk before it returns. So whatever happens in between, a finished result is kept,
and what may have been billed is known, and not asked again unless somebody says so.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

from attrs import define, field, frozen

from .._image import Image
from .._model import Result
from .._money import Money
from .._process import Process
from ..errors import InvalidInput, LocalResourceError, TaggersError
from ._schema import LIVE
from ._results import Results, outcome_row
from ._store import Store, named, stored

__all__ = ["Errand", "Journal", "Open", "Picture", "Place", "Retry", "begin_run", "key_of"]

LEASE_S = 60.0
"""How long a process whose end cannot be seen may write nothing before it counts as ended. If it
goes on after all, nothing is lost: what it settles then is kept."""

Retry = Literal["failed", "unknown"]


@frozen(kw_only=True)
class Picture:
    """A picture: its `key` is the content's SHA-256 in hex, or the URL that a vendor fetches; width
    and height are pixels of it upright, `size` is bytes."""

    key: str
    format: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None

    @classmethod
    def of(cls, image: Image) -> Self:
        """What the store keeps of a picture."""
        return cls(
            key=image.sha256 or image.source,
            format=image.format,
            width=image.width,
            height=image.height,
            size=None if image.content is None else len(image.content),
        )


@frozen(kw_only=True)
class Place:
    """Where a picture was found, and by what one sees that a file did not change."""

    source: str
    size: int | None = None
    mtime_ns: int | None = None


@frozen(kw_only=True)
class Errand:
    """To ask one provider, or route, about one picture. It may bill so many units, of which one
    costs `price`; None: nobody knows."""

    picture: Picture
    provider: str
    place: Place | None = None
    units: int = 1
    price: Money | None = None


@frozen(kw_only=True)
class Open:
    """An errand without a result: 'failed', or 'unknown' where it may have been done and billed."""

    source: str | None
    key: str
    provider: str
    state: Retry
    run: int
    began: float
    kind: str | None = None
    message: str | None = None
    code: str | None = None


@define(eq=False)
class Journal:
    """What one run writes into its store; `died` is how many calls of ended processes have become
    'unknown' as it began. Every method blocks, and may be called by any thread.

    What raises `LocalResourceError` has written nothing, and may be called again.
    """

    store: Store
    run: int
    died: int = 0
    _results: Results = field(factory=Results, repr=False)
    _now: Callable[[], float] = field(default=time.time, repr=False)

    @classmethod
    def open(
        cls,
        store: Store,
        command: str,
        options: Mapping[str, Any] | None = None,
        *,
        shared: bool = False,
        now: Callable[[], float] = time.time,
    ) -> Self:
        """Begins a run; `options` are those of its calls by name, and what else may be good to know.

        Raises `LocalResourceError` where another process runs on the store, unless it is `shared`:
        then each errand goes to the first that begins it.
        """
        with store.write() as sql:
            died = recover(sql, now())
            if not shared:
                _refuse_company(sql, store)
            run = begin_run(sql, command, options or {}, now())
        return cls(store, run, died, now=now)

    def begin(
        self, errands: Sequence[Errand], *, retry: Sequence[Retry] = ("failed",)
    ) -> list[int | None]:
        """Writes down, before anything is sent, that these are about to be asked. For each the id
        of its call, or None where it must not be sent: it is done, under way, unknown or failed,
        and not so in an earlier run and to be tried again."""
        with self._write() as sql:
            return [self._begun(sql, errand, retry) for errand in errands]

    def settle(self, outcomes: Sequence[tuple[int, Result | TaggersError]]) -> None:
        """Writes down what came of calls. One that is settled already stays as it is."""
        with self._write() as sql:
            for call, outcome in outcomes:
                self._settle(sql, call, outcome)

    def asked(self, place: Place, providers: Sequence[str]) -> dict[str, str]:
        """What became of the errands of a file that is as it was when it was seen last: the state
        by provider; empty where it must be read to know. Nothing is written."""
        with self.store.read() as sql:
            return _asked(sql, place, providers)

    def progress(self) -> dict[tuple[str, str | None], int]:
        """How many calls of this run are in each state, and failed with each kind of error."""
        with self.store.read() as sql:
            rows = sql.execute(
                "SELECT state, kind, count(*) FROM call_rows WHERE run = ? GROUP BY state, kind",
                (self.run,),
            )
            return {(state, kind): count for state, kind, count in rows}

    def close(self, state: Literal["done", "stopped"] = "done") -> None:
        """Ends the run; what it has under way becomes unknown."""
        with self.store.write() as sql:
            now = self._now()
            _forsake(sql, self.run, now)
            sql.execute(
                "UPDATE run_rows SET state = ?, ended = ? WHERE id = ? AND state = 'running'",
                (state, now, self.run),
            )

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            with self.store.write() as sql:
                seen = sql.execute(
                    "UPDATE run_rows SET seen = ? WHERE id = ?", (self._now(), self.run)
                )
                if seen.rowcount == 0:
                    raise LocalResourceError(
                        f"{self.store.path} was moved away or replaced during the run",
                        hint="put it back and run again: what was finished is in it",
                    )
                yield sql
        except BaseException:
            self._results.forget()  # it may know rows that are not there
            raise

    def _begun(self, sql: sqlite3.Connection, errand: Errand, retry: Sequence[Retry]) -> int | None:
        picture = _picture(sql, errand.picture)
        if errand.place is not None:
            place = errand.place
            sql.execute(
                "INSERT OR REPLACE INTO place_rows VALUES (?, ?, ?, ?, ?)",
                (stored(place.source), picture, place.size, place.mtime_ns, self.run),
            )
        provider = self._results.provider(sql, errand.provider)
        for state in retry:
            sql.execute(
                "UPDATE call_rows SET state = 'retried' WHERE picture = ? AND provider = ? "
                f"AND {LIVE} AND state = ? AND run <> ?",
                (picture, provider, state, self.run),
            )
        price = errand.price
        begun = sql.execute(
            "INSERT OR IGNORE INTO call_rows "
            "(run, picture, provider, state, began, open_units, price, currency) "
            "VALUES (?, ?, ?, 'sent', ?, ?, ?, ?)",
            (self.run, picture, provider, self._now(), errand.units)
            + ((price.micros, price.currency) if price else (None, None)),
        )
        return begun.lastrowid if begun.rowcount else None

    def _settle(self, sql: sqlite3.Connection, call: int, outcome: Result | TaggersError) -> None:
        answered = self._results.provider(sql, outcome.provider) if isinstance(outcome, Result) else None
        row = sql.execute(
            "UPDATE call_rows SET answered = ?, ended = ?, state = ?, units = ?, "
            "open_units = coalesce(?, open_units), kind = ?, message = ?, code = ?, request_id = ? "
            "WHERE id = ? AND state IN ('sent', 'unknown') RETURNING picture",
            (answered, self._now(), *outcome_row(outcome), call),
        ).fetchone()
        if row is not None and isinstance(outcome, Result):
            self._results.put(sql, self.run, call, row[0], outcome)


def begin_run(sql: sqlite3.Connection, command: str, options: Mapping[str, Any], now: float) -> int:
    """Writes down that this process begins a run, and gives its id."""
    this = Process.current()
    row = sql.execute(
        "INSERT INTO run_rows (state, command, options, began, seen, pid, started, space) "
        "VALUES ('running', ?, ?, ?, ?, ?, ?, ?)",
        (command, json.dumps(options), now, now, this.pid, this.started, this.space),
    )
    assert row.lastrowid is not None
    return row.lastrowid


def recover(sql: sqlite3.Connection, now: float) -> int:
    """Ends the runs of processes that have ended; how many calls are unknown for that."""
    running = sql.execute(
        "SELECT id, seen, pid, started, space FROM run_rows WHERE state = 'running'"
    ).fetchall()
    ended = [run for run, seen, *process in running if _ended(Process(*process), now - seen)]
    for run in ended:
        sql.execute("UPDATE run_rows SET state = 'died', ended = seen WHERE id = ?", (run,))
    return sum(_forsake(sql, run, now) for run in ended)


def _ended(process: Process, silent_s: float) -> bool:
    return process.ended() or (not process.in_sight() and silent_s > LEASE_S)


def _forsake(sql: sqlite3.Connection, run: int, now: float) -> int:
    """Marks what a run has under way as unknown."""
    return sql.execute(
        "UPDATE call_rows SET state = 'unknown', ended = ?, kind = 'OutcomeUnknown', "
        "message = 'the run ended before an answer came' WHERE state = 'sent' AND run = ?",
        (now, run),
    ).rowcount


def _refuse_company(sql: sqlite3.Connection, store: Store) -> None:
    row = sql.execute(
        "SELECT id, pid, command, began FROM run_rows WHERE state = 'running' LIMIT 1"
    ).fetchone()
    if row is None:
        return
    run, pid, command, began = row
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(began))
    raise LocalResourceError(
        f"run {run} ({command}, process {pid}) is at work on {store.path} since {since}",
        hint="wait until it ends, or pass --share to divide the work with it",
    )


def key_of(key: str) -> str | bytes:
    """A picture's key as the store has it."""
    if len(key) == 64 and "://" not in key:
        return bytes.fromhex(key)
    return stored(key)


def _picture(sql: sqlite3.Connection, picture: Picture) -> int:
    try:
        key = key_of(picture.key)
    except ValueError:
        raise InvalidInput(f"{picture.key!r} is neither a SHA-256 in hex nor a URL") from None
    sql.execute(
        "INSERT OR IGNORE INTO picture_rows (key, format, width, height, bytes) "
        "VALUES (?, ?, ?, ?, ?)",
        (key, picture.format, picture.width, picture.height, picture.size),
    )
    (row,) = sql.execute("SELECT id FROM picture_rows WHERE key = ?", (key,)).fetchone()
    return int(row)


def _asked(sql: sqlite3.Connection, place: Place, providers: Sequence[str]) -> dict[str, str]:
    rows = sql.execute(
        "SELECT p.name, c.state FROM place_rows AS at "
        f"JOIN call_rows AS c ON c.picture = at.picture AND c.{LIVE} "
        "JOIN provider_rows AS p ON p.id = c.provider "
        "WHERE at.source = ? AND at.size = ? AND at.mtime_ns = ?",
        (stored(place.source), place.size, place.mtime_ns),
    )
    return {name: state for name, state in rows if name in providers}
