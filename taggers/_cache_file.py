"""The file of an answer cache: an SQLite database that any number of processes may use."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from attrs import define, frozen

__all__ = ["FILE_NAME", "CacheFile", "Identity", "Share", "aside", "identity", "put_aside"]

FILE_NAME = "cache.sqlite"
KEPT_SHARE = 0.9
"""How much of a full cache is left when room is made."""
BUSY_S = 0.5
"""How long another process may keep the file locked."""
SCHEMA = 1
APPLICATION = 0x74616773
TABLES = (
    "CREATE TABLE about (salt BLOB NOT NULL)",
    "CREATE TABLE answers (key BLOB PRIMARY KEY, provider TEXT NOT NULL, plugin TEXT NOT NULL,"
    " version TEXT, kept REAL NOT NULL, used REAL NOT NULL, checksum BLOB NOT NULL,"
    " answer BLOB NOT NULL)",
    "CREATE INDEX answers_by_use ON answers (used)",
)
Identity = tuple[int, int]


@frozen
class Share:
    """What is kept of one provider: how many answers, their bytes, and when one was kept first and
    used last, in Unix seconds."""

    provider: str
    plugin: str
    answers: int
    size: int
    since: float
    used: float


@define(eq=False)
class CacheFile:
    """The open file of a cache. Whatever is wrong with it is a `sqlite3.Error` or an `OSError`."""

    _sql: sqlite3.Connection
    salt: bytes

    @classmethod
    def open(cls, path: Path) -> CacheFile:
        """Opens the file, which only its owner can read, and makes it where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        sql = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            sql.execute("PRAGMA journal_mode = WAL")
            sql.execute("PRAGMA synchronous = NORMAL")
            return cls(sql, _made(sql))
        except BaseException:
            sql.close()
            raise

    def close(self) -> None:
        self._sql.close()

    def find(self, key: bytes, long_ago: float) -> tuple[Any, Any, Any] | None:
        """The checksum of an answer, the answer, and whether it was last used before a time."""
        asked = "SELECT checksum, answer, used < ? FROM answers WHERE key = ?"
        found = self._sql.execute(asked, (long_ago, key)).fetchone()
        return tuple(found) if found else None

    def add(
        self,
        key: bytes,
        about: tuple[str, str, str | None],
        now: float,
        checksum: bytes,
        answer: bytes,
    ) -> None:
        row = (key, *about, now, now, checksum, answer)
        self._sql.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def touch(self, key: bytes, now: float) -> None:
        self._sql.execute("UPDATE answers SET used = ? WHERE key = ?", (now, key))

    def drop(self, key: bytes) -> None:
        self._sql.execute("DELETE FROM answers WHERE key = ?", (key,))

    def make_room(self, max_bytes: int) -> None:
        """Drops what was not used for longest, until `KEPT_SHARE` of the space is taken."""
        if self._size() <= max_bytes:
            return
        with _Transaction(self._sql):
            left = self._size()
            oldest = self._sql.execute("SELECT key, LENGTH(answer) FROM answers ORDER BY used")
            dropped = []
            for key, size in oldest:
                if left <= KEPT_SHARE * max_bytes:
                    break
                dropped.append((key,))
                left -= size
            oldest.close()
            self._sql.executemany("DELETE FROM answers WHERE key = ?", dropped)

    def shares(self) -> list[Share]:
        rows = self._sql.execute(
            "SELECT provider, plugin, COUNT(*), SUM(LENGTH(answer)), MIN(kept), MAX(used)"
            " FROM answers GROUP BY provider, plugin ORDER BY provider, plugin"
        )
        return [Share(*row) for row in rows]

    def clear(self, provider: str | None) -> int:
        """Drops the answers of a provider, or all."""
        only = "" if provider is None else " WHERE provider = ?"
        given = () if provider is None else (provider,)
        return self._sql.execute(f"DELETE FROM answers{only}", given).rowcount  # noqa: S608

    def shrink(self) -> None:
        """Gives the space of what was dropped back to the disk."""
        self._sql.execute("VACUUM")
        self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _size(self) -> int:
        """The bytes in use; free pages within the file are used again before it grows."""
        pages, free, size = (
            self._sql.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


@define
class _Transaction:
    """Writes all or nothing."""

    _sql: sqlite3.Connection

    def __enter__(self) -> None:
        self._sql.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._sql.in_transaction:  # a full disk has ended it already
            self._sql.execute("COMMIT" if kind is None else "ROLLBACK")


def _made(sql: sqlite3.Connection) -> bytes:
    """Makes the tables where there are none, or old ones; the salt that stands in them."""
    with _Transaction(sql):
        names = [
            name for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        (whose,), (schema,) = (
            sql.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        if names and whose != APPLICATION:
            raise sqlite3.NotSupportedError("it is a database of something else")
        if schema > SCHEMA:
            raise sqlite3.NotSupportedError("it was made by a newer taggers")
        if schema < SCHEMA:
            for name in names:
                sql.execute(f'DROP TABLE "{name}"')
            for table in TABLES:
                sql.execute(table)
            sql.execute("INSERT INTO about VALUES (?)", (secrets.token_bytes(32),))
            sql.execute(f"PRAGMA application_id = {APPLICATION}")
            sql.execute(f"PRAGMA user_version = {SCHEMA}")
        (salt,) = sql.execute("SELECT salt FROM about").fetchone() or (None,)
        if not isinstance(salt, bytes):
            raise sqlite3.DataError("its salt is missing")
        return salt


def identity(path: Path) -> Identity | None:
    """Which file stands at a path; None for none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def aside(path: Path) -> Path:
    """Where a damaged file is put."""
    return path.with_name(f"{path.name}.damaged")


def put_aside(path: Path) -> None:
    """Renames a damaged file. Its log goes first: in the new file it would do damage again."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.replace(aside(path))
