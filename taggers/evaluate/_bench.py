"""All measurements against a ground truth together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from .._extras import from_extra
from .._money import Money
from ..compare import Alignment, Comparison, Pricing
from ._known import Known, known
from ._pareto import cost_per_1000, front
from ._scores import METRICS, Calibration, Detection, Difference, Estimate, Quality
from ._truth import Truth

if TYPE_CHECKING:
    from numpy.random import Generator


__all__ = ["Bench", "bench"]


@frozen(kw_only=True)
class Bench:
    """How right providers are, how sure that is, and what it costs.

    * `known`: what is known of the pictures, and what of the truth is not used;
    * `differences`: of every pair, by every metric: who is better, where that is more than chance;
    * `detections`: of those providers that draw boxes, where the truth knows places;
    * `costs`: of 1,000 pictures, by provider; None where that is not known;
    * `front`: the providers that no other beats in F1 at no more cost.
    """

    known: Known
    qualities: tuple[Quality, ...]
    differences: tuple[Difference, ...]
    detections: tuple[Detection, ...]
    calibrations: tuple[Calibration, ...]
    costs: Mapping[str, Money | None]
    front: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The bench as plain JSON values, in the shape that the viewer reads."""
        errors = {one.name: Estimate(one.error, n=one.n) for one in self.calibrations}
        return {
            "pictures": len(self.known.labels),
            "providers": [self._provider(one, errors[one.name]) for one in self.qualities],
            "differences": [asdict(one) for one in self.differences],
            "detections": [asdict(one) for one in self.detections],
            "reliability": [
                {"name": one.name, "bins": [asdict(place) for place in one.bins]}
                for one in self.calibrations
            ],
            "pareto": list(self.front),
            "unmatched": [asdict(one) for one in self.known.unmatched],
            "unanswered": list(self.known.unanswered),
            "overruled": list(self.known.overruled),
        }

    def _provider(self, quality: Quality, error: Estimate) -> dict[str, Any]:
        cost = self.costs[quality.name]
        return asdict(quality) | {
            "labels": [asdict(label) for label in quality.labels],
            "ece": asdict(error),
            "cost_per_1000": None if cost is None else str(cost),
        }


def bench(
    comparison: Comparison,
    alignment: Alignment,
    truth: Truth,
    judgements: Truth | None = None,
    *,
    random: Generator | int,
    pricing: Pricing = lambda name, plugin: None,
    cny_per_usd: float | None = None,
    rank_emulated: bool = False,
) -> Bench:
    """Measures what providers said against a ground truth, over which `judgements` count.

    `random` draws the pictures for the intervals: a generator of numpy's, or its seed. Emulated
    providers are measured, and ranked only with `rank_emulated`.

    Raises `InvalidInput` where truth and pictures do not go together, and `LocalResourceError`
    where a library is missing.
    """
    with from_extra("eval", "measuring quality"):
        from numpy.random import default_rng

        from ._bootstrap import Resamples
        from ._calibration import calibration
        from ._detection import detection
        from ._marks import mark
        from ._quality import quality
        from ._ranking import Ranking
    found = known(comparison, alignment, truth, judgements)
    marks = [mark(name, comparison, alignment, found) for name in comparison.providers]
    ranking = Ranking(marks, Resamples.draw(len(found.labels), default_rng(random)), rank_emulated)
    differences = tuple(ranking.differences())
    costs = {
        name: cost_per_1000((result for _, result in comparison.results(name)), pricing)
        for name in comparison.providers
    }
    qualities = tuple(
        quality(one, {metric: ranking.sampled(one, metric, one.answered) for metric in METRICS})
        for one in marks
    )
    rated = {
        one.name: costs[one.name]
        for one in qualities
        if one.f1.value is not None and (rank_emulated or not one.emulated)
    }
    drawn = (detection(name, comparison, alignment, found) for name in comparison.providers)
    return Bench(
        known=found,
        qualities=qualities,
        differences=differences,
        detections=tuple(one for one in drawn if one is not None),
        calibrations=tuple(map(calibration, marks)),
        costs=costs,
        front=front(rated, differences, cny_per_usd),
    )
