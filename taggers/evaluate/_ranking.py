"""Which of two providers is better, where that is more than chance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from attrs import define, field

from ._bootstrap import Resamples, Sampled, distinguishing, needed_pictures
from ._marks import Marks, Truths
from ._quality import LEVEL, sample
from ._scores import METRICS, Difference, Metric

__all__ = ["Ranking"]

CHANCE = "may be chance"
FEW = "they differ on too few pictures"


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
        why = self._why_not(a, b, interval, level)
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
            more_pictures=_more(difference, int(both.sum()), level)
            if why in (CHANCE, FEW)
            else None,
        )

    def _why_not(
        self, a: Marks, b: Marks, interval: tuple[float, float] | None, level: float
    ) -> str | None:
        """Why two providers are not ranked; None where they are."""
        if interval is None:
            return "not measured for both"
        if not self.rank_emulated and (a.emulated or b.emulated):
            return "emulated"
        if interval[0] <= 0 <= interval[1]:
            return CHANCE
        both = a.answered & b.answered
        differing = (a.among(both).counts != b.among(both).counts).any(axis=1).sum()
        return FEW if differing < distinguishing(level) else None


def _more(difference: Sampled, pictures: int, level: float) -> int | None:
    needed = needed_pictures(difference, pictures, level)
    return None if needed is None else max(1, needed - pictures)
