"""How long a service takes, as far as this process has seen."""

from __future__ import annotations

from attrs import define

from ._shared import Shared

__all__ = ["LATENCIES", "Latency"]

NEWEST = 0.2
"""How much the newest call counts; those before it count for the rest."""


@define(eq=False)
class Latency:
    """The moving average of a service's good calls, in seconds; None before the first."""

    seconds: float | None = None

    def note(self, seconds: float) -> None:
        """Takes another call into account."""
        before = seconds if self.seconds is None else self.seconds
        self.seconds = before + NEWEST * (seconds - before)


LATENCIES = Shared(Latency)
