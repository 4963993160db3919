"""Weighted boxes fusion: the boxes that several models drew around the same things, as one each.

After R. Solovyev, W. Wang and T. Gabruseva, "Weighted boxes fusion: Ensembling boxes from different
object detection models", Image and Vision Computing 107 (2021), section 3: boxes are taken from the
most confident on; each joins the fused box that it overlaps most, by more than `least_iou`, which
becomes the average of its members weighted by their confidence, or begins a new one. Its confidence
is the members' average, times min(N, T) / N for T members and N models (formula 5): a model that
draws nothing there counts against the box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from .._model import BoundingBox
from ..compare import iou

__all__ = ["LEAST_IOU", "Drawn", "Fused", "fuse"]

LEAST_IOU = 0.55
"""What the paper found best."""


@frozen
class Drawn:
    """A box as a model drew it, with its confidence, 0 to 1."""

    model: str
    box: BoundingBox
    confidence: float


@frozen
class Fused:
    """A box made of several, with its confidence, 0 to 1, and what it is made of."""

    box: BoundingBox
    confidence: float
    members: tuple[Drawn, ...]


@define
class _Cluster:
    members: list[Drawn] = field(factory=list)
    scores: list[float] = field(factory=list)
    box: BoundingBox | None = None

    def add(self, drawn: Drawn, score: float) -> None:
        self.members.append(drawn)
        self.scores.append(score)
        self.box = _average([member.box for member in self.members], self.scores)


def fuse(
    drawn: Sequence[Drawn], weights: Mapping[str, float], least_iou: float = LEAST_IOU
) -> list[Fused]:
    """The fused boxes, the most confident first.

    `weights` has a weight above 0 for every model that might have drawn something, whether or not
    it did: it multiplies the model's confidences. Boxes without an area or a confidence are left
    out, and those of different units are never the same.
    """
    scores = {id(item): item.confidence * weights[item.model] for item in drawn}
    clusters: list[_Cluster] = []
    for item in sorted(drawn, key=lambda item: -scores[id(item)]):
        if scores[id(item)] > 0 and _area(item.box) > 0:
            _home(item.box, clusters, least_iou).add(item, scores[id(item)])
    fused = [_fused(cluster, weights) for cluster in clusters]
    return sorted(fused, key=lambda one: -one.confidence)


def _home(box: BoundingBox, clusters: list[_Cluster], least_iou: float) -> _Cluster:
    """The cluster that a box belongs to; a new one where there is none."""
    overlaps = [
        iou(box, cluster.box) if cluster.box and cluster.box.unit == box.unit else 0.0
        for cluster in clusters
    ]
    if overlaps and (most := max(overlaps)) > least_iou:
        return clusters[overlaps.index(most)]
    clusters.append(_Cluster())
    return clusters[-1]


def _fused(cluster: _Cluster, weights: Mapping[str, float]) -> Fused:
    assert cluster.box is not None
    members = len(cluster.members)
    present = min(members, len(weights)) / sum(weights.values())
    confidence = sum(cluster.scores) / members * present
    return Fused(cluster.box, min(confidence, 1.0), tuple(cluster.members))


def _average(boxes: Sequence[BoundingBox], scores: Sequence[float]) -> BoundingBox:
    """The average of boxes, weighted by their scores."""
    total = sum(scores)

    def mean(sides: Sequence[float]) -> float:
        return sum(side * score for side, score in zip(sides, scores, strict=True)) / total

    return BoundingBox(
        mean([box.x for box in boxes]),
        mean([box.y for box in boxes]),
        mean([box.width for box in boxes]),
        mean([box.height for box in boxes]),
        boxes[0].unit,
    )


def _area(box: BoundingBox) -> float:
    return max(box.width, 0.0) * max(box.height, 0.0)
