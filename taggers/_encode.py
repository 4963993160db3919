"""Pixels become a picture's file again. It needs Pillow."""

from __future__ import annotations

import contextlib
import io

from PIL import Image as Pillow

from ._pixels import Decoded, opened

__all__ = ["FORMATS", "encoded", "exif_of", "smaller"]

FORMATS = ("jpeg", "png", "webp", "bmp")
"""What can be written, the preferred first."""
QUALITIES = {"jpeg": (90, 80, 70, 60), "webp": (90, 80, 70, 60)}
"""What is tried to come under a limit of bytes; below, a smaller picture shows more."""


def encoded(picture: Decoded, format_: str, max_bytes: int | None, exif: bytes = b"") -> bytes:
    """The picture's file in the best quality that fits, or else in the lowest that is tried."""
    made = b""
    for quality in QUALITIES.get(format_, (0,)):
        made = _written(picture, format_, quality, exif)
        if max_bytes is None or len(made) <= max_bytes:
            break
    return made


def smaller(picture: Decoded, size: tuple[int, int]) -> Decoded:
    """The whole picture at this size in pixels."""
    return picture.resize(size, Pillow.Resampling.BICUBIC)


def exif_of(content: bytes, source: str) -> bytes:
    """The EXIF block of a picture's file, saying that the picture is upright; empty where it has
    none, or a broken one. Raises `UnsupportedImage` for a file that is no picture."""
    with opened(content, source) as picture, contextlib.suppress(Exception):
        if exif := picture.getexif():
            exif[0x0112] = 1
            return exif.tobytes()
    return b""


def _written(picture: Decoded, format_: str, quality: int, exif: bytes) -> bytes:
    made = io.BytesIO()
    options = {"quality": quality} if quality else {}
    if exif and format_ != "bmp":
        options["exif"] = exif  # type: ignore[assignment]
    picture.save(made, format_, **options)
    return made.getvalue()
