"""Answers that are kept, so that what was paid for once is not paid for again.

Kept is what a vendor said of a picture in a single complete answer. Not kept is what the emulator
said, and what would not come back as it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve

from ._cache_file import FILE_NAME, CacheFile, Identity, Share, aside, identity, put_aside
from ._cache_key import asked, key_of
from ._image import Image
from ._model import Options, Result
from ._resolve import Target
from .errors import InvalidInput

__all__ = ["Cache", "kept_or_asked"]

MAX_BYTES = 1_000_000_000
MAX_ANSWER_BYTES = 8_000_000
"""As JSON. What is larger holds pictures, and would crowd out thousands of others."""
REST_S = 10.0
"""How long a cache that gave trouble is not asked again: no call may wait for it in vain."""
TOUCH_S = 3600.0
"""How exactly it is known when an answer was last used: not every hit has to write."""

T = TypeVar("T")


async def kept_or_asked(
    cache: Cache,
    target: Target,
    image: Image,
    options: Options,
    ask: Callable[[float], Awaitable[Result]],
) -> Result:
    """The answer that is kept, or the one that `ask` gets, which is kept from now on; it is told
    how many seconds went by in looking. Equal calls at the same time may all ask. What is wrong
    with the cache is a warning of the result."""
    began = time.monotonic()
    key = await asyncio.to_thread(cache.key, target, image, options)
    kept = await asyncio.to_thread(cache.get, key) if key else None
    if kept is not None:
        took_s = round(time.monotonic() - began, 6)
        provenance = evolve(kept.provenance, duration_s=took_s)
        return _warned(evolve(kept, image=image.facts, provenance=provenance), cache.trouble())
    result = await ask(time.monotonic() - began)
    if key:
        await asyncio.to_thread(cache.put, key, result)
    return _warned(result, cache.trouble())


def _warned(result: Result, trouble: str | None) -> Result:
    return evolve(result, warnings=(*result.warnings, trouble)) if trouble else result


class Cache:
    """The answers that are kept in a folder, at most `max_bytes` of them; those go first that were
    not used for longest.

    Any number of processes and threads may use the folder. What goes wrong with the file is never
    an error: it is as if nothing were kept, and `trouble` says why, once. All but `trouble` blocks,
    and belongs into a thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self.max_bytes = max_bytes
        self._now = now
        self._troubles: dict[str, bool] = {}
        self._put_aside = False
        self._file: CacheFile | None = None
        self._lock = threading.Lock()
        self._rests_until = 0.0
        _CACHES.add(self)

    def key(self, target: Target, image: Image, options: Options) -> bytes | None:
        """What the answer to this call is kept under; None where it is not to be kept."""
        question = asked(target, image, options)
        salt = self._do(lambda file: file.salt) if question else None
        return None if question is None or salt is None else key_of(question, salt)

    def get(self, key: bytes) -> Result | None:
        """The answer under a key; None where there is none, or none that can be read."""
        row = self._do(lambda file: file.find(key, self._now() - TOUCH_S))
        if row is None:
            return None
        checksum, answer, is_long_ago = row
        result = _unpacked(key, checksum, answer)
        if result is None:
            self._note(f"an answer in {self.path} is damaged, and was asked for again")
            self._do(lambda file: file.drop(key))
        elif is_long_ago:
            self._do(lambda file: file.touch(key, self._now()))
        return result

    def put(self, key: bytes, result: Result) -> None:
        """Keeps an answer, if it is one that can be kept."""
        packed = _packed(key, result)
        if packed is None:
            return
        about = (result.provider, result.provenance.plugin, result.provenance.plugin_version)
        self._do(lambda file: file.add(key, about, self._now(), *packed))
        self._do(lambda file: file.make_room(self.max_bytes))

    def shares(self) -> list[Share]:
        """What is kept, by provider."""
        return self._do(lambda file: file.shares()) or []

    def clear(self, provider: str | None = None) -> int:
        """Forgets the answers of a provider, or all; how many there were. Damaged files that were
        put aside go, too."""
        if provider is None:
            aside(self.path).unlink(missing_ok=True)
        gone = self._do(lambda file: file.clear(provider)) or 0
        self._do(lambda file: file.shrink())
        return gone

    def trouble(self) -> str | None:
        """What was wrong with the file and was not told yet."""
        for said, told in tuple(self._troubles.items()):
            if not told:
                self._troubles[said] = True
                return said
        return None

    def close(self) -> None:
        """Closes the file. The next call opens it again."""
        with self._lock:
            self._drop()

    def _do(self, work: Callable[[CacheFile], T]) -> T | None:
        """What the work with the file gives; None where the file gives trouble."""
        with self._lock:
            if time.monotonic() < self._rests_until:
                return None
            which = identity(self.path)
            try:
                if self._file is None:
                    self._file = CacheFile.open(self.path)
                return work(self._file)
            except (sqlite3.Error, OSError) as error:
                self._drop()
                if not (_damaged(error) and self._mended(which)):
                    self._rest(error)
        return None

    def _mended(self, which: Identity | None) -> bool:
        """Whether the damaged file is out of the way: this process puts one aside, once, unless
        another one has done so."""
        if which is None or which != identity(self.path):
            return True
        if self._put_aside:
            return False
        self._put_aside = True
        with contextlib.suppress(OSError):
            put_aside(self.path)
            self._note(f"{self.path} was damaged, and is put aside as {aside(self.path).name}")
            return True
        return False

    def _rest(self, error: sqlite3.Error | OSError) -> None:
        self._rests_until = time.monotonic() + REST_S
        reason = getattr(error, "strerror", None) or error
        self._note(f"answers cannot be kept in {self.path}: {reason}")

    def _note(self, trouble: str) -> None:
        self._troubles.setdefault(trouble, False)

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


