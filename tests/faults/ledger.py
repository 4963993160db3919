"""What a fault server saw and did, on disk: its word stands against that of taggers.

One JSON list a line: `[event, at, number, call, request, …]`. A request comes "in" (its head was
read), may be "billed" (the work was done), and is "out" with whether its answer was written whole.
Before an answer leaves, the events up to it are on disk.
"""

from __future__ import annotations

import asyncio
import json
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

from attrs import define, field

__all__ = ["Asked", "Book", "Ledger"]


class Ledger:
    """Writes the file. Events of one turn of the event loop share an fsync."""

    def __init__(self, path: str | Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lines: list[str] = []
        self._commit: asyncio.Future[None] | None = None

    def note(self, *event: Any) -> None:
        """Adds an event, which the next commit takes along."""
        self._lines.append(json.dumps(event))

    async def commit(self) -> None:
        """Returns when all that was noted is on disk."""
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self.flush)
        await asyncio.shield(self._commit)

    def flush(self) -> None:
        """Puts all that was noted on disk now."""
        lines, self._lines = self._lines, []
        waiting, self._commit = self._commit, None
        os.write(self._file, "".join(line + "\n" for line in lines).encode())
        os.fsync(self._file)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


@define
class Asked:
    """One request as the server saw it; `call` is None where it was not read so far."""

    number: int
    call: int | None
    came: float
    whole: bool = False
    billed: int = 0
    status: int | None = None
    delivered: bool = False
    left: float | None = None


@define
class Book:
    """A ledger that was read: the requests in the order in which they came, and other events."""

    requests: list[Asked] = field(factory=list)
    others: list[list[Any]] = field(factory=list)
    by_call: dict[int, list[Asked]] = field(factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, path: str | Path) -> Book:
        """The book of a server that has ended."""
        known: dict[int, Asked] = {}
        others = []
        for line in Path(path).read_text().splitlines():
            kind, at, number, *rest = json.loads(line)
            if kind == "in":
                known[number] = Asked(number, rest[0], at)
            elif kind == "whole":
                known[number].whole = True
            elif kind == "billed":
                known[number].billed += 1
            elif kind == "out":
                asked = known[number]
                asked.left, (asked.status, asked.delivered) = at, rest
            else:
                others.append([kind, at, number, *rest])
        return cls.of(known.values(), others)

    @classmethod
    def of(cls, requests: Iterable[Asked], others: Iterable[list[Any]] = ()) -> Book:
        """The book of these requests, and other events."""
        book = cls(list(requests), list(others))
        for asked in book.requests:
            if asked.call is not None:
                book.by_call[asked.call].append(asked)
        return book

    def billed(self, call: int) -> int:
        """How often the work of a call was done."""
        return sum(asked.billed for asked in self.by_call.get(call, ()))

    def unanswered(self, call: int) -> bool:
        """Whether a request of the call was read whole, and not as much as its status answered."""
        return any(asked.whole and asked.status is None for asked in self.by_call.get(call, ()))

    def count(self, event: str) -> int:
        """How many other events of a kind there were."""
        return sum(other[0] == event for other in self.others)

    def in_flight(self) -> int:
        """How many requests were inside at a time, at most."""
        steps = [(asked.came, 1) for asked in self.requests]
        steps += [(asked.left, -1) for asked in self.requests if asked.left is not None]
        return max(accumulate(step for _, step in sorted(steps)), default=0)

    def busiest(self, window_s: float = 1.0) -> int:
        """How many requests came within any window of so many seconds, at most."""
        came = sorted(asked.came for asked in self.requests)
        return max((bisect_right(came, at + window_s) - i for i, at in enumerate(came)), default=0)

    def span_s(self) -> float:
        """From the first request to the last."""
        came = [asked.came for asked in self.requests]
        return max(came) - min(came) if came else 0.0
