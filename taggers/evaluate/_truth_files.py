"""Ground truth in files: CSV, COCO, folders by class, and judgements."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from attrs import define, field

from .._model import BoundingBox
from .._registry import nearest
from ..errors import InvalidInput, LocalResourceError
from ._truth import Places, Truth

__all__ = ["JUDGEMENTS", "read_judgements", "read_truth"]

JUDGEMENTS = "taggers-judgements/1"
ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
UNSURE = ("unsure", "")
COLUMNS = {"picture": ("picture", "image"), "label": ("label", "tag"), "answer": ("answer",)}
"""The columns of a CSV file and their names; the second ones are those of `taggers tag -f csv`."""
SIDES = ("x", "y", "width", "height")


def read_judgements(path: str | os.PathLike[str]) -> list[tuple[str, str, str]]:
    """The judgements that the report saves: picture, label, and yes, no or unsure. Raises as
    `read_truth` does."""
    text = _text(Path(path))
    try:
        record = json.loads(text)
        if record["format"] == JUDGEMENTS:
            return list(_judged(str(path), record))
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise _wrong(f"{path} holds no judgements", "save them in the report that you judged in")


def _judged(name: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for number, said in enumerate(record["judgements"], 1):
        there = _answer(said["answer"], _nth(name, number))
        answer = "unsure" if there is None else _word(there)
        yield said["picture"], said.get("text") or said["label"], answer


def _nth(name: str, number: int) -> str:
    return f"{name}, judgement {number}"


def read_truth(path: str | os.PathLike[str], *, exhaustive: bool = False) -> Truth:
    """The ground truth in a file or folder:

    * CSV with a header: `picture` and `label`, a row each; `answer` (yes, no, unsure), yes where
      that column is missing; a place by `x`, `y`, `width`, `height` and `unit` (px or relative);
    * COCO's JSON; LVIS's `neg_category_ids` are known not to be there;
    * a folder with a folder of pictures for each class;
    * judgements, as the report saves them.

    `exhaustive` says that a picture has none of its labels but those listed, which no format says
    by itself. Raises `InvalidInput` with the place of what is wrong, and `LocalResourceError` for
    what cannot be read.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _folders(path, exhaustive)
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be read: {error.strerror}") from error
    text = _text(path)
    read = _json if text.lstrip().startswith(("{", "[")) else _csv
    return read(str(path), text, exhaustive)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _wrong(f"{path} is no UTF-8: byte {error.start}", "save it as UTF-8") from None


@define
class _Draft:
    """A truth that is being written; each thing that is said comes with its place in the file."""

    name: str
    labels: dict[str, dict[str, bool]] = field(factory=dict)
    boxes: dict[str, dict[str, list[BoundingBox]]] = field(factory=dict)
    crowds: dict[str, dict[str, list[BoundingBox]]] = field(factory=dict)
    vocabulary: set[str] = field(factory=set)
    said_at: dict[tuple[str, str], str] = field(factory=dict)

    def picture(self, key: str) -> dict[str, bool]:
        """What is said of a picture so far."""
        return self.labels.setdefault(key, {})

    def say(self, key: str, label: str, there: bool | None, place: str) -> None:
        """Notes an answer; None is none. Raises `InvalidInput` where it contradicts one."""
        self.vocabulary.add(label)
        known = self.picture(key)
        if there is None:
            return
        if known.setdefault(label, there) is not there:
            raise _wrong(
                f"{place}: says {_word(there)} to {label!r} in {key}, and "
                f"{self.said_at[key, label]} says {_word(not there)}",
                "keep one of the two",
            )
        self.said_at.setdefault((key, label), place)

    def draw(self, key: str, label: str, box: BoundingBox, *, crowd: bool = False) -> None:
        """Notes a place where a label is."""
        places = self.crowds if crowd else self.boxes
        places.setdefault(key, {}).setdefault(label, []).append(box)

    def done(self, exhaustive: bool) -> Truth:
        """The truth. Raises `InvalidInput` where there is none."""
        if not self.labels:
            raise _wrong(f"{self.name}: names no picture")
        return Truth(
            name=self.name,
            labels=self.labels,
            boxes=_frozen(self.boxes),
            crowds=_frozen(self.crowds),
            vocabulary=frozenset(self.vocabulary),
            exhaustive=exhaustive,
        )


def _frozen(places: Mapping[str, Mapping[str, Sequence[BoundingBox]]]) -> Places:
    return {key: {label: tuple(boxes) for label, boxes in by.items()} for key, by in places.items()}


def _word(there: bool) -> str:
    return "yes" if there else "no"


def _wrong(message: str, hint: str | None = None) -> InvalidInput:
    return InvalidInput(message, hint=hint, scope="call")


def _csv(name: str, text: str, exhaustive: bool) -> Truth:
    draft = _Draft(name)
    rows = csv.reader(io.StringIO(text, newline=""))
    columns = _columns(name, next(rows, []))
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                _row(draft, columns, row, f"{name}:{rows.line_num}")
    except csv.Error as error:
        raise _wrong(f"{name}:{rows.line_num}: {error}") from error
    return draft.done(exhaustive)


