"""Which pictures a command line means."""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from .._image import MAX_FILE_BYTES, SUFFIXES, Image, Source
from ..errors import UnsupportedImage

__all__ = ["expand"]


def expand(names: Iterable[str]) -> list[Source | Image]:
    """The pictures behind files, folders, globs, URLs and "-", in the order of the names.

    A folder means the pictures in it and below it, by their suffix, sorted. "-" is a picture on
    stdin, or else a list of names there, one a line. A file that is named is taken as it is: if it
    is no picture, its record will say so.
    """
    return [source for name in names for source in _expanded(name)]


def _expanded(name: str) -> Iterator[Source | Image]:
    if name == "-":
        yield from _from_stdin()
    elif "://" in name:
        yield name
    elif Path(name).is_dir():
        yield from _in_folder(Path(name))
    elif glob.has_magic(name) and not Path(name).exists():
        found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207, which takes absolute ones too
        if not found:
            raise click.UsageError(f"nothing matches {name!r}")
        yield from (path for path in found if not Path(path).is_dir())
    else:
        yield name


def _in_folder(folder: Path) -> list[str]:
    found = sorted(
        str(path)
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    if not found:
        raise click.UsageError(f"there are no pictures in {str(folder)!r}")
    return found


def _from_stdin() -> Iterator[Source | Image]:
    content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    try:
        yield Image.from_bytes(content, source="<stdin>")
        return
    except UnsupportedImage as error:
        refused = error
    try:
        names = content.decode().split("\n")
    except UnicodeDecodeError:
        raise refused from None
    for name in names:
        if name.strip() and name.strip() != "-":
            yield from _expanded(name.strip())
