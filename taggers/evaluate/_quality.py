"""Precision, recall, F1 and average precision, where not everything is known.

A tag of which nothing is known is neither right nor wrong: it enters no value, and how many such
there are is told. So a provider is not punished for saying true things that nobody wrote down, and
a value is only as good as the truth is about what the provider says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np

from ._bootstrap import Resamples, Sampled, widened
from ._marks import Floats, Marks, Weights, average_precision, f1, precision, recall
from ._scores import METRICS, Estimate, LabelQuality, Macro, Metric, Quality

__all__ = ["LEVEL", "quality", "sample"]

LEVEL = 0.95
MEASURES: Mapping[Metric, Callable[[Marks, Weights], Floats]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "average_precision": average_precision,
}


def sample(marks: Marks, metric: Metric, resamples: Resamples) -> Sampled:
    """A metric of a provider, with what it was in each draw of pictures."""
    if not marks.tells(metric):
        return resamples.sample(lambda weights: np.full(len(weights), np.nan))
    width = len(marks.right) if metric == "average_precision" else 0
    return resamples.sample(partial(MEASURES[metric], marks), width)


def quality(marks: Marks, sampled: Mapping[Metric, Sampled]) -> Quality:
    """How right a provider is: its marks, and all metrics sampled."""
    by_label = zip(marks.labels, marks.by_label(), strict=True)
    labels = tuple(_of_label(one, label) for label, one in by_label)
    right, wrong, missed = (int(count) for count in marks.counts.sum(axis=0))
    cases: Mapping[Metric, int] = {
        "precision": right + wrong,
        "recall": right + missed,
        "f1": right + wrong + missed,
        "average_precision": right + wrong,
    }
    pictures = int(marks.answered.sum())
    estimates = {metric: _estimate(sampled[metric], cases[metric], pictures) for metric in METRICS}
    return Quality(
        name=marks.name,
        emulated=marks.emulated,
        pictures=pictures,
        failed=marks.failed,
        said=marks.said,
        unknown=marks.unknown,
        precision=estimates["precision"],
        recall=estimates["recall"],
        f1=estimates["f1"],
        average_precision=estimates["average_precision"],
        macro=_macro(labels),
        labels=tuple(label for label in labels if label.present or label.said),
    )


def _estimate(sampled: Sampled, cases: int, pictures: int) -> Estimate:
    interval = sampled.interval(LEVEL, pictures)
    if interval is None:
        return Estimate(_value(sampled.value), n=cases)
    return Estimate(sampled.value, *widened(interval, pictures, LEVEL), n=cases)


def _of_label(marks: Marks, name: str) -> LabelQuality:
    everything = np.ones((1, marks.pictures), np.uint8)
    values = {
        metric: _value(measure(marks, everything)[0])
        for metric, measure in MEASURES.items()
        if marks.tells(metric) or (marks.refutable and not len(marks.right))
    }
    return LabelQuality(
        label=name,
        precision=values.get("precision"),
        recall=values["recall"],
        f1=values.get("f1"),
        average_precision=values.get("average_precision"),
        present=len(marks.there),
        said=len(marks.right),
    )


def _value(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _macro(labels: Iterable[LabelQuality]) -> Macro:
    listed = [label for label in labels if label.present or label.said]
    return Macro(
        precision=_mean(label.precision for label in listed),
        recall=_mean(label.recall for label in listed),
        f1=_mean(label.f1 for label in listed),
        average_precision=_mean(label.average_precision for label in listed),
        labels=len(listed),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
