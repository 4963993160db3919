"""How well boxes are placed: COCO's measures, by faster-coco-eval.

Intersection over union is the same in pixels and in fractions of a picture, so that boxes are
compared as fractions wherever its size is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from attrs import define, field
from faster_coco_eval import COCO, COCOeval_faster

from .._model import BoundingBox, Region, Result
from ..compare import Alignment, Comparison, Picture
from ..errors import InvalidInput
from ._known import Known
from ._scores import Detection

__all__ = ["AT_MOST", "detection"]

AT_MOST = (1, 10, 100)
"""Of so many boxes of a label in a picture, the most confident ones, the recall is told."""
_ALL_AREAS = 0


def detection(
    name: str, comparison: Comparison, alignment: Alignment, known: Known
) -> Detection | None:
    """How well a provider places boxes; None where it draws none or none of the truth's are known.

    A box counts only where the truth draws its label or knows that it is not there. Raises
    `InvalidInput` where boxes cannot be compared since the size of their picture is not known.
    """
    sheet = _Sheet(known, sorted({label for of in known.boxes.values() for label in of}))
    for picture, result in comparison.results(name):
        if picture.id in known.labels:
            sheet.add(picture, _drawn(result, alignment))
    if not sheet.boxes or not (sheet.drawn or sheet.unknown):
        return None
    precision, recall = sheet.evaluated()
    return Detection(
        name=name,
        average_precision=_mean(precision) if sheet.ranks else None,
        average_precision_50=_mean(precision[0]) if sheet.ranks else None,
        recall={most: _mean(recall[..., place]) for place, most in enumerate(AT_MOST)},
        pictures=len(sheet.pictures),
        boxes=len(sheet.boxes),
        drawn=len(sheet.drawn),
        unknown=sheet.unknown,
    )


def _drawn(result: Result, alignment: Alignment) -> Iterator[tuple[str, Region, float | None]]:
    """The boxes of an answer with their labels, and what they are ranked by."""
    for tag in result.tags:
        label = alignment.label(tag).id
        for region in tag.regions:
            sure = tag.confidence if region.confidence is None else region.confidence
            yield label, region, sure


@define
class _Sheet:
    """The boxes of the truth and of a provider, in COCO's form."""

    known: Known
    labels: list[str]
    pictures: list[dict[str, Any]] = field(factory=list)
    boxes: list[dict[str, Any]] = field(factory=list)
    crowds: list[dict[str, Any]] = field(factory=list)
    drawn: list[dict[str, Any]] = field(factory=list)
    unknown: int = 0
    ranks: bool = True

    def add(self, picture: Picture, drawn: Iterator[tuple[str, Region, float | None]]) -> None:
        """Adds a picture with what is known of it and what a provider drew."""
        boxes = self.known.boxes.get(picture.id, {})
        crowds = self.known.crowds.get(picture.id, {})
        absent = {label for label, there in self.known.labels[picture.id].items() if not there}
        index = len(self.pictures) + 1
        frames: set[str] = set()
        for label, region, sure in drawn:
            if label not in self.labels or label not in {*boxes, *crowds, *absent}:
                self.unknown += 1
                continue
            self.ranks = self.ranks and sure is not None
            box = self._box(index, label, region.box, picture, frames)
            self.drawn.append(box | {"id": len(self.drawn) + 1, "score": sure or 0.0})
        self._add_truth(self.boxes, boxes, index, picture, frames)
        self._add_truth(self.crowds, crowds, index, picture, frames)
        if len(frames) > 1:
            raise InvalidInput(
                f"{picture.source}: its size is not known, so that boxes in pixels and boxes in "
                "fractions of it cannot be compared",
                hint="give both in the same unit",
                scope="call",
            )
        if boxes or crowds or absent:
            self.pictures.append({"id": index})

    def _add_truth(
        self,
        listed: list[dict[str, Any]],
        places: Mapping[str, Collection[BoundingBox]],
        index: int,
        picture: Picture,
        frames: set[str],
    ) -> None:
        for label, boxes in places.items():
            if label in self.labels:
                listed += [self._box(index, label, box, picture, frames) for box in boxes]

    def _box(
        self, index: int, label: str, box: BoundingBox, picture: Picture, frames: set[str]
    ) -> dict[str, Any]:
        """A box in COCO's form; its unit, after all, is noted among the `frames`."""
        if box.unit == "px" and picture.width and picture.height:
            box = box.scaled(1 / picture.width, 1 / picture.height, "relative")
        frames.add(box.unit)
        return {
            "image_id": index,
            "category_id": self.labels.index(label) + 1,
            "bbox": [box.x, box.y, box.width, box.height],
            "area": box.width * box.height,
            "iscrowd": 0,
        }

    def evaluated(self) -> tuple[Any, Any]:
        """COCO's precision by IoU, recall and label, shape (10, 101, labels), and its recall by
        IoU, label and number of boxes, shape (10, labels, 3); -1 where there is none."""
        crowds = [box | {"iscrowd": 1} for box in self.crowds]
        truth = [box | {"id": number} for number, box in enumerate([*self.boxes, *crowds], 1)]
        measured = COCOeval_faster(self._coco(truth), self._coco(self.drawn), "bbox")
        measured.params.maxDets = list(AT_MOST)
        measured.evaluate()
        measured.accumulate()
        precision, recall = measured.eval["precision"], measured.eval["recall"]
        return precision[:, :, :, _ALL_AREAS, -1], recall[:, :, _ALL_AREAS, :]

    def _coco(self, annotations: list[dict[str, Any]]) -> COCO:
        categories = [{"id": index, "name": label} for index, label in enumerate(self.labels, 1)]
        return COCO({"images": self.pictures, "annotations": annotations, "categories": categories})


def _mean(values: Any) -> float | None:
    measured = np.asarray(values)
    measured = measured[measured > -1]
    return float(measured.mean()) if measured.size else None
