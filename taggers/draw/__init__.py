"""A picture with what a provider said of it: boxes, and beside them the list of all tags."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._extras import from_extra
from .._image import Image
from .._model import Result, Tag

if TYPE_CHECKING:
    from ._font import Fonts
    from ._upright import Upright

__all__ = ["draw"]

MAX_EDGE_PX = 1600
MIN_WIDTH_PX = 480
MIN_HEIGHT_PX = 120
"""The least that labels have to stand in, where the picture itself is lower."""

BACKGROUND = "#e9ebee"

COLOURS = (
    "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45",
    "#469990", "#9a6324", "#800000", "#ffe119", "#808000", "#000075", "#fabed4", "#dcbeff",
)  # fmt: skip
"""Easy to tell apart: Sasha Trubetskoy, "List of 20 Simple, Distinct Colors", without the palest
(https://sashamaps.net/docs/resources/20-colors/)."""


def draw(image: Image, result: Result, *, font: str | None = None) -> bytes:
    """The upright picture with every tag's boxes, and beside it a list of all tags, as a PNG.

    `font` is a font file to try first, before the one that the variable TAGGERS_FONT names, the
    one that comes with Pillow, and those of this machine. A name that none of them can draw is
    drawn in another language, where the tag has one.

    Raises `LocalResourceError` where Pillow is missing, a font is no font or no font has the
    glyphs, and `UnsupportedImage` for a URL or a picture that cannot be decoded.
    """
    with from_extra("image", "drawing"):
        from ._font import Fonts
        from ._upright import upright
    fonts = Fonts(font, os.environ.get("TAGGERS_FONT"))
    seen = upright(image, max_edge_px=MAX_EDGE_PX, min_width_px=MIN_WIDTH_PX)
    return _sheet(seen, result, fonts)


def _sheet(seen: Upright, result: Result, fonts: Fonts) -> bytes:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    from ._boxes import draw_boxes, marks
    from ._panel import panel, rows

    text_px = min(max(round(max(seen.picture.size) / 55), 15), 26)
    colours = _colours(result.tags)
    width = max(seen.picture.width, MIN_WIDTH_PX)
    height = max(seen.picture.height, MIN_HEIGHT_PX)
    listed = list(rows(result.tags, colours, fonts, text_px))
    beside = panel(result.provider, result.provenance.emulated, listed, fonts, text_px, height)
    sheet = Pillow.new("RGB", (width + beside.width, beside.height), BACKGROUND)
    sheet.paste(seen.picture)
    draw_boxes(
        ImageDraw.Draw(sheet),
        list(marks(result.tags, seen, colours, fonts, text_px)),
        (width, height),
    )
    sheet.paste(beside, (width, 0))
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()


def _colours(tags: Iterable[Tag]) -> dict[str, str]:
    """The colour of each name that has boxes: its own, or the next that is free while any is.

    The hash is CRC-32 because Python's own changes with each run.
    """
    chosen: dict[str, int] = {}
    for name in dict.fromkeys(tag.name for tag in tags if tag.regions):
        own = zlib.crc32(name.encode("utf-8", "surrogatepass"))
        wanted = [(own + step) % len(COLOURS) for step in range(len(COLOURS))]
        taken = set(chosen.values())
        chosen[name] = next((slot for slot in wanted if slot not in taken), wanted[0])
    return {name: COLOURS[slot] for name, slot in chosen.items()}
