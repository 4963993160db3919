"""Pictures in object storage, as fsspec reads it: s3://, gs://, memory://, file:// and others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from glob import has_magic
from io import BufferedIOBase
from typing import Any

from attrs import frozen

from ..._extras import from_extra
from ..._image import MAX_FILE_BYTES, SUFFIXES
from ...errors import LocalResourceError, PayloadTooLarge, TaggersError
from ._item import Item, Tell

__all__ = ["Place", "place_of"]


@frozen
class Place:
    """A file or folder in a storage. Whatever its driver raises is a `LocalResourceError`."""

    uri: str
    path: str
    _files: Any

    @classmethod
    def of(cls, uri: str) -> Place:
        """The place that a URI means. Nothing is asked yet."""
        with from_extra("storage", "reading object storage"):
            import fsspec
        with _explained(uri):
            files, path = fsspec.url_to_fs(uri)
        return cls(uri, path, files)

    @property
    def local(self) -> str | None:
        """Its path on this machine; None where it is elsewhere."""
        known = self._files.protocol
        return self.path if "file" in ((known,) if isinstance(known, str) else known) else None

    def is_file(self) -> bool:
        """Whether there is a file of this very name."""
        with _explained(self.uri):
            return bool(self._files.isfile(self.path))

    def pictures(self, tell: Tell) -> Iterator[Item]:
        """The pictures in it and below, by their suffix; or, of a glob, the files that it means, or
        else the pictures in its folders. Of each folder the whole listing is kept while it is read,
        as fsspec gives it."""
        waiting = [self.path]
        if has_magic(self.path):
            with _explained(self.uri):
                found = self._files.glob(self.path, detail=True).values()
            files = [one for one in found if one["type"] == "file"]
            yield from map(self._item, files)
            waiting = [] if files else [one["name"] for one in found]
        while waiting:
            for one in self._listed(waiting.pop(), tell):
                if one["type"] == "directory":
                    waiting.append(one["name"])
                elif one["name"].lower().endswith(SUFFIXES):
                    yield self._item(one)

    def size(self) -> int | None:
        """Its size in bytes, where the storage tells."""
        with _explained(self.uri):
            size: int | None = self._files.info(self.path).get("size")
        return size

    def read(self, count: int | None = None) -> bytes:
        """Its first bytes, or all of them, where they are no more than 100 MB."""
        if count is None and (size := self.size() or 0) > MAX_FILE_BYTES:
            raise PayloadTooLarge(
                f"{self.uri} has {size:,} bytes; taggers reads at most {MAX_FILE_BYTES:,}"
            )
        with _explained(self.uri):
            content: bytes = self._files.cat_file(self.path, 0 if count else None, count)
            return content

    @contextlib.contextmanager
    def opened(self) -> Iterator[BufferedIOBase]:
        """It as a file, read piece by piece."""
        with _explained(self.uri), self._files.open(self.path, "rb") as file:
            yield file

    def _listed(self, folder: str, tell: Tell) -> list[dict[str, Any]]:
        # Not `walk`: below the first folder it leaves out what cannot be read, and says nothing.
        try:
            with _explained(self._files.unstrip_protocol(folder)):
                listed = self._files.ls(folder, detail=True)
                return [one for one in listed if one["name"].rstrip("/") != folder.rstrip("/")]
        except TaggersError as error:
            tell(error)
            return []

    def _item(self, one: dict[str, Any]) -> Item:
        return Item(self._files.unstrip_protocol(one["name"]), size=one.get("size"))


def place_of(source: str) -> Place | None:
    """The place in a storage that a name means; None of a path, or a URL that a vendor fetches."""
    scheme = source.partition("://")[0].lower() if "://" in source else "http"
    return None if scheme in ("http", "https") else Place.of(source)


@contextlib.contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except TaggersError:
        raise
    except FileNotFoundError:
        raise LocalResourceError(f"there is no {uri}", scope="image") from None
    except Exception as error:  # each driver has errors of its own, such as for missing keys
        reason = str(error) or type(error).__name__
        raise LocalResourceError(f"{uri} cannot be read: {reason}", scope="image") from error
