"""A line on stderr that says how things are."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import define, field

from .._terminal import console, safe

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = ["Ticker"]

RENEWED_PER_S = 2
EVERY_S = 10.0


@define(eq=False)
class Ticker:
    """On a terminal what `shown` gives renews itself in place; elsewhere what `told` gives becomes
    a line every `EVERY_S`. Both are called by a thread, so whatever happens need not tell it."""

    shown: Callable[[], RenderableType]
    told: Callable[[], str]
    every_s: float = EVERY_S
    _live: Live | None = None
    _ended: threading.Event = field(factory=threading.Event)

    def say(self, text: str) -> None:
        """Tells a person something that lasts."""
        if self._live is not None:
            self._live.console.print(safe(text))
        else:
            print(f"taggers: {safe(text)}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.live import Live

            self._live = Live(
                get_renderable=self.shown,
                console=console(stderr=True),
                refresh_per_second=RENEWED_PER_S,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()
        else:
            threading.Thread(target=self._tell, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._live is not None:
            self._live.stop()

    def _tell(self) -> None:
        while not self._ended.wait(self.every_s):
            self.say(self.told())
