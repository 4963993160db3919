"""A provider's answers, marked right and wrong: the arrays that all measuring starts from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from .._model import Result
from ..compare import Alignment, Comparison
from ._known import Known
from ._scores import Metric

__all__ = [
    "Floats",
    "Marks",
    "Truths",
    "Weights",
    "average_precision",
    "f1",
    "mark",
    "precision",
    "recall",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Truths = NDArray[np.bool_]
Weights = NDArray[np.uint8]
"""How often each picture counts, a row for each draw: shape (draws, pictures)."""


@frozen(kw_only=True, eq=False)
class Marks:
    """What one provider said, over `pictures` of which something is known.

    * `answered`: whether it answered about each picture, shape (pictures,);
    * `picture`, `label`, `confidence`, `right`: its tags that are known to be right or wrong, the
      most confident first, shape (tags,); labels by their place in `labels`, and NaN where it gave
      no confidence. A label counts once for a picture, with its highest confidence;
    * `there`: the labels known to be there in each picture that it answered about, as pairs of the
      picture's and the label's index, shape (those, 2);
    * `refutable`: whether any tag can be wrong, since something is known not to be there;
    * `said`, `unknown`: how many labels it said, and those of them of which nothing is known.
    """

    name: str
    emulated: bool
    labels: Sequence[str]
    answered: Truths
    failed: int
    picture: Integers
    label: Integers
    confidence: Floats
    right: Truths
    there: Integers
    refutable: bool
    said: int
    unknown: int

    @property
    def pictures(self) -> int:
        """How many pictures there are, answered or not."""
        return len(self.answered)

    @property
    def ranks(self) -> bool:
        """Whether all marked tags have a confidence."""
        return bool(len(self.right)) and not np.isnan(self.confidence).any()

    def tells(self, metric: Metric) -> bool:
        """Whether a metric has a meaning: but for the recall none has where no tag can be wrong,
        and the average precision takes confidences."""
        if metric == "average_precision" and not self.ranks:
            return False
        return self.refutable or metric == "recall"

    @property
    def counts(self) -> Floats:
        """For each picture, how many labels are right, wrong and missed, shape (pictures, 3)."""
        right = np.bincount(self.picture[self.right], minlength=self.pictures)
        wrong = np.bincount(self.picture[~self.right], minlength=self.pictures)
        there = np.bincount(self.there[:, 0], minlength=self.pictures)
        return np.column_stack([right, wrong, there - right]).astype(np.float64)

    def among(self, pictures: Truths) -> Marks:
        """The marks of these pictures only, the others being as if not answered."""
        kept = pictures[self.picture]
        return evolve(
            self,
            answered=self.answered & pictures,
            picture=self.picture[kept],
            label=self.label[kept],
            confidence=self.confidence[kept],
            right=self.right[kept],
            there=self.there[pictures[self.there[:, 0]]],
        )

    def by_label(self) -> Iterator[Marks]:
        """The marks of each label by itself, in the order of `labels`."""
        for index in range(len(self.labels)):
            kept = self.label == index
            yield evolve(
                self,
                picture=self.picture[kept],
                label=self.label[kept],
                confidence=self.confidence[kept],
                right=self.right[kept],
                there=self.there[self.there[:, 1] == index],
            )


def mark(name: str, comparison: Comparison, alignment: Alignment, known: Known) -> Marks:
    """The marks of one provider, over the pictures of `known` in their order."""
    results = {picture.id: said for picture, said in comparison.results(name)}
    labels = sorted({label for of in known.labels.values() for label in of})
    place = {label: index for index, label in enumerate(labels)}
    tags: list[tuple[int, int, float, bool]] = []
    there: list[tuple[int, int]] = []
    spoken = 0
    for index, (picture, of) in enumerate(known.labels.items()):
        if picture not in results:
            continue
        there += [(index, place[label]) for label, is_there in of.items() if is_there]
        said = _said(results[picture], alignment)
        spoken += len(said)
        tags += [(index, place[one], by, of[one]) for one, by in said.items() if one in of]
    tags.sort(key=lambda tag: (math.isnan(tag[2]), -tag[2]))
    picture_of, label_of, confidences, right = zip(*tags, strict=True) if tags else ((),) * 4
    return Marks(
        name=name,
        emulated=any(result.provenance.emulated for result in results.values()),
        labels=labels,
        answered=np.array([picture in results for picture in known.labels], bool),
        failed=sum((picture, name) in comparison.said for picture in known.labels.keys() - results),
        picture=np.array(picture_of, np.intp),
        label=np.array(label_of, np.intp),
        confidence=np.array(confidences, np.float64),
        right=np.array(right, bool),
        there=np.array(there, np.intp).reshape(-1, 2),
        refutable=known.refutes,
        said=spoken,
        unknown=spoken - len(tags),
    )


def _said(result: Result, alignment: Alignment) -> Mapping[str, float]:
    """The labels of an answer with their confidence, which is NaN where there is none."""
    said: dict[str, float] = {}
    for tag in result.tags:
        label = alignment.label(tag).id
        confidence = math.nan if tag.confidence is None else tag.confidence
        said[label] = np.fmax(said.get(label, math.nan), confidence)
    return said


def precision(marks: Marks, weights: Weights) -> Floats:
    """The share of right ones among the marked tags, for each row of weights; NaN where there are
    none. So are all of these."""
    right, wrong, _ = (weights @ marks.counts).T
    return _ratio(right, right + wrong)


def recall(marks: Marks, weights: Weights) -> Floats:
    """The share of what is there that was said."""
    right, _, missed = (weights @ marks.counts).T
    return _ratio(right, right + missed)


def f1(marks: Marks, weights: Weights) -> Floats:
    """The harmonic mean of precision and recall."""
    right, wrong, missed = (weights @ marks.counts).T
    return _ratio(2 * right, 2 * right + wrong + missed)


def average_precision(marks: Marks, weights: Weights) -> Floats:
    """The sum of the precisions at each confidence, from the highest on, times what the recall
    gains there; tags of one confidence come together. Without interpolation, as scikit-learn
    defines it; what is there and was never said is never found."""
    present = np.bincount(marks.there[:, 0], minlength=marks.pictures).astype(np.float64)
    there = weights @ present
    if not len(marks.right):
        return _ratio(np.zeros(len(weights)), there)
    last = np.append(np.flatnonzero(np.diff(marks.confidence)), len(marks.right) - 1)
    each = weights[:, marks.picture]
    kept = np.cumsum(each, axis=1, dtype=np.float32)[:, last]  # whole numbers: exact to 16 million
    right = np.cumsum(each * marks.right, axis=1, dtype=np.float32)[:, last]
    gained = np.diff(right, axis=1, prepend=0)
    precisions = np.divide(right, kept, out=np.zeros_like(right), where=kept > 0)
    return _ratio((gained * precisions).sum(axis=1, dtype=np.float64), there)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
