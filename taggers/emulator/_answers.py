"""What the emulator says about a picture: what it was told, or else what can be measured."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import random
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from .._image import Image
from .._model import BoundingBox, Match, Region, Tag, is_number
from .._provider import Provider
from .._registry import nearest
from .._sync import Tagger
from ..errors import ConfigurationError, TaggersError

__all__ = ["Answers", "Fixture", "load_fixtures", "read_fixture", "similar"]


@frozen(kw_only=True)
class Fixture:
    """What the emulator was told about a picture, or about some.

    With `content` it is that picture's: `url` is where it is found, `labels` are those it has in
    the library that image search looks through. Without, it is a rule, for pictures whose name
    matches `name` and in which `local-basic` sees `sees`. (A picture has a name where the request
    tells one: a URL or a key.) With `only`, a glob, it is what the providers of such names say.

    `tags` is the answer; None leaves it to the next rule. With `choose`, it is so many of them,
    drawn by `seed` and the picture.
    """

    content: bytes | None = field(default=None, repr=False)
    name: str | None = None
    sees: str | None = None
    only: str | None = None
    url: str | None = None
    labels: Mapping[str, str] = field(factory=dict)
    tags: tuple[Tag, ...] | None = None
    choose: int | None = None
    seed: int = 0

    def answers(self, image: Image, provider: str) -> bool:
        """Whether it is what this provider says about this picture."""
        if self.tags is None or not fnmatch.fnmatch(provider, self.only or "*"):
            return False
        if self.content is not None:
            return _sha256(self.content) == image.sha256
        named = self.name is None or fnmatch.fnmatch(image.source, self.name)
        return named and (self.sees is None or self.sees in _seen(image))

    def chosen(self, image: Image) -> tuple[Tag, ...]:
        """Its tags, or those that are drawn for this picture."""
        tags = self.tags or ()
        if self.choose is None:
            return tags
        draw = random.Random(f"{self.seed} {image.sha256 or image.source}")  # noqa: S311
        return tuple(draw.sample(tags, min(self.choose, len(tags))))


@define
class Answers:
    """Fixtures by content first, then rules, then what `local-basic` measures; of either, those for
    some providers come before those for all."""

    told: tuple[Fixture, ...] = ()
    fixtures: list[Fixture] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets what was added since the start."""
        self.fixtures = list(self.told)

    def tags(self, image: Image, provider: Provider) -> list[Tag]:
        """What a provider says about a picture, most confident first."""
        tags = self._tags(image, provider.name)
        if provider.offers.boxes:
            tags = tuple(_boxed(tag, image) for tag in tags)
        return sorted(tags, key=lambda tag: -(tag.confidence or 0))

    def fetch(self, url: str) -> bytes | None:
        """The picture under a URL. Nothing is fetched: it is a fixture's, or unknown."""
        return next((item.content for item in self.fixtures if item.url == url), None)

    def library(self) -> dict[str, tuple[bytes, Mapping[str, str]]]:
        """The fixtures that a library of pictures begins with: those with labels or a URL."""
        return {
            item.url or item.name or "": (item.content, dict(item.labels))
            for item in self.fixtures
            if item.content is not None and (item.labels or item.url)
        }

    def _tags(self, image: Image, provider: str) -> tuple[Tag, ...]:
        closest = sorted(self.fixtures, key=lambda item: (item.content is None, item.only is None))
        for item in closest:
            if item.answers(image, provider):
                return item.chosen(image)
        return _measured(image.content) if image.content else ()


def _seen(image: Image) -> set[str]:
    """The names of what `local-basic` sees, in all its languages."""
    measured = _measured(image.content) if image.content else ()
    return {name for tag in measured for name in (tag.name, *tag.names.values())}


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


def similar(
    image: Image | None,
    box: BoundingBox | None,
    library: Mapping[str, tuple[bytes, Mapping[str, str]]],
) -> list[Match]:
    """All pictures of a library, those first that are most like one, or like a box of it.

    The similarity is that of two difference hashes of 64 bits: it sees composition and light, not
    things. Without a picture to compare with it is 1.
    """
    content = image.content if image else None
    wanted = None if content is None else _difference_hash(content, box)
    found = [
        Match(path, 1.0 if wanted is None else _likeness(wanted, kept), dict(labels))
        for path, (kept, labels) in library.items()
    ]
    return sorted(found, key=lambda match: -(match.similarity or 0))


