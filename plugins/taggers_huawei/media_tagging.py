"""Huawei Media Tagging: names, categories and confidences for media libraries, without boxes.

POST /v2/{project_id}/image/media-tagging
"""

from __future__ import annotations

from taggers.plugin import evolve

from . import tagging_v2
from ._account import ACCOUNT, PROJECT, region
from ._tags import posting

__all__ = ["PROVIDER"]

PROVIDER = evolve(
    tagging_v2.PROVIDER,
    name="huawei-media-tagging",
    title="Huawei Cloud Media Tagging",
    # The reference's contents: which page is its own could not be told (2026-11).
    docs="https://support.huaweicloud.com/api-image/",
    request=posting("/v2/{project_id}/image/media-tagging"),
    accepts=evolve(tagging_v2.PROVIDER.accepts, max_edge_px=10_000),
    # `instances` is always empty here; the vendor keeps it so that v2's readers go on working.
    offers=evolve(tagging_v2.PROVIDER.offers, boxes=False),
    settings=(*ACCOUNT, PROJECT, region("cn-north-4")),
)
