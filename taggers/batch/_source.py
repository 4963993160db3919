"""Where a batch finds its pictures, one after another: nothing is listed as a whole.

photos/                     a folder, and all below it
"photos/**/*.jpg"           a glob
-                           a list on stdin, one name a line
pictures.csv  .jsonl  .parquet      a manifest: its column image (or path, url, source, file)
s3://bucket/photos/         object storage, as fsspec reads it (extra storage)
https://…                   a URL that the vendor fetches
"""

from __future__ import annotations

import csv
import glob
import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from attrs import field, frozen

from .._extras import from_extra
from .._image import Image
from ..errors import InvalidInput, LocalResourceError, TaggersError

__all__ = ["SUFFIXES", "Item", "find", "open_item", "sampled"]

SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".heic",
)  # fmt: skip
COLUMNS = ("image", "path", "url", "source", "file")
"""The columns of a manifest that may name the picture; the first of these that is there does."""
ROWS = 1024


@frozen
class Item:
    """A picture's name, as its source has it, and what else a manifest says about it."""

    source: str
    metadata: Mapping[str, str] = field(factory=dict)


def find(
    names: Iterable[str],
    *,
    stdin: TextIO | None = None,
    trouble: Callable[[TaggersError], None] = lambda _: None,
) -> Iterator[Item]:
    """The pictures of these sources, in their order; those of a folder as the disk gives them.

    A folder that cannot be read is told to `trouble`, and the rest goes on. Raises `InvalidInput`
    for a source that holds nothing or is not understood, `LocalResourceError` where one is missing.
    """
    for name in names:
        yield from _found(name, stdin or sys.stdin, trouble)


def _found(name: str, stdin: TextIO, trouble: Callable[[TaggersError], None]) -> Iterator[Item]:
    scheme = name.partition("://")[0] if "://" in name else ""
    if name == "-":
        yield from (Item(line.rstrip("\r\n")) for line in stdin if line.strip())
    elif scheme.lower() in ("http", "https"):
        yield Item(name)
    elif scheme:
        yield from _some(name, _in_storage(name))
    elif Path(name).is_dir():
        yield from _some(name, _in_folder(name, trouble))
    elif (read := _MANIFESTS.get(Path(name).suffix.lower())) is not None:
        yield from _named(name, read)
    elif glob.has_magic(name) and not Path(name).exists():
        found = (Item(path) for path in glob.iglob(name, recursive=True))  # noqa: PTH207
        yield from _some(name, (item for item in found if not Path(item.source).is_dir()))
    else:
        yield Item(name)


def _some(name: str, items: Iterable[Item]) -> Iterator[Item]:
    """These items. Raises `InvalidInput` where there are none."""
    none = True
    for item in items:
        none = False
        yield item
    if none:
        raise InvalidInput(f"there are no pictures in {name!r}", scope="call")


def _in_folder(folder: str, trouble: Callable[[TaggersError], None]) -> Iterator[Item]:
    """The pictures below a folder. Links to folders are not followed: they may lead in circles."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.lower().endswith(SUFFIXES):
                        yield Item(entry.path)
        except OSError as error:
            trouble(LocalResourceError(f"{here} cannot be read: {error.strerror}"))


def _in_storage(uri: str) -> Iterator[Item]:
    with from_extra("storage", "reading object storage"):
        import fsspec
    try:
        files, path = fsspec.url_to_fs(uri)
        if files.isfile(path):
            yield Item(uri)
            return
        for folder, _, names in files.walk(path):
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES):
                    yield Item(files.unstrip_protocol(f"{folder}/{name}"))
    except (ImportError, OSError, ValueError) as error:
        raise LocalResourceError(f"{uri} cannot be read: {error}") from error


def open_item(source: str) -> Image:
    """The picture behind an item's name. Raises as `Image.open` does."""
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme in ("", "http", "https"):
        return Image.open(source)
    with from_extra("storage", "reading object storage"):
        import fsspec
    try:
        with fsspec.open(source, "rb") as file:
            content = file.read()
    except (OSError, ValueError) as error:
        raise LocalResourceError(f"{source} cannot be read: {error}") from error
    return Image.from_bytes(content, source=source)


def _named(name: str, read: Callable[[str], Iterator[Mapping[str, Any]]]) -> Iterator[Item]:
    """The items of a manifest; relative paths are looked up beside it."""
    folder = Path(name).parent
    try:
        for number, row in enumerate(read(name), 1):
            column = next((one for one in COLUMNS if row.get(one)), None)
            if column is None:
                known = ", ".join(COLUMNS)
                raise InvalidInput(f"{name}: row {number} names no picture: it has none of {known}")
            source = str(row[column])
            if "://" not in source:
                source = str(folder / source)
            more = {key: str(value) for key, value in row.items() if value is not None}
            yield Item(source, {key: value for key, value in more.items() if key != column})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LocalResourceError(f"{name} cannot be read: {error}") from error


def _csv(name: str) -> Iterator[Mapping[str, Any]]:
    with Path(name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _jsonl(name: str) -> Iterator[Mapping[str, Any]]:
    with Path(name).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _json_row(line, f"{name}:{number}")


def _json_row(line: str, place: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"{place}: is no JSON: {error}", scope="call") from error
    if isinstance(row, str):
        return {COLUMNS[0]: row}
    if not isinstance(row, dict):
        raise InvalidInput(f"{place}: must be an object or a text, not {line[:40]!r}", scope="call")
    return row


def _parquet(name: str) -> Iterator[Mapping[str, Any]]:
    with from_extra("parquet", "reading Parquet"):
        import pyarrow
        import pyarrow.parquet
    try:
        with pyarrow.parquet.ParquetFile(name) as file:
            for batch in file.iter_batches(ROWS):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise InvalidInput(f"{name} is no Parquet file: {error}", scope="call") from error


_MANIFESTS: Mapping[str, Callable[[str], Iterator[Mapping[str, Any]]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}


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
