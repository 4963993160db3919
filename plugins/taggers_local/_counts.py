"""Values that come with how often they occur."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import TypeVar

__all__ = ["Counts", "quantile", "total"]

T = TypeVar("T")

Counts = list[tuple[int, T]]
"""Each value after its count."""


def total(counts: Counts[T]) -> int:
    """How many there are of all."""
    return sum(count for count, _ in counts)


def quantile(counts: Iterable[tuple[int, float]], part: float) -> float:
    """The value that this part of all values, at least, does not pass."""
    ordered = sorted(counts, key=lambda item: item[1])
    sums = accumulate(count for count, _ in ordered)
    wanted = part * total(ordered)
    return next(value for so_far, (_, value) in zip(sums, ordered, strict=True) if so_far >= wanted)
