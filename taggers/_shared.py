"""What all taggers of a process share: values by key, made when they are first asked for.

What is known of a credential or of a server's clock is as true for one tagger as for the next, in
whatever thread and event loop it runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

__all__ = ["Key", "Shared", "fingerprint", "forget", "revealed", "server"]

MAX_VALUES = 10_000
"""In one table. Above it the oldest is forgotten, which costs a question asked once more."""

Key = tuple[str, bytes]
"""A server, as `server` names it, and the fingerprint of what is used there."""

T = TypeVar("T")


class Shared(Generic[T]):
    """A table of values that `make` makes. It may be used from several threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values: dict[Key, T] = {}
        self._lock = threading.Lock()
        _TABLES.append(self)
        if hasattr(os, "register_at_fork"):  # a child has none of the threads that hold a value
            os.register_at_fork(after_in_child=self._begin)

    def of(self, key: Key) -> T:
        """The value of a key."""
        with self._lock:
            if key not in self._values:
                if len(self._values) >= MAX_VALUES:
                    del self._values[next(iter(self._values))]
                self._values[key] = self._make()
            return self._values[key]

    def all(self) -> list[T]:
        """All values that there are."""
        with self._lock:
            return list(self._values.values())

    def forget(self, name: str | None) -> None:
        """Makes the values of a server anew from now on; those of all where that is None."""
        with self._lock:
            kept = self._values.items() if name is not None else ()
            self._values = {key: value for key, value in kept if key[0] != name}

    def _begin(self) -> None:
        self._values, self._lock = {}, threading.Lock()


_TABLES: list[Shared[Any]] = []
_SALT = secrets.token_bytes(32)


def forget(address: str | None = None) -> None:
    """Forgets all that is known of the server at an address: another one may stand there now."""
    for table in _TABLES:
        table.forget(None if address is None else server(address))


def server(address: str) -> str:
    """The host and port of a URL."""
    return urlsplit(address).netloc.lower()


def fingerprint(parts: Any) -> bytes:
    """What tells texts and secrets from others and does not give them away: it is salted anew in
    every process."""
    text = json.dumps(parts, default=revealed)
    return hashlib.blake2b(text.encode(), key=_SALT, digest_size=16).digest()


def revealed(value: Any) -> str:
    """The text of a secret, or of what is none."""
    return str(value.reveal()) if hasattr(value, "reveal") else repr(value)
