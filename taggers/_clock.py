"""The time: this machine's, and the vendors' as far as they have told theirs."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from attrs import define, frozen

from ._shared import Shared

__all__ = ["CLOCKS", "Clock", "Moment"]


@frozen
class Moment:
    """Now: as `ticks`, seconds that only grow, and as a Unix time in s to tell people."""

    ticks: float
    unix: float

    def later(self, seconds: float) -> Moment:
        """So many seconds from this."""
        return Moment(self.ticks + seconds, self.unix + seconds)

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.unix, UTC).strftime("%H:%M:%S UTC")


@define
class Clock:
    """This machine's clock, set by what one server says of its own."""

    offset_s: float = 0.0

    def now(self) -> float:
        """The Unix time there, in s."""
        return time.time() + self.offset_s

    def correct(self, now: float) -> None:
        """Sets the clock; calls that do so at the same time set it to the same."""
        self.offset_s = now - time.time()


CLOCKS = Shared(Clock)
