"""A picture's pixels: the only place that decodes what others wrote. It needs Pillow."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Iterator

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError, features
from PIL.JpegImagePlugin import JpegImageFile

from ._planes import Planes
from .errors import UnsupportedImage

__all__ = ["MAX_PIXELS", "Decoded", "decoded", "decodes", "full", "opened", "padded"]

Decoded = Pillow.Image | Planes
"""A picture as pixels."""

MAX_PIXELS = 64_000_000
"""Pictures of which more would have to be decoded are refused: it takes up to 8 bytes for each. A
JPEG that is to be made smaller is not decoded whole."""
LARGE_PIXELS = 4_000_000
"""A JPEG with more pixels to decode is decoded into its planes."""


def decodes(format_: str, pixels: int) -> bool:
    """Whether a sound picture of this format and so many pixels can be decoded here. A JPEG counts
    as one that is to be made smaller."""
    if format_ == "heic":
        return pixels <= MAX_PIXELS and importlib.util.find_spec("pillow_heif") is not None
    if format_ == "avif" and not features.check("avif"):
        return False
    return format_ == "jpeg" or pixels <= MAX_PIXELS


def decoded(content: bytes, source: str, max_edge_px: int) -> Pillow.Image:
    """The picture in RGB, upright, over white, with edges of at most `max_edge_px`.

    Of several frames or pages it is the first. Colours are taken as sRGB; an embedded profile is
    not applied. Raises `UnsupportedImage` for what is damaged, cut short or too large.
    """
    with opened(content, source) as picture:
        _check(picture, source, (max_edge_px, max_edge_px))
        return _over_white(_turned(_shrunk(picture, max_edge_px)))


def full(content: bytes, source: str, orientation: int, size: tuple[int, int] | None) -> Decoded:
    """The picture in RGB, upright, over white, of exactly this size, or its own where that is None.

    `orientation` is the one that EXIF gives for a JPEG, PNG or WebP; of other formats Pillow knows
    it. `Decoded.info` holds no metadata but the colour profile. Raises as `decoded` does.
    """
    with opened(content, source) as picture:
        profile = picture.info.get("icc_profile", b"") if picture.mode == "RGB" else b""
        lying = size and _lying(size, orientation)
        _check(picture, source, lying)
        if picture.format in ("JPEG", "PNG", "WEBP"):
            large = picture.format == "JPEG" and _decoded_pixels(picture, lying) > LARGE_PIXELS
            made = (_in_planes(picture, content, lying) if large
                    else _over_white(_resized(picture, lying)))  # fmt: skip
            if orientation in _TURNS:
                made = made.transpose(_TURNS[orientation])
        else:
            made = _over_white(_resized(_turned(picture), size))
    made.info = {"icc_profile": profile} if profile[16:20] == b"RGB " else {}
    return made


def _in_planes(picture: Pillow.Image, content: bytes, size: tuple[int, int] | None) -> Planes:
    if picture.mode in ("RGB", "L"):
        picture.draft("L", size or picture.size)
        planes = Planes.decoded(picture, _jpeg(content))
    else:
        picture.draft(None, size or picture.size)
        planes = Planes.converted(picture)
    return planes if size in (None, planes.size) else planes.resize(size, Pillow.Resampling.BICUBIC)


def _decoded_pixels(picture: Pillow.Image, size: tuple[int, int] | None) -> int:
    """How many pixels are decoded for this size, where that is not all: of a JPEG, only each
    second, fourth or eighth in both directions, as far as that is still as large."""
    width, height = picture.size
    scale = 1
    if size and picture.format == "JPEG":
        while scale < 8 and 2 * scale * size[0] <= width and 2 * scale * size[1] <= height:
            scale *= 2
    return width * height // scale**2


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
        with _jpeg(content) if content[:3] == b"\xff\xd8\xff" else _other(content) as picture:
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


def _jpeg(content: bytes) -> Pillow.Image:
    """A JPEG, of any size, since it need not be decoded whole; of several, the first."""
    return JpegImageFile(io.BytesIO(content))


def _other(content: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content))


def _learn_heic(content: bytes) -> None:
    """Teaches Pillow to read HEIC where the extra `heic` is installed."""
    if content[4:8] == b"ftyp":
        with contextlib.suppress(ImportError):
            import pillow_heif

            pillow_heif.register_heif_opener()


def _check(picture: Pillow.Image, source: str, size: tuple[int, int] | None) -> None:
    if _decoded_pixels(picture, size) > MAX_PIXELS:
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
