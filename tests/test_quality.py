"""Precision, recall, F1, average precision, calibration: against scikit-learn, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, precision_recall_fscore_support
from worlds import marked

from taggers.evaluate import Bin, Quality
from taggers.evaluate._bootstrap import Resamples
from taggers.evaluate._calibration import calibration
from taggers.evaluate._marks import Marks
from taggers.evaluate._quality import quality, sample
from taggers.evaluate._scores import METRICS

PICTURES, LABELS = 40, 7


def _measured(marks: Marks) -> Quality:
    resamples = Resamples.draw(marks.pictures, np.random.default_rng(1), draws=50)
    return quality(marks, {metric: sample(marks, metric, resamples) for metric in METRICS})


def _random(seed: int, known: float) -> tuple[Marks, np.ndarray, np.ndarray, np.ndarray]:
    """Random marks, and the same as arrays of pictures × labels: what is there, what was said with
    which confidence (NaN: not said), of what anything is known. Confidences are full of ties."""
    random = np.random.default_rng(seed)
    shape = PICTURES, LABELS
    there = random.random(shape) < random.random(LABELS)
    said = random.random(shape) < np.where(there, 0.6, 0.3)
    sure = np.where(said, random.integers(1, 9, shape) / 8, np.nan)
    of = random.random(shape) < known
    marks = marked(
        {
            str(p): {str(n): sure[p, n] for n in np.flatnonzero(said[p])}
            for p in range(PICTURES)
        },
        {
            str(p): {str(n): bool(there[p, n]) for n in np.flatnonzero(of[p])}
            for p in range(PICTURES)
        },
    )  # fmt: skip
    return marks, there, sure, of


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("known", [1.0, 0.6])
def test_micro_averages_are_scikit_learns_over_what_is_known(seed: int, known: float) -> None:
    marks, there, sure, of = _random(seed, known)

    found = _measured(marks)

    expected = precision_recall_fscore_support(there[of], ~np.isnan(sure[of]), average="binary")
    values = [found.precision.value, found.recall.value, found.f1.value]
    assert expected[:3] == pytest.approx(values)


@pytest.mark.parametrize("seed", range(5))
def test_macro_averages_and_labels_are_scikit_learns(seed: int) -> None:
    marks, there, sure, _ = _random(seed, 1.0)

    found = _measured(marks)

    said = ~np.isnan(sure)
    macro = precision_recall_fscore_support(there, said, average="macro", zero_division=np.nan)
    each = precision_recall_fscore_support(there, said, zero_division=np.nan)
    assert macro[:3] == pytest.approx([found.macro.precision, found.macro.recall, found.macro.f1])
    assert each[2] == pytest.approx([label.f1 for label in found.labels])
    assert list(each[3]) == [label.present for label in found.labels]


@pytest.mark.parametrize("seed", range(5))
def test_one_label_is_measured_over_the_pictures_of_which_it_is_known(seed: int) -> None:
    marks, there, sure, of = _random(seed, 0.6)

    found = {label.label: label for label in _measured(marks).labels}

    for n in range(LABELS):
        rows = of[:, n]
        expected = precision_recall_fscore_support(
            there[rows, n], ~np.isnan(sure[rows, n]), average="binary", zero_division=np.nan
        )
        label = found[str(n)]
        values = [math.nan if v is None else v for v in (label.precision, label.recall, label.f1)]
        assert expected[:3] == pytest.approx(values, nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("known", [1.0, 0.6])
def test_average_precision_is_scikit_learns_times_the_recall(seed: int, known: float) -> None:
    """scikit-learn has to rank all labels, and here those that were never said have no rank."""
    marks, there, sure, of = _random(seed, known)

    found = _measured(marks)

    ranked = of & ~np.isnan(sure)
    among_said = average_precision_score(there[ranked], sure[ranked])
    recall = there[ranked].sum() / there[of].sum()
    assert found.average_precision.value == pytest.approx(among_said * recall)


@pytest.mark.parametrize("seed", range(5))
def test_in_every_draw_a_metric_is_that_of_the_pictures_drawn(seed: int) -> None:
    marks, there, sure, of = _random(seed, 0.6)
    resamples = Resamples.draw(PICTURES, np.random.default_rng(seed), draws=20)

    drawn = {metric: sample(marks, metric, resamples).drawn for metric in METRICS}

    for number, weights in enumerate(resamples.weights):
        rows = np.repeat(np.arange(PICTURES), weights)
        right, sures, known = there[rows], sure[rows], of[rows]
        expected = precision_recall_fscore_support(
            right[known], ~np.isnan(sures[known]), average="binary"
        )
        ranked = known & ~np.isnan(sures)
        among_said = average_precision_score(right[ranked], sures[ranked])
        assert [*expected[:3], among_said * expected[1]] == pytest.approx(
            [drawn[metric][number] for metric in METRICS]
        )


def test_what_nobody_verified_is_neither_right_nor_wrong() -> None:
    known = {"1": {"cat": True, "dog": False}, "2": {"cat": True}}

    found = _measured(marked({"1": {"cat": 0.9, "sofa": 0.8}, "2": {"dog": 0.7}}, known))

    assert (1.0, 1) == (found.precision.value, found.precision.n)
    assert (0.5, 2) == (found.recall.value, found.recall.n)
    assert (3, 2, pytest.approx(2 / 3)) == (found.said, found.unknown, found.unknown_share)


def test_a_worked_example() -> None:
    """Ranked: right, wrong, right; and one of three was never found."""
    known = {"1": {"cat": True, "dog": False, "sea": True, "sky": True}}

    found = _measured(marked({"1": {"cat": 0.9, "dog": 0.8, "sea": 0.7}}, known))

    assert pytest.approx(2 / 3) == found.precision.value
    assert pytest.approx(2 / 3) == found.recall.value
    assert pytest.approx((1 + 2 / 3) / 3) == found.average_precision.value


def test_a_label_that_is_said_in_two_ways_counts_once_with_the_higher_confidence() -> None:
    marks = marked({"1": {"Cat": 0.4, "cat": 0.8, "CAT": None}}, {"1": {"cat": True}})

    assert [0.8] == list(marks.confidence)
    assert 1 == marks.said


def test_a_provider_without_confidences_has_no_average_precision() -> None:
    known = {"1": {"cat": True, "dog": False}}

    found = _measured(marked({"1": {"cat": None, "dog": 0.5}}, known))

    assert 0.5 == found.precision.value
    assert None is found.average_precision.value
    assert [None, None] == [label.average_precision for label in found.labels]


def test_what_cannot_be_measured_is_none() -> None:
    found = _measured(marked({"1": {"sofa": 0.5}}, {"1": {"dog": False}}))

    values = found.precision, found.recall, found.f1, found.average_precision
    assert [(None, None, None, 0)] * 4 == [(v.value, v.low, v.high, v.n) for v in values]


def test_pictures_without_an_answer_do_not_count() -> None:
    known = {"1": {"cat": True}, "2": {"cat": True}, "3": {}}

    found = _measured(marked({"1": {"cat": 0.9}, "3": {"cat": 0.9}}, known))

    assert (1.0, 1, 2) == (found.recall.value, found.recall.n, found.pictures)


@pytest.mark.parametrize("seed", range(5))
def test_the_reliability_curve_is_scikit_learns(seed: int) -> None:
    marks, *_ = _random(seed, 0.8)

    found = calibration(marks)

    precisions, confidences = calibration_curve(marks.right, marks.confidence, n_bins=10)
    assert list(confidences) == pytest.approx([one.confidence for one in found.bins])
    assert list(precisions) == pytest.approx([one.precision for one in found.bins])
    assert len(marks.right) == found.n == sum(one.n for one in found.bins)


def test_the_calibration_error_by_hand() -> None:
    """Four tags at 0.9, three of them right; one at 0.2, wrong."""
    known = {"1": {"a": True, "b": True, "c": True, "d": False, "e": False}}
    said = {"1": {"a": 0.9, "b": 0.9, "c": 0.9, "d": 0.9, "e": 0.2}}

    found = calibration(marked(said, known))

    assert (Bin(0.2, 0.2, 0.0, 1), Bin(0.9, pytest.approx(0.9), 0.75, 4)) == found.bins
    assert pytest.approx((4 * 0.15 + 1 * 0.2) / 5) == found.error


def test_without_confidences_there_is_no_calibration() -> None:
    found = calibration(marked({"1": {"cat": None}}, {"1": {"cat": True}}))

    assert (None, 0, ()) == (found.error, found.n, found.bins)
