"""A picture's pixels: the only place that decodes what others wrote. It needs Pillow."""

from __future__ import annotations

import io

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from .errors import UnsupportedImage

__all__ = ["MAX_PIXELS", "decoded"]

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded, which takes up to 8 bytes for each pixel."""


def decoded(content: bytes, source: str, max_edge_px: int) -> Pillow.Image:
    """The picture in RGB, upright, over white, with edges of at most `max_edge_px`.

    Of several frames or pages it is the first. Colours are taken as sRGB; an embedded profile is
    not applied. Raises `UnsupportedImage` for what is damaged, cut short or too large.
    """
    try:
        with Pillow.open(io.BytesIO(content)) as opened:
            _check(opened, source)
            return _over_white(_turned(_shrunk(opened, max_edge_px)))
    except UnsupportedImage:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise _too_large(source) from None
    except UnidentifiedImageError:
        raise UnsupportedImage(
            f"{source} is damaged, or of a kind that the installed Pillow cannot read"
        ) from None
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        reason = str(error) or type(error).__name__
        raise UnsupportedImage(
            f"{source} cannot be decoded, it is damaged or cut short: {reason}"
        ) from error


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
