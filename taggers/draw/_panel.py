"""The list of all tags that stands beside a drawn picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen
from PIL import Image, ImageDraw

from .._model import Tag
from ._font import Fonts, Words

__all__ = ["Row", "panel", "rows"]

MIN_ROWS = 30
"""A column holds at least so many rows, also beside a low picture."""

INK, FAINT, PAPER, AMBER = "#1f2328", "#d8dce2", "#ffffff", "#ffc845"


@frozen
class Row:
    """One tag of the list: its boxes' colour if it has any, and its confidence from 0 to 1."""

    colour: str | None
    name: Words
    confidence: float | None


def rows(
    tags: Iterable[Tag], colours: Mapping[str, str], fonts: Fonts, text_px: int
) -> Iterator[Row]:
    """A row for each tag."""
    for tag in tags:
        name = fonts.words([tag.name, *tag.names.values()], text_px)
        yield Row(colours.get(tag.name), name, tag.confidence)


@frozen
class _Grid:
    """Where things stand in a column, in px; everything grows with the text."""

    text_px: int
    name_px: float

    @property
    def line(self) -> int:
        return round(self.text_px * 1.7)

    @property
    def name(self) -> int:
        return round(self.text_px * 2.2)

    @property
    def bar(self) -> int:
        return round(self.name + self.name_px + self.text_px)

    @property
    def percent_end(self) -> int:
        return self.bar + round(self.text_px * 8.5)

    @property
    def width(self) -> int:
        return self.percent_end + self.text_px


def panel(
    provider: str, emulated: bool, rows: Sequence[Row], fonts: Fonts, text_px: int, height: int
) -> Image.Image:
    """The list as a picture of at least this height, in as many columns as it needs."""
    widest = max((row.name.width for row in rows), default=0)
    grid = _Grid(text_px, min(max(widest, 6 * text_px), 20 * text_px))
    top = round(grid.line * (3.2 if emulated else 2.2))
    per_column = max((height - top - text_px) // grid.line, MIN_ROWS)
    columns = max(math.ceil(len(rows) / per_column), 1)
    needed = top + min(max(len(rows), 1), per_column) * grid.line + text_px
    sheet = Image.new("RGB", (columns * grid.width, max(height, needed)), PAPER)
    writer = _Writer(ImageDraw.Draw(sheet), fonts, grid)
    writer.heading(provider, sheet.width)
    if emulated:
        writer.sign("emulated")
    for index, row in enumerate(rows):
        column, place = divmod(index, per_column)
        writer.row(row, column * grid.width, top + (place + 0.5) * grid.line)
    if not rows:
        writer.write("no tags", text_px, top + 0.5 * grid.line)
    return sheet


@frozen
class _Writer:
    """Puts things onto the sheet; `left` is a column's edge and `middle` the height of a line."""

    pen: ImageDraw.ImageDraw
    fonts: Fonts
    grid: _Grid

    def heading(self, provider: str, width: int) -> None:
        text_px = self.grid.text_px
        words = self.fonts.words([provider], round(text_px * 1.3))
        self.put(words.within(width - 2 * text_px), text_px, self.grid.line)

    def sign(self, text: str) -> None:
        words = self.fonts.words([text], self.grid.text_px)
        middle, half, pad = self.grid.line * 2.2, self.grid.line * 0.4, self.grid.text_px / 2
        edges = (2 * pad, middle - half, words.width + 4 * pad, middle + half)
        self.pen.rounded_rectangle(edges, radius=pad / 2, fill=AMBER)
        self.put(words, 3 * pad, middle)

    def row(self, row: Row, left: float, middle: float) -> None:
        self.swatch(row.colour, left, middle)
        self.put(row.name.within(self.grid.name_px), left + self.grid.name, middle)
        end = left + self.grid.percent_end
        if row.confidence is None:
            self.dash(end, middle)
        else:
            self.bar(row.confidence, left, middle)
            self.write(f"{row.confidence:.0%}", end, middle, anchor="rm")

    def swatch(self, colour: str | None, left: float, middle: float) -> None:
        """A square in the boxes' colour, or a small dot for a tag without boxes."""
        centre = left + self.grid.text_px * 1.4
        half = self.grid.text_px * (0.13 if colour is None else 0.4)
        edges = (centre - half, middle - half, centre + half, middle + half)
        if colour is None:
            self.pen.ellipse(edges, fill=FAINT)
        else:
            self.pen.rectangle(edges, fill=colour, outline=INK)

    def bar(self, confidence: float, left: float, middle: float) -> None:
        start, length = left + self.grid.bar, self.grid.text_px * 5
        top, bottom = middle - self.grid.text_px * 0.2, middle + self.grid.text_px * 0.2
        self.pen.rectangle((start, top, start + length, bottom), fill=FAINT)
        reach = start + length * min(max(confidence, 0), 1)
        self.pen.rectangle((start, top, reach, bottom), fill=INK)

    def dash(self, right: float, middle: float) -> None:
        # Drawn, because Pillow's own font has a hyphen only.
        self.pen.rectangle((right - self.grid.text_px * 0.6, middle, right, middle + 1), fill=INK)

    def write(self, text: str, across: float, middle: float, anchor: str = "lm") -> None:
        self.put(self.fonts.words([text], self.grid.text_px), across, middle, anchor)

    def put(self, words: Words, across: float, middle: float, anchor: str = "lm") -> None:
        self.pen.text((across, middle), words.text, fill=INK, font=words.font, anchor=anchor)
