"""What is known to be in pictures, and what is known not to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from .._model import BoundingBox
from ..compare import Picture
from ..errors import InvalidInput

__all__ = ["Places", "Truth"]

Places = Mapping[str, Mapping[str, tuple[BoundingBox, ...]]]
"""Boxes by picture and label."""


@frozen(kw_only=True, slots=False)
class Truth:
    """Which labels are right for which pictures, in the words of whoever wrote it down.

    * `name`: the file or folder that says so;
    * `labels`: by picture and label, whether it is there; what is not listed is unknown. Pictures
      go by the SHA-256 of their bytes in hex, or by their file names with as much of the path
      as it takes;
    * `boxes`: all places where a label is, of those labels whose places are known; `crowds`: areas
      with so many of them that they were not drawn one by one;
    * `vocabulary`: all labels that it is about; where it is `exhaustive`, those of them that are
      not listed for a picture are known not to be there. Any other label is unknown all the same.
    """

    name: str
    labels: Mapping[str, Mapping[str, bool]] = field(repr=lambda labels: f"<{len(labels)}>")
    boxes: Places = field(factory=dict, repr=False)
    crowds: Places = field(factory=dict, repr=False)
    vocabulary: frozenset[str] = field(factory=frozenset, repr=False)
    exhaustive: bool = False

    def key(self, picture: Picture) -> str | None:
        """What the truth calls a picture; None where it says nothing about it.

        Raises `InvalidInput` where it calls several pictures so.
        """
        if picture.id in self.labels:
            return picture.id
        parts = _parts(picture.source)
        found = self._by_file_name.get(parts[-1], ())
        if len(found) > 1:
            found = tuple(key for key in found if _tail(_parts(key), parts))
        if len(found) > 1:
            raise InvalidInput(
                f"{self.name}: {picture.source} may be {found[0]!r} or {found[1]!r}",
                hint="tag the pictures by the paths that the truth names them by",
                scope="call",
            )
        return found[0] if found else None

    def of(self, picture: Picture) -> Mapping[str, bool]:
        """What is known of a picture: by label, whether it is there. Raises as `key` does."""
        key = self.key(picture)
        if key is None:
            return {}
        absent = dict.fromkeys(self.vocabulary, False) if self.exhaustive else {}
        return absent | dict(self.labels[key])

    @cached_property
    def _by_file_name(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for key in self.labels:
            name = _parts(key)[-1]
            found[name] = (*found.get(name, ()), key)
        return found


def _parts(name: str) -> list[str]:
    """The folders and the file of a path or a URL, whose query is none of its name."""
    path = re.split(r"[?#]", name)[0] if "://" in name else name
    return re.split(r"[/\\]", path)


def _tail(left: list[str], right: list[str]) -> bool:
    """Whether the shorter path is the end of the longer one."""
    shared = min(len(left), len(right))
    return left[-shared:] == right[-shared:]
