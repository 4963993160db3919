"""A picture to be tagged: its bytes or its URL, and what its first bytes say about it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from ._extras import from_extra
from ._metadata import orientation
from ._model import ImageFacts
from ._secret import without_query
from .errors import LocalResourceError, PayloadTooLarge, UnsafeUrl, UnsupportedImage

if TYPE_CHECKING:
    from PIL import Image as Pillow

__all__ = ["FORMATS", "MAX_FILE_BYTES", "SUFFIXES", "Image", "Source", "opened"]

MAX_FILE_BYTES = 100_000_000
"""No file larger than this is read: no vendor takes a tenth of it."""

Source = str | os.PathLike[str] | bytes | bytearray | memoryview
"""What can be tagged: a path, an http(s) URL, or a picture's bytes."""

_MAGIC: dict[str, Callable[[bytes], bool]] = {
    "jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "gif": lambda head: head[:6] in (b"GIF87a", b"GIF89a"),
    "bmp": lambda head: head.startswith(b"BM") and head[6:10] == b"\0\0\0\0",
    "webp": lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    "tiff": lambda head: head[:4] in (b"II*\0", b"MM\0*"),
    "avif": lambda head: head[4:12] in (b"ftypavif", b"ftypavis"),
    "heic": lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1"),
}
FORMATS = tuple(_MAGIC)
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif",
    ".heic",
)  # fmt: skip
"""By which pictures are found in a folder, in small letters."""


