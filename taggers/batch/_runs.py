"""The runs of a store: which process began each, and whether it is still at work."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from attrs import frozen

from .._process import Process
from ..errors import InvalidInput, LocalResourceError
from ._rows import listed
from ._store import Store, shown

__all__ = ["Run", "asked_otherwise", "begin_run", "end_run", "ensure_alone", "ensure_one_kind",
           "forsake", "recover", "recovered", "refuse_company", "runs", "take_over"]  # fmt: skip

LEASE_S = 60.0
"""How long a process whose end cannot be seen may write nothing before it counts as ended. If it
goes on after all, nothing is lost: what it settles then is kept."""


@frozen
class Run:
    """A run: its `state` is "running", "done", "stopped", "died" or "undone"; times are Unix
    seconds. `calls` counts what it asked, `results` what there is of it, `failed` and `unknown`
    what ended so and was not tried again; `units` are billed, and `open_units` may be.
    """

    id: int
    state: str
    command: str
    began: float
    ended: float | None
    calls: int
    results: int
    failed: int
    unknown: int
    units: int
    open_units: int


def runs(store: Store) -> list[Run]:
    """The runs of a store, the first one first."""
    with store.read() as sql:
        rows = sql.execute(
            "SELECT r.id, iif(r.id IN (SELECT value FROM json_each(?1)), 'died', r.state), "
            "r.command, r.began, r.ended, count(c.id), "
            "coalesce(sum(c.state = 'done'), 0), coalesce(sum(c.state = 'failed'), 0), "
            "coalesce(sum(c.state = 'unknown' OR c.state = 'sent' "
            "AND r.id IN (SELECT value FROM json_each(?1))), 0), "
            "coalesce(sum(c.units), 0), coalesce(sum(c.open_units), 0) "
            "FROM run_rows AS r LEFT JOIN call_rows AS c ON c.run = r.id GROUP BY r.id",
            (listed(_dead(sql, time.time())),),
        )
        return [Run(*row) for row in rows]


def recovered(store: Store) -> int:
    """Ends the runs of processes that have ended; how many calls are unknown for that."""
    with store.write() as sql:
        return recover(sql, time.time())


def ensure_one_kind(store: Store, *, emulated: bool) -> None:
    """Raises `InvalidInput` where a store has answers of vendors, and `emulated` ones are to come,
    or the other way round: what is in it is not asked again."""
    with store.read() as sql:
        (others,) = sql.execute(
            "SELECT count(*) FROM call_rows AS c JOIN run_rows AS r ON r.id = c.run "
            "WHERE c.state = 'done' AND coalesce(json_extract(r.options, '$.emulated'), 0) <> ?",
            (emulated,),
        ).fetchone()
    if others:
        what = "vendors" if emulated else "the emulator"
        raise InvalidInput(
            f"{store.path} has {others:,} answers of {what}, which would count as known",
            hint="name another store",
            scope="call",
        )


def asked_otherwise(store: Store, providers: Collection[str], options: Mapping[str, Any]) -> int:
    """How many answers of these providers a store has that were asked for with others of these
    options."""
    with store.read() as sql:
        rows = sql.execute(
            "SELECT r.options, count(*) FROM call_rows AS c JOIN run_rows AS r ON r.id = c.run "
            "JOIN provider_rows AS p ON p.id = c.provider WHERE c.state = 'done' "
            "AND p.name IN (SELECT value FROM json_each(?)) GROUP BY r.id",
            (listed(providers),),
        ).fetchall()
    before = ((json.loads(said), count) for said, count in rows)
    return sum(count for said, count in before if any(
        said[name] != value for name, value in options.items() if name in said
    ))  # fmt: skip


def begin_run(sql: sqlite3.Connection, command: str, options: Mapping[str, Any], now: float) -> int:
    """Writes down that this process begins a run, and gives its id."""
    this = Process.current()
    row = sql.execute(
        "INSERT INTO run_rows (state, command, options, began, seen, pid, started, space) "
        "VALUES ('running', ?, ?, ?, ?, ?, ?, ?)",
        (shown(command), json.dumps(options), now, now, this.pid, this.started, this.space),
    )
    assert row.lastrowid is not None
    return row.lastrowid


def take_over(sql: sqlite3.Connection, run: int, now: float) -> None:
    """Makes a run that has not been ended one of this process."""
    this = Process.current()
    sql.execute(
        "UPDATE run_rows SET state = 'running', ended = NULL, seen = ?, pid = ?, started = ?, "
        "space = ? WHERE id = ? AND state IN ('running', 'died')",
        (now, this.pid, this.started, this.space, run),
    )


def recover(sql: sqlite3.Connection, now: float) -> int:
    """Ends the runs of processes that have ended; how many calls are unknown for that."""
    dead = _dead(sql, now)
    for run in dead:
        sql.execute("UPDATE run_rows SET state = 'died', ended = seen WHERE id = ?", (run,))
    return sum(_forsake(sql, run, now) for run in dead)


def _dead(sql: sqlite3.Connection, now: float) -> list[int]:
    """The runs that nobody has ended, and whose processes have."""
    running = sql.execute(
        "SELECT id, seen, pid, started, space FROM run_rows WHERE state = 'running'"
    ).fetchall()
    return [run for run, seen, *process in running if _ended(Process(*process), now - seen)]


def _ended(process: Process, silent_s: float) -> bool:
    return process.ended() or (not process.in_sight() and silent_s > LEASE_S)


def end_run(sql: sqlite3.Connection, run: int, state: str, now: float) -> None:
    """Ends a run, if it has not ended. What it has under way becomes unknown."""
    _forsake(sql, run, now)
    sql.execute(
        "UPDATE run_rows SET state = ?, ended = ? WHERE id = ? AND state = 'running'",
        (state, now, run),
    )


_FORSAKE = (
    "UPDATE call_rows SET state = 'unknown', ended = ?, kind = 'OutcomeUnknown', "
    "message = 'the {} ended before an answer came' WHERE state = 'sent' AND {} = ?"
)


def _forsake(sql: sqlite3.Connection, run: int, now: float) -> int:
    """Marks what a run has under way as unknown."""
    return sql.execute(_FORSAKE.format("run", "run"), (now, run)).rowcount


def forsake(sql: sqlite3.Connection, calls: Iterable[int], now: float) -> None:
    """Marks these calls as unknown, if they are under way."""
    sql.executemany(_FORSAKE.format("worker", "id"), [(now, call) for call in calls])


def ensure_alone(store: Store) -> None:
    """Raises `LocalResourceError` where a run is at work on a store."""
    with store.read() as sql:
        refuse_company(sql, store, time.time())


def refuse_company(sql: sqlite3.Connection, store: Store, now: float) -> None:
    """Raises `LocalResourceError` where a run is at work, and says which."""
    rows = sql.execute(
        "SELECT id, command, began, seen, pid, started, space FROM run_rows WHERE state = 'running'"
    ).fetchall()
    for run, command, began, seen, *process in rows:
        if not _ended(Process(*process), now - seen):
            raise _company(store, run, command, process[0], began)


def _company(store: Store, run: int, command: str, pid: int, began: float) -> LocalResourceError:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(began))
    return LocalResourceError(
        f"run {run} ({command}, process {pid}) is at work on {store.path} since {since}",
        hint="wait until it ends, or pass --share to divide the work with it",
    )
