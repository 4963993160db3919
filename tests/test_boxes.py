"""Agreement of boxes: pixels counted one by one, and every matching tried."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taggers import BoundingBox
from taggers.compare import BoxAgreement, Figure, Matching, box_agreement, iou, match

corners = st.integers(0, 6)
sides = st.integers(0, 5)
boxes = st.builds(BoundingBox, corners, corners, sides, sides)
reals = st.floats(-1e6, 1e6)
any_boxes = st.builds(BoundingBox, reals, reals, st.floats(0, 1e6), st.floats(0, 1e6))
few = st.lists(boxes, max_size=4)

CAT = BoundingBox(0, 0, 10, 10)
CATS_HEAD = BoundingBox(0, 0, 10, 6)
DOG = BoundingBox(50, 50, 20, 20)


def pixels(box: BoundingBox) -> set[tuple[int, int]]:
    x, y, width, height = map(int, (box.x, box.y, box.width, box.height))
    return set(product(range(x, x + width), range(y, y + height)))


@given(boxes, boxes)
def test_iou_is_the_part_of_the_pixels_that_both_have(a: BoundingBox, b: BoundingBox) -> None:
    both, either = pixels(a) & pixels(b), pixels(a) | pixels(b)

    assert (len(both) / len(either) if either else 0) == iou(a, b)


@given(any_boxes, any_boxes)
def test_iou_is_symmetric_from_0_to_1_and_1_with_itself(a: BoundingBox, b: BoundingBox) -> None:
    assert iou(a, b) == iou(b, a)
    assert 0 <= iou(a, b) <= 1
    assert iou(a, a) in {0, 1}


def test_boxes_without_area_or_beyond_every_picture_overlap_nothing() -> None:
    huge = BoundingBox(0, 0, 1e300, 1e300)

    assert 0 == iou(huge, huge)
    assert 0 == iou(BoundingBox(5, 5, -3, -3), CAT)


def test_boxes_in_different_units_are_not_compared() -> None:
    with pytest.raises(ValueError, match="in px and one in relative"):
        iou(CAT, BoundingBox(0, 0, 1, 1, "relative"))


@given(few, few, st.sampled_from([0.1, 0.5]))
def test_no_matching_has_a_larger_sum_of_iou(
    a: list[BoundingBox], b: list[BoundingBox], least: float
) -> None:
    s, t = sorted((a, b), key=len)
    best = max(
        sum(near for x, y in zip(s, order, strict=True) if (near := iou(x, y)) >= least)
        for order in permutations(t, len(s))
    )

    found = match(a, b, least)

    assert pytest.approx(best) == sum(near for _, _, near in found.pairs)
    assert all(near == iou(a[i], b[j]) >= least for i, j, near in found.pairs)
    assert [*range(len(a))] == sorted([*found.only_a, *(i for i, _, _ in found.pairs)])
    assert [*range(len(b))] == sorted([*found.only_b, *(j for _, j, _ in found.pairs)])


@given(st.lists(boxes, max_size=4, unique=True))
def test_boxes_are_matched_with_themselves(a: list[BoundingBox]) -> None:
    assume(all(box.width and box.height for box in a))

    assert tuple((i, i, 1) for i in range(len(a))) == tuple(sorted(match(a, a).pairs))


def test_a_box_goes_without_a_partner_rather_than_with_a_poor_one() -> None:
    assert Matching(((0, 1, 1),), (1,), (0,)) == match([CAT, DOG], [CATS_HEAD, CAT])


def test_boxes_of_two_providers_are_matched_by_label_and_by_place() -> None:
    drawn = {
        "1.jpg": {
            "x": {"cat": [CAT], "animal": [CAT], "dog": [DOG]},
            "y": {"cat": [CATS_HEAD], "wolf": [DOG]},
        },
        "2.jpg": {"x": {"cat": [CAT]}, "y": {}},
        "3.jpg": {"x": {"cat": [CAT]}},
    }

    (pair,) = box_agreement(drawn)

    assert ("x", "y") == (pair.a, pair.b)
    assert BoxAgreement(iou=Figure(0.6, 1), only_a=3, only_b=1) == pair.same_label
    assert BoxAgreement(iou=Figure(0.8, 2), only_a=1, only_b=0) == pair.any_label


def test_who_draws_no_boxes_is_in_no_pair() -> None:
    drawn = {"1.jpg": {"x": {"cat": [CAT]}, "y": {"cat": []}, "z": {"dog": [DOG]}}}

    (pair,) = box_agreement(drawn)

    assert ("x", "z") == (pair.a, pair.b)
    assert BoxAgreement(iou=Figure(None, 0), only_a=1, only_b=1) == pair.same_label


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_without_scipy_matching_names_what_to_install() -> None:
    said = run("""
import sys
sys.modules["scipy"] = None
from taggers import BoundingBox, errors
from taggers.compare import match
try:
    match([BoundingBox(0, 0, 1, 1)], [BoundingBox(0, 0, 1, 1)])
except errors.ConfigurationError as error:
    print(error)
""")

    assert "pip install 'taggers[eval]'" in said


def test_comparing_is_imported_without_scipy() -> None:
    assert "False\n" == run("import sys, taggers.compare; print('scipy' in sys.modules)")
