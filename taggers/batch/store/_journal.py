"""The journal of a run: what is about to be asked, and what came of it.

    begin ──► send ──► settle       'sent' becomes 'done', 'failed' or 'unknown'
          └─► the process dies      'sent' becomes 'unknown' when the next run begins

Each is on the disk before it returns. So whatever happens in between, a finished result is kept,
and what may have been billed is known, and not asked again unless somebody says so.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, Self

from attrs import define, field

from ..._model import Result
from ..._money import Money
from ...errors import LocalResourceError, TaggersError
from ._calls import begin_calls, settle_calls, unasked
from ._costs import price_calls
from ._errand import Errand, Open, Place, Retry, without_result
from ._happened import Happened
from ._results import Results
from ._runs import begin_run, end_run, forsake, recover, refuse_company, take_over
from ._schema import OPEN
from ._settled import Settled
from ._store import Store
from ._unread import keep_unread

__all__ = ["Journal"]


@define(eq=False)
class Journal:
    """What one run writes into its store. Every method blocks, and may be called by any thread.

    `died` is how many calls of ended processes have become 'unknown' as it began; `prices` is what
    a unit costs of those whom routes come to.

    What raises `LocalResourceError` has written nothing, and may be called again.
    """

    store: Store
    run: int
    died: int = 0
    prices: Mapping[str, Money] = field(factory=dict)
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

    @classmethod
    def resume(cls, store: Store, run: int, *, now: Callable[[], float] = time.time) -> Self:
        """Goes on with a run that another process has begun, which is over or leaves it to this
        one. What it has under way stays so: see `forsake`."""
        with store.write() as sql:
            take_over(sql, run, now())
        return cls(store, run, now=now)

    def under_way(self) -> set[int]:
        """The calls of this run that were begun and not settled."""
        with self.store.read() as sql:
            rows = sql.execute(
                f"SELECT id FROM call_rows WHERE state = 'sent' AND {OPEN} AND run = ?",
                (self.run,),
            )
            return {call for (call,) in rows}

    def forsake(self, calls: Iterable[int]) -> None:
        """Makes these calls unknown, if they are under way: who asked them is gone. What comes of
        one after all is kept when it is settled."""
        with self._write() as sql:
            forsake(sql, calls, self._now())

    def begin(
        self, errands: Sequence[Errand], *, retry: Sequence[Retry] = ("failed",)
    ) -> list[int | None]:
        """Writes down, before anything is sent, that these are about to be asked. For each the id
        of its call; None where it must not be sent, as it is done, under way, unknown or failed.
        Only what ended so in an earlier run, and is to be tried again, is begun anew."""
        return self.advance((), errands, retry=retry)

    def settle(self, outcomes: Sequence[tuple[int, Result | TaggersError]]) -> None:
        """Writes down what came of calls. One that is settled already stays as it is."""
        self.advance([(call, Settled.of(outcome)) for call, outcome in outcomes], ())

    def advance(
        self,
        outcomes: Sequence[tuple[int, Settled]],
        errands: Sequence[Errand],
        *,
        retry: Sequence[Retry] = ("failed",),
    ) -> list[int | None]:
        """Settles the one and begins the other, in one commit."""
        with self._write() as sql:
            provider, now = partial(self._results.provider, sql), self._now()
            self._results.put(sql, self.run, settle_calls(sql, outcomes, provider, now))
            if self.prices:
                price_calls(sql, outcomes, self.prices)
            return begin_calls(sql, self.run, errands, retry, provider, now)

    def unasked(
        self, places: Sequence[Place], providers: Iterable[str], retry: Collection[Retry]
    ) -> dict[str, set[str]]:
        """Which of the providers have still to be asked about a source, unless its content is
        somewhere else in the store; a source that is not there: none. That are all but those whose
        errand is in no state to `retry`, where the file is as it was when it was seen last."""
        still: dict[str, set[str]] = {}
        with self.store.read() as sql:
            for name in providers:
                for source in unasked(sql, places, name, retry):
                    still.setdefault(source, set()).add(name)
        return still

    def keep_unread(self, unread: Sequence[Happened]) -> None:
        """Writes down that these pictures could not be read."""
        with self._write() as sql:
            keep_unread(sql, self.run, unread)

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
