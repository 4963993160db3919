"""Any picture as a small, upright RGB copy: the only place that decodes what others wrote."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from taggers.plugin import errors

__all__ = ["MAX_PIXELS", "working_copy"]

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded, which takes up to 8 bytes for each pixel."""


def working_copy(content: bytes, source: str, max_edge_px: int) -> Image.Image:
    """The picture in RGB, upright, over white, with edges of at most `max_edge_px`.

    Of several frames or pages it is the first. Colours are taken as sRGB; an embedded profile is
    not applied. Raises `UnsupportedImage` for what is damaged, cut short or too large.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            _check(picture, source)
            small = _shrunk(picture, max_edge_px)
            return _over_white(_turned(small))
    except errors.UnsupportedImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(source) from None
    except UnidentifiedImageError:
        raise errors.UnsupportedImage(
            f"{source} is damaged, or of a kind that the installed Pillow cannot read"
        ) from None
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        reason = str(error) or type(error).__name__
        raise errors.UnsupportedImage(
            f"{source} cannot be decoded, it is damaged or cut short: {reason}"
        ) from error


def _check(picture: Image.Image, source: str) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(source)
    if picture.mode == "F":
        raise errors.UnsupportedImage(
            f"{source} holds measurements (floating-point numbers), not colours"
        )


def _too_large(source: str) -> errors.UnsupportedImage:
    return errors.UnsupportedImage(
        f"{source} has more than {MAX_PIXELS // 1_000_000} million pixels",
        hint="make it smaller first",
    )


def _shrunk(picture: Image.Image, max_edge_px: int) -> Image.Image:
    if picture.mode.startswith("I"):
        picture = picture.convert("I")  # Pillow has no shrinking for 16 bits
    elif _has_keys(picture):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((max_edge_px, max_edge_px))  # decodes a JPEG at a fraction of its size
    return _eight_bit(picture) if picture.mode == "I" else picture


def _has_keys(picture: Image.Image) -> bool:
    """Whether a pixel's value is only a key to its colour, so that two cannot be mixed."""
    return picture.mode in ("1", "P", "PA") or "transparency" in picture.info


def _eight_bit(picture: Image.Image) -> Image.Image:
    # Pillow's own conversion of 16 bits to 8 clips everything above 255 to white.
    return picture.point(lambda level: level * (1 / 257) + 0).convert("L")


def _turned(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF says nothing about the pixels: they stay as they lie
        return picture


def _over_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
