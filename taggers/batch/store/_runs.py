"""The runs of a store: which process began each, and whether it is still at work."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from attrs import frozen

from ..._money import Currency, Money, by_currency
from ..._process import Process
from ...errors import InvalidInput, LocalResourceError
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
    seconds. `providers` are those that it asked, routes among them. `calls` counts what it asked,
    `results` what there is of it; of what ended without one, and was not tried again since,
    `failed` counts what costs nothing to ask again, and `unknown` what may have been billed.

    `units` are billed, for `cost`, and `open_units` may be, for `open_cost`: an amount in each
    currency. `unpriced` of both are units whose price is not known.
    """

    id: int
    state: str
    command: str
    began: float
    ended: float | None
    providers: tuple[str, ...]
    calls: int
    results: int
    failed: int
    unknown: int
    units: int
    open_units: int
    cost: tuple[Money, ...]
    open_cost: tuple[Money, ...]
    unpriced: int
    open_unpriced: int


def runs(store: Store, run: int | None = None) -> list[Run]:
    """The runs of a store, the first one first; or the one of this id."""
    with store.read() as sql:
        dead = {*_dead(sql, time.time())}
        groups: dict[int, list[_Alike]] = defaultdict(list)
        for found, *alike in sql.execute(_ALIKE, {"run": run}):
            groups[found].append(_Alike(*alike))
        rows = sql.execute(
            "SELECT id, state, command, began, ended FROM run_rows "
            "WHERE :run IS NULL OR id = :run ORDER BY id",
            {"run": run},
        )
        return [_run(id in dead, groups[id], id, *about) for id, *about in rows]


_ALIKE = """
    SELECT c.run, p.name, c.state, c.currency, count(*), sum(c.units), sum(c.open_units),
    sum(c.units * c.price), sum(c.open_units * c.price)
    FROM call_rows AS c JOIN provider_rows AS p ON p.id = c.provider
    WHERE :run IS NULL OR c.run = :run GROUP BY c.run, c.provider, c.state, c.currency
"""


class _Alike(NamedTuple):
    """The calls of a run that asked the same provider, are in the same state, and cost the same
    currency, with their units and micros, billed and open ones."""

    provider: str
    state: str
    currency: Currency | None
    calls: int
    units: int
    open_units: int
    micros: int | None
    open_micros: int | None


def _run(
    is_dead: bool,
    calls: Sequence[_Alike],
    id: int,
    state: str,
    command: str,
    began: float,
    ended: float | None,
) -> Run:
    lost = ("unknown", "sent") if is_dead else ("unknown",)
    return Run(
        id,
        "died" if is_dead else state,
        command,
        began,
        ended,
        providers=tuple(dict.fromkeys(one.provider for one in calls)),
        calls=sum(one.calls for one in calls),
        results=sum(one.calls for one in calls if one.state == "done"),
        failed=sum(one.calls for one in calls if one.state == "failed"),
        unknown=sum(one.calls for one in calls if one.state in lost),
        units=sum(one.units for one in calls),
        open_units=sum(one.open_units for one in calls),
        cost=_paid((one.currency, one.micros) for one in calls),
        open_cost=_paid((one.currency, one.open_micros) for one in calls),
        unpriced=sum(one.units for one in calls if one.currency is None),
        open_unpriced=sum(one.open_units for one in calls if one.currency is None),
    )


def _paid(amounts: Iterable[tuple[Currency | None, int | None]]) -> tuple[Money, ...]:
    return by_currency(Money(amount, of) for of, amount in amounts if of is not None and amount)


def recovered(store: Store) -> int:
    """Ends the runs of processes that have ended; how many calls are unknown for that."""
    with store.write() as sql:
        return recover(sql, time.time())


def ensure_one_kind(store: Store, *, emulated: bool) -> None:
    """Raises `InvalidInput` where a store has answers of vendors, and `emulated` ones are to come,
    or the other way round: what is in it is not asked again."""
    with store.read() as sql:
        runs = _begun_with(sql, lambda said: said.get("emulated", False) != emulated)
        others = sum(_answers(sql, runs).values())
    if others:
        what = "others than the emulator" if emulated else "the emulator"
        raise InvalidInput(
            f"{store.path} has answers of {what}, {others:,} in all, which would count as known",
            hint="name another store",
            scope="call",
        )


def asked_otherwise(store: Store, providers: Collection[str], options: Mapping[str, Any]) -> int:
    """How many answers of these providers a store has that were asked for with others of these
    options."""

    def otherwise(said: Mapping[str, Any]) -> bool:
        return any(said[name] != value for name, value in options.items() if name in said)

    with store.read() as sql:
        answers = _answers(sql, _begun_with(sql, otherwise))
    return sum(count for provider, count in answers.items() if provider in providers)


def _begun_with(sql: sqlite3.Connection, options: Callable[[Mapping[str, Any]], bool]) -> list[int]:
    """The runs with such options."""
    runs = sql.execute("SELECT id, options FROM run_rows").fetchall()
    return [run for run, said in runs if options(json.loads(said))]


def _answers(sql: sqlite3.Connection, runs: Sequence[int]) -> dict[str, int]:
    """How many answers of each provider these runs have brought. All calls are looked through,
    unless there are no such runs."""
    if not runs:
        return {}
    rows = sql.execute(
        "SELECT p.name, count(*) FROM call_rows AS c JOIN provider_rows AS p ON p.id = c.provider "
        "WHERE c.state = 'done' AND c.run IN (SELECT value FROM json_each(?)) GROUP BY p.id",
        (listed(runs),),
    )
    return dict(rows.fetchall())


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
        hint="wait until it ends; to divide the work, begin all of them with --share",
    )
