"""Where a batch finds its pictures, one after another: nothing is listed as a whole.

photos/                     a folder, and all below it
"photos/**/*.jpg"           a glob
-                           a list on stdin, one name a line
pictures.csv  .jsonl  .parquet      a manifest: its column image (or path, url, source, file)
s3://bucket/photos/         object storage, as fsspec reads it (extra storage): all of the above
https://…                   a URL that the vendor fetches
"""

from __future__ import annotations

import glob
import os
import random
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from ...errors import InvalidInput, LocalResourceError, TaggersError
from ._folder import below, matching
from ._item import Item, Tell, raised
from ._manifest import MANIFESTS, Reader, items, names
from ._storage import Place, place_of
from ._where import Where

__all__ = ["ensure_there", "find", "sampled"]


def find(
    sources: Iterable[str],
    *,
    where: Where | None = None,
    stdin: BinaryIO | None = None,
    tell: Tell = raised,
) -> Iterator[Item]:
    """The pictures of these sources, in their order; those of a folder as the disk gives them.

    `where` chooses rows of manifests. What cannot be read, is not understood or holds no picture is
    told to `tell`, and the rest goes on; without it, it is raised: `InvalidInput`, or
    `LocalResourceError`. A name is an item even where nothing is at it: opening it says so.
    """
    finding = _Finding(where, stdin, tell)
    for source in sources:
        try:
            yield from finding.some(source)
        except TaggersError as error:
            tell(error)


@frozen
class _Finding:
    where: Where | None
    stdin: BinaryIO | None
    tell: Tell

    def some(self, source: str) -> Iterator[Item]:
        """The pictures of a source. Raises `InvalidInput` where there are none."""
        none = True
        for item in self._found(source):
            none = False
            yield item
        if none:
            raise InvalidInput(f"there are no pictures in {source!r}", scope="call")

    def _found(self, source: str) -> Iterator[Item]:
        place, suffix = place_of(source), Path(source).suffix.lower()
        is_url = place is None and "://" in source
        if suffix in MANIFESTS and not is_url and not os.path.isdir(source):  # noqa: PTH112
            return self._in_manifest(source, place, MANIFESTS[suffix])
        if self.where is not None:
            known = ", ".join(MANIFESTS)
            raise InvalidInput(
                f"{source!r} has no columns: conditions are for manifests ({known})", scope="call"
            )
        if source == "-":
            return map(Item, names(self.stdin or _stdin()))
        if place is not None:
            return self._in_storage(place)
        return iter((Item(source),)) if is_url else self._here(source)

    def _here(self, name: str) -> Iterator[Item]:
        if os.path.isdir(name):  # noqa: PTH112
            return below(name, self.tell)
        if glob.has_magic(name) and not os.path.lexists(name):
            return matching(name, self.tell)
        return iter((Item(name),))

    def _in_storage(self, place: Place) -> Iterator[Item]:
        if place.local is not None:
            return self._here(place.local)
        return iter((Item(place.uri),)) if place.is_file() else place.pictures(self.tell)

    def _in_manifest(self, name: str, place: Place | None, read: Reader) -> Iterator[Item]:
        if place is not None:
            folder = name.rpartition("/")[0]
            with place.opened() as file:
                yield from items(
                    name, file, read, lambda path: f"{folder}/{path}", self.where, self.tell
                )
            return
        try:
            with Path(name).open("rb") as file:
                parent = Path(name).parent
                yield from items(
                    name, file, read, lambda path: str(parent / path), self.where, self.tell
                )
        except OSError as error:
            raise LocalResourceError(f"{name} cannot be read: {error.strerror}") from error


def ensure_there(sources: Iterable[str]) -> None:
    """Raises `InvalidInput` where a source is the path of nothing."""
    for source in sources:
        is_path = source != "-" and "://" not in source and not glob.has_magic(source)
        if is_path and not os.path.lexists(source):
            raise InvalidInput(f"there is nothing at {source!r}", scope="call")


def _stdin() -> BinaryIO:
    """Standard input, apart from `sys.stdin`: a thread that waits for a line holds its lock, and a
    program cannot end without that."""
    return open(sys.stdin.fileno(), "rb", closefd=False)


def sampled(items: Iterable[Item], count: int, seed: int) -> list[Item]:
    """So many of the items, each with the same chance, in their order: a reservoir, so that no
    more than these are ever kept."""
    draw = random.Random(seed)  # noqa: S311
    every = iter(items)
    kept = list(enumerate(islice(every, count)))
    for number, item in enumerate(every, count):
        place = draw.randrange(number + 1)
        if place < count:
            kept[place] = (number, item)
    return [item for _, item in sorted(kept, key=lambda one: one[0])]
