"""A store: one SQLite file with all that is known of a library's pictures."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

from attrs import define, field

from ..._database import MAGIC
from ..._ledger import Ledger, Mends
from ...errors import LocalResourceError
from ._schema import APPLICATION, SCHEMA, UPGRADES, VERSION

__all__ = ["Store", "named", "shown", "stored"]

_MENDS = Mends(
    damage="it was left as it is: copy it, then save what can be read with "
    "`sqlite3 {name} .recover | sqlite3 mended.sqlite3`, or name another file",
    reach="see whether you may read and write the file and its folder",
    version="use the taggers that made it, or a newer one",
    kept="; what was finished is in it, and the same command goes on from there",
)
HEAD_BYTES = 100
"""How long the header of a file of SQLite's is."""
_PRAGMAS = (
    "cache_size = -32768",  # 32 MB: the pages of the index by label that a group commit touches
    "wal_autocheckpoint = 8000",  # 32 MB: each of them is then written to its place less often
)


@define(eq=False)
class Store:
    """The store in a file; any number of threads and processes may use it, and old results are
    never lost to what fails later.

    Writing takes hold when it returns, also after a loss of power. All methods raise
    `LocalResourceError` where the file is missing, none of ours, of another version, damaged, busy
    or out of reach, or where its disk is full: what was written before stays.
    """

    path: Path
    _ledger: Ledger = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._ledger = Ledger(
            self.path,
            "a store of taggers batch",
            SCHEMA,
            VERSION,
            busy_s=60.0,
            application=APPLICATION,
            pragmas=_PRAGMAS,
            upgrades=UPGRADES,
            mends=_MENDS,
        )

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, make: bool = False) -> Self:
        """The store at a path, which is made where there is none and that is wanted; its folder
        has to be there. One of an earlier version becomes one of this."""
        store = cls(Path(path))
        with store._ledger.explained():
            there = store._check_file()
        if not make and not there:
            raise LocalResourceError(
                f"there is no store {path}", hint="`taggers batch … --into STORE` makes one"
            )
        if not there and not store.path.parent.is_dir():
            raise LocalResourceError(
                f"there is no folder {store.path.parent} for a store {store.path.name}",
                hint="make it, or name another file: in an empty store nothing is known, and all "
                "would be paid again",
            )
        with store.read() if there and not store._lacks_tables(make) else store.write():
            return store

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """One transaction: all of it holds when it is left, or nothing where an exception does."""
        return self._ledger.write(durable=True)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that can only read, and sees the store as it is now."""
        with self._ledger.explained((sqlite3.Error,)), closing(self._reader()) as connection:
            self._ledger.check(connection)
            connection.execute("BEGIN")
            yield connection

    def close(self) -> None:
        """Closes the file, which is then one file again. It opens again when it is needed."""
        self._ledger.close()

    def __reduce__(self) -> tuple[type[Store], tuple[Path]]:
        return type(self), (self.path,)  # a copy in another process opens the file anew

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lacks_tables(self, make: bool) -> bool:
        """Whether its tables have still to be made: it is older, or another process is making it
        just now, or has ended over that."""
        with self._ledger.explained((sqlite3.Error,)), closing(self._reader()) as connection:
            older = self._ledger.is_older(connection)
            return older or (make and self._ledger.is_empty(connection))

    def _reader(self) -> sqlite3.Connection:
        """It might write, so that SQLite takes away its files beside the store when nobody else has
        them open; but it does not."""
        how = "mode=ro&immutable=1" if self._sealed() else "mode=rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{how}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _sealed(self) -> bool:
        """Whether nobody can write it here, and all of it is in its one file: SQLite would make
        others beside it to read it."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return not os.access(self.path.parent, os.W_OK) and not log.exists()

    def _check_file(self) -> bool:
        """Whether there is a file with something in it. Raises `LocalResourceError` where that
        cannot be a store."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(about.st_mode):
            raise LocalResourceError(f"{self.path} is no file", hint=_MENDS.reach)
        if about.st_size == 0:
            return False
        with self.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
            raise LocalResourceError(
                f"{self.path} is no store, or its beginning is damaged",
                hint="name another file; this one was left as it is",
            )
        return True


def stored(name: str) -> str | bytes:
    """A path or URL as SQLite can hold it: bytes where it is no text."""
    if name.isascii():
        return name
    with suppress(UnicodeEncodeError):
        name.encode()
        return name
    with suppress(UnicodeEncodeError):
        return os.fsencode(name)
    return name.encode("utf-8", "surrogatepass")  # half of a surrogate pair: nothing is there


def named(name: str | bytes) -> str:
    """The path or URL that `stored` made this of."""
    return os.fsdecode(name) if isinstance(name, bytes) else name


def shown(name: str | bytes) -> str:
    """A path or URL as text; what is none in it becomes what bytes it is, as in caf\\xe9."""
    kept = stored(name) if isinstance(name, str) else name
    return kept if isinstance(kept, str) else kept.decode("utf-8", "backslashreplace")