_CACHES: weakref.WeakSet[Cache] = weakref.WeakSet()
_held: list[Cache] = []


def _close_all() -> None:
    """Before this process forks: a child may not even close a file that its parent has opened."""
    for cache in tuple(_CACHES):
        cache._lock.acquire()
        cache._drop()
        _held.append(cache)


def _go_on() -> None:
    while _held:
        _held.pop()._lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_all, after_in_parent=_go_on, after_in_child=_go_on)


def _damaged(error: sqlite3.Error | OSError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _packed(key: bytes, result: Result) -> tuple[bytes, bytes] | None:
    """The answer as it is kept, after its checksum; None where it is not to be kept, or would not
    come back as it is.

    A warning of a call that met with an error may be about that call, and of no use to the next.
    """
    provenance = result.provenance
    failed = any(attempt.error for attempt in provenance.attempts)
    if provenance.emulated or provenance.cached or (failed and result.warnings):
        return None
    bare = evolve(provenance, attempts=(), left={}, billable_units=0, duration_s=0.0, cached=True)
    kept = evolve(result, image=evolve(result.image, source=""), provenance=bare)
    try:
        text = json.dumps(kept.to_dict(), separators=(",", ":")).encode()
        if len(text) > MAX_ANSWER_BYTES or Result.from_dict(json.loads(text)) != kept:
            return None
    except (InvalidInput, TypeError, ValueError, RecursionError):  # a plugin's own kind of `raw`
        return None
    answer = zlib.compress(text)
    return _checksum(key, answer), answer


def _unpacked(key: bytes, checksum: Any, answer: Any) -> Result | None:
    """The answer that was packed; None where it is damaged."""
    if not isinstance(answer, bytes) or checksum != _checksum(key, answer):
        return None
    try:
        text = zlib.decompressobj().decompress(answer, MAX_ANSWER_BYTES + 1)
        return Result.from_dict(json.loads(text))
    except (zlib.error, InvalidInput, TypeError, ValueError, RecursionError):
        return None


def _checksum(key: bytes, answer: bytes) -> bytes:
    return hashlib.blake2b(key + answer, digest_size=16).digest()
