"""A provider's findings made sound, and cut to what the caller asked for."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from attrs import evolve

from ._image import Image
from ._model import BoundingBox, Finding, Match, Options, Region, Tag, Verdict, is_number
from ._provider import Provider
from .errors import MalformedResponse

__all__ = ["keep", "strongest"]


def keep(
    findings: Iterable[Finding], options: Options, provider: Provider, image: Image
) -> tuple[list[Finding], list[str]]:
    """The findings in range, of the tags only those that the options ask for, and a warning for
    everything adjusted."""
    warnings: dict[str, None] = {}
    found = [_sound(finding, image, warnings) for finding in findings]
    tags = [item for item in found if isinstance(item, Tag)]
    rest = [item for item in found if not isinstance(item, Tag)]
    if options.language is not None:
        tags = [_named(tag, options.language) for tag in tags]
        if tags and not _speaks(tags, options.language, provider):
            said = ", ".join(provider.offers.languages) or "one language only"
            warnings[f"language {options.language!r} ignored: {provider.name} offers {said}"] = None
    if (least := options.min_confidence) is not None:
        tags = [tag for tag in tags if tag.confidence is None or tag.confidence >= least]
    if options.limit is not None:
        tags = strongest(tags, options.limit)
    return [*tags, *rest], list(warnings)


def _sound(finding: Finding, image: Image, warnings: dict[str, None]) -> Finding:
    """The finding with its fractions in 0..1; of boxes only the unit is changed."""
    if isinstance(finding, Tag):
        return _sound_tag(finding, image, warnings)
    if isinstance(finding, Region):
        return _sound_region("a place", finding, image, warnings)
    if isinstance(finding, Match):
        similarity = _in_range(finding.path, finding.similarity, warnings, "similarity")
        return evolve(finding, similarity=similarity)
    if isinstance(finding, Verdict):
        confidence = _in_range(finding.name, finding.confidence, warnings)
        scores = {
            name: _in_range(f"{finding.name}, {name}", score, warnings)
            for name, score in finding.scores.items()
        }
        return evolve(finding, confidence=confidence, scores=scores)
    return finding


def _sound_tag(tag: Tag, image: Image, warnings: dict[str, None]) -> Tag:
    """The tag with clean texts as well."""
    tag = _clean(tag, warnings)
    regions = tuple(_sound_region(tag.name, region, image, warnings) for region in tag.regions)
    confidence = _in_range(tag.name, tag.confidence, warnings)
    if confidence is tag.confidence and regions == tag.regions:
        return tag
    return evolve(tag, confidence=confidence, regions=regions)


MAX_NAME_LENGTH = 1000


def _clean(tag: Tag, warnings: dict[str, None]) -> Tag:
    """The tag, whose texts must be texts; what cannot be written down in them is replaced, and what
    is longer than any true name is cut."""
    if not isinstance(tag.name, str) or not tag.name:
        raise MalformedResponse(f"a tag's name is {tag.name!r}, which is no text")
    said = [text for text in (tag.kind, tag.source, tag.id) if text is not None]
    texts = (tag.name, *tag.names.values(), *tag.category, *chain(*tag.categories.values()), *said)
    if _are_clean(texts):
        return tag
    for text in texts:
        if not isinstance(text, str):
            raise MalformedResponse(f"{tag.name} comes with {text!r}, which is no text")

    def cleaned(text: str) -> str:
        clean = text.encode("utf-8", "replace").decode()[:MAX_NAME_LENGTH]
        if clean != text:
            warnings[f"{clean[:40]}: a text was cleaned or cut"] = None
        return clean

    return evolve(
        tag,
        name=cleaned(tag.name),
        names={language: cleaned(name) for language, name in tag.names.items()},
        category=tuple(cleaned(name) for name in tag.category),
        categories={
            language: tuple(cleaned(name) for name in path)
            for language, path in tag.categories.items()
        },
        kind=tag.kind and cleaned(tag.kind),
        source=tag.source and cleaned(tag.source),
        id=tag.id and cleaned(tag.id),
    )


def _are_clean(texts: Iterable[str]) -> bool:
    """Whether the texts are texts that can be written down, and none is too long; of a few long
    ones it is not said."""
    try:
        said = "".join(texts)
        said.encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return len(said) <= MAX_NAME_LENGTH


def _sound_region(name: str, region: Region, image: Image, warnings: dict[str, None]) -> Region:
    box = _in_pixels(region.box, image)
    size = (image.width, image.height) if box.unit == "px" else (1.0, 1.0)
    if box.width < 0 or box.height < 0:
        warnings[f"{name}: a box has a negative size"] = None
    elif size[0] is not None and size[1] is not None and not box.inside(size[0], size[1]):
        warnings[f"{name}: a box reaches over the picture's edge"] = None
    confidence = _in_range(name, region.confidence, warnings)
    if box is region.box and confidence is region.confidence:
        return region
    return evolve(region, box=box, confidence=confidence)


def _in_pixels(box: BoundingBox, image: Image) -> BoundingBox:
    """The box in pixels, where the picture's size is known."""
    if box.unit == "px" or image.width is None or image.height is None:
        return box
    return box.scaled(image.width, image.height, "px")


def _in_range(
    name: str, value: float | None, warnings: dict[str, None], what: str = "confidence"
) -> float | None:
    if value is None or (is_number(value) and 0 <= value <= 1):
        return value
    if not is_number(value):
        raise MalformedResponse(f"{name} has the {what} {value!r}, which is no number")
    warnings[f"{name}: {what} {value:g} brought into 0..1"] = None
    return min(max(value, 0.0), 1.0)


def _named(tag: Tag, language: str) -> Tag:
    """The tag under its name in this language, where the vendor gave one."""
    name = tag.names.get(language)
    category = tag.categories.get(language, tag.category)
    if name in (None, tag.name) and category == tag.category:
        return tag
    return evolve(tag, name=name or tag.name, category=category)


def _speaks(tags: list[Tag], language: str, provider: Provider) -> bool:
    return language in provider.offers.languages or (
        bool(tags) and all(language in tag.names for tag in tags)
    )


def strongest(tags: list[Tag], limit: int) -> list[Tag]:
    """The `limit` most confident tags, in the order they came in; None counts as least."""
    ranked = sorted(range(len(tags)), key=lambda index: -(tags[index].confidence or 0.0))
    return [tags[index] for index in sorted(ranked[:limit])]
