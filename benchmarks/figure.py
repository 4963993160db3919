"""A figure: what is compared with what, and how it may come out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import frozen

from .contender import Contender, Sample

__all__ = ["Figure", "Reading", "Samples"]

Samples = Mapping[Contender, Sequence[Sample]]
"""What the contenders of a heat measured, round by round."""


@frozen(kw_only=True)
class Figure:
    """One line of the table.

    * `heat`: whose contenders are run in turn; `name`: what it is called on the command line;
    * `of`: which measurement of `ours` and `theirs` is compared; `relation`: how they are: a
      "ratio", a "difference", or "alone", without `theirs`;
    * `goal`: at most this, or at least where `at_least`; `reach`: what would be better still;
    * `unit`: "×", or that of one `scale` of what was measured.
    """

    heat: str
    name: str
    what: str
    against: str
    ours: Contender
    theirs: Contender | None = None
    of: str = "cpu_s"
    relation: Literal["ratio", "inverse", "difference", "alone"] = "ratio"
    goal: float
    reach: float | None = None
    at_least: bool = False
    unit: str = "×"
    scale: float = 1.0

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Whom it needs."""
        return (self.ours,) if self.theirs is None else (self.ours, self.theirs)

    def read(self, samples: Samples) -> Reading:
        """How it comes out."""
        ours = [sample[self.of] for sample in samples[self.ours]]
        theirs = [sample[self.of] for sample in samples[self.theirs]] if self.theirs else ours
        rounds = [self._related(*pair) for pair in zip(ours, theirs, strict=True)]
        value = self._related(statistics.median(ours), statistics.median(theirs))
        return Reading(self, value, min(rounds), max(rounds))

    def _related(self, ours: float, theirs: float) -> float:
        related = {
            "ratio": lambda: ours / theirs,
            "inverse": lambda: theirs / ours,
            "difference": lambda: ours - theirs,
            "alone": lambda: ours,
        }
        return related[self.relation]() / self.scale


@frozen
class Reading:
    """How a figure came out: the relation of the medians, and the least and most of the rounds."""

    figure: Figure
    value: float
    least: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether the goal is met."""
        figure = self.figure
        return self.value >= figure.goal if figure.at_least else self.value <= figure.goal
