"""Weighted boxes fusion, by hand and against the authors' own implementation."""

from __future__ import annotations

import pytest

from taggers import BoundingBox
from taggers.evaluate import Drawn, fuse


def _box(left: float, top: float, right: float, bottom: float) -> BoundingBox:
    return BoundingBox.from_corners(left, top, right, bottom)


def _corners(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def test_two_boxes_become_their_average_weighted_by_confidence() -> None:
    drawn = [Drawn("a", _box(0, 0, 100, 100), 0.9), Drawn("b", _box(10, 0, 110, 100), 0.3)]

    (fused,) = fuse(drawn, {"a": 1, "b": 1})

    assert (2.5, 0, 102.5, 100) == pytest.approx(_corners(fused.box))
    assert 0.6 == pytest.approx(fused.confidence)
    assert tuple(drawn) == fused.members


@pytest.mark.parametrize(("models", "confidence"), [("a", 0.9), ("ab", 0.45), ("abc", 0.3)])
def test_models_that_draw_nothing_there_count_against_a_box(models: str, confidence: float) -> None:
    (fused,) = fuse([Drawn("a", _box(0, 0, 10, 10), 0.9)], dict.fromkeys(models, 1))

    assert confidence == pytest.approx(fused.confidence)


def test_a_model_that_draws_a_thing_twice_does_not_count_twice() -> None:
    drawn = [Drawn("a", _box(0, 0, 10, 10), 0.8), Drawn("a", _box(0, 0, 10, 10), 0.8)]

    (fused,) = fuse(drawn, {"a": 1})

    assert 0.8 == pytest.approx(fused.confidence)


def test_a_box_joins_the_one_that_it_overlaps_most_and_only_by_enough() -> None:
    drawn = [
        Drawn("a", _box(0, 0, 10, 10), 0.9),
        Drawn("a", _box(3, 0, 13, 10), 0.8),  # overlaps the first by 7/13, which is too little
        Drawn("b", _box(2, 0, 12, 10), 0.7),  # by 2/3 and by 9/11
    ]

    fused = fuse(drawn, {"a": 1, "b": 1})

    assert [2, 1] == [len(one.members) for one in fused]
    assert (drawn[1], drawn[2]) == fused[0].members


def test_boxes_without_an_area_or_in_another_unit_are_not_the_same() -> None:
    relative = BoundingBox(0, 0, 10, 10, unit="relative")
    drawn = [
        Drawn("a", _box(0, 0, 10, 10), 0.9),
        Drawn("b", relative, 0.8),
        Drawn("b", _box(5, 5, 5, 9), 0.7),
        Drawn("b", _box(0, 0, 10, 10), 0.0),
    ]

    assert [0.45, 0.4] == pytest.approx([one.confidence for one in fuse(drawn, {"a": 1, "b": 1})])


def test_it_is_what_the_authors_implementation_gives() -> None:
    # ensemble_boxes 1.0.9, weighted_boxes_fusion(..., weights=[2, 1, 1], iou_thr=0.55), of one
    # label of the example in its README, and of a third model that drew nothing
    drawn = [
        Drawn("a", _box(0.00, 0.51, 0.81, 0.91), 0.9),
        Drawn("a", _box(0.10, 0.31, 0.71, 0.61), 0.8),
        Drawn("a", _box(0.01, 0.32, 0.83, 0.93), 0.2),
        Drawn("a", _box(0.02, 0.53, 0.11, 0.94), 0.4),
        Drawn("a", _box(0.03, 0.24, 0.12, 0.35), 0.7),
        Drawn("b", _box(0.04, 0.56, 0.84, 0.92), 0.5),
        Drawn("b", _box(0.12, 0.33, 0.72, 0.64), 0.8),
        Drawn("b", _box(0.38, 0.66, 0.79, 0.95), 0.7),
        Drawn("b", _box(0.08, 0.49, 0.21, 0.89), 0.3),
    ]

    fused = fuse(drawn, {"a": 2, "b": 1, "c": 1})

    assert ORACLE == [
        (round(one.confidence, 4), tuple(round(side, 4) for side in _corners(one.box)))
        for one in fused
    ]


ORACLE = [
    (0.675, (0.0089, 0.4911, 0.8185, 0.9148)),
    (0.6, (0.1067, 0.3167, 0.7133, 0.62)),
    (0.35, (0.03, 0.24, 0.12, 0.35)),
    (0.2, (0.02, 0.53, 0.11, 0.94)),
    (0.175, (0.38, 0.66, 0.79, 0.95)),
    (0.075, (0.08, 0.49, 0.21, 0.89)),
]
