"""What a store tells of its errands, in the order of their pictures: what all exports write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from ..store._schema import LIVE, place_of
from ..store._store import shown

__all__ = ["ERRANDS", "REGIONS", "TAGS", "Told", "labels", "name_of", "sha256_of", "spans", "told"]

GROUP = 500
"""About how many pictures is read at a time."""


class Told(NamedTuple):
    """An errand: a row of `ERRANDS`; `tags` and `regions` are how many it has of them."""

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
    tags: int
    regions: int


ERRANDS = f"""
    SELECT c.id, c.run, {place_of("c.picture")}, p.key,
    p.format, p.width, p.height, a.name, b.name, c.state, c.began,
    c.units, c.open_units, c.kind, c.message, c.code,
    (SELECT coalesce(max(rank), 0) FROM tag_rows WHERE picture = p.id AND call = c.id),
    (SELECT coalesce(max(number), 0) FROM region_rows WHERE picture = p.id AND call = c.id)
    FROM picture_rows AS p CROSS JOIN call_rows AS c ON c.picture = p.id AND c.{LIVE}
    JOIN provider_rows AS a ON a.id = c.provider LEFT JOIN provider_rows AS b ON b.id = c.answered
    WHERE p.id BETWEEN ? AND ? ORDER BY p.id, c.id
"""
TAGS = """
    SELECT label, confidence FROM tag_rows
    WHERE picture BETWEEN ? AND ? ORDER BY picture, call, rank
"""
REGIONS = """
    SELECT label, confidence, x, y, width, height, unit, kind FROM region_rows
    WHERE picture BETWEEN ? AND ? ORDER BY picture, call, number
"""


def told(sql: sqlite3.Connection) -> Iterator[tuple[tuple[int, int], list[Told]]]:
    """All errands, a span of pictures at a time, in the order in which `TAGS` and `REGIONS` go on
    about them."""
    for span in spans(sql):
        if group := [*map(Told._make, sql.execute(ERRANDS, span))]:
            yield span, group


def spans(sql: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """All pictures, some at a time: the first and the last id."""
    (last,) = sql.execute("SELECT coalesce(max(id), 0) FROM picture_rows").fetchone()
    for first in range(1, last + 1, GROUP):
        yield first, first + GROUP - 1


def labels(sql: sqlite3.Connection) -> dict[int, str]:
    """The labels by their ids."""
    return dict(sql.execute("SELECT id, text FROM label_rows").fetchall())


def name_of(source: str | bytes | None, key: str | bytes) -> str:
    """Where the picture is, or its URL; one that is only known by its content has no name."""
    if source is not None:
        return shown(source)
    return sha256_of(key) or shown(key)


def sha256_of(key: str | bytes) -> str | None:
    """The SHA-256 of the picture; None of a URL."""
    return key.hex() if isinstance(key, bytes) and len(key) == 32 else None
