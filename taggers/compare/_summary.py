"""A comparison with all its figures: what a table, JSON and the report are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from attrs import field, frozen

from .._model import BoundingBox
from ..errors import LocalResourceError
from ._agreement import Agreement, Figure, agreement, jaccard
from ._boxes import PairBoxes, box_agreement
from ._comparison import Comparison, in_fractions
from ._figures import Pricing, ProviderFigures, figures
from ._labels import Alignment
from ._ranking import Ranking, ranking, top

__all__ = ["Summary", "summarise"]


@frozen(kw_only=True)
class Summary:
    """A comparison, the alignment of its labels, and every figure.

    * `rankings`: by picture's id and provider, the aligned labels of each answer;
    * `k`: so many of them count where labels are compared, the most confident ones;
    * `disagreement`: by picture's id, 1 minus the mean Jaccard index of each two providers that
      answered; None where there are no two, or nobody said anything;
    * `notes`: what could not be measured, and what to do about it.
    """

    comparison: Comparison
    alignment: Alignment
    figures: tuple[ProviderFigures, ...]
    rankings: Mapping[str, Mapping[str, Ranking]] = field(repr=False)
    agreement: Agreement
    boxes: tuple[PairBoxes, ...]
    disagreement: Mapping[str, float | None] = field(repr=False)
    k: int
    notes: tuple[str, ...] = ()

    def labels(self, picture: str, provider: str) -> list[str] | None:
        """The first labels that a provider gave a picture, aligned; None if it did not answer."""
        ranked = self.rankings[picture].get(provider)
        if ranked is None:
            return None
        counted = top(ranked, self.k)
        return [label for tied in ranked for label in sorted(tied) if label in counted]

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain JSON values, in the shape that the viewer reads."""
        from ._record import record

        return record(self)


def summarise(
    comparison: Comparison, alignment: Alignment, pricing: Pricing, *, k: int = 10
) -> Summary:
    """All figures of a comparison.

    `alignment` says which labels are the same (see `align`), `pricing` what units cost (see
    `prices`), and `k` how many labels of each answer count.
    """
    rankings = _rankings(comparison, alignment)
    boxes, notes = _boxes(comparison, alignment)
    return Summary(
        comparison=comparison,
        alignment=alignment,
        figures=figures(comparison, alignment, pricing),
        rankings=rankings,
        agreement=agreement(rankings, k),
        boxes=boxes,
        disagreement={picture: _disagreement(said, k) for picture, said in rankings.items()},
        k=k,
        notes=notes,
    )


def _rankings(comparison: Comparison, alignment: Alignment) -> dict[str, dict[str, Ranking]]:
    found: dict[str, dict[str, Ranking]] = {picture.id: {} for picture in comparison.pictures}
    for name in comparison.providers:
        for picture, result in comparison.results(name):
            labels = ((alignment.label(tag).id, tag.confidence) for tag in result.tags)
            found[picture.id][name] = ranking(labels)
    return found


def _disagreement(said: Mapping[str, Ranking], k: int) -> float | None:
    tops = [top(ranked, k) for ranked in said.values()]
    mean = Figure.mean(jaccard(a, b) for a, b in combinations(tops, 2)).value
    return None if mean is None else 1 - mean


def _boxes(
    comparison: Comparison, alignment: Alignment
) -> tuple[tuple[PairBoxes, ...], tuple[str, ...]]:
    """How far boxes agree, as far as what that needs is installed, and what is missing."""
    drawn: dict[str, dict[str, dict[str, list[BoundingBox]]]] = defaultdict(dict)
    for name in comparison.providers:
        for picture, result in comparison.results(name):
            own = drawn[picture.id].setdefault(name, {})
            for tag in result.tags:
                boxes = (in_fractions(region.box, picture) for region in tag.regions)
                placed = [box for box in boxes if box is not None]
                own.setdefault(alignment.label(tag).id, []).extend(placed)
    try:
        return box_agreement(drawn), ()
    except LocalResourceError as error:
        return (), (str(error),)
