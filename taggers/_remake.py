"""A picture written anew: decoded, turned upright, made smaller and encoded. It needs Pillow."""

from __future__ import annotations

import contextlib
import io
import math

from attrs import evolve
from PIL import Image as Pillow

from ._image import Image
from ._pixels import Decoded, full, opened, padded
from ._provider import Accepts
from .errors import UnsupportedImage

__all__ = ["remade"]

Size = tuple[int, int]
"""Width and height in pixels."""

FORMATS = ("jpeg", "png", "webp", "bmp")
"""What can be written, the preferred first."""
QUALITIES = {"jpeg": (90, 80, 70, 60), "webp": (90, 80, 70, 60)}
"""What is tried to come under a limit of bytes; below, a smaller picture shows more."""
STEP = 0.8
"""How much shorter the edges become, at least, each time that the bytes are still too many."""
NEAR = 0.9
"""A JPEG that can be decoded at a half, a quarter or an eighth, and is then at least this part of
what the limit allows, is sent at that size: decoding it whole takes four times the memory."""


def remade(image: Image, accepts: Accepts, *, keep_metadata: bool) -> tuple[Image, Size] | None:
    """The picture as a provider takes it, and the size of the part that shows the original: the
    rest, to the right and below, is white. None where it cannot have few enough bytes, or would
    become too small.

    Raises `UnsupportedImage` for what cannot be decoded, and where no format that can be written is
    taken.
    """
    content, source = image.content or b"", image.name
    format_ = next((name for name in FORMATS if name in accepts.formats), None)
    if format_ is None:
        raise UnsupportedImage(
            f"{source} is turned or holds metadata, and none of {', '.join(accepts.formats)} "
            "can be written",
            hint='pass prepare="never" to send it as it is',
        )
    exif = _exif(content, source) if keep_metadata else b""
    picture = full(content, source, image.orientation or 1, _allowed(image, accepts))
    made = _under_limit(picture, format_, accepts, exif)
    if made is None:
        return None
    fresh, shown = made
    width, height = _canvas(shown, accepts)
    sent = evolve(image, content=fresh, format=format_, width=width, height=height, orientation=1)
    return sent, shown


def _allowed(image: Image, accepts: Accepts) -> Size | None:
    """The size to which the picture is to be made smaller; None where it may stay as large."""
    width, height = image.width or 1, image.height or 1
    factor = (accepts.max_edge_px or math.inf) / max(width, height)
    if accepts.max_pixels and width * height > accepts.max_pixels:
        most = max(accepts.max_pixels - width - height, 1)  # each edge may be rounded up
        factor = min(factor, math.sqrt(most / (width * height)))
    if factor >= 1:
        return None
    if image.format == "jpeg":
        factor = next((part for part in (1 / 2, 1 / 4, 1 / 8) if NEAR * factor <= part <= factor),
                      factor)  # fmt: skip
    return _scaled((width, height), factor)


def _scaled(size: Size, factor: float) -> Size:
    return max(round(size[0] * factor), 1), max(round(size[1] * factor), 1)


def _canvas(size: Size, accepts: Accepts) -> Size:
    """How large a picture of this size becomes where it is too narrow or too low."""
    least = max(accepts.min_edge_px or 1, math.ceil(max(size) / (accepts.max_aspect or math.inf)))
    return max(size[0], least), max(size[1], least)


def _under_limit(
    picture: Decoded, format_: str, accepts: Accepts, exif: bytes
) -> tuple[bytes, Size] | None:
    """The picture's file and its size in pixels without the white around it: of lower quality, then
    smaller, until it has few enough bytes; None where it would have to be too small for that."""
    limit, whole, factor = _max_bytes(accepts), picture, 1.0
    least = min(accepts.min_edge_px or 1, *whole.size)
    while min(picture.size) >= least:
        canvas = _canvas(picture.size, accepts)
        shown = picture if canvas == picture.size else padded(picture, canvas)
        made = _encoded(shown, format_, limit, exif)
        if limit is None or len(made) <= limit:
            return made, picture.size
        if max(picture.size) == 1:
            break
        factor *= min(STEP, (limit / len(made)) ** 0.5)
        picture = whole.resize(_scaled(whole.size, factor), Pillow.Resampling.BICUBIC)
    return None


def _max_bytes(accepts: Accepts) -> int | None:
    encoded = accepts.max_base64_bytes
    limits = (accepts.max_bytes, None if encoded is None else encoded // 4 * 3)
    return min((limit for limit in limits if limit is not None), default=None)


def _encoded(picture: Decoded, format_: str, max_bytes: int | None, exif: bytes = b"") -> bytes:
    """The picture's file in the best quality that fits, or else in the lowest that is tried."""
    made = b""
    for quality in QUALITIES.get(format_, (0,)):
        made = _written(picture, format_, quality, exif)
        if max_bytes is None or len(made) <= max_bytes:
            break
    return made


def _exif(content: bytes, source: str) -> bytes:
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
