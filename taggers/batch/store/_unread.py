"""Pictures that could not be read, so that nobody was asked about them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from attrs import define, field, frozen

from ...errors import TaggersError
from ._happened import Happened
from ._rows import insert
from ._settled import plain_text
from ._store import Store, named, stored

__all__ = ["Unread", "Unreads", "keep_unread", "unread"]

GROUP = 1_000
"""So many are written down at once."""


@frozen
class Unread:
    """Pictures that could not be read when a run tried it last, for the same kind of error;
    `source` and `message` are those of the first by name."""

    kind: str
    count: int
    source: str
    message: str


def unread(store: Store) -> list[Unread]:
    """What could not be read and has not been since, the most frequent kind first."""
    with store.read() as sql:
        rows = sql.execute(
            "SELECT kind, count(*), min(source), message FROM unread_rows "
            "GROUP BY kind ORDER BY 2 DESC, 3"
        )
        return [Unread(kind, count, named(first), said) for kind, count, first, said in rows]


def keep_unread(sql: sqlite3.Connection, run: int, unread: Iterable[Happened]) -> None:
    """Writes down what a run could not read; what is read later is taken out by the store."""
    rows = [
        (stored(one.source), run, type(one.said).__name__, plain_text(one.said.message))
        for one in unread
        if isinstance(one.said, TaggersError)
    ]
    insert(sql, "OR REPLACE INTO unread_rows (source, run, kind, message)", rows)


@define
class Unreads:
    """Hears what happens, and has a group of what could not be read written down at a time."""

    keep: Callable[[Sequence[Happened]], None]
    _waiting: list[Happened] = field(factory=list)

    def hear(self, one: Happened) -> None:
        if one.provider is None:
            self._waiting.append(one)
        if len(self._waiting) >= GROUP:
            self.write()

    def write(self) -> None:
        """Has what waits written down."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.keep(waiting)
