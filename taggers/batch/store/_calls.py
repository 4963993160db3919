"""The calls of a run in the tables of a store: those that begin, and what became of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Self

from attrs import define, field

from ._errand import Errand, Place, Retry, keep_pictures, keep_places
from ._rows import blocks, insert, listed
from ._schema import LIVE
from ._settled import Kept, Settled
from ._store import stored

__all__ = ["begin_calls", "settle_calls", "states_of", "unasked"]

Id = Callable[[str], int]
"""The id of a provider of this name."""


def begin_calls(
    sql: sqlite3.Connection,
    run: int,
    errands: Sequence[Errand],
    retry: Sequence[Retry],
    provider: Id,
    now: float,
) -> list[int | None]:
    """The ids of the calls that errands become; None for one that must not be sent."""
    if not errands:
        return []
    pictures = keep_pictures(sql, [errand.picture for errand in errands])
    keep_places(sql, run, zip((errand.place for errand in errands), pictures, strict=True))
    standing = _Standing.of(sql, pictures, run, retry)
    rows = [
        (standing.begun(picture, asked), run, picture, asked, "sent", now, *_cost(errand))
        for picture, asked, errand in _whom(pictures, errands, provider)
    ]
    if standing.retried:
        _retire(sql, standing.retried)
    insert(sql, _BEGUN, [row for row in rows if row[0] is not None])
    return [call for call, *_ in rows]


_BEGUN = "INTO call_rows (id, run, picture, provider, state, began, open_units, price, currency)"


def _whom(
    pictures: Iterable[int], errands: Iterable[Errand], provider: Id
) -> Iterator[tuple[int, int, Errand]]:
    for picture, errand in zip(pictures, errands, strict=True):
        yield picture, provider(errand.provider), errand


def _cost(errand: Errand) -> tuple[int, int | None, str | None]:
    price = errand.price
    return (errand.units, price.micros, price.currency) if price else (errand.units, None, None)


def _retire(sql: sqlite3.Connection, calls: Sequence[int]) -> None:
    """Makes history of calls that are tried again."""
    sql.execute(
        "UPDATE call_rows SET state = 'retried' WHERE id IN (SELECT value FROM json_each(?))",
        (listed(calls),),
    )


@define
class _Standing:
    """The calls that stand for errands, by picture and provider, each an id, its run and state; and
    the first id that is free."""

    run: int
    retry: Sequence[Retry]
    calls: dict[tuple[int, int], tuple[int, int, str]]
    free: int
    retried: list[int] = field(factory=list)

    @classmethod
    def of(
        cls, sql: sqlite3.Connection, pictures: Iterable[int], run: int, retry: Sequence[Retry]
    ) -> Self:
        found, last = sql.execute(
            "SELECT json_group_array(json_array(picture, provider, id, run, state)), "
            "(SELECT max(id) FROM call_rows) FROM call_rows "
            f"WHERE picture IN (SELECT value FROM json_each(?)) AND {LIVE}",
            (listed(pictures),),
        ).fetchone()
        calls = {(picture, asked): call for picture, asked, *call in json.loads(found)}
        return cls(run, retry, calls, (last or 0) + 1)

    def begun(self, picture: int, provider: int) -> int | None:
        """The id of the call that stands for an errand from now on; None where it must not be sent.
        Only what an earlier run has left may be tried again."""
        errand = picture, provider
        if errand in self.calls:
            call, run, state = self.calls[errand]
            if run == self.run or state not in self.retry:
                return None
            self.retried.append(call)
        call, self.free = self.free, self.free + 1
        self.calls[errand] = (call, self.run, "sent")
        return call


def settle_calls(
    sql: sqlite3.Connection,
    outcomes: Sequence[tuple[int, Settled]],
    provider: Id,
    now: float,
) -> Iterator[tuple[int, int, Kept]]:
    """Writes down what came of calls that are not settled yet; the results among it, each with its
    call and picture."""
    pictures = _unsettled(sql, [call for call, _ in outcomes]) if outcomes else {}
    told: dict[int, Settled] = {}
    for call, settled in outcomes:
        if call in pictures:
            told.setdefault(call, settled)
    rows = [(call, now, *_ending(settled, provider)) for call, settled in told.items()]
    for marks, values in blocks(rows):
        sql.execute(_SETTLED.format(marks), values)
    return ((call, pictures[call], s.kept) for call, s in told.items() if s.kept is not None)


_SETTLED = """
    WITH told (call, ended, answered, state, units, open_units, kind, message, code, request_id)
    AS (VALUES {})
    UPDATE call_rows SET ended = told.ended, answered = told.answered, state = told.state,
    units = told.units, open_units = coalesce(told.open_units, call_rows.open_units),
    kind = told.kind, message = told.message, code = told.code, request_id = told.request_id
    FROM told WHERE call_rows.id = told.call
"""


def _unsettled(sql: sqlite3.Connection, calls: Iterable[int]) -> dict[int, int]:
    """The pictures of those calls whose outcome is not known, by call."""
    (found,) = sql.execute(
        "SELECT json_group_object(id, picture) FROM call_rows "
        "WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('sent', 'unknown')",
        (listed(calls),),
    ).fetchone()
    return {int(call): picture for call, picture in json.loads(found).items()}


def _ending(said: Settled, provider: Id) -> tuple[Any, ...]:
    answered = None if said.kept is None else provider(said.kept.provider)
    error = said.kind, said.message, said.code
    return answered, said.state, said.units, said.open_units, *error, said.request_id


def unasked(
    sql: sqlite3.Connection, places: Sequence[Place], provider: str, retry: Collection[Retry]
) -> Iterator[str]:
    """The sources, of these, about which a provider has still to be asked, as far as that can be
    told unread: all but those of files that did not change, whose errand is in no state to
    `retry`."""
    seen = [(n, stored(one.source), one.size, one.mtime_ns) for n, one in enumerate(places)]
    for marks, values in blocks(seen):
        rows = sql.execute(_UNASKED.format(marks), [*values, provider, listed(retry)])
        yield from (places[number].source for (number,) in rows)


_UNASKED = f"""
    WITH seen (number, source, size, mtime_ns) AS (VALUES {{}})
    SELECT number FROM seen WHERE NOT EXISTS (
        SELECT 1 FROM place_rows AS at
        CROSS JOIN call_rows AS c ON c.picture = at.picture AND c.{LIVE}
        WHERE at.source = seen.source AND at.size = seen.size AND at.mtime_ns = seen.mtime_ns
        AND c.provider = (SELECT id FROM provider_rows WHERE name = ?)
        AND c.state NOT IN (SELECT value FROM json_each(?))
    )
"""


def states_of(sql: sqlite3.Connection, key: str | bytes) -> dict[str, str]:
    """The states of the calls about a picture by provider; its key is as the store has it."""
    rows = sql.execute(
        "SELECT p.name, c.state FROM picture_rows AS k "
        f"JOIN call_rows AS c ON c.picture = k.id AND c.{LIVE} "
        "JOIN provider_rows AS p ON p.id = c.provider WHERE k.key = ?",
        (key,),
    )
    return dict(rows.fetchall())
