"""Which of two providers is better, where that is more than chance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from attrs import define, field

from ._bootstrap import Resamples, Sampled, distinguishing, needed_pictures
from ._marks import Marks, Truths
from ._quality import LEVEL, sample
from ._scores import CHANCE, EMULATED, FEW, METRICS, UNMEASURED, Difference, Metric

__all__ = ["Ranking"]


@define(eq=False)
class Ranking:
    """Compares providers pair by pair, on the pictures that both answered about.

    Of each metric, the intervals of all pairs hold at once in 95 % of cases (Bonferroni): among ten
    pairs of equals, one in twenty each would find a winner more often than not. Emulated providers
    are not ranked unless `rank_emulated` is set.
    """

    marks: Sequence[Marks]
    resamples: Resamples
    rank_emulated: bool = False
    _sampled: dict[tuple[str, Metric, bytes], Sampled] = field(factory=dict, init=False)

    def sampled(self, marks: Marks, metric: Metric, among: Truths) -> Sampled:
        """A metric of a provider over some of the pictures, each of these computed once."""
        key = marks.name, metric, among.tobytes()
        if key not in self._sampled:
            self._sampled[key] = sample(marks.among(among), metric, self.resamples)
        return self._sampled[key]

    def differences(self) -> Iterator[Difference]:
        """Every pair of providers, by every metric."""
        pairs = list(itertools.combinations(self.marks, 2))
        for metric in METRICS:
            for a, b in pairs:
                yield self._difference(a, b, metric, 1 - (1 - LEVEL) / len(pairs))

    def _difference(self, a: Marks, b: Marks, metric: Metric, level: float) -> Difference:
        both = a.answered & b.answered
        pictures = int(both.sum())
        difference = self.sampled(a, metric, both) - self.sampled(b, metric, both)
        interval = difference.interval(level, pictures)
        low, high = interval or (None, None)
        differing = _differing(a.among(both), b.among(both), metric)
        why = self._why_not(a, b, difference, interval, differing, level)
        return Difference(
            a=a.name,
            b=b.name,
            metric=metric,
            difference=None if math.isnan(difference.value) else difference.value,
            low=low,
            high=high,
            n=pictures,
            ranked=why is None,
            why=why,
            more_pictures=_more(difference, pictures, differing, level)
            if interval is not None and why in (CHANCE, FEW)
            else None,
        )

    def _why_not(
        self,
        a: Marks,
        b: Marks,
        difference: Sampled,
        interval: tuple[float, float] | None,
        differing: int,
        level: float,
    ) -> str | None:
        """Why two providers are not ranked; None where they are."""
        if not self.rank_emulated and (a.emulated or b.emulated):
            return EMULATED
        if interval is None:
            return UNMEASURED if math.isnan(difference.value) else FEW
        if interval[0] <= 0 <= interval[1]:
            return CHANCE
        return FEW if differing < distinguishing(level) else None


def _differing(a: Marks, b: Marks, metric: Metric) -> int:
    """On how many pictures a metric may tell two providers apart."""
    if metric == "average_precision":  # which may be by nothing but the order of the same tags
        return int(a.answered.sum())
    return int((a.counts != b.counts).any(axis=1).sum())


def _more(difference: Sampled, pictures: int, differing: int, level: float) -> int | None:
    """How many pictures it takes besides these to rank two providers: for the interval, and until
    they differ on enough of them."""
    needed = needed_pictures(difference, pictures, level)
    if needed is None:
        return None
    enough = math.ceil(pictures * distinguishing(level) / max(differing, 1))
    return max(1, max(needed, enough) - pictures)
