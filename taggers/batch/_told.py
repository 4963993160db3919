"""What a store tells of its errands, in the order of their pictures: what all exports write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from ._schema import LIVE
from ._store import shown

__all__ = ["REGIONS", "TAGS", "Told", "labels", "name_of", "sha256_of", "told"]

GROUP = 2_000
"""About how many pictures is read at a time."""


class Told(NamedTuple):
    """An errand: a row of `_ERRANDS`."""

    call: int
    run: int
    source: str | bytes | None
    key: str | bytes
    format: str | None
    width: int | None
    height: int | None
    provider: str
    answered: str | None
    state: str
    began: float
    units: int
    open_units: int
    kind: str | None
    message: str | None
    code: str | None


_ERRANDS = f"""
    SELECT c.id, c.run, (SELECT min(source) FROM place_rows WHERE picture = c.picture), p.key,
    p.format, p.width, p.height, a.name, b.name, c.state, c.began,
    c.units, c.open_units, c.kind, c.message, c.code
    FROM picture_rows AS p CROSS JOIN call_rows AS c ON c.picture = p.id AND c.{LIVE}
    JOIN provider_rows AS a ON a.id = c.provider LEFT JOIN provider_rows AS b ON b.id = c.answered
    WHERE p.id BETWEEN ? AND ? ORDER BY p.id, c.id
"""
TAGS = """
    SELECT call, label, confidence FROM tag_rows
    WHERE picture BETWEEN ? AND ? ORDER BY picture, call, rank
"""
REGIONS = """
    SELECT call, label, confidence, x, y, width, height, unit, kind FROM region_rows
    WHERE picture BETWEEN ? AND ? ORDER BY picture, call, number
"""


def told(sql: sqlite3.Connection) -> Iterator[tuple[tuple[int, int], list[Told]]]:
    """All errands, a span of pictures at a time: its first and last id, and the errands in the
    order in which `TAGS` and `REGIONS` go on about them."""
    (last,) = sql.execute("SELECT coalesce(max(id), 0) FROM picture_rows").fetchone()
    for first in range(1, last + 1, GROUP):
        span = first, first + GROUP - 1
        if group := [*map(Told._make, sql.execute(_ERRANDS, span))]:
            yield span, group


def labels(sql: sqlite3.Connection) -> dict[int, str]:
    """The labels by their ids."""
    return dict(sql.execute("SELECT id, text FROM label_rows").fetchall())


def name_of(row: Told) -> str:
    """Where the picture is, or its URL; one that is only known by its content has no name."""
    if row.source is not None:
        return shown(row.source)
    return sha256_of(row) or shown(row.key)


def sha256_of(row: Told) -> str | None:
    """The SHA-256 of the picture; None of a URL."""
    return row.key.hex() if isinstance(row.key, bytes) and len(row.key) == 32 else None
