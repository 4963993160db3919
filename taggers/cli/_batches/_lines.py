"""Results on stdout, as they come."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, TypeVar

from attrs import define, field

from ..._serial import as_json
from .._terminal import output_lost

__all__ = ["Lines"]

T = TypeVar("T")
MOST = 1_000
"""So many lines may wait for a slow reader before nothing new is begun."""
LOOK_S = 0.05


@define(eq=False)
class Lines:
    """Prints records as JSON Lines in a thread of its own, so that a reader who is slow, such as a
    pager, keeps no call from being answered. `lost` is called, once and in that thread, where the
    output cannot be written any more."""

    lost: Callable[[], object]
    broken: bool = False
    _out: TextIO = field(factory=lambda: sys.stdout)
    _waiting: queue.SimpleQueue[Callable[[], dict[str, Any]] | None] = field(
        factory=queue.SimpleQueue
    )
    _thread: threading.Thread | None = None

    def put(self, record: Callable[[], dict[str, Any]]) -> None:
        """Prints what is recorded when its turn comes."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._print, daemon=True)
            self._thread.start()
        if not self.broken:
            self._waiting.put(record)

    def paced(self, items: Iterable[T]) -> Iterator[T]:
        """The items, the next one when not too many lines wait. Blocks meanwhile."""
        for item in items:
            while self._waiting.qsize() > MOST and not self.broken:
                time.sleep(LOOK_S)
            yield item

    def close(self) -> None:
        """Returns when all is printed."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _print(self) -> None:
        try:
            while (record := self._waiting.get()) is not None:
                self._out.write(as_json(record()) + "\n")
                if self._waiting.empty():
                    self._out.flush()
            self._out.flush()
        except (OSError, UnicodeEncodeError) as error:
            self.broken = True
            output_lost(error)
            self.lost()