@lru_cache(maxsize=1024)
def _difference_hash(content: bytes, box: BoundingBox | None = None) -> int:
    """64 bits: whether each pixel of a tiny grey copy is darker than the one to its right."""
    image = Image.from_bytes(content)
    grey = image.pixels(512).convert("L")
    if box is not None:
        scale = max(grey.size) / max(image.width or 1, image.height or 1)
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        grey = grey.crop(tuple(round(side * scale) for side in corners))  # type: ignore[arg-type]
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
    try:
        _known(document, ("pictures", "rules"), "")
        pictures = enumerate(_list(document, "pictures", ""))
        rules = enumerate(_list(document, "rules", ""))
        return [
            *(_picture(table, path.parent, f"pictures[{index}].") for index, table in pictures),
            *(read_fixture(table, f"rules[{index}].") for index, table in rules),
        ]
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}") from error


def _picture(table: Any, folder: Path, place: str) -> Fixture:
    """A picture's fixture, whose content is a file."""
    if not isinstance(table, dict) or not isinstance(table.get("file"), str):
        raise ConfigurationError(f"{place}file: is missing, or no text")
    file = folder / table["file"]
    rest = {name: value for name, value in table.items() if name != "file"}
    try:
        content = Image.open(file).content
    except TaggersError as error:
        raise ConfigurationError(f"{place}file: {error.message}") from error
    return evolve(read_fixture(rest, place), content=content, name=file.name)


_KEYS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "sees": (str,),
    "only": (str,),
    "url": (str,),
    "labels": (dict,),
    "tags": (list,),
    "choose": (int,),
    "seed": (int,),
}
_TAG_KEYS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "zh": (str,),
    "confidence": (int, float),
    "kind": (str,),
    "category": (str,),
    "category_zh": (str,),
    "boxes": (list,),
}


def read_fixture(table: Any, place: str) -> Fixture:
    """The fixture that a table describes, without its content. Raises `ConfigurationError`."""
    _typed(table, _KEYS, place)
    given = {name: value for name, value in table.items() if name != "tags"}
    labels = {str(name): str(value) for name, value in table.get("labels", {}).items()}
    tags = table.get("tags")
    listed = None if tags is None else tuple(_tags(tags, place))
    return Fixture(**{**given, "labels": labels, "tags": listed})


def _tags(tables: list[Any], place: str) -> Iterator[Tag]:
    for index, table in enumerate(tables):
        here = f"{place}tags[{index}]."
        _typed(table, _TAG_KEYS, here)
        if "name" not in table:
            raise ConfigurationError(f"{here}name: is missing")
        confidence = table.get("confidence")
        if confidence is not None and not 0 <= confidence <= 1:
            raise ConfigurationError(f"{here}confidence: must be from 0 to 1, not {confidence!r}")
        yield Tag(
            name=table["name"],
            confidence=confidence,
            kind=table.get("kind"),
            category=(table["category"],) if "category" in table else (),
            names=_spoken(table.get("name"), table.get("zh")),
            categories={
                code: (name,)
                for code, name in _spoken(table.get("category"), table.get("category_zh")).items()
            },
            regions=tuple(
                Region(_box(box, f"{here}boxes[{number}]"), confidence)
                for number, box in enumerate(table.get("boxes", []))
            ),
        )


def _spoken(english: str | None, chinese: str | None) -> dict[str, str]:
    return {code: name for code, name in (("en", english), ("zh", chinese)) if name}


def _box(box: Any, place: str) -> BoundingBox:
    if not isinstance(box, list) or len(box) != 4 or not all(map(is_number, box)):
        raise ConfigurationError(f"{place}: must be [left, top, width, height], not {box!r}")
    return BoundingBox(*box)


def _list(table: Mapping[str, Any], key: str, place: str) -> list[Any]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise ConfigurationError(f"{place}{key}: must be tables like [[{key}]]")
    return found


def _typed(table: Any, keys: Mapping[str, tuple[type, ...]], place: str) -> None:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{place.rstrip('.')}: must be a table, not {table!r}")
    _known(table, tuple(keys), place)
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, keys[key]):
            kinds = " or ".join(kind.__name__ for kind in keys[key])
            raise ConfigurationError(f"{place}{key}: must be a {kinds}, not {value!r}")


def _known(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{place}{key}: there is no such key{nearest(key, known)}")
