"""Huawei Media Tagging Detection: objects of a picture, each with its boxes.

POST /v2/{project_id}/image/media-tagging-det
"""

from __future__ import annotations

from taggers.plugin import evolve

from . import media_tagging
from ._tags import posting

__all__ = ["PROVIDER"]

PROVIDER = evolve(
    media_tagging.PROVIDER,
    name="huawei-media-tagging-det",
    title="Huawei Cloud Media Tagging Detection",
    request=posting("/v2/{project_id}/image/media-tagging-det"),
    offers=evolve(media_tagging.PROVIDER.offers, boxes=True, max_limit=50),
)
