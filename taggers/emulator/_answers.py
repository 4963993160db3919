"""What the emulator says about a picture: what it was told, or else what can be measured."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from .._client import Tagger
from .._image import Image
from .._model import BoundingBox, Match, Region, Tag
from .._registry import nearest
from ..errors import ConfigurationError

__all__ = ["Answers", "Fixture", "load_fixtures", "read_tags"]


@frozen(kw_only=True)
class Fixture:
    """A picture that the emulator was told about: `content` in full, the `url` it is found under,
    its `labels` in the library that image search looks through, and the `tags` to answer with.

    A fixture without `content` is a rule: it is for pictures whose name matches `name`.
    """

    content: bytes | None = field(default=None, repr=False)
    name: str | None = None
    url: str | None = None
    labels: Mapping[str, str] = field(factory=dict)
    tags: tuple[Tag, ...] = ()


@define
class Answers:
    """Fixtures by content first, then rules by name, then what `local-basic` measures."""

    fixtures: list[Fixture] = field(factory=list)

    def tags(self, image: Image, *, boxes: bool) -> list[Tag]:
        """The tags of a picture, most confident first."""
        told = self._told(image)
        tags = told.tags if told else _measured(image.content) if image.content else ()
        if boxes:
            tags = tuple(_boxed(tag, image) for tag in tags)
        return sorted(tags, key=lambda tag: -(tag.confidence or 0))

    def fetch(self, url: str) -> bytes | None:
        """The picture under a URL. Nothing is fetched: it is a fixture's, or unknown."""
        return next((item.content for item in self.fixtures if item.url == url), None)

    def similar(self, image: Image) -> list[Match]:
        """The fixtures with labels or a URL, most similar first.

        The similarity is that of two difference hashes of 64 bits: it sees composition and light,
        not things.
        """
        if image.content is None:
            return []
        wanted = _difference_hash(image.content)
        found = [
            Match(item.url or item.name or "", _likeness(wanted, item.content), dict(item.labels))
            for item in self.fixtures
            if item.content is not None and (item.labels or item.url)
        ]
        return sorted(found, key=lambda match: -(match.similarity or 0))

    def _told(self, image: Image) -> Fixture | None:
        for item in self.fixtures:
            if item.content is not None and item.tags and _sha256(item.content) == image.sha256:
                return item
        for item in self.fixtures:
            if item.content is None and fnmatch.fnmatch(image.source, item.name or ""):
                return item
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=256)
def _measured(content: bytes) -> tuple[Tag, ...]:
    with Tagger("local-basic") as tagger:
        return tagger.tag(content).tags


def _boxed(tag: Tag, image: Image) -> Tag:
    """A colour with a box of its share of the picture, in its middle: a shape, not a finding."""
    if tag.regions or tag.category[:1] != ("colour",) or not (image.width and image.height):
        return tag
    side = (tag.confidence or 0) ** 0.5
    width, height = round(image.width * side, 1), round(image.height * side, 1)
    left, top = round((image.width - width) / 2, 1), round((image.height - height) / 2, 1)
    return evolve(tag, regions=(Region(BoundingBox(left, top, width, height), tag.confidence),))


@lru_cache(maxsize=1024)
def _difference_hash(content: bytes) -> int:
    """64 bits: whether each pixel of a tiny grey copy is darker than the one to its right."""
    grey = Image.from_bytes(content).pixels(256).convert("L")
    pixels = grey.resize((9, 8)).tobytes()
    rows = (pixels[start : start + 9] for start in range(0, 72, 9))
    bits = (a < b for row in rows for a, b in itertools.pairwise(row))
    return sum(bit << place for place, bit in enumerate(bits))


def _likeness(wanted: int, content: bytes) -> float:
    return round(1 - (wanted ^ _difference_hash(content)).bit_count() / 64, 6)


def load_fixtures(path: Path) -> list[Fixture]:
    """The `[[pictures]]` and `[[rules]]` of a TOML file; files are looked up beside it.

    Raises `ConfigurationError` with the place of the first mistake.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    _known(document, ("pictures", "rules"), f"{path}: ")
    pictures = document.get("pictures", [])
    rules = document.get("rules", [])
    return [
        *(_picture(table, path, f"{path}: pictures[{i}].") for i, table in enumerate(pictures)),
        *(_rule(table, f"{path}: rules[{i}].") for i, table in enumerate(rules)),
    ]


def _picture(table: Mapping[str, Any], path: Path, place: str) -> Fixture:
    _known(table, ("file", "url", "labels", "tags"), place)
    if "file" not in table:
        raise ConfigurationError(f"{place}file: is missing")
    file = path.parent / table["file"]
    return Fixture(
        content=Image.open(file).content,
        name=file.name,
        url=table.get("url"),
        labels=table.get("labels", {}),
        tags=tuple(read_tags(table.get("tags", []), place)),
    )


def _rule(table: Mapping[str, Any], place: str) -> Fixture:
    _known(table, ("name", "tags"), place)
    return Fixture(name=table.get("name", "*"), tags=tuple(read_tags(table.get("tags", []), place)))


def read_tags(tables: Iterable[Mapping[str, Any]], place: str) -> Iterator[Tag]:
    for index, table in enumerate(tables):
        here = f"{place}tags[{index}]."
        known = ("name", "zh", "confidence", "kind", "category", "category_zh", "boxes")
        _known(table, known, here)
        if "name" not in table:
            raise ConfigurationError(f"{here}name: is missing")
        category, category_zh = table.get("category"), table.get("category_zh")
        named = {"en": table["name"], "zh": table.get("zh")}
        broader = {"en": category, "zh": category_zh}
        yield Tag(
            name=table["name"],
            confidence=table.get("confidence"),
            kind=table.get("kind"),
            category=(category,) if category else (),
            names={code: name for code, name in named.items() if name},
            categories={code: (name,) for code, name in broader.items() if name},
            regions=tuple(
                Region(BoundingBox(*box), table.get("confidence")) for box in table.get("boxes", [])
            ),
        )


def _known(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{place}{key}: there is no such key{nearest(key, known)}")
