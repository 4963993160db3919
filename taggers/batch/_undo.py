"""Undoing a run: exactly its results go, and what was paid for is not forgotten."""

from __future__ import annotations

import sqlite3
import time

from attrs import frozen

from ..errors import InvalidInput
from ._results import Results, unindex
from ._runs import end_run, recover
from ._store import Store

__all__ = ["Undone", "undo", "undoable"]


@frozen
class Undone:
    """What undoing a run takes, and what stays: `results` that go, with `readings` of them by later
    runs; `restored` are those of other runs that are read as before again. Its calls stay as spend:
    `units` that are billed, and `open_units` that may be; of those `failed` and `unknown` are still
    to be tried again."""

    results: int
    readings: int
    restored: int
    units: int
    open_units: int
    failed: int
    unknown: int


_MINE = "SELECT id FROM call_rows WHERE run = ? AND state = 'done'"


def undoable(store: Store, run: int) -> Undone:
    """What undoing a run would do. Raises `InvalidInput` where there is no such run, it is still at
    work, or it is undone already."""
    with store.read() as sql:
        return _checked(sql, run)


def undo(store: Store, run: int) -> Undone:
    """Removes the results of a run, all or none; its errands may then be begun again. A run that
    read old answers again is undone by what was read before it."""
    with store.write() as sql:
        recover(sql, time.time())
        told = _checked(sql, run)
        _take_out(sql, run)
        _read_before(sql, run)
        end_run(sql, run, "undone", time.time())
        sql.execute("UPDATE run_rows SET state = 'undone' WHERE id = ?", (run,))
    return told


def _checked(sql: sqlite3.Connection, run: int) -> Undone:
    found = sql.execute("SELECT state, pid FROM run_rows WHERE id = ?", (run,)).fetchone()
    if found is None:
        raise InvalidInput(f"there is no run {run}", hint="see `taggers runs STORE`", scope="call")
    state, pid = found
    if state == "undone":
        raise InvalidInput(f"run {run} is undone already", scope="call")
    if state == "running":
        raise InvalidInput(
            f"run {run} is at work in process {pid}", hint="wait until it ends", scope="call"
        )
    return _told(sql, run)


def _told(sql: sqlite3.Connection, run: int) -> Undone:
    def count(statement: str) -> int:
        return int(sql.execute(statement, {"run": run}).fetchone()[0] or 0)

    mine = _MINE.replace("?", ":run")
    calls = "FROM call_rows WHERE run = :run"
    return Undone(
        results=count(f"SELECT count(*) FROM ({mine})"),
        readings=count(f"SELECT count(*) FROM former_rows WHERE call IN ({mine})"),
        restored=count(
            f"SELECT count(*) FROM result_rows WHERE run = :run AND call NOT IN ({mine})"
        ),
        units=count(f"SELECT sum(units) {calls}"),
        open_units=count(f"SELECT sum(open_units) {calls}"),
        failed=count(f"SELECT count(*) {calls} AND state = 'failed'"),
        unknown=count(f"SELECT count(*) {calls} AND state = 'unknown'"),
    )


def _take_out(sql: sqlite3.Connection, run: int) -> None:
    for table in ("result_rows", "former_rows"):
        sql.execute(f"DELETE FROM {table} WHERE call IN ({_MINE})", (run,))
    mine = sql.execute(_MINE.replace("id", "id, picture", 1), (run,))
    for call, picture in mine.fetchall():
        unindex(sql, call, picture)
    sql.execute("UPDATE call_rows SET state = 'undone' WHERE run = ? AND state = 'done'", (run,))


def _read_before(sql: sqlite3.Connection, run: int) -> None:
    """Takes what a run has read in the answers of others out of their history."""
    results = Results()
    sql.execute("DELETE FROM former_rows WHERE run = ?", (run,))
    read = sql.execute(
        "SELECT r.call, c.picture FROM result_rows AS r JOIN call_rows AS c ON c.id = r.call "
        "WHERE r.run = ?",
        (run,),
    )
    for call, picture in read.fetchall():
        results.read_before(sql, call, picture)
