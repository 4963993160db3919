"""What a store has already, and a plan need not count."""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from attrs import frozen

from ..sources._content import Head
from ..sources._item import Item
from ..store._calls import states_of, unasked
from ..store._errand import Place, Retry
from ..store._store import Store, stored

__all__ = ["Known"]


@frozen
class Known:
    """Tells of whom there is still to ask about a picture. `retried` are the states of errands that
    are begun again; `sizes` are the bytes of all pictures in the store, in order."""

    sql: sqlite3.Connection
    providers: Sequence[str]
    retried: Sequence[Retry]
    sizes: array[int]

    @classmethod
    @contextmanager
    def of(cls, store: Store, providers: Sequence[str], retried: Sequence[Retry]) -> Iterator[Self]:
        """What a store has as it is now."""
        with store.read() as sql:
            sizes = sql.execute(
                "SELECT DISTINCT bytes FROM picture_rows WHERE bytes IS NOT NULL ORDER BY bytes"
            )
            yield cls(sql, providers, retried, array("q", (size for (size,) in sizes)))

    def missing(self, item: Item) -> list[str]:
        """Whom to ask about a picture, as far as its name tells, and that its file did not change:
        it need not be opened where that is nobody."""
        asked = self.providers if item.providers is None else item.providers
        places = [Place.of(item.source)]
        return [name for name in asked if any(unasked(self.sql, places, name, self.retried))]

    def missing_of(self, head: Head, asked: Sequence[str]) -> list[str]:
        """Whom of these to ask about a picture, wherever it lies. It is read whole where one of its
        size is in the store. Raises as `Image.open` does."""
        if head.size is None:
            key: str | bytes = stored(head.image.source)
        elif self._is_a_size(head.size):
            key = head.digest()
        else:
            return list(asked)
        return self._open(asked, states_of(self.sql, key))

    def _open(self, asked: Sequence[str], states: dict[str, str]) -> list[str]:
        return [name for name in asked if name not in states or states[name] in self.retried]

    def _is_a_size(self, size: int) -> bool:
        place = bisect_left(self.sizes, size)
        return place < len(self.sizes) and self.sizes[place] == size
