"""What has no result in a store: why that is, and how to take it up again."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from ..sources._item import Item
from ._errand import Retry
from ._schema import OPEN, place_of
from ._store import Store, named

__all__ = ["Unfinished", "to_retry", "unfinished"]

GROUP = 1_000
"""So many errands are read at once."""


@frozen
class Unfinished:
    """Errands that ended alike: at the same provider, 'failed' or 'unknown', with the same kind of
    error, in runs with the same `options`. `source` and `message` are those of the first."""

    provider: str
    state: Retry
    kind: str
    count: int
    source: str | None
    message: str
    options: Mapping[str, Any]


def unfinished(store: Store, run: int | None = None) -> list[Unfinished]:
    """What has no result, of one run or of all, the most frequent first."""
    with store.read() as sql:
        rows = sql.execute(
            f"SELECT name, c.state, c.kind, count, {place_of('c.picture')}, c.message, options "
            "FROM ("
            "SELECT p.name, c.state, c.kind, count(*) AS count, r.options, "
            "min(c.id) AS first FROM call_rows AS c JOIN provider_rows AS p ON p.id = c.provider "
            f"JOIN run_rows AS r ON r.id = c.run WHERE c.state IN ('failed', 'unknown') "
            f"AND c.{OPEN} AND (:run IS NULL OR c.run = :run) "
            "GROUP BY p.name, c.state, c.kind, r.options"
            ") AS alike JOIN call_rows AS c ON c.id = alike.first ORDER BY count DESC, first",
            {"run": run},
        )
        return [_alike(*row) for row in rows]


def _alike(
    provider: str,
    state: Retry,
    kind: str | None,
    count: int,
    source: str | bytes | None,
    message: str | None,
    options: str,
) -> Unfinished:
    name = None if source is None else named(source)
    return Unfinished(provider, state, kind or "", count, name, message or "", json.loads(options))


def to_retry(
    store: Store,
    states: Iterable[Retry],
    *,
    kinds: Collection[str] = (),
    providers: Collection[str] = (),
) -> Iterator[Item]:
    """The pictures of the errands that are in these states now, each with whom to ask: errors of
    these kinds and these providers alone, where any are named. A picture that has no place any more
    is left out."""
    with store.read() as sql:
        (last,) = sql.execute("SELECT coalesce(max(id), 0) FROM call_rows").fetchone()
    for state in states:
        for source, provider, kind in _errands(store, state, last):
            wanted = (not kinds or kind in kinds) and (not providers or provider in providers)
            if wanted and source is not None:
                yield Item(source, providers=(provider,))


def _errands(store: Store, state: Retry, last: int) -> Iterator[tuple[str | None, str, str]]:
    """Where the picture is, the provider and the error. Between groups the store is free, so that
    a run may go on meanwhile; what it begins itself comes after `last`."""
    begun = 0
    while True:
        with store.read() as sql:
            group = sql.execute(
                "SELECT c.id, c.picture, p.name, c.kind FROM call_rows AS c "
                "JOIN provider_rows AS p ON p.id = c.provider "
                f"WHERE c.state = ? AND c.{OPEN} AND c.id > ? AND c.id <= ? "
                "ORDER BY c.id LIMIT ?",
                (state, begun, last, GROUP),
            ).fetchall()
            places = [_place(sql, picture) for _, picture, *_ in group]
        if not group:
            return
        for (_, _, provider, kind), place in zip(group, places, strict=True):
            yield place, provider, kind
        begun = group[-1][0]


def _place(sql: sqlite3.Connection, picture: int) -> str | None:
    """Where a picture is: of several places the last that was seen and where something still is."""
    rows = sql.execute(
        "SELECT source FROM place_rows WHERE picture = ? ORDER BY run DESC, source", (picture,)
    )
    places = [named(source) for (source,) in rows]
    there = (place for place in places if "://" in place or os.path.exists(place))  # noqa: PTH110
    return next(there, places[0] if places else None)
