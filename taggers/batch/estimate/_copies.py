"""Which pictures are copies of others, bit by bit, however many there are."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from types import TracebackType
from typing import Self

from attrs import define, field

from ...errors import LocalResourceError, TaggersError
from ..sources._content import Head, digest
from ..store._store import named, stored

__all__ = ["Copies"]

_TABLES = """
PRAGMA cache_size = -16384;
CREATE TABLE sizes (bytes INTEGER PRIMARY KEY, first);
CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID;
BEGIN
"""
DIGEST_BYTES = 16


def _spilling() -> sqlite3.Connection:
    """Tables in memory, which go to a file that nobody sees where they grow."""
    sql = sqlite3.connect("", isolation_level=None)
    sql.executescript(_TABLES)
    return sql


@define
class Copies:
    """Remembers pictures, and knows them again. Only files that share their size are hashed; the
    first of a size when the second comes. It takes about 20 MB, and beyond that the disk."""

    _sql: sqlite3.Connection = field(factory=_spilling)

    def holds(self, picture: Head) -> bool:
        """Whether this picture was there before; from now on it was. Raises as `Image.open` does
        where it cannot be read."""
        try:
            if picture.size is None:
                url = picture.image.source.encode("utf-8", "surrogateescape")
                return not self._is_new(hashlib.sha256(url).digest())
            return not self._is_first(picture) and not self._is_new(picture.digest())
        except sqlite3.Error as error:
            raise LocalResourceError(f"copies cannot be looked for: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sql.close()

    def _is_first(self, picture: Head) -> bool:
        """Whether it is the first of its size. Where it is the second, the first is hashed now."""
        row = (picture.size, stored(picture.image.source))
        if self._sql.execute("INSERT OR IGNORE INTO sizes VALUES (?, ?)", row).rowcount:
            return True
        (first,) = self._sql.execute("SELECT first FROM sizes WHERE bytes = ?", row[:1]).fetchone()
        if first is not None:
            self._sql.execute("UPDATE sizes SET first = NULL WHERE bytes = ?", row[:1])
            with contextlib.suppress(TaggersError):  # it is gone, and nothing is a copy of it
                self._is_new(digest(named(first)))
        return False

    def _is_new(self, key: bytes) -> bool:
        added = self._sql.execute("INSERT OR IGNORE INTO digests VALUES (?)", (key[:DIGEST_BYTES],))
        return bool(added.rowcount)
