"""Boxes against COCO's own rules: worked cases, and what is not known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from worlds import aligned, boxed, result

from taggers import BoundingBox, Result
from taggers.errors import InvalidInput
from taggers.evaluate import Detection, Truth, known, read_truth
from taggers.evaluate._detection import detection
from taggers.plugin import Region, Tag, evolve

BOX = (10.0, 10.0, 40.0, 40.0)
HALF = (10.0, 10.0, 40.0, 28.0)  # IoU 0.7 with BOX
AWAY = (60.0, 60.0, 20.0, 20.0)


def _truth(**labels: dict[str, list[tuple[float, float, float, float]] | bool]) -> Truth:
    """By picture and label, its boxes, or whether it is there."""
    return Truth(
        name="truth",
        labels={
            picture: {label: bool(said) for label, said in of.items()}
            for picture, of in labels.items()
        },
        boxes={
            picture: {
                label: tuple(BoundingBox(*box) for box in said)
                for label, said in of.items()
                if not isinstance(said, bool)
            }
            for picture, of in labels.items()
        },
    )


def _detected(results: list[Result], truth: Truth) -> Detection | None:
    comparison, alignment = aligned(results)
    return detection("a", comparison, alignment, known(comparison, alignment, truth))


def test_a_box_at_the_place_is_found_at_every_iou() -> None:
    found = _detected([result("a", "x", [boxed("cat", BOX)])], _truth(x={"cat": [BOX]}))

    assert found is not None
    assert (pytest.approx(1), pytest.approx(1)) == (
        found.average_precision,
        found.average_precision_50,
    )
    assert {1: 1.0, 10: 1.0, 100: 1.0} == found.recall
    assert (1, 1, 1, 0) == (found.pictures, found.boxes, found.drawn, found.unknown)


def test_a_box_nearly_there_is_found_up_to_its_iou() -> None:
    """0.7 reaches 0.5, 0.55, 0.6, 0.65 and 0.7 of the ten."""
    found = _detected([result("a", "x", [boxed("cat", HALF)])], _truth(x={"cat": [BOX]}))

    assert found is not None
    assert pytest.approx(0.5) == found.average_precision
    assert pytest.approx(1.0) == found.average_precision_50


def test_recall_counts_the_most_confident_boxes_of_a_picture() -> None:
    tags = [boxed("cat", AWAY, sure=0.9), boxed("cat", BOX, sure=0.8)]

    found = _detected([result("a", "x", tags)], _truth(x={"cat": [BOX]}))

    assert found is not None
    assert {1: 0.0, 10: 1.0, 100: 1.0} == found.recall
    assert pytest.approx(0.5) == found.average_precision


def test_only_boxes_of_labels_of_which_it_is_known_count() -> None:
    """In y nobody looked for cats; in z somebody did, and there is none."""
    sure = {"x": 0.8, "y": 0.8, "z": 0.9}
    results = [result("a", one, [boxed("cat", BOX, sure=by)]) for one, by in sure.items()]

    found = _detected(results, _truth(x={"cat": [BOX]}, y={"dog": True}, z={"cat": False}))

    assert found is not None
    assert pytest.approx(0.5, abs=0.01) == found.average_precision
    assert (2, 1, 2, 1) == (found.pictures, found.boxes, found.drawn, found.unknown)


def test_boxes_without_confidence_have_no_average_precision_but_recall() -> None:
    found = _detected([result("a", "x", [boxed("cat", BOX, sure=None)])], _truth(x={"cat": [BOX]}))

    assert found is not None
    assert None is found.average_precision
    assert 1.0 == found.recall[100]


def test_a_box_is_as_sure_as_its_tag_where_it_says_nothing_itself() -> None:
    tags = [
        Tag("cat", 0.9, regions=(Region(BoundingBox(*BOX)),)),
        Tag("cat", 0.8, regions=(Region(BoundingBox(*AWAY)),)),
    ]

    found = _detected([result("a", "x", tags)], _truth(x={"cat": [BOX]}))

    assert found is not None
    assert pytest.approx(1.0) == found.average_precision


def test_coco_and_its_crowds_are_understood_whatever_the_size_of_the_copy(tmp_path: Path) -> None:
    """COCO's picture is 200 × 200, ours half of that; what lies in a crowd is not wrong."""
    record = {
        "images": [{"id": 1, "file_name": "x", "width": 200, "height": 200}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": [20, 20, 80, 80], "iscrowd": 0},
            {"image_id": 1, "category_id": 1, "bbox": [110, 110, 60, 60], "iscrowd": 1},
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "coco.json").write_text(json.dumps(record), "utf-8")
    tags = [boxed("cat", AWAY, sure=0.9), boxed("cat", BOX, sure=0.8)]

    found = _detected([result("a", "x", tags)], read_truth(tmp_path / "coco.json"))

    assert found is not None
    assert pytest.approx(1.0) == found.average_precision


def test_who_draws_nothing_is_not_measured() -> None:
    assert None is _detected([result("a", "x", [Tag("cat", 0.9)])], _truth(x={"cat": [BOX]}))
    assert None is _detected([result("a", "x", [boxed("cat", BOX)])], _truth(x={"cat": True}))


def test_units_that_cannot_be_compared_are_an_error() -> None:
    said = result("a", "x", [boxed("cat", BOX)])
    sizeless = evolve(said, image=evolve(said.image, width=None, height=None))
    truth = _truth(x={"cat": True})
    relative = BoundingBox(0.1, 0.1, 0.4, 0.4, "relative")

    with pytest.raises(InvalidInput, match="its size is not known"):
        _detected([sizeless], evolve(truth, boxes={"x": {"cat": (relative,)}}))