@frozen
class Image:
    """A picture: `content` or `url`, of which one is None; both are for one that only the vendor
    has, under the name `source`.

    `format` is one of "jpeg", "png", "gif", "bmp", "webp", "tiff", "avif", "heic". `width` and
    `height` are pixels of the upright picture, that is, after its EXIF `orientation` (1 to 8).
    All four come from the bytes' header and are None for a URL. `source` is the name that a person
    knows the picture by.
    """

    source: str = field(repr=lambda source: repr(without_query(source)))
    content: bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=lambda url: repr(url and without_query(url)))
    format: str | None = None
    width: int | None = None
    height: int | None = None
    orientation: int | None = None

    @classmethod
    def open(cls, source: Source | Image) -> Image:
        """The picture behind a path, a URL or bytes; a file is read once, whole.

        Raises `UnsupportedImage` for what is no picture, is empty, or is no regular file,
        `PayloadTooLarge` above 100 MB, `UnsafeUrl` for a URL that is not http or https, and
        `LocalResourceError` where the file cannot be read.
        """
        if isinstance(source, Image):
            return source
        if isinstance(source, bytes | bytearray | memoryview):
            return cls.from_bytes(bytes(source))
        name = os.fspath(source)
        if "://" in name:
            return cls.from_url(name)
        return cls.from_bytes(_read(Path(name)), source=name)

    @classmethod
    def from_bytes(cls, content: bytes, *, source: str = "<bytes>") -> Image:
        """The picture in these bytes. Raises `UnsupportedImage` where they are none."""
        name = without_query(source)
        if not content:
            raise UnsupportedImage(f"{name} is empty")
        found = _format(name, content)
        width, height, turn = _measured(name, content, found)
        return cls(source, content, None, found, width, height, turn)

    @classmethod
    def from_url(cls, url: str) -> Image:
        """The picture at an http(s) URL, which is handed to the vendor and not fetched here.

        Raises `UnsafeUrl` for any other.
        """
        scheme, _, rest = url.partition("://")
        half = any("\ud800" <= sign <= "\udfff" for sign in rest)  # of a surrogate pair: no text
        if scheme.lower() not in ("http", "https") or not rest.strip("/") or half:
            raise UnsafeUrl(f"{without_query(url)!r} is no http or https URL")
        return cls(url, url=url)

    @property
    def name(self) -> str:
        """What messages call the picture: its `source`; of a URL without the query, which may be a
        signature."""
        return without_query(self.source)

    @cached_property
    def sha256(self) -> str | None:
        """The SHA-256 of the bytes in hex; None for a URL."""
        return None if self.content is None else hashlib.sha256(self.content).hexdigest()

    def pixels(self, max_edge_px: int) -> Pillow.Image:
        """The decoded picture as a Pillow image: RGB, upright, over white, no edge longer than
        this. Of several frames it is the first.

        Raises `UnsupportedImage` for a URL and for what cannot be decoded or has more than 64
        million pixels, and `LocalResourceError` where Pillow is missing.
        """
        if self.content is None:
            raise UnsupportedImage(f"{self.name} is a URL: save the picture and name the file")
        with from_extra("image", "looking at pixels"):
            from ._pixels import decoded
        return decoded(self.content, self.name, max_edge_px)

    @property
    def kind(self) -> Literal["content", "url"] | None:
        """Which of the two this is; None where it is neither."""
        if self.content is not None:
            return "content"
        return None if self.url is None else "url"

    @property
    def facts(self) -> ImageFacts:
        """What a `Result` remembers of the picture."""
        return ImageFacts(
            source=self.source,
            sha256=self.sha256,
            format=self.format,
            width=self.width,
            height=self.height,
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[io.BufferedReader, int]]:
    """A file that may hold a picture, open for reading, and its size in bytes. Raises as
    `Image.open` does, also for what fails while it is read."""
    # O_NONBLOCK: a FIFO with no writer would otherwise hang here before fstat can refuse it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_dir():  # which Windows cannot open at all
            raise UnsupportedImage(f"{path} is a folder, not a picture")
        with os.fdopen(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise UnsupportedImage(f"{path} is a pipe or a device, not a file with a picture")
            if about.st_size > MAX_FILE_BYTES:
                raise PayloadTooLarge(
                    f"{path} has {about.st_size:,} bytes; taggers reads at most {MAX_FILE_BYTES:,}"
                )
            yield file, about.st_size
    except FileNotFoundError:
        raise LocalResourceError(f"there is no file {path}", scope="image") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise LocalResourceError(f"{path} cannot be read: {reason}", scope="image") from error


def _read(path: Path) -> bytes:
    with opened(path) as (file, size):
        return file.read(size + 1)


def _format(name: str, content: bytes) -> str:
    head = content[:16]
    for found, fits in _MAGIC.items():
        if fits(head):
            return found
    raise UnsupportedImage(f"{name} is no picture that taggers knows{_looks(content)}")


def _measured(source: str, content: bytes, found: str) -> tuple[int, int, int]:
    try:
        import imagesize
    except OSError as error:  # no descriptor is left to read it with
        raise LocalResourceError(f"{source} cannot be measured: {error.strerror}") from error
    boxes = found in ("heic", "avif")
    # imagesize 2.0 takes a HEIF's `irot` for four bytes longer than it is, and gives up.
    readable = content.replace(b"\0\0\0\x09irot", b"\0\0\0\x09free") if boxes else content
    try:
        info = imagesize.get_info(
            io.BytesIO(readable), dpi=False, colors=False, channels=False, exif_rotation=False
        )
    except Exception as error:  # imagesize lets whatever struct and indexing raise escape
        raise UnsupportedImage(f"{source} begins like a {found} but is damaged") from error
    if info.width < 1 or info.height < 1:
        raise UnsupportedImage(f"{source} begins like a {found} but gives no size: it is damaged")
    turn = orientation(content, found) if boxes or found in ("png", "webp") else info.rotation
    turn = turn if 1 <= turn <= 8 else 1
    width, height = (info.height, info.width) if turn >= 5 else (info.width, info.height)
    return width, height, turn


def _looks(content: bytes) -> str:
    start = content[:256].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return ": it is a web page"
    if start.startswith((b"<?xml", b"<svg")):
        return ": it is XML (an SVG is a drawing; convert it first)"
    if start.startswith(b"%pdf"):
        return ": it is a PDF"
    return ""
