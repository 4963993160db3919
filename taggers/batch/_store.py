"""A store: one SQLite file with all that is known of a library's pictures."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Self

from attrs import define, field

from .._ledger import Ledger, Mends
from ..errors import LocalResourceError
from ._schema import APPLICATION, SCHEMA, VERSION

__all__ = ["Store", "named", "stored"]

_MENDS = Mends(
    damage="it was left as it is: copy it, then save what can be read with "
    "`sqlite3 {name} .recover | sqlite3 mended.sqlite3`, or name another file",
    reach="see whether you may read and write the file and its folder",
    version="use the taggers that made it, or a newer one",
)
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
            mends=_MENDS,
        )

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, make: bool = False) -> Self:
        """The store at a path, which is made where there is none and that is wanted."""
        store = cls(Path(path))
        if not make and not store._filled():
            raise LocalResourceError(
                f"there is no store {path}", hint="`taggers batch … --into STORE` makes one"
            )
        if store.path.exists() and not stat.S_ISREG(store.path.stat().st_mode):
            raise LocalResourceError(f"{path} is no file", hint=_MENDS.reach)
        with store.read() if store._filled() else store.write():
            return store

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """One transaction: all of it holds when it is left, or nothing where an exception does."""
        return self._ledger.write(durable=True)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that can only read, and sees the store as it is now."""
        with self._ledger.explained(), closing(self._reader()) as connection:
            self._ledger.check(connection)
            connection.execute("BEGIN")
            yield connection

    def close(self) -> None:
        """Closes the file, which is then one file again. It opens again when it is needed."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reader(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _filled(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0


def stored(name: str) -> str | bytes:
    """A path or URL as SQLite can hold it: bytes where it is no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def named(name: str | bytes) -> str:
    """The path or URL that `stored` made this of."""
    return os.fsdecode(name) if isinstance(name, bytes) else name
