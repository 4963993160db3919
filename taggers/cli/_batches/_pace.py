"""How fast something goes, and when it will be done."""

from __future__ import annotations

from collections import deque

from attrs import define, field

__all__ = ["Pace"]

WINDOW_S = 30.0
WARM_S = 3.0


@define
class Pace:
    """Remembers how far a run was, over the last `WINDOW_S`: how many calls had come back, and how
    many errands were over, known ones among them."""

    _seen: deque[tuple[float, int, int]] = field(factory=deque)

    def note(self, now: float, calls: int, over: int) -> None:
        """Notes how far it is; `now` is in seconds, and never goes back."""
        self._seen.append((now, calls, over))
        while self._seen[0][0] < now - WINDOW_S:
            self._seen.popleft()

    @property
    def calls_per_s(self) -> float:
        """So many calls come back a second."""
        return self._rate(1)

    def left_s(self, left: int) -> float | None:
        """How long so many errands take at this pace, in seconds; None where that is not known yet,
        and where nothing moves."""
        rate = self._rate(2)
        seen_s = self._seen[-1][0] - self._seen[0][0]
        return left / rate if rate and seen_s >= WARM_S else None

    def _rate(self, which: int) -> float:
        first, last = self._seen[0], self._seen[-1]
        took_s = last[0] - first[0]
        return (last[which] - first[which]) / took_s if took_s else 0.0
