"""Boxes over a picture, each with a label that says what it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen
from PIL import ImageColor, ImageDraw

from .._model import BoundingBox, Region, Tag
from ._font import Fonts, Words
from ._upright import Upright

__all__ = ["Mark", "Rectangle", "draw_boxes", "marks", "places"]

Field = tuple[int, int]
"""The width and height of the part of the drawing in which labels may stand."""


@frozen
class Rectangle:
    """Edges, in pixels of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle) -> bool:
        """Whether they have more than an edge in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@frozen
class Mark:
    """One box with its label."""

    edges: Rectangle
    label: Words
    colour: str

    @property
    def pad(self) -> float:
        """How much of its ground is left and right of the label's text."""
        return self.label.font.size * 0.3

    @property
    def label_size(self) -> tuple[float, float]:
        """The width and height of the label with its ground."""
        return self.label.width + 2 * self.pad, self.label.font.size * 1.4


def marks(
    tags: Iterable[Tag], seen: Upright, colours: Mapping[str, str], fonts: Fonts, text_px: int
) -> Iterator[Mark]:
    """A mark for every region that lies in the picture, also if only in part."""
    for tag in tags:
        for region in tag.regions:
            if (edges := _edges(region.box, seen)) is not None:
                yield Mark(edges, fonts.words(_says(tag, region), text_px), colours[tag.name])


def _says(tag: Tag, region: Region) -> list[str]:
    """What the label may say, in each of the tag's languages."""
    confidence = tag.confidence if region.confidence is None else region.confidence
    percent = "" if confidence is None else f" {confidence:.0%}"
    return [name + percent for name in (tag.name, *tag.names.values())]


def _edges(box: BoundingBox, seen: Upright) -> Rectangle | None:
    """The part of the box that lies in the picture, at least 4 px wide and high; None for none."""
    width, height = seen.picture.size
    across, down = (width, height) if box.unit == "relative" else (seen.scale, seen.scale)
    left, right = sorted((box.x * across, (box.x + box.width) * across))
    top, bottom = sorted((box.y * down, (box.y + box.height) * down))
    if right < 0 or bottom < 0 or left > width or top > height:
        return None
    left, top = max(min(left, width - 5), 0), max(min(top, height - 5), 0)
    right, bottom = max(min(right, width - 1), left + 4), max(min(bottom, height - 1), top + 4)
    return Rectangle(left, top, right, bottom)


def draw_boxes(pen: ImageDraw.ImageDraw, marks: Sequence[Mark], field: Field) -> None:
    """Draws the boxes, the largest first, and all labels over them."""
    drawn: Counter[Rectangle] = Counter()
    for mark in sorted(marks, key=lambda mark: -_area(mark.edges)):
        _draw_box(pen, mark, drawn[mark.edges])
        drawn[mark.edges] += 1
    for mark, place in zip(marks, places(marks, field), strict=True):
        _draw_label(pen, mark, place)


def _area(edges: Rectangle) -> float:
    return (edges.right - edges.left) * (edges.bottom - edges.top)


def _draw_box(pen: ImageDraw.ImageDraw, mark: Mark, covered: int) -> None:
    """Draws the box inside those that it would cover exactly, so that each can be seen."""
    line = max(round(mark.label.font.size / 6), 2)
    edges = mark.edges
    room = min(edges.right - edges.left, edges.bottom - edges.top) / 4
    inset = min(covered * (line + 2), room)
    left, top, right, bottom = (
        edges.left + inset,
        edges.top + inset,
        edges.right - inset,
        edges.bottom - inset,
    )
    # The white line around it is for pictures of the box's own colour.
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="white", width=line + 2)
    pen.rectangle((left, top, right, bottom), outline=mark.colour, width=line)


def _draw_label(pen: ImageDraw.ImageDraw, mark: Mark, place: Rectangle) -> None:
    words = mark.label.within(place.right - place.left - 2 * mark.pad)
    middle = (place.left + mark.pad, (place.top + place.bottom) / 2)
    pen.rectangle((place.left, place.top, place.right, place.bottom), fill=mark.colour)
    pen.text(middle, words.text, fill=_ink(mark.colour), font=words.font, anchor="lm")


def places(marks: Iterable[Mark], field: Field) -> list[Rectangle]:
    """Where each label stands: within the field, and if there is room clear of all before it."""
    taken: list[Rectangle] = []
    for mark in marks:
        choice = list(_choice(mark, field))
        free = (place for place in choice if not any(map(place.meets, taken)))
        taken.append(next(free, choice[0]))
    return taken


def _choice(mark: Mark, field: Field) -> Iterator[Rectangle]:
    """Places for a label: at the box's corners, outside then inside, then ever farther off."""
    width, height = min(mark.label_size[0], field[0]), mark.label_size[1]
    edges = mark.edges
    lefts = (edges.left, edges.right - width)
    tops = (edges.top - height, edges.bottom, edges.top, edges.bottom - height)
    columns = (*lefts, *(step * width for step in range(int(field[0] / width))))
    rows = (step * height for step in range(int(field[1] / height)))
    farther = [(left, top) for top in rows for left in columns]
    farther.sort(key=lambda corner: math.dist(corner, (edges.left, edges.top)))
    for left, top in (*((left, top) for top in tops for left in lefts), *farther):
        x = min(max(left, 0), field[0] - width)
        y = min(max(top, 0), field[1] - height)
        yield Rectangle(x, y, x + width, y + height)


def _ink(colour: str) -> str:
    """Black or white, whichever can be read on this colour (luma as in Rec. 601)."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"
