"""Huawei Celebrity Recognition: known faces, each with its place.

POST /v2/{project_id}/image/celebrity-recognition
"""

from __future__ import annotations

import datetime
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
    Sunset,
    Tag,
    evolve,
    fraction,
    sides,
)

from . import tagging_v2
from ._account import ACCOUNT, PROJECT, picture, region

__all__ = ["PROVIDER", "RETIRED"]

RETIRED = Sunset(
    datetime.date(2025, 7, 23),
    "Huawei retired it in its regions in China",
    "Huawei Cloud notice on Image sub-services (end of sale 2024-11-16)",
)


def request(image: Image, options: Options, settings: Settings) -> Request:
    least = options.min_confidence
    return Request(
        path="/v2/{project_id}/image/celebrity-recognition".format_map(settings),
        json={
            **picture(image),
            **({} if least is None else {"threshold": least}),
            **options.native,
        },
    )


def read(body: Any) -> Iterator[Tag]:
    """One tag for each face. Here `result` is a list, and confidences already count to 1."""
    for face in body["result"]:
        confidence = fraction(face.get("confidence"))
        box = BoundingBox(*sides(face["face_detail"], "x", "y", "w", "h"))
        yield Tag(
            name=face["label"],
            confidence=confidence,
            kind="celebrity",
            regions=(Region(box, confidence),),
        )


PROVIDER = evolve(
    tagging_v2.PROVIDER,
    name="huawei-celebrity",
    title="Huawei Cloud Celebrity Recognition",
    docs="https://support.huaweicloud.com/api-image/image_03_0027.html",
    request=request,
    read=read,
    # Faces must be at least 40 px; of the picture itself no edge is documented.
    accepts=evolve(tagging_v2.PROVIDER.accepts, min_edge_px=40, max_edge_px=None),
    offers=Offers(
        kinds=("celebrity",),
        boxes=True,
        applies=frozenset({"min_confidence"}),
        languages=("zh",),
        concurrency=5,
    ),
    settings=(*ACCOUNT, PROJECT, region("cn-north-4")),
    sunset=RETIRED,
)
