"""What is asked of whom: a picture, where it was found, and an errand about it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, Self

from attrs import frozen

from ..._image import Image
from ..._money import Money
from ...errors import InvalidInput
from ._rows import blocks, insert
from ._schema import OPEN, place_of
from ._store import Store, named, stored

__all__ = [
    "Errand",
    "Open",
    "Picture",
    "Place",
    "Retry",
    "keep_pictures",
    "keep_places",
    "key_of",
    "shown_key",
    "without_result",
]

Retry = Literal["failed", "unknown"]


@frozen(kw_only=True)
class Picture:
    """A picture: its `key` is the content's SHA-256 in hex, or the URL that a vendor fetches; width
    and height are pixels of it upright, `size` is bytes."""

    key: str
    format: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None

    @classmethod
    def of(cls, image: Image) -> Self:
        """What the store keeps of a picture."""
        return cls(
            key=image.sha256 or image.source,
            format=image.format,
            width=image.width,
            height=image.height,
            size=None if image.content is None else len(image.content),
        )


class Place(NamedTuple):
    """Where a picture was found, and by what one sees that a file did not change."""

    source: str
    size: int | None = None
    mtime_ns: int | None = None

    @classmethod
    def of(cls, source: str) -> Self:
        """The place of a picture; of what is no file here nothing tells whether it changed."""
        try:
            status = os.stat(source)  # noqa: PTH116  (a Path takes three times as long)
        except (OSError, ValueError):
            return cls(source)
        if stat.S_ISREG(status.st_mode) and "://" not in source:
            return cls(source, status.st_size, status.st_mtime_ns)
        return cls(source)


@frozen(kw_only=True)
class Errand:
    """To ask one provider, or route, about one picture. It may bill so many units, of which one
    costs `price`; None: nobody knows."""

    picture: Picture
    provider: str
    place: Place | None = None
    units: int = 1
    price: Money | None = None


@frozen
class Open:
    """An errand without a result: 'failed', or 'unknown' where it may have been done and billed,
    also where an answer came that could not be read."""

    source: str | None
    key: str
    provider: str
    state: Retry
    run: int
    began: float
    kind: str | None = None
    message: str | None = None
    code: str | None = None


def without_result(store: Store, state: Retry) -> Iterator[Open]:
    """The errands of a store that are in this state, in the order in which they were begun."""
    with store.read() as sql:
        rows = sql.execute(
            f"SELECT {place_of('c.picture')}, k.key, p.name, "
            "c.state, c.run, c.began, c.kind, c.message, c.code FROM call_rows AS c "
            "JOIN picture_rows AS k ON k.id = c.picture "
            "JOIN provider_rows AS p ON p.id = c.provider "
            f"WHERE c.state = ? AND c.{OPEN} ORDER BY c.id",
            (state,),
        )
        for source, key, *rest in rows:
            yield Open(None if source is None else named(source), shown_key(key), *rest)


def key_of(key: str) -> str | bytes:
    """A picture's key as the store has it. Raises `ValueError` for what is none."""
    if len(key) == 64 and "://" not in key:
        return bytes.fromhex(key)
    return stored(key)


def _key_of(picture: Picture) -> str | bytes:
    try:
        return key_of(picture.key)
    except ValueError:
        raise InvalidInput(f"{picture.key!r} is neither a SHA-256 in hex nor a URL") from None


def shown_key(key: str | bytes) -> str:
    """A key of the store as `Picture` has it."""
    return key.hex() if isinstance(key, bytes) and len(key) == 32 else named(key)


def keep_pictures(sql: sqlite3.Connection, pictures: Sequence[Picture]) -> list[int]:
    """The ids of pictures; those that are new are written down."""
    keys = [_key_of(picture) for picture in pictures]
    about = [
        (key, p.format, p.width, p.height, p.size) for key, p in zip(keys, pictures, strict=True)
    ]
    insert(sql, "OR IGNORE INTO picture_rows (key, format, width, height, bytes)", about)
    ids: dict[str, int] = {}
    for marks, values in blocks([*enumerate(keys)]):
        (found,) = sql.execute(
            f"WITH asked (number, key) AS (VALUES {marks}) SELECT json_group_object(number, p.id) "
            "FROM asked CROSS JOIN picture_rows AS p ON p.key = asked.key",
            values,
        ).fetchone()
        ids |= json.loads(found)
    return [ids[str(number)] for number in range(len(keys))]


def keep_places(
    sql: sqlite3.Connection, run: int, places: Iterable[tuple[Place | None, int]]
) -> None:
    """Writes down where pictures, by their ids, were seen last."""
    rows = [
        (stored(place.source), picture, place.size, place.mtime_ns, run)
        for place, picture in places
        if place is not None
    ]
    insert(sql, "OR REPLACE INTO place_rows", rows)
