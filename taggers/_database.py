"""Files of SQLite's, which nothing is written over: a store is one, and what is in it was paid."""

from __future__ import annotations

from pathlib import Path

from .errors import InvalidInput

__all__ = ["MAGIC", "ensure_no_database", "is_database"]

MAGIC = b"SQLite format 3\0"
"""How such a file begins."""


def is_database(path: Path) -> bool:
    """Whether this is a store, or another file of SQLite's."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def ensure_no_database(path: Path) -> None:
    """Raises `InvalidInput` where a file that is to be written is one."""
    if path.is_file() and is_database(path):
        raise InvalidInput(
            f"{path} is a store, or another database, and is not written over",
            hint="name another file",
            scope="call",
        )
