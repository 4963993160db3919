"""A picture's pixels, upright, over white and at a size that can be looked at."""

from __future__ import annotations

import io

from attrs import frozen
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from .._image import Image
from ..errors import UnsupportedImage

__all__ = ["MAX_PIXELS", "Upright", "upright"]

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded, which takes up to 8 bytes for each pixel."""


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
    if image.content is None:
        raise UnsupportedImage(f"{image.source} is a URL: save the picture first and name the file")
    try:
        with Pillow.open(io.BytesIO(image.content)) as opened:
            _check(opened, image.source)
            original_px = max(opened.size)
            small = _over_white(_turned(_shrunk(opened, max_edge_px)))
    except UnsupportedImage:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise _too_large(image.source) from None
    except UnidentifiedImageError:
        raise UnsupportedImage(
            f"{image.source} is damaged, or of a kind that the installed Pillow cannot read"
        ) from None
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        reason = str(error) or type(error).__name__
        raise UnsupportedImage(
            f"{image.source} cannot be decoded, it is damaged or cut short: {reason}"
        ) from error
    picture = _widened(small, min_width_px, max_edge_px)
    return Upright(picture, max(picture.size) / original_px)


def _check(picture: Pillow.Image, source: str) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(source)
    if picture.mode == "F":
        raise UnsupportedImage(f"{source} holds measurements (floating-point numbers), not colours")


def _too_large(source: str) -> UnsupportedImage:
    return UnsupportedImage(
        f"{source} has more than {MAX_PIXELS // 1_000_000} million pixels",
        hint="make it smaller first",
    )


def _shrunk(picture: Pillow.Image, max_edge_px: int) -> Pillow.Image:
    if picture.mode.startswith("I"):
        picture = picture.convert("I")  # Pillow has no shrinking for 16 bits
    elif _has_keys(picture):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((max_edge_px, max_edge_px))  # decodes a JPEG at a fraction of its size
    return _eight_bit(picture) if picture.mode == "I" else picture


def _has_keys(picture: Pillow.Image) -> bool:
    """Whether a pixel's value is only a key to its colour, so that two cannot be mixed."""
    return picture.mode in ("1", "P", "PA") or "transparency" in picture.info


def _eight_bit(picture: Pillow.Image) -> Pillow.Image:
    # Pillow's own conversion of 16 bits to 8 clips everything above 255 to white.
    return picture.point(lambda level: level * (1 / 257) + 0).convert("L")


def _turned(picture: Pillow.Image) -> Pillow.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF says nothing about the pixels: they stay as they lie
        return picture


def _over_white(picture: Pillow.Image) -> Pillow.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Pillow.new("RGBA", picture.size, "white")
    return Pillow.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def _widened(picture: Pillow.Image, min_width_px: int, max_edge_px: int) -> Pillow.Image:
    factor = min(min_width_px / picture.width, max_edge_px / max(picture.size))
    if factor <= 1:
        return picture
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))
