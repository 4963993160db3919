"""The tag list that Huawei's four tagging services share: how it is asked for, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from taggers.plugin import (
    BoundingBox,
    Image,
    Options,
    Region,
    Request,
    Settings,
    Tag,
    fraction,
    sides,
    texts,
)

from ._account import picture

__all__ = ["posting", "read"]

_KINDS = ("object", "scene", "concept")


def posting(path: str) -> Callable[[Image, Options, Settings], Request]:
    """A `request` that posts the picture and the options to this path."""

    def request(image: Image, options: Options, settings: Settings) -> Request:
        least = options.min_confidence
        wanted = {
            "language": options.language,
            "limit": options.limit,
            "threshold": None if least is None else round(least * 100, 6),
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        return Request(
            path=path.format_map(settings),
            json={**picture(image), **given, **options.native},
        )

    return request


def read(body: Any) -> Iterator[Tag]:
    """The tags of `result.tags`. Confidences count to 100, as numbers or as text."""
    for item in body["result"]["tags"] or ():
        yield _tag(item)


def _tag(item: Any) -> Tag:
    # `type` is one of three kinds in v1, and a category such as "Human" since v2; media-tagging-det
    # has no i18n_type, and a tag's confidence may differ from those of its instances.
    said = (item.get("type") or "").strip()
    return Tag(
        name=item["tag"].strip(),
        confidence=fraction(item.get("confidence"), 100),
        kind=said if said in _KINDS else None,
        category=(said,) if said and said not in _KINDS else (),
        names=texts(item, "i18n_tag"),
        categories={code: (path,) for code, path in texts(item, "i18n_type").items()},
        regions=tuple([_region(instance) for instance in item.get("instances") or ()]),
    )


def _region(instance: Any) -> Region:
    box = sides(instance["bounding_box"], "top_left_x", "top_left_y", "width", "height")
    return Region(BoundingBox(*box), fraction(instance.get("confidence"), 100))
