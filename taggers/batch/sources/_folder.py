"""Pictures in folders of this machine, and those that a glob means, as the disk gives them: of a
folder with ten million files, one at a time is known."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from glob import has_magic
from itertools import zip_longest
from pathlib import Path

from ..._image import SUFFIXES
from ...errors import LocalResourceError
from ._item import Item, Tell

__all__ = ["below", "matching"]


def below(folder: str, tell: Tell) -> Iterator[Item]:
    """The pictures in a folder and below, by their suffix. Links to folders are not followed: they
    may lead in circles. What is no file, such as a pipe, is an item: reading it says so."""
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop(), tell):
            if _is_folder(entry, through_links=False):
                waiting.append(entry.path)
            elif entry.name.lower().endswith(SUFFIXES):
                yield Item(entry.path)


def matching(pattern: str, tell: Tell) -> Iterator[Item]:
    """The files that a glob means, whatever their suffix; where it means folders alone, the
    pictures in those. `**` is any number of folders, and follows no links; hidden names have to be
    asked for with a dot."""
    root, every = Path(pattern).anchor, Path(pattern).parts
    parts = [one for one, after in zip_longest(every, every[1:]) if (one, after) != ("**", "**")]
    if parts[-1] == "**":
        parts.append("*")
    folders, files = list[str](), False
    for path, is_folder in _matches(root, parts[1:] if root else parts, tell):
        if not is_folder:
            files = True
            yield Item(path)
        elif not files:
            folders.append(path)
    for folder in () if files else folders:
        yield from below(folder, tell)


def _matches(here: str, parts: Sequence[str], tell: Tell) -> Iterator[tuple[str, bool]]:
    """What fits, and whether it is a folder."""
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches(here, rest, tell)
        for entry in _entries(here, tell):
            if not entry.name.startswith(".") and _is_folder(entry, through_links=False):
                yield from _matches(entry.path, parts, tell)
    elif has_magic(part):
        fits = re.compile(translate(part)).match
        for entry in _entries(here, tell):
            if fits(entry.name) and (part.startswith(".") or not entry.name.startswith(".")):
                yield from _reached(entry.path, rest, _is_folder(entry, through_links=True), tell)
    else:
        path = os.path.join(here, part)  # noqa: PTH118, which would drop a leading "./"
        if os.path.lexists(path):
            yield from _reached(path, rest, os.path.isdir(path), tell)  # noqa: PTH112


def _reached(
    path: str, rest: Sequence[str], is_folder: bool, tell: Tell
) -> Iterator[tuple[str, bool]]:
    """What is at, or below, a path that fits so far."""
    if rest and is_folder:
        yield from _matches(path, rest, tell)
    elif not rest:
        yield path, is_folder


def _is_folder(entry: os.DirEntry[str], *, through_links: bool) -> bool:
    with contextlib.suppress(OSError):  # such as a link to itself
        return entry.is_dir(follow_symlinks=through_links)
    return False


def _entries(folder: str, tell: Tell) -> Iterator[os.DirEntry[str]]:
    """What is in a folder, in the disk's order. One that cannot be read, or not to its end, is
    told."""
    try:
        with os.scandir(folder or ".") as entries:
            yield from entries
    except OSError as error:
        tell(LocalResourceError(f"{folder} cannot be read: {error.strerror}"))
