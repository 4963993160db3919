"""How far a measured value may be from the true one: the bootstrap over pictures.

A picture is drawn with all that anybody said about it, since the tags of one picture go together,
and so do providers about a hard picture. Two providers are compared on the same draws (paired).

The intervals are bias-corrected and accelerated (BCa; B. Efron, "Better Bootstrap Confidence
Intervals", JASA 82, 1987), since a precision near 1 errs further down than up, which the plain
percentiles do not follow. As they are too narrow for few pictures, they reach as much further as
Student's t does (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American
Statistician 69, 2015). Of 1,500 planted worlds of 20 pictures, the percentiles held a precision of
0.9 in 91 %, a recall of 0.6 in 91 % and a difference in F1 in 93 %; these hold 97, 94 and 95 %.
The acceleration comes from leaving out pictures by groups.

Where all draws are the same, as where everything was right, the bootstrap would be certain. Then
the other end is Clopper and Pearson's for as many pictures, of which each counts once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from attrs import frozen
from scipy.special import stdtrit

from ._marks import Floats, Weights

__all__ = ["DRAWS", "Resamples", "Sampled", "distinguishing", "needed_pictures", "widened"]

DRAWS = 4000
GROUPS = 200
"""The most groups of pictures that are left out in turn."""
POWER = 0.8
ROUNDS = 20
AT_A_TIME = 500_000
"""The most numbers that one matrix has: as many as a processor keeps at hand."""
_NORMAL = NormalDist()

Statistic = Callable[[Weights], Floats]
"""From weights of the pictures, a row for each draw, to a value for each; NaN is none."""


@frozen(eq=False)
class Sampled:
    """A value (NaN: none), what it was in each draw, and what it is without each group of pictures.
    The difference of two that were sampled together is sampled, too."""

    value: float
    drawn: Floats
    without: Floats

    def __sub__(self, other: Sampled) -> Sampled:
        return Sampled(
            self.value - other.value, self.drawn - other.drawn, self.without - other.without
        )

    @property
    def deviation(self) -> float:
        """The standard error of the value."""
        drawn = self._valid
        return float(drawn.std()) if len(drawn) else math.nan

    def interval(self, level: float, pictures: int) -> tuple[float, float] | None:
        """The confidence interval of a value that so many pictures count for; None where there is
        no value, or but one picture."""
        drawn = self._valid
        if math.isnan(self.value) or not len(drawn) or pictures < 2:
            return None
        below = ((drawn < self.value).mean() + (drawn <= self.value).mean()) / 2
        bias = _NORMAL.inv_cdf(min(max(below, 1 / len(drawn)), 1 - 1 / len(drawn)))
        tail = _reach(level, pictures)
        ends = [_shifted(bias, side, self._acceleration) for side in (-tail, tail)]
        low, high = np.quantile(drawn, ends)
        return float(low), float(high)

    @property
    def _valid(self) -> Floats:
        return self.drawn[~np.isnan(self.drawn)]

    @property
    def _acceleration(self) -> float:
        without = self.without[~np.isnan(self.without)]
        pull = without.mean() - without if len(without) else np.zeros(1)
        spread = float((pull**2).sum())
        return float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0


def _shifted(bias: float, tail: float, acceleration: float) -> float:
    return _NORMAL.cdf(bias + (bias + tail) / (1 - acceleration * (bias + tail)))


@frozen(eq=False)
class Resamples:
    """Draws of pictures, with replacement: how often each was drawn, shape (draws, pictures)."""

    weights: Weights

    @classmethod
    def draw(cls, pictures: int, random: np.random.Generator, draws: int = DRAWS) -> Resamples:
        """So many draws of as many pictures as there are."""
        rows = max(1, AT_A_TIME // pictures)
        sizes = [min(rows, draws - start) for start in range(0, draws, rows)]
        return cls(np.concatenate([_drawn(pictures, size, random) for size in sizes]))

    def sample(self, statistic: Statistic, width: int = 0) -> Sampled:
        """A statistic, sampled. `width` is the length of the rows that it makes, if they are longer
        than the number of pictures."""
        pictures = self.weights.shape[1]
        groups = np.arange(pictures) % min(pictures, GROUPS)
        without = (groups != np.arange(min(pictures, GROUPS))[:, None]).astype(np.uint8)
        rows = max(1, AT_A_TIME // max(pictures, width, 1))
        drawn = [
            statistic(self.weights[start : start + rows])
            for start in range(0, len(self.weights), rows)
        ]
        left_out = [
            statistic(without[start : start + rows]) for start in range(0, len(without), rows)
        ]
        value = float(statistic(np.ones((1, pictures), np.uint8))[0])
        return Sampled(value, np.concatenate(drawn), np.concatenate(left_out))


def _drawn(pictures: int, draws: int, random: np.random.Generator) -> Weights:
    chosen = random.integers(pictures, size=(draws, pictures))
    chosen += pictures * np.arange(draws)[:, None]
    times = np.bincount(chosen.ravel(), minlength=draws * pictures)
    return times.reshape(draws, pictures).astype(np.uint8)


def widened(interval: tuple[float, float], pictures: int, level: float) -> tuple[float, float]:
    """The interval of a share; one that is certain of 0 or 1 from so many pictures reaches to
    where as many alike ones would be a rare chance (Clopper and Pearson)."""
    reach = ((1 - level) / 2) ** (1 / pictures)
    if interval == (1.0, 1.0):
        return reach, 1.0
    return (0.0, 1 - reach) if interval == (0.0, 0.0) else interval


def distinguishing(level: float) -> int:
    """On how many pictures two providers have to differ before anything can be said: fewer would
    all favour the same one by chance too often (sign test)."""
    return math.ceil(math.log2(2 / (1 - level)))


def needed_pictures(difference: Sampled, pictures: int, level: float) -> int | None:
    """How many pictures it takes in all until an interval would leave out zero in four of five
    cases (power 0.8), if the difference is what so many pictures show; None where it is none.

    The standard error shrinks with the root of the number of pictures, so that the number is
    n · ((reach of the interval + z of the power) · error / difference)². Its reach depends on the
    number again: going halfway to what follows from it so many times finds where it stays.
    """
    if math.isnan(difference.value) or difference.value == 0:
        return None
    errors = pictures * (difference.deviation / difference.value) ** 2
    needed = float(pictures)
    for _ in range(ROUNDS):
        reach = _reach(level, max(needed, 2)) + _NORMAL.inv_cdf(POWER)
        needed = (needed + errors * reach**2) / 2
    return math.ceil(needed)


def _reach(level: float, pictures: float) -> float:
    """How many standard errors an interval goes to each side."""
    students = stdtrit(pictures - 1, (1 + level) / 2)
    return math.sqrt(pictures / (pictures - 1)) * float(students)
