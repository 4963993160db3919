"""Huawei ImageSearch v1: similar pictures of one's own library, and what their labels suggest.

POST /v1/{project_id}/{instance_name}/image/search
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import (
    Base64,
    Image,
    Match,
    Offers,
    Options,
    Provider,
    Request,
    Setting,
    Settings,
    Tag,
    fraction,
)

from ._account import (
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
from ._library import ACCEPTS, LIBRARY
from ._votes import votes

__all__ = ["PROVIDER"]


def request(image: Image, options: Options, settings: Settings) -> Request:
    # `limit` is the number of neighbours here, not of tags: it is left to the vendor's default of
    # ten, or to `native`, so that a short tag list does not rest on fewer pictures.
    searched = {"file": Base64(image.content)} if image.content is not None else {"path": image.url}
    return Request(
        path="/v1/{project_id}/{instance_name}/image/search".format_map(settings),
        json={**searched, **options.native},
    )


def read(body: Any) -> Iterator[Match | Tag]:
    """The neighbours, most similar first as they come, then the tags that they vote for."""
    matches = [_match(item) for item in body["result"]]
    yield from matches
    yield from votes(matches)


def _match(item: Any) -> Match:
    labels = item.get("tags") or {}
    return Match(
        path=item["path"],
        similarity=fraction(item.get("sim")),
        labels={key: str(value) for key, value in labels.items() if value is not None},
    )


PROVIDER = Provider(
    name="huawei-image-search",
    title="Huawei Cloud ImageSearch v1",
    vendor="Huawei Cloud",
    docs="https://support.huaweicloud.com/intl/en-us/api-imagesearch/imagesearch_02_0011.html",
    request=request,
    read=read,
    ignores={"count": "how many there are in all; a search of the library asks for pages by it"},
    accepts=ACCEPTS,
    offers=Offers(concurrency=10),
    errors=ERRORS,
    settings=(
        *ACCOUNT,
        PROJECT,
        Setting(
            "instance_name",
            "the library to search",
            pattern=r"[A-Za-z0-9_-]{1,64}",
            required=True,
        ),
        region("ap-southeast-1", "cn-north-4", "cn-north-1"),
    ),
    credentials=CREDENTIALS,
    authorize=authorize,
    sign_in=sign_in,
    credentials_file=CREDENTIALS_FILE,
    library=LIBRARY,
    endpoint="https://imagesearch.{region}.myhuaweicloud.com",
    hosts=HOSTS,
    sunset=SUNSET,
)
