"""Many rows in one statement.

A step of SQLite's lets go of Python's lock and then waits for it, which beside a busy event loop
takes longer than the step. So what a group has to say is said at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

__all__ = ["blocks", "insert", "listed"]

LARGEST = 256
"""How many rows a statement has at most: SQLite takes 32,766 values."""


def insert(sql: sqlite3.Connection, into: str, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts rows: `into` is what stands between INSERT and VALUES."""
    for marks, values in blocks(rows):
        sql.execute(f"INSERT {into} VALUES {marks}", values)


def blocks(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Rows as what follows VALUES, and the values. Their numbers are powers of two, or three times
    one, so that there are few statements, which SQLite remembers."""
    begin = 0
    while begin < len(rows):
        size = _round(min(LARGEST, len(rows) - begin))
        block = rows[begin : begin + size]
        mark = f"({', '.join('?' * len(block[0]))})"
        yield ", ".join([mark] * size), [*chain.from_iterable(block)]
        begin += size


def _round(count: int) -> int:
    """The largest power of two, or three times one, that this is at least."""
    power: int = 1 << (count.bit_length() - 1)
    return max(power, power // 2 * 3 if power // 2 * 3 <= count else 0)


def listed(ids: Iterable[int | str]) -> str:
    """Ids, or names, as one value, for `IN (SELECT value FROM json_each(?))`."""
    return json.dumps([*ids])
