"""A picture's pixels: the only place that decodes what others wrote. It needs Pillow."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from ._planes import Planes
from .errors import UnsupportedImage

__all__ = ["MAX_PIXELS", "Decoded", "decoded", "full", "opened", "padded"]

Decoded = Pillow.Image | Planes
"""A picture as pixels."""

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded, which takes up to 8 bytes for each pixel."""
LARGE_PIXELS = 4_000_000
"""A JPEG with more pixels to decode is decoded into its planes."""


def decoded(content: bytes, source: str, max_edge_px: int) -> Pillow.Image:
    """The picture in RGB, upright, over white, with edges of at most `max_edge_px`.

    Of several frames or pages it is the first. Colours are taken as sRGB; an embedded profile is
    not applied. Raises `UnsupportedImage` for what is damaged, cut short or too large.
    """
    with opened(content, source) as picture:
        return _over_white(_turned(_shrunk(picture, max_edge_px)))


def full(content: bytes, source: str, orientation: int, size: tuple[int, int] | None) -> Decoded:
    """The picture in RGB, upright, over white, of exactly this size, or its own where that is None.

    `orientation` is the one that EXIF gives for a JPEG, PNG or WebP; of other formats Pillow knows
    it. `Decoded.info` holds no metadata but the colour profile. Raises as `decoded` does.
    """
    with opened(content, source) as picture:
        profile = picture.info.get("icc_profile", b"") if picture.mode == "RGB" else b""
        if picture.format in ("JPEG", "MPO", "PNG", "WEBP"):  # MPO: a JPEG with others after it
            made = _whole_or_planes(picture, content, size and _lying(size, orientation))
            if orientation in _TURNS:
                made = made.transpose(_TURNS[orientation])
        else:
            made = _over_white(_resized(_turned(picture), size))
    made.info = {"icc_profile": profile} if profile[16:20] == b"RGB " else {}
    return made


def _whole_or_planes(
    picture: Pillow.Image, content: bytes, size: tuple[int, int] | None
) -> Decoded:
    width, height = picture.size
    halved = size and (2 * size[0] <= width and 2 * size[1] <= height)
    if not _is_plain_jpeg(picture) or halved or width * height <= LARGE_PIXELS:
        return _over_white(_resized(picture, size))
    with Pillow.open(io.BytesIO(content)) as again:
        planes = Planes.decoded(picture, again)
    return planes.resize(size, Pillow.Resampling.BICUBIC) if size else planes


def _is_plain_jpeg(picture: Pillow.Image) -> bool:
    return picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L")


def padded(picture: Decoded, size: tuple[int, int]) -> Decoded:
    """The picture in the upper left corner of a white one."""
    if isinstance(picture, Planes):
        return picture.padded(size)
    white = Pillow.new("RGB", size, "white")
    white.paste(picture)
    white.info = picture.info
    return white


_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}


def _lying(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size


def _resized(picture: Pillow.Image, size: tuple[int, int] | None) -> Pillow.Image:
    box = None
    if size and (drafted := picture.draft(None, size)):  # decodes a JPEG at a fraction of its size
        box = drafted[1]  # which need not be whole pixels
    picture = _mixable(picture)
    if size and (picture.size != size or box not in (None, (0, 0, *size))):
        picture = picture.resize(size, Pillow.Resampling.BICUBIC, box)
    return _eight_bit(picture) if picture.mode == "I" else picture


@contextlib.contextmanager
def opened(content: bytes, source: str) -> Iterator[Pillow.Image]:
    """The picture, not yet decoded. What goes wrong with it inside is an `UnsupportedImage`."""
    _learn_heic(content)
    try:
        with Pillow.open(io.BytesIO(content)) as picture:
            _check(picture, source)
            yield picture
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


def _learn_heic(content: bytes) -> None:
    """Teaches Pillow to read HEIC where the extra `heic` is installed."""
    if content[4:8] == b"ftyp":
        with contextlib.suppress(ImportError):
            import pillow_heif

            pillow_heif.register_heif_opener()


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
    picture = _mixable(picture)
    picture.thumbnail((max_edge_px, max_edge_px))  # decodes a JPEG at a fraction of its size
    return _eight_bit(picture) if picture.mode == "I" else picture


def _mixable(picture: Pillow.Image) -> Pillow.Image:
    """The picture in a mode in which the mean of two pixels means something."""
    if picture.mode.startswith("I"):
        return picture.convert("I")  # Pillow has no shrinking for 16 bits
    if _has_keys(picture):
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture


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
        picture.load()
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    white = Pillow.new("RGBA", picture.size, "white")
    return Pillow.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
