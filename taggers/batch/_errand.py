"""What is asked of whom: a picture, where it was found, and an errand about it."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from attrs import frozen

from .._image import Image
from .._money import Money
from ..errors import InvalidInput
from ._store import Store, named, stored

__all__ = [
    "Errand",
    "Open",
    "Picture",
    "Place",
    "Retry",
    "keep_picture",
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


@frozen(kw_only=True)
class Place:
    """Where a picture was found, and by what one sees that a file did not change."""

    source: str
    size: int | None = None
    mtime_ns: int | None = None

    @classmethod
    def of(cls, source: str) -> Self:
        """The place of a picture; of what is no file here nothing tells whether it changed."""
        with contextlib.suppress(OSError, ValueError):
            status = Path(source).stat()
            if "://" not in source and stat.S_ISREG(status.st_mode):
                return cls(source=source, size=status.st_size, mtime_ns=status.st_mtime_ns)
        return cls(source=source)


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
            "SELECT (SELECT min(source) FROM place_rows WHERE picture = c.picture), k.key, p.name, "
            "c.state, c.run, c.began, c.kind, c.message, c.code FROM call_rows AS c "
            "JOIN picture_rows AS k ON k.id = c.picture "
            "JOIN provider_rows AS p ON p.id = c.provider "
            "WHERE c.state = ? AND c.state <> 'done' ORDER BY c.id",
            (state,),
        )
        for source, key, *rest in rows:
            yield Open(None if source is None else named(source), shown_key(key), *rest)


def key_of(key: str) -> str | bytes:
    """A picture's key as the store has it. Raises `ValueError` for what is none."""
    if len(key) == 64 and "://" not in key:
        return bytes.fromhex(key)
    return stored(key)


def shown_key(key: str | bytes) -> str:
    """A key of the store as `Picture` has it."""
    return key.hex() if isinstance(key, bytes) and len(key) == 32 else named(key)


def keep_picture(sql: sqlite3.Connection, picture: Picture) -> int:
    """The id of a picture, which is written down where it is new."""
    try:
        key = key_of(picture.key)
    except ValueError:
        raise InvalidInput(f"{picture.key!r} is neither a SHA-256 in hex nor a URL") from None
    sql.execute(
        "INSERT OR IGNORE INTO picture_rows (key, format, width, height, bytes) "
        "VALUES (?, ?, ?, ?, ?)",
        (key, picture.format, picture.width, picture.height, picture.size),
    )
    (row,) = sql.execute("SELECT id FROM picture_rows WHERE key = ?", (key,)).fetchone()
    return int(row)
