"""A ledger: one SQLite file in which all processes of this machine write down what they share.

It fails closed: what cannot be written down raises, and is then not done.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from attrs import define, field, frozen

from .errors import LocalResourceError

__all__ = ["Ledger", "Mends"]

_RETRY_S = 0.005


@define(eq=False)
class Ledger:
    """The file at `path`, which is made when it is first needed; any thread may use it.

    `about` says what it holds, as in "what was spent"; `tables` are the statements that make its
    tables, in the `version` that this taggers knows. A process waits at most `busy_s` for others,
    of which each needs some milliseconds. It has one connection, which closes when it forks, and
    for which `pragmas` are set. `application` marks the file as what it is, in SQLite's header.
    `upgrades` are the statements that make a file of an earlier version, by which they are named,
    one of this version; it is done when the file is first written.
    """

    path: Path
    about: str
    tables: tuple[str, ...] = field(repr=False)
    version: int = 1
    busy_s: float = 10.0
    application: int = 0
    pragmas: tuple[str, ...] = field(default=(), repr=False)
    upgrades: Mapping[int, tuple[str, ...]] = field(factory=dict, repr=False)
    mends: Mends = field(factory=lambda: Mends(), repr=False)
    _connection: sqlite3.Connection | None = field(init=False, default=None, repr=False)
    _durable: bool | None = field(init=False, default=None, repr=False)
    _file: tuple[int, int] | None = field(init=False, default=None, repr=False)
    _lock: Any = field(init=False, factory=threading.Lock, repr=False)

    def __attrs_post_init__(self) -> None:
        with _FORKING:
            _LEDGERS.add(self)

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """One transaction, in which nobody else writes. It holds as a whole when it is left, and
        not at all when an exception leaves it. One that is `durable` also survives a loss of power.

        Raises `LocalResourceError` where the file is damaged, busy or out of reach.
        """
        with self._lock, self.explained():
            connection = self._connected()
            if durable != self._durable:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            with _transaction(connection):
                yield connection

    def close(self) -> None:
        """Closes the file; it opens again when it is needed."""
        with self._lock:
            self._disconnect()

    def __del__(self) -> None:
        self._disconnect()

    def _connected(self) -> sqlite3.Connection:
        """The connection; a new one where the file was moved away or replaced meanwhile, as this
        process would otherwise count alone."""
        if self._connection is None or self._file != _identity(self.path):
            self._disconnect()
            self._connection, self._file = self._connect(), _identity(self.path)
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        _create(self.path)
        connection = sqlite3.connect(
            self.path, timeout=self.busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            _use_wal(connection, self.busy_s)
            connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves it in a cache
            for pragma in self.pragmas:
                connection.execute(f"PRAGMA {pragma}")
            self._make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        if self._is_new(connection) or self.is_older(connection):
            with _transaction(connection):
                if self._is_new(connection):  # no other process was faster
                    self._fill(connection)
                elif self.is_older(connection):
                    self._upgrade(connection)
        self.check(connection)

    def is_older(self, connection: sqlite3.Connection) -> bool:
        """Whether the file is of an earlier version that can become one of this."""
        ours = _pragma(connection, "application_id") == self.application
        return ours and _pragma(connection, "user_version") in self.upgrades

    def is_empty(self, connection: sqlite3.Connection) -> bool:
        """Whether there is nothing in the file as yet."""
        tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        return self._is_new(connection) and tables is None

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        return _pragma(connection, "user_version") == 0

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        for statement in self.upgrades[_pragma(connection, "user_version")]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {self.version}")

    def _fill(self, connection: sqlite3.Connection) -> None:
        if not self.is_empty(connection):
            raise self._not_ours()
        for statement in self.tables:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {self.application}")
        connection.execute(f"PRAGMA user_version = {self.version}")

    def check(self, connection: sqlite3.Connection) -> None:
        """Raises `LocalResourceError` where the file holds something else, or is of a version that
        this taggers does not know."""
        if _pragma(connection, "application_id") != self.application:
            raise self._not_ours()
        if (found := _pragma(connection, "user_version")) != self.version:
            raise LocalResourceError(
                f"{self.path} ({self.about}) is of version {found}, and this taggers knows "
                f"version {self.version}",
                hint=self.mends.version,
            )

    def _not_ours(self) -> LocalResourceError:
        return LocalResourceError(
            f"{self.path} is a database of something else, and not {self.about}",
            hint="name another file; this one was left as it is",
        )

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._durable = None

    @contextmanager
    def explained(
        self, errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)
    ) -> Iterator[None]:
        """Says what is wrong with the file, where, and what to do, for `errors` of its own."""
        try:
            yield
        except errors as error:
            raise LocalResourceError(
                f"{self.path} ({self.about}) cannot be used: {error}", hint=self._mend(error)
            ) from error

    def _mend(self, error: Exception) -> str:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            return (
                f"another process has not let go of it for {self.busy_s:g} s: see which, and end it"
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            return self.mends.damage.format(name=self.path.name, about=self.about)
        if code == sqlite3.SQLITE_FULL:
            return f"make room on its disk{self.mends.kept}"
        if code == sqlite3.SQLITE_IOERR:
            why = "see whether its disk is full, too small for such a file, or failing"
            return f"{why}{self.mends.kept}"
        return self.mends.reach


@frozen
class Mends:
    """What to do about a file that is damaged, out of reach, or of another version; and, where it
    cannot be written on, what has become of what was."""

    damage: str = "move it away, with {name}-wal; {about} then counts from nothing"
    reach: str = (
        "make its folder writable, or name another one as folder in [store] of taggers.toml"
    )
    version: str = "use the newest taggers everywhere on this machine"
    kept: str = ""


_LEDGERS: WeakSet[Ledger] = WeakSet()
_CLOSED_TO_FORK: list[Ledger] = []
_FORKING = threading.Lock()


def _before_fork() -> None:
    """Closes all ledgers: what SQLite knows of its own locks would be wrong in the child."""
    _FORKING.acquire()
    _CLOSED_TO_FORK.extend(_LEDGERS)
    for ledger in _CLOSED_TO_FORK:
        ledger._lock.acquire()
        ledger._disconnect()


def _after_fork() -> None:
    while _CLOSED_TO_FORK:
        _CLOSED_TO_FORK.pop()._lock.release()
    _FORKING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(path: Path) -> None:
    """Makes the file, for its owner alone. One that is there is not opened: to close it again would
    drop the locks that another connection of this process has on it (POSIX)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _use_wal(connection: sqlite3.Connection, busy_s: float) -> None:
    """Switches to a write-ahead log. SQLite does not wait for others who do so at the same time."""
    ends = time.monotonic() + busy_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= ends:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_dev, about.st_ino