def _columns(name: str, header: list[str]) -> Mapping[str, int]:
    """Where each column stands. Raises `InvalidInput` for a first line that names none."""
    written = [cell.strip().casefold() for cell in header]
    wanted = {**COLUMNS, **{side: (side,) for side in (*SIDES, "unit")}}
    found = {
        column: written.index(spelling)
        for column, spellings in wanted.items()
        for spelling in reversed(spellings)
        if spelling in written
    }
    if missing := [column for column in ("picture", "label") if column not in found]:
        separated = len(written) == 1 and any(mark in written[0] for mark in ";\t")
        raise _wrong(
            f"{name}:1: has no column {' and no column '.join(missing)}",
            "separate the columns by commas" if separated
            else "begin with the header picture,label or picture,label,answer",
        )  # fmt: skip
    return found


def _row(draft: _Draft, columns: Mapping[str, int], row: list[str], place: str) -> None:
    cells = {
        column: row[index].strip() if index < len(row) else "" for column, index in columns.items()
    }
    for column in ("picture", "label"):
        if not cells[column]:
            raise _wrong(f"{place}: has no {column}")
    there = _answer(cells["answer"], place) if "answer" in cells else True
    draft.say(cells["picture"], cells["label"], there, place)
    if any(cells.get(side) for side in SIDES):
        if there is not True:
            raise _wrong(f"{place}: draws a box around what it does not say to be there")
        draft.draw(cells["picture"], cells["label"], _box(cells, place))


def _answer(text: str, place: str) -> bool | None:
    answer = text.casefold()
    if answer not in ANSWERS and answer not in UNSURE:
        raise _wrong(
            f"{place}: the answer {text!r} is none{nearest(answer, ['yes', 'no', 'unsure'])}",
            "write yes, no or unsure",
        )
    return ANSWERS.get(answer)


def _box(cells: Mapping[str, str], place: str) -> BoundingBox:
    unit = cells.get("unit") or "px"
    if unit not in ("px", "relative"):
        raise _wrong(f"{place}: the unit {unit!r} is neither px nor relative")
    try:
        x, y, width, height = (float(cells[side]) for side in SIDES)
        return BoundingBox(x, y, width, height, cast(Literal["px", "relative"], unit))
    except (KeyError, ValueError, TypeError):
        given = ",".join(cells.get(side, "") for side in SIDES)
        raise _wrong(f"{place}: x,y,width,height are {given!r}, not four numbers") from None


def _json(name: str, text: str, exhaustive: bool) -> Truth:
    try:
        record = json.loads(text)
    except ValueError as error:
        raise _wrong(f"{name} is no JSON: {error}") from None
    form = record.get("format") if isinstance(record, dict) else None
    draft = _Draft(name)
    try:
        if form == JUDGEMENTS:
            _judgements(draft, record)
        elif isinstance(record, dict) and "images" in record:
            _coco(draft, record)
        else:
            raise _wrong(
                f"{name} is neither COCO (it has no images) nor judgements (its format is {form!r})"
            )
    except KeyError as error:
        raise _wrong(f"{name}: an entry has no {error}") from error
    except (TypeError, AttributeError) as error:
        raise _wrong(f"{name}: an entry is of another shape: {error}") from error
    return draft.done(exhaustive)


def _judgements(draft: _Draft, record: Mapping[str, Any]) -> None:
    for number, (picture, label, answer) in enumerate(_judged(draft.name, record), 1):
        draft.say(picture, label, ANSWERS.get(answer), _nth(draft.name, number))


def _coco(draft: _Draft, record: Mapping[str, Any]) -> None:
    """Boxes become fractions of the picture where COCO gives its size, so that they also fit a copy
    of another size."""
    names = {category["id"]: category["name"] for category in record["categories"]}
    images = {image["id"]: image for image in record["images"]}
    draft.vocabulary.update(names.values())
    for id_, image in images.items():
        draft.picture(image["file_name"])
        for category in image.get("neg_category_ids", ()):
            place = f"{draft.name}, image {id_}"
            draft.say(image["file_name"], _of(names, category, "category", place), False, place)
    for number, annotation in enumerate(record["annotations"], 1):
        place = f"{draft.name}, annotation {annotation.get('id', number)}"
        image = _of(images, annotation["image_id"], "image", place)
        label = _of(names, annotation["category_id"], "category", place)
        draft.say(image["file_name"], label, True, place)
        if "bbox" in annotation:
            crowd = bool(annotation.get("iscrowd"))
            draft.draw(image["file_name"], label, _coco_box(annotation, image, place), crowd=crowd)


def _of(known: Mapping[Any, Any], id_: Any, what: str, place: str) -> Any:
    if id_ not in known:
        raise _wrong(f"{place}: is of the {what} {id_!r}, which the file does not list")
    return known[id_]


def _coco_box(annotation: Mapping[str, Any], image: Mapping[str, Any], place: str) -> BoundingBox:
    try:
        box = BoundingBox(*annotation["bbox"])
    except TypeError:
        raise _wrong(f"{place}: the bbox {annotation['bbox']!r} is not four numbers") from None
    width, height = image.get("width"), image.get("height")
    return box.scaled(1 / width, 1 / height, "relative") if width and height else box


def _folders(path: Path, exhaustive: bool) -> Truth:
    """Pictures go by their bytes, so that one that lies in two folders is of both classes."""
    draft = _Draft(str(path))
    for file, label in _in_classes(path):
        with file.open("rb") as opened:
            key = hashlib.file_digest(opened, "sha256").hexdigest()
        draft.say(key, label, True, str(file))
    if not draft.labels:
        raise _wrong(f"{path} has no folders with pictures in them", "make a folder for each class")
    return draft.done(exhaustive)


def _in_classes(path: Path) -> Iterator[tuple[Path, str]]:
    for folder in sorted(path.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not file.name.startswith("."):
                    yield file, folder.name
