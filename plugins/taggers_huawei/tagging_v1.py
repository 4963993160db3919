"""Huawei Image Tagging v1.0: tags of three kinds (object, scene, concept), without boxes.

POST /v1.0/image/tagging
"""

from __future__ import annotations

from taggers.plugin import evolve

from . import tagging_v2
from ._account import ACCOUNT, PROJECT, region
from ._tags import posting

__all__ = ["PROVIDER"]

PROVIDER = evolve(
    tagging_v2.PROVIDER,
    name="huawei-tagging-v1",
    title="Huawei Cloud Image Tagging v1.0",
    docs="https://support.huaweicloud.com/api-image/image_03_0025.html",
    request=posting("/v1.0/image/tagging"),
    # "The narrow sides must be greater than 15 pixels" (en 2022), "at least 15" (zh 2024).
    accepts=evolve(tagging_v2.PROVIDER.accepts, min_edge_px=15),
    offers=evolve(tagging_v2.PROVIDER.offers, kinds=("object", "scene", "concept"), boxes=False),
    settings=(
        *ACCOUNT,
        evolve(PROJECT, required=False),  # it is signed where it is known, and not in the path
        region("cn-north-4", "cn-north-1", "cn-east-3", "ap-southeast-1"),
    ),
)
