"""The journal of a run: what is about to be asked, and what came of it.

    begin ──► send ──► settle       'sent' becomes 'done', 'failed' or 'unknown'
          └─► the process dies      'sent' becomes 'unknown' when the next run begins

Each is on the disk before it returns. So whatever happens in between, a finished result is kept,
and what may have been billed is known, and not asked again unless somebody says so.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

from attrs import define, field

from .._model import Result
from ..errors import LocalResourceError, TaggersError
from ._errand import Errand, Open, Place, Retry, keep_picture, without_result
from ._results import Kept, Results, keepable, outcome_row
from ._runs import begin_run, end_run, recover, refuse_company
from ._schema import LIVE
from ._store import Store, stored

__all__ = ["Journal", "states_of", "states_of_place"]


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
        """Begins a run; `options` are those of its calls by name, and whatever else tells what it
        was.

        Raises `LocalResourceError` where another process runs on the store, unless it is `shared`:
        then each errand goes to the first that begins it.
        """
        with store.write() as sql:
            died = recover(sql, now())
            if not shared:
                refuse_company(sql, store, now())
            run = begin_run(sql, command, options or {}, now())
        return cls(store, run, died, now=now)

    def begin(
        self, errands: Sequence[Errand], *, retry: Sequence[Retry] = ("failed",)
    ) -> list[int | None]:
        """Writes down, before anything is sent, that these are about to be asked. For each the id
        of its call; None where it must not be sent, as it is done, under way, unknown or failed.
        Only what ended so in an earlier run, and is to be tried again, is begun anew."""
        with self._write() as sql:
            return [self._begun(sql, errand, retry) for errand in errands]

    def settle(self, outcomes: Sequence[tuple[int, Result | TaggersError]]) -> None:
        """Writes down what came of calls. One that is settled already stays as it is."""
        kept = [(call, keepable(outcome)) for call, outcome in outcomes]
        with self._write() as sql:
            for call, outcome in kept:
                self._settle(sql, call, outcome)

    def asked(self, places: Iterable[Place]) -> list[dict[str, str]]:
        """What became of the errands of files that are as they were when they were seen last: the
        state by provider, for each; empty where a file must be read to know."""
        with self.store.read() as sql:
            return [states_of_place(sql, place) for place in places]

    def unknowns(self) -> list[Open]:
        """The errands, of all runs, that may have been done and billed."""
        return list(without_result(self.store, "unknown"))

    def failures(self) -> list[Open]:
        """The errands, of all runs, that failed when they were tried last."""
        return list(without_result(self.store, "failed"))

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
        with self._write() as sql:
            end_run(sql, self.run, state, self._now())

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self.store.path.exists():  # which writing would make again
                raise self._lost()
            with self.store.write() as sql:
                seen = sql.execute(
                    "UPDATE run_rows SET seen = ?, state = iif(state = 'died', 'running', state) "
                    "WHERE id = ?",
                    (self._now(), self.run),
                )
                if seen.rowcount == 0:
                    raise self._lost()
                yield sql
        except BaseException:
            self._results.forget()  # it may know rows that are not there
            raise

    def _lost(self) -> LocalResourceError:
        return LocalResourceError(
            f"{self.store.path} was moved away or replaced during the run",
            hint="put it back and run again: what was finished is in it",
        )

    def _begun(self, sql: sqlite3.Connection, errand: Errand, retry: Sequence[Retry]) -> int | None:
        picture = keep_picture(sql, errand.picture)
        if errand.place is not None:
            place = errand.place
            sql.execute(
                "INSERT OR REPLACE INTO place_rows VALUES (?, ?, ?, ?, ?)",
                (stored(place.source), picture, place.size, place.mtime_ns, self.run),
            )
        provider = self._results.provider(sql, errand.provider)
        return self._sent(sql, errand, picture, provider) or (
            self._sent(sql, errand, picture, provider)
            if self._retried(sql, picture, provider, retry)
            else None
        )

    def _sent(
        self, sql: sqlite3.Connection, errand: Errand, picture: int, provider: int
    ) -> int | None:
        price = errand.price
        row = sql.execute(
            "INSERT OR IGNORE INTO call_rows "
            "(run, picture, provider, state, began, open_units, price, currency) "
            "VALUES (?, ?, ?, 'sent', ?, ?, ?, ?)",
            (self.run, picture, provider, self._now(), errand.units)
            + ((price.micros, price.currency) if price else (None, None)),
        )
        return row.lastrowid if row.rowcount else None

    def _retried(
        self, sql: sqlite3.Connection, picture: int, provider: int, retry: Sequence[Retry]
    ) -> bool:
        """Makes history of a call of an earlier run, if it ended in one of these states."""
        states = ", ".join("?" * len(retry))
        row = sql.execute(
            "UPDATE call_rows SET state = 'retried' WHERE picture = ? AND provider = ? "
            f"AND {LIVE} AND run <> ? AND state IN ({states})",
            (picture, provider, self.run, *retry),
        )
        return row.rowcount > 0

    def _settle(self, sql: sqlite3.Connection, call: int, kept: Kept | TaggersError) -> None:
        answered = None if isinstance(kept, TaggersError) else kept.result.provider
        row = sql.execute(
            "UPDATE call_rows SET answered = ?, ended = ?, state = ?, units = ?, "
            "open_units = coalesce(?, open_units), kind = ?, message = ?, code = ?, request_id = ? "
            "WHERE id = ? AND state IN ('sent', 'unknown') RETURNING picture",
            (
                answered and self._results.provider(sql, answered),
                self._now(),
                *outcome_row(kept if isinstance(kept, TaggersError) else kept.result),
                call,
            ),
        ).fetchone()
        if row is not None and not isinstance(kept, TaggersError):
            self._results.put(sql, self.run, call, row[0], kept)


def states_of(sql: sqlite3.Connection, key: str | bytes) -> dict[str, str]:
    """The state of the errands about a picture by provider; its key is as the store has it."""
    rows = sql.execute(
        "SELECT p.name, c.state FROM picture_rows AS k "
        f"JOIN call_rows AS c ON c.picture = k.id AND c.{LIVE} "
        "JOIN provider_rows AS p ON p.id = c.provider WHERE k.key = ?",
        (key,),
    )
    return dict(rows.fetchall())


def states_of_place(sql: sqlite3.Connection, place: Place) -> dict[str, str]:
    """The same for the picture of a file that did not change; empty where nothing tells that."""
    if place.size is None:
        return {}
    rows = sql.execute(
        "SELECT p.name, c.state FROM place_rows AS at "
        f"JOIN call_rows AS c ON c.picture = at.picture AND c.{LIVE} "
        "JOIN provider_rows AS p ON p.id = c.provider "
        "WHERE at.source = ? AND at.size = ? AND at.mtime_ns = ?",
        (stored(place.source), place.size, place.mtime_ns),
    )
    return dict(rows.fetchall())
