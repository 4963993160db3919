"""How far providers agree on where things are. As with labels that is agreement, not accuracy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from attrs import frozen

from .._extras import from_extra
from .._model import BoundingBox
from ._agreement import Figure

__all__ = ["BoxAgreement", "Matching", "PairBoxes", "box_agreement", "iou", "match"]

Boxes = Mapping[str, Sequence[BoundingBox]]
"""What one provider drew on one picture: label → its boxes."""


@frozen
class Matching:
    """Which of the boxes `a` and `b` belong together, by their indices: `pairs` are (of a, of b,
    IoU), the best first; `only_a` and `only_b` are those that found no partner."""

    pairs: tuple[tuple[int, int, float], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]


@frozen(kw_only=True)
class BoxAgreement:
    """How far two providers' boxes agree, over all pictures that both answered.

    `iou` is the mean IoU of the boxes that found a partner, and how many pairs these are; it says
    how alike the boxes are drawn, not how many there are. `only_a` and `only_b` count the boxes
    without a partner.
    """

    iou: Figure
    only_a: int
    only_b: int


@frozen(kw_only=True)
class PairBoxes:
    """How far the boxes of two providers agree: `same_label` matches boxes of the same label only,
    `any_label` matches places, whatever they are called there."""

    a: str
    b: str
    same_label: BoxAgreement
    any_label: BoxAgreement


def iou(a: BoundingBox, b: BoundingBox) -> float:
    """Intersection over union: the area that both boxes cover, as part of that which either does.

    From 0 (apart) to 1 (the same); 0 also where a box has no area or is beyond every picture.
    Raises `ValueError` for boxes in different units.
    """
    if a.unit != b.unit:
        raise ValueError(f"a box in {a.unit} and one in {b.unit} cannot be compared")
    corners = list(zip(_corners(a), _corners(b), strict=True))
    common = _area(*map(max, corners[:2]), *map(min, corners[2:]))
    either = _area(*_corners(a)) + _area(*_corners(b)) - common
    return common / either if 0 < common < math.inf else 0.0


def _corners(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _area(left: float, top: float, right: float, bottom: float) -> float:
    return max(0.0, right - left) * max(0.0, bottom - top)


def match(a: Sequence[BoundingBox], b: Sequence[BoundingBox], least: float = 0.5) -> Matching:
    """The matching of boxes, each with one other at most, that has the largest sum of IoU (the
    Hungarian method), among pairs whose IoU is at least `least`.

    Raises `LocalResourceError` where SciPy is missing, `ValueError` for boxes in different units.
    """
    likeness = [[near if (near := iou(x, y)) >= least else 0.0 for y in b] for x in a]
    pairs = sorted(_assigned(likeness), key=lambda pair: -pair[2])
    return Matching(
        pairs=tuple(pairs),
        only_a=_others(len(a), (i for i, _, _ in pairs)),
        only_b=_others(len(b), (j for _, j, _ in pairs)),
    )


def _assigned(likeness: Sequence[Sequence[float]]) -> Iterator[tuple[int, int, float]]:
    if not any(chain.from_iterable(likeness)):
        return
    with from_extra("eval", "matching boxes"):
        from scipy.optimize import linear_sum_assignment
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        if likeness[i][j]:
            yield i, j, likeness[i][j]


def _others(count: int, taken: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(range(count)).difference(taken)))


def box_agreement(
    drawn: Mapping[str, Mapping[str, Boxes]], least: float = 0.5
) -> tuple[PairBoxes, ...]:
    """How far the boxes of each two providers agree: picture → provider → label → boxes.

    A provider that answered and drew nothing on a picture has no labels there; one that failed is
    left out. Who draws no box on any picture locates nothing, and is in no pair. On one picture all
    boxes are in the same unit. `least` is the IoU from which two boxes may be the same thing.

    Raises as `match` does.
    """
    drawers = dict.fromkeys(
        provider
        for said in drawn.values()
        for provider, boxes in said.items()
        if any(boxes.values())
    )
    return tuple(_pair(a, b, drawn, least) for a, b in combinations(drawers, 2))


def _pair(a: str, b: str, drawn: Mapping[str, Mapping[str, Boxes]], least: float) -> PairBoxes:
    both = [(said[a], said[b]) for said in drawn.values() if a in said and b in said]
    by_label = (
        match(ours.get(label, ()), theirs.get(label, ()), least)
        for ours, theirs in both
        for label in dict.fromkeys([*ours, *theirs])
    )
    by_place = (match(_places(ours), _places(theirs), least) for ours, theirs in both)
    return PairBoxes(a=a, b=b, same_label=_together(by_label), any_label=_together(by_place))


def _places(boxes: Boxes) -> list[BoundingBox]:
    """A provider's boxes, each once: some vendors repeat a box for every broader word."""
    return list(dict.fromkeys(chain.from_iterable(boxes.values())))


def _together(matchings: Iterable[Matching]) -> BoxAgreement:
    found = list(matchings)
    return BoxAgreement(
        iou=Figure.mean(near for each in found for _, _, near in each.pairs),
        only_a=sum(len(each.only_a) for each in found),
        only_b=sum(len(each.only_b) for each in found),
    )
