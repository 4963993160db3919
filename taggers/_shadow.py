"""Shadows: what candidates say of pictures that a route has others tag, for moving without fear.

Each call that was also sent to candidates is a line of `shadow-ROUTE.jsonl` in the folder of the
store:

    {"at": Unix time in s, "route": name, "image": {…}, "answered": Result or error,
     "shadows": {candidate: Result or error}}
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
from attrs import define, field

from ._image import Image
from ._model import Result
from ._routes import Route
from ._serial import as_json
from .errors import TaggersError

__all__ = ["Shadows", "file_of", "record"]

LOG = logging.getLogger("taggers")
MOST_UNDER_WAY = 64
"""Calls whose shadows are asked at a time: each holds its picture until they have answered."""
Ask = Callable[[str], Awaitable[Result]]
"""Asks a provider or a route by its name."""


@define
class Shadows:
    """The calls that one tagger also sends to candidates, written down in a folder."""

    folder: Path
    _under_way: set[asyncio.Task[None]] = field(factory=set, init=False)

    async def answer(self, route: Route, image: Image, ask: Ask) -> Result:
        """What a route says; its shadows are asked at the same time, and not waited for. Where they
        lag behind so far that `MOST_UNDER_WAY` are, it is asked alone. Raises as `ask` does."""
        if len(self._under_way) >= MOST_UNDER_WAY:
            LOG.info("the shadows of %s lag behind; a call is not sent to them", route.name)
            return await ask(route.name)
        answered = asyncio.create_task(_said(ask, route.name))
        shadowing = asyncio.create_task(self._shadow(route, image, ask, answered))
        self._under_way.add(shadowing)
        shadowing.add_done_callback(self._under_way.discard)
        try:
            outcome = await answered
        except asyncio.CancelledError:
            shadowing.cancel()
            raise
        if isinstance(outcome, TaggersError):
            raise outcome
        return outcome

    def cancel(self) -> None:
        """Ends what is under way; it is not written down."""
        for shadowing in self._under_way:
            shadowing.cancel()

    async def finish(self) -> None:
        """Waits until all is written down."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _shadow(
        self, route: Route, image: Image, ask: Ask, answered: Awaitable[Result | TaggersError]
    ) -> None:
        said = await asyncio.gather(*(_said(ask, name) for name in route.shadow))
        shadows = dict(zip(route.shadow, said, strict=True))
        path, outcome = file_of(self.folder, route.name), await answered
        try:
            await asyncio.to_thread(record, path, route.name, time.time(), image, outcome, shadows)
        except OSError as error:
            LOG.warning("%s cannot be written: %s", path, error)


async def _said(ask: Ask, name: str) -> Result | TaggersError:
    try:
        return await ask(name)
    except TaggersError as error:
        return error


def file_of(folder: Path, route: str) -> Path:
    """Where the shadows of a route are written down."""
    return folder / f"shadow-{quote(route, safe='')}.jsonl"


def record(
    path: Path,
    route: str,
    at: float,
    image: Image,
    answered: Result | TaggersError,
    shadows: Mapping[str, Result | TaggersError],
) -> None:
    """Adds one line, whole or not at all. Raises `OSError`."""
    line = {
        "at": at,
        "route": route,
        "image": attrs.asdict(image.facts),
        "answered": answered.to_dict(),
        "shadows": {name: outcome.to_dict() for name, outcome in shadows.items()},
    }
    _append(path, as_json(line).encode() + b"\n")


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        size = os.fstat(descriptor).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _lock(descriptor: Any) -> None:
    """Keeps other processes out until the file is closed, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
