"""A picture's bytes, wherever it lies: all of them, the first, or their digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import frozen

from ..._image import Image, opened
from ...errors import UnsupportedImage
from ._item import Item
from ._storage import place_of

__all__ = ["Head", "digest", "head", "open_item"]

HEAD_BYTES = 65_536
"""So much of a file is read to know what it is; all of it, where that does not tell."""


@frozen
class Head:
    """What the first bytes of a picture tell: the content of `image` is those alone. `size` is how
    many bytes it has; None of a URL that a vendor fetches."""

    image: Image
    size: int | None

    @property
    def whole(self) -> bytes | None:
        """The picture's bytes, where these are all."""
        content = self.image.content
        return content if content is not None and len(content) == self.size else None

    def digest(self) -> bytes:
        """The SHA-256 of the picture's bytes, which are read where these are not all. Raises as
        `Image.open` does."""
        whole = self.whole
        return digest(self.image.source) if whole is None else hashlib.sha256(whole).digest()


def open_item(source: str) -> Image:
    """The picture behind an item's name. Raises as `Image.open` does."""
    place = place_of(source)
    if place is None or place.local is not None:
        return Image.open(source if place is None else Path(place.path))
    return Image.from_bytes(place.read(), source=source)


def head(item: Item) -> Head:
    """What the first bytes of a picture tell; nothing is decoded. Raises as `Image.open` does."""
    place = place_of(item.source)
    if place is None and "://" in item.source:
        return Head(Image.open(item.source), None)
    if place is None or place.local is not None:
        with opened(Path(place.path if place else item.source)) as (file, size):
            first = file.read(HEAD_BYTES)
    else:
        first = place.read(HEAD_BYTES)
        size = item.size or place.size() or len(place.read())
    try:
        return Head(Image.from_bytes(first, source=item.source), size)
    except UnsupportedImage:
        if size <= len(first):
            raise
        return Head(open_item(item.source), size)


def digest(source: str) -> bytes:
    """The SHA-256 of a file's bytes. Raises as `Image.open` does."""
    place = place_of(source)
    if place is not None and place.local is None:
        with place.opened() as file:
            return hashlib.file_digest(file, "sha256").digest()
    with opened(Path(place.path if place else source)) as (file, _):
        return hashlib.file_digest(file, "sha256").digest()
