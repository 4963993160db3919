"""Huawei Image Tagging v2: thousands of objects and hundreds of scenes, some with boxes.

POST /v2/{project_id}/image/tagging
"""

from __future__ import annotations

from taggers.plugin import Offers, Provider

from ._account import (
    ACCEPTS,
    ACCOUNT,
    CREDENTIALS,
    CREDENTIALS_FILE,
    HOSTS,
    PROJECT,
    SUNSET,
    authorize,
    region,
    sign_in,
)
from ._faults import ERRORS
from ._tags import posting, read

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="huawei-tagging-v2",
    title="Huawei Cloud Image Tagging v2",
    vendor="Huawei Cloud",
    docs="https://support.huaweicloud.com/api-image/image_03_0028.html",
    request=posting("/v2/{project_id}/image/tagging"),
    read=read,
    accepts=ACCEPTS,
    offers=Offers(
        boxes=True,
        applies=frozenset({"limit", "min_confidence", "language"}),
        languages=("zh", "en"),
        max_limit=150,
        concurrency=10,
    ),
    errors=ERRORS,
    # Two regions in China since 2025, and Hong Kong on the international site.
    settings=(
        *ACCOUNT,
        PROJECT,
        region("cn-north-4", "cn-east-3", "cn-north-1", "ap-southeast-1", "ap-southeast-3"),
    ),
    credentials=CREDENTIALS,
    authorize=authorize,
    sign_in=sign_in,
    credentials_file=CREDENTIALS_FILE,
    endpoint="https://image.{region}.myhuaweicloud.com",
    hosts=HOSTS,
    sunset=SUNSET,
)
