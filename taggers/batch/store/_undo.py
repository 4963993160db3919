"""Undoing a run: exactly its results go, and what was paid for is not forgotten."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from ...errors import InvalidInput
from ._results import Results, unindex
from ._runs import end_run, recover
from ._schema import LIVE, OPEN
from ._store import Store

__all__ = ["Undone", "undo", "undoable"]


@frozen
class Undone:
    """What undoing a run takes, and what stays: `results` that go, with `readings` of them by later
    runs; `restored` are those of other runs that are read as before again. Its calls stay as spend:
    `units` that are billed, and `open_units` that may be. Of its errands so many are then `failed`
    or `unknown`, as they were before it, or because it was the first to ask."""

    results: int
    readings: int
    restored: int
    units: int
    open_units: int
    failed: int
    unknown: int


_MINE = "SELECT id FROM call_rows WHERE run = ? AND state = 'done'"
# What may have been billed was 'unknown', and what certainly was not had 'failed': see `Settled`.
_BEFORE = f"""
    SELECT mine.id AS mine, max(c.id) AS call,
    iif(c.kind = 'OutcomeUnknown' OR c.units + c.open_units > 0, 'unknown', 'failed') AS state
    FROM call_rows AS c CROSS JOIN call_rows AS mine
    ON mine.picture = c.picture AND mine.provider = c.provider AND mine.{LIVE}
    WHERE c.state = 'retried' AND c.{OPEN}
    AND mine.run = :run AND mine.state IN ('done', 'failed') GROUP BY mine.id
"""


def undoable(store: Store, run: int) -> Undone:
    """What undoing a run would do. Raises `InvalidInput` where there is no such run, it is still at
    work, or it is undone already."""
    with store.read() as sql:
        return _checked(sql, run)


def undo(store: Store, run: int) -> Undone:
    """Removes the results of a run, all or none; its errands may then be begun again, but those
    that it has retried are as they were before it. One of which it is unknown itself whether it was
    billed stays so. A run that read old answers again is undone by what was read before it."""
    with store.write() as sql:
        recover(sql, time.time())
        told = _checked(sql, run)
        before = _before(sql, run)
        _take_out(sql, run)
        _give_back(sql, before)
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


def _before(sql: sqlite3.Connection, run: int) -> list[tuple[int, int, str]]:
    """The calls of a run that have retried others and stand for their errands; the ones that stood
    for them before, and in which state."""
    return sql.execute(_BEFORE, {"run": run}).fetchall()


def _told(sql: sqlite3.Connection, run: int) -> Undone:
    def count(statement: str) -> int:
        return int(sql.execute(statement, {"run": run}).fetchone()[0] or 0)

    mine = _MINE.replace("?", ":run")
    calls = "FROM call_rows WHERE run = :run"
    was = Counter(state for *_, state in _before(sql, run))
    still = f"{calls} AND id NOT IN (SELECT mine FROM ({_BEFORE}))"
    return Undone(
        results=count(f"SELECT count(*) FROM ({mine})"),
        readings=count(f"SELECT count(*) FROM former_rows WHERE call IN ({mine})"),
        restored=count(
            f"SELECT count(*) FROM result_rows WHERE run = :run AND call NOT IN ({mine})"
        ),
        units=count(f"SELECT sum(units) {calls}"),
        open_units=count(f"SELECT sum(open_units) {calls}"),
        failed=was["failed"] + count(f"SELECT count(*) {still} AND state = 'failed'"),
        unknown=was["unknown"] + count(f"SELECT count(*) {still} AND state = 'unknown'"),
    )


def _take_out(sql: sqlite3.Connection, run: int) -> None:
    for table in ("result_rows", "former_rows"):
        sql.execute(f"DELETE FROM {table} WHERE call IN ({_MINE})", (run,))
    mine = sql.execute(_MINE.replace("id", "id, picture", 1), (run,))
    for call, picture in mine.fetchall():
        unindex(sql, call, picture)
    sql.execute("UPDATE call_rows SET state = 'undone' WHERE run = ? AND state = 'done'", (run,))


def _give_back(sql: sqlite3.Connection, before: Sequence[tuple[int, int, str]]) -> None:
    """Has errands stand as they did before they were retried."""
    states = [("undone", mine) for mine, *_ in before]
    states += [(state, call) for _, call, state in before]
    sql.executemany("UPDATE call_rows SET state = ? WHERE id = ?", states)


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
