"""Huawei Main Object Detection: where the things are that a picture is about, without names.

POST /v3/{project_id}/image/main-object-detection
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import (
    BoundingBox,
    Image,
    Offers,
    Options,
    Region,
    Request,
    Settings,
    evolve,
    fraction,
    sides,
)

from . import celebrity, media_tagging
from ._account import picture

__all__ = ["KINDS", "PROVIDER"]

KINDS = {"main_object_box": "main", "bounding_box": "other"}
"""The vendor's kinds of box, and ours."""


def request(image: Image, options: Options, settings: Settings) -> Request:
    least = options.min_confidence
    return Request(
        path="/v3/{project_id}/image/main-object-detection".format_map(settings),
        json={
            **picture(image),
            **({} if least is None else {"threshold": round(least * 100, 6)}),
            **options.native,
        },
    )


def read(body: Any) -> Iterator[Region]:
    """One region for each box. Its `label` is a kind of box, and no tag's name."""
    for item in body["result"]:
        box = sides(item["location"], "top_left_x", "top_left_y", "width", "height")
        yield Region(
            BoundingBox(*box),
            fraction(item.get("confidence"), 100),
            KINDS.get(item["label"], item["label"]),
        )


PROVIDER = evolve(
    media_tagging.PROVIDER,
    name="huawei-main-object",
    title="Huawei Cloud Main Object Detection",
    docs="https://support.huaweicloud.com/api-image/image_03_0042.html",
    request=request,
    read=read,
    offers=Offers(boxes=True, applies=frozenset({"min_confidence"}), concurrency=10),
    sunset=celebrity.RETIRED,
)
