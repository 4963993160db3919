"""What a person sees of a run while it lasts: progress on stderr, results on stdout."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define, field

from ..._model import Result
from ...batch import Happened, Tally
from .._terminal import duration, safe
from ._bill import PriceOf, bill
from ._lines import Lines
from ._pace import Pace
from ._ticker import Ticker

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["INTERRUPTS", "Screen"]

T = TypeVar("T")
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
"""The first of these lets a run finish what is under way, the second ends it."""
KINDS = 4
"""So many kinds of errors are shown while it lasts."""


@define(eq=False)
class Screen:
    """Shows how far a run is, of `total` errands where that is known, `each` of a picture, and
    prints results as JSON Lines where that is wanted. `lost` is called where nobody reads them any
    more."""

    printing: bool
    price: PriceOf
    each: int = 1
    total: int | None = None
    lost: Callable[[], object] = lambda: None
    tally: Tally = field(factory=Tally)
    _pace: Pace = field(factory=Pace)
    _ticker: Ticker = field(init=False)
    _lines: Lines = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._ticker = Ticker(self._shown, self._told)
        self._lines = Lines(lambda: self.lost())

    def show(self, one: Happened) -> None:
        """Prints what happened, which is counted already."""
        if self.printing and one.said != "known":
            self._lines.put(lambda: _record(one))

    def count(self, errands: int) -> None:
        """Learns how many errands there are."""
        self.total = errands

    def paced(self, items: Iterable[T]) -> Iterator[T]:
        """The items, no faster than what they bring is read."""
        return self._lines.paced(items)

    def say(self, text: str) -> None:
        """Tells a person something that lasts."""
        self._ticker.say(text)

    def finishing(self) -> None:
        """Tells a person that the first interrupt was heard."""
        self.say("finishing what is under way; Ctrl-C once more stops at once")

    @property
    def unread(self) -> bool:
        """Whether results could not be printed."""
        return self._lines.broken

    def __enter__(self) -> Self:
        self._pace.note(time.monotonic(), 0, 0)
        self._ticker.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ticker.__exit__(kind, error, trace)
        self._lines.close()

    def _told(self) -> str:
        """How far the run is, in a line."""
        return "; ".join(
            filter(None, [self._moving(), self._cost(), self._errors(), self._waiting()])
        )

    def _shown(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        line = Table.grid(padding=(0, 1))
        text = Text(self._moving(), no_wrap=True, overflow="ellipsis")
        bar = [] if self.total is None else [ProgressBar(self.total, self._over, width=20)]
        line.add_row(*bar, text)
        about = "; ".join(filter(None, [self._cost(), self._errors(), self._waiting()]))
        return Group(line, Text(about, no_wrap=True, overflow="ellipsis")) if about else line

    @property
    def _over(self) -> int:
        unread = _sum(self.tally.unread.counts) * (self.each - 1)
        return self._calls + self.tally.known + unread

    @property
    def _calls(self) -> int:
        return self.tally.done + _sum(self.tally.failed)

    def _moving(self) -> str:
        self._pace.note(time.monotonic(), self._calls, self._over)
        of = "" if self.total is None else f" of {self.total:,}"
        known = f", {self.tally.known:,} known" if self.tally.known else ""
        parts = [f"{self._over:,}{of}{known}", f"{self._pace.calls_per_s:,.1f} a second"]
        if self.total is not None:
            left_s = self._pace.left_s(max(0, self.total - self._over))
            parts += [] if left_s is None else [f"{duration(left_s)} left"]
        return ", ".join(parts)

    def _cost(self) -> str:
        cost = bill(self.tally.billed, self.price)
        maybe = bill(self.tally.maybe_billed, self.price)
        return cost + (f", maybe {maybe} more" if maybe else "")

    def _waiting(self) -> str:
        return "; ".join(str(error) for error in list(self.tally.waiting.values()))

    def _errors(self) -> str:
        failed = sorted(dict(self.tally.failed).items(), key=lambda one: -one[1])
        more = f", {len(failed) - KINDS} kinds more" if len(failed) > KINDS else ""
        return ", ".join(f"{count:,} {safe(kind)}" for kind, count in failed[:KINDS]) + more


def _sum(counts: Mapping[str, int]) -> int:
    """All together; counting goes on in another thread meanwhile."""
    return sum(dict(counts).values())


def _record(one: Happened) -> dict[str, Any]:
    """What happened, as a line says it."""
    assert one.said != "known"
    said = one.said.to_dict()
    if isinstance(one.said, Result):
        return said
    return {"provider": one.provider, "image": {"source": one.source}, "error": said}
