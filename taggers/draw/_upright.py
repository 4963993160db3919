"""A picture's pixels at a size that can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from .._image import Image

if TYPE_CHECKING:
    from PIL import Image as Pillow

__all__ = ["Upright", "upright"]


@frozen
class Upright:
    """The picture in RGB, and how many of its pixels there are for one of the original."""

    picture: Pillow.Image
    scale: float


def upright(image: Image, *, max_edge_px: int, min_width_px: int) -> Upright:
    """The picture, made so small that no edge passes `max_edge_px`, or as wide as `min_width_px`
    where the other limit allows it. Of several frames or pages it is the first.

    Raises `UnsupportedImage` for a URL, and for what is damaged, cut short or too large.
    """
    small = image.pixels(max_edge_px)
    picture = _widened(small, min_width_px, max_edge_px)
    original_px = max(image.width or 1, image.height or 1)
    return Upright(picture, max(picture.size) / original_px)


def _widened(picture: Pillow.Image, min_width_px: int, max_edge_px: int) -> Pillow.Image:
    factor = min(min_width_px / picture.width, max_edge_px / max(picture.size))
    if factor <= 1:
        return picture
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))
