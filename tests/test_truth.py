"""Ground truth: what files say, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from worlds import compared, truth

from taggers import BoundingBox
from taggers.compare import Picture
from taggers.errors import InvalidInput, LocalResourceError
from taggers.evaluate import Truth, Unmatched, known, read_truth


def _written(folder: Path, text: str, name: str = "truth.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _picture(source: str) -> Picture:
    return Picture(id=source, source=source)


COCO: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "cat.jpg", "width": 200, "height": 100},
        {"id": 2, "file_name": "sea.jpg", "width": 10, "height": 10, "neg_category_ids": [2]},
    ],
    "annotations": [
        {"id": 7, "image_id": 1, "category_id": 1, "bbox": [20, 10, 100, 50]},
        {"id": 8, "image_id": 1, "category_id": 1, "bbox": [0, 0, 200, 100], "iscrowd": 1},
        {"id": 9, "image_id": 2, "category_id": 3},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 3, "name": "sea"}],
}


def test_csv_says_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    path = _written(
        tmp_path, "picture,label,answer\ncat.jpg,Cat,yes\ncat.jpg,dog,no\nb.jpg,sea,unsure\n"
    )

    found = read_truth(path)

    assert {"cat.jpg": {"Cat": True, "dog": False}, "b.jpg": {}} == found.labels


def test_csv_without_answers_lists_what_is_there(tmp_path: Path) -> None:
    path = _written(tmp_path, "\ufeffLabel,Picture\ncat,cat.jpg\n\n猫,cat.jpg\n")

    assert {"cat.jpg": {"cat": True, "猫": True}} == read_truth(path).labels


def test_csv_may_be_what_taggers_tag_wrote_and_draw_boxes(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        "image,tag,x,y,width,height,unit\n"
        "cat.jpg,cat,1,2,3,4,px\ncat.jpg,cat,.1,.2,.3,.4,relative\ncat.jpg,fur,,,,,\n",
    )

    found = read_truth(path)

    boxes = (BoundingBox(1, 2, 3, 4), BoundingBox(0.1, 0.2, 0.3, 0.4, "relative"))
    assert {"cat.jpg": {"cat": True, "fur": True}} == found.labels
    assert {"cat.jpg": {"cat": boxes}} == found.boxes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "truth.csv:1: has no column picture and no column label; begin with the header"),
        ("cat.jpg,cat\n", "truth.csv:1: has no column picture and no column label; begin"),
        ("picture;label\na;b\n", "separate the columns by commas"),
        ("picture,label\n", "names no picture"),
        ("picture,label\ncat.jpg\n", "truth.csv:2: has no label"),
        (
            "picture,label,answer\na.jpg,cat,yes\nb.jpg,cat,no\na.jpg,cat,no\n",
            "truth.csv:4: says no to 'cat' in a.jpg, and ",
        ),
        (
            "picture,label,answer\na.jpg,cat,yse\n",
            "truth.csv:2: the answer 'yse' is none; did you mean 'yes'?",
        ),
        ("picture,label,x,y\na.jpg,cat,1,2\n", "truth.csv:2: x,y,width,height are '1,2,,', not"),
        (
            "picture,label,x,y,width,height\na.jpg,cat,1,2,3,inf\n",
            "x,y,width,height are '1,2,3,inf', not four numbers",
        ),
        (
            "picture,label,x,y,width,height,unit\na.jpg,cat,1,2,3,4,mm\n",
            "the unit 'mm' is neither px nor relative",
        ),
        (
            "picture,label,answer,x,y,width,height\na.jpg,cat,no,1,2,3,4\n",
            "draws a box around what it does not say to be there",
        ),
    ],
)
def test_a_fault_in_csv_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = _written(tmp_path, text)

    with pytest.raises(InvalidInput) as caught:
        read_truth(path)

    assert said in str(caught.value)


def test_a_contradiction_names_both_lines(tmp_path: Path) -> None:
    path = _written(tmp_path, "picture,label,answer\na.jpg,cat,1\na.jpg,cat,1\na.jpg,cat,0\n")

    with pytest.raises(InvalidInput, match=r"csv:4: says no .*csv:2 says yes; keep one"):
        read_truth(path)


def test_a_file_that_is_no_utf_8_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "gbk.csv").write_bytes("picture,label\na.jpg,狗\n".encode("gbk"))

    with pytest.raises(InvalidInput, match=r"gbk\.csv is no UTF-8"):
        read_truth(tmp_path / "gbk.csv")
    with pytest.raises(LocalResourceError, match=r"none\.csv cannot be read: No such file"):
        read_truth(tmp_path / "none.csv")


def test_coco_says_what_is_annotated_and_where(tmp_path: Path) -> None:
    found = read_truth(_written(tmp_path, json.dumps(COCO), "coco.json"))

    relative = BoundingBox(0.1, 0.1, 0.5, 0.5, "relative")
    assert {"cat.jpg": {"cat": True}, "sea.jpg": {"dog": False, "sea": True}} == found.labels
    assert {"cat.jpg": {"cat": (relative,)}} == found.boxes
    assert {"cat.jpg": {"cat": (BoundingBox(0, 0, 1, 1, "relative"),)}} == found.crowds


def test_only_who_says_that_coco_is_exhaustive_takes_the_rest_for_absent(tmp_path: Path) -> None:
    path = _written(tmp_path, json.dumps(COCO), "coco.json")

    found = read_truth(path), read_truth(path, exhaustive=True)

    assert [{"cat": True}, {"cat": True, "dog": False, "sea": False}] == [
        one.of(_picture("photos/cat.jpg")) for one in found
    ]


def _coco(**changed: Any) -> str:
    return json.dumps(COCO | changed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_coco(images=COCO["images"][:1]), "annotation 9: is of the image 2, which the file does"),
        (_coco(categories=COCO["categories"][:2]), "annotation 9: is of the category 3, which the"),
        (_coco(annotations=[{"image_id": 1}]), "an entry has no 'category_id'"),
        (
            _coco(annotations=[{"image_id": 1, "category_id": 1, "bbox": [1, 2]}]),
            "annotation 1: the bbox [1, 2] is not four numbers",
        ),
        (_coco(images=["cat.jpg"]), "an entry is of another shape"),
        ("{}", "is neither COCO (it has no images) nor judgements"),
        ("[]", "is neither COCO"),
        ("{", "is no JSON"),
        ('{"format": "taggers-judgements/2"}', "(its format is 'taggers-judgements/2')"),
    ],
)
def test_a_fault_in_json_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = _written(tmp_path, text, "coco.json")

    with pytest.raises(InvalidInput) as caught:
        read_truth(path)

    assert said in str(caught.value)


def test_folders_by_class_know_pictures_by_their_bytes(tmp_path: Path) -> None:
    for name, content in {"cat/1.jpg": b"a", "cat/2.jpg": b"b", "pet/x/1.jpg": b"a"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    found = read_truth(tmp_path)

    both, one = (hashlib.sha256(content).hexdigest() for content in (b"a", b"b"))
    assert {both: {"cat": True, "pet": True}, one: {"cat": True}} == found.labels


def test_a_folder_without_classes_is_none(tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"a")

    with pytest.raises(InvalidInput, match="make a folder for each class"):
        read_truth(tmp_path)


def _judgements(*said: tuple[str, str, str]) -> str:
    entries = [{"picture": p, "label": "id", "text": t, "answer": a} for p, t, a in said]
    return json.dumps({"format": "taggers-judgements/1", "judgements": entries})


def test_judgements_say_yes_and_no_and_nothing_where_unsure(tmp_path: Path) -> None:
    text = _judgements(("a.jpg", "cat", "yes"), ("a.jpg", "dog", "no"), ("a.jpg", "fur", "unsure"))

    found = read_truth(_written(tmp_path, text, "judgements.json"))

    assert {"a.jpg": {"cat": True, "dog": False}} == found.labels


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("cat.jpg", "cat.jpg"),
        ("/photos/summer/cat.jpg", "cat.jpg"),
        ("C:\\photos\\cat.jpg", "cat.jpg"),
        ("https://example.com/photos/cat.jpg?sign=x/y", "cat.jpg"),
        ("/photos/b/1.jpg", "b/1.jpg"),
        ("scat.jpg", None),
        ("d/1.jpg", None),
    ],
)
def test_a_picture_is_known_by_its_file_name_and_as_much_of_the_path_as_it_takes(
    source: str, key: str | None
) -> None:
    known = truth({"cat.jpg": {}, "a/1.jpg": {}, "b/1.jpg": {}})

    assert key == known.key(_picture(source))


def test_a_picture_that_may_be_two_of_the_truth_is_an_error() -> None:
    known = truth({"a/1.jpg": {}, "b/1.jpg": {}})

    with pytest.raises(InvalidInput, match=r"1\.jpg may be 'a/1\.jpg' or 'b/1\.jpg'"):
        known.key(_picture("1.jpg"))


def test_a_picture_of_the_truth_that_may_be_two_of_ours_is_an_error() -> None:
    comparison, alignment = compared({"a": {"x/1.jpg": {"cat": 1}, "y/1.jpg": {"cat": 1}}})

    with pytest.raises(InvalidInput, match=r"'1\.jpg' may be x/1\.jpg or y/1\.jpg"):
        known(comparison, alignment, truth({"1.jpg": {"cat": True}}))


def test_labels_that_nobody_said_are_told_with_the_nearest_that_somebody_said() -> None:
    comparison, alignment = compared({"a": {"1.jpg": {"bicycle": 1}, "2.jpg": {"cat": 1}}})
    said = {"1.jpg": {"Bicycles": True, "cat": False}, "2.jpg": {"Bicycles": True, "qqq": True}}

    found = known(comparison, alignment, truth({**said, "3.jpg": {"zzz": True}}))

    assert (Unmatched("Bicycles", 2, "bicycle"), Unmatched("qqq", 1, None)) == found.unmatched
    assert ("3.jpg",) == found.unanswered


def test_judgements_count_over_the_truth_and_say_so() -> None:
    comparison, alignment = compared({"a": {"1.jpg": {"cat": 1, "dog": 1, "sea": 1}}})
    listed = truth({"1.jpg": {"cat": True}, "9.jpg": {"dog": True}}, exhaustive=True)
    judged = truth({"1.jpg": {"Cat": False, "dog": True, "sea": True}})

    found = known(comparison, alignment, listed, judged)

    assert {"1.jpg": {"cat": False, "dog": True, "sea": True}} == found.labels
    assert ("cat in 1.jpg",) == found.overruled


def test_two_words_for_one_label_must_not_contradict_each_other() -> None:
    comparison, alignment = compared({"a": {"1.jpg": {"cat": 1}}})

    with pytest.raises(InvalidInput, match=r"says yes to 'cat' and no to 'CAT' in 1\.jpg"):
        known(comparison, alignment, truth({"1.jpg": {"cat": True, "CAT": False}}))


def test_a_truth_about_other_pictures_is_an_error() -> None:
    comparison, alignment = compared({"a": {"1.jpg": {"cat": 1}}})

    with pytest.raises(InvalidInput, match=r"it names '2\.jpg', and the results '1\.jpg'"):
        known(comparison, alignment, truth({"2.jpg": {"cat": True}}))


def test_a_truth_is_a_value_that_anybody_can_make() -> None:
    made = Truth(name="mine", labels={"a.jpg": {"cat": True}})

    assert {"cat": True} == made.of(_picture("a.jpg"))
