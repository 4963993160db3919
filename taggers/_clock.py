"""The vendors' clocks, as far as they have told theirs."""

from __future__ import annotations

import time

from attrs import define

from ._shared import Shared

__all__ = ["CLOCKS", "Clock"]


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
