"""Huawei ImageSearch v2: similar pictures of one's own library, and the things in this one.

POST /v2/{project_id}/mms/{service_name}/search (API reference imagesearch_02_0039, 2025-12-04)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import (
    Accepts,
    Base64,
    BoundingBox,
    Image,
    Match,
    Offers,
    Options,
    Region,
    Request,
    Setting,
    Settings,
    Tag,
    evolve,
    fraction,
    sides,
)

from . import image_search
from ._account import ACCOUNT, PROJECT, region
from ._library_v2 import LIBRARY
from ._votes import votes

__all__ = ["PROVIDER", "SEPARATOR"]

SEPARATOR = ", "
"""Between the texts of a list, in a match's label."""

_CORNERS = ("x1", "y1", "x2", "y2")


def request(image: Image, options: Options, settings: Settings) -> Request:
    # As in v1 `limit` would be the number of neighbours, not of tags: it is left to the vendor's
    # ten, or to `native` (limit, and offset + limit, up to 1000).
    content = image.content
    asked = {"image_url": image.url} if content is None else {"image_base64": Base64(content)}
    least = options.min_confidence
    return Request(
        path="/v2/{project_id}/mms/{service_name}/search".format_map(settings),
        json={
            "search_type": "IMAGE",
            **asked,
            **({} if least is None else {"min_score": least}),
            "optional_params": {"do_det": True},
            **options.native,
        },
    )


def read(body: Any) -> Iterator[Match | Tag | Region]:
    """The neighbours as they come, the tags that they vote for, and what was detected."""
    if body["result"] != "success":  # failures come as error_code; nothing else is documented
        raise ValueError(f"the result is {body['result']!r}, not 'success'")
    found = body["data"]
    items = found.get("items") or ()
    matches = [_match(item) for item in items]
    yield from matches
    yield from votes(matches, [list(_words(item.get("source") or {})) for item in items])
    yield from _detected(found.get("image_info") or {})


def _match(item: Any) -> Match:
    source = item.get("source") or {}
    said = {name: source[name] for name in ("desc", "keywords") if source.get(name)}
    labels = {**said, **(source.get("custom_num_tags") or {}), **(source.get("custom_tags") or {})}
    return Match(
        path=item["id"],
        similarity=fraction(item.get("score")),
        labels={
            key: SEPARATOR.join(texts) for key, value in labels.items() if (texts := _texts(value))
        },
    )


def _words(source: Any) -> Iterator[tuple[str, str]]:
    """What a neighbour votes for: each of its tags and keywords, but no sentence and no number."""
    carried = {"keywords": source.get("keywords") or [], **(source.get("custom_tags") or {})}
    for key, value in carried.items():
        yield from ((key, text) for text in _texts(value) if text)


def _texts(value: Any) -> list[str]:
    """A tag's values: one by the reference, a list where a search filters by them."""
    values = value if isinstance(value, list) else [value]
    return [str(text) for text in values if text is not None]


def _detected(seen: Any) -> Iterator[Tag | Region]:
    """One tag for each name, with all its places. The subject that was searched for is one of the
    objects, to which it may lend its name, or stands beside them; places without a name come as
    regions."""
    subject, objects = seen.get("box"), list(seen.get("objects") or ())
    if not subject or subject not in [item.get("box") for item in objects]:
        objects.append(seen)
    places: dict[str, list[Region]] = {}
    for item in objects:
        box = item.get("box")
        kind = "main" if box and box == subject else None
        name = item.get("category_name") or (seen.get("category_name") if kind else None) or ""
        places.setdefault(name, []).extend([Region(_box(box), kind=kind)] if box else [])
    yield from places.pop("", [])
    for name, regions in places.items():
        yield Tag(name=name, kind="object", regions=tuple(regions))


def _box(corners: str) -> BoundingBox:
    named = dict(zip(_CORNERS, corners.split(","), strict=True))
    return BoundingBox.from_corners(*sides(named, *_CORNERS))


PROVIDER = evolve(
    image_search.PROVIDER,
    name="huawei-image-search-v2",
    title="Huawei Cloud ImageSearch v2",
    docs="https://support.huaweicloud.com/api-imagesearch/imagesearch_02_0039.html",
    request=request,
    read=read,
    ignores={
        "data.search_info": "how many were found, and how long that took",
        "data.image_info.category": "the number of category_name",
        "data.image_info.objects[*].category": "the number of category_name",
    },
    library=LIBRARY,
    # The shortest edge must be "more than 64px" and the longest "less than 4096px"; some types of
    # service ask for more, which is not checked here.
    accepts=Accepts(
        formats=("jpeg", "png", "bmp", "webp"),
        max_bytes=5 * 1024 * 1024,
        min_edge_px=65,
        max_edge_px=4095,
    ),
    # Searches and additions: 5 a second each, says the page on billing.
    offers=Offers(boxes=True, applies=frozenset({"min_confidence"}), concurrency=5, rate_per_s=5),
    settings=(
        *ACCOUNT,
        PROJECT,
        # The reference gives no pattern: this only keeps the name from being another path.
        Setting("service_name", "the service to search", pattern=r"[^/?#]{1,64}", required=True),
        region("cn-north-4"),
    ),
    endpoint="https://mms.{region}.myhuaweicloud.com",
)
