"""Huawei Recapture Detection: whether a picture is a photograph of a photograph or screen.

POST /v2/{project_id}/image/recapture-detect
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from taggers.plugin import (
    Image,
    Offers,
    Options,
    Request,
    Settings,
    Verdict,
    evolve,
    fraction,
)

from . import media_tagging
from ._account import picture

__all__ = ["PROVIDER"]

_RECAPTURED: dict[str, Literal["yes", "no", "unsure"]] = {
    "true": "no",  # the vendor's "true" means genuine
    "false": "yes",
    "uncertainty": "unsure",
}


def request(image: Image, options: Options, settings: Settings) -> Request:
    # `threshold` is a border between two answers here, and no least confidence: see `native`.
    return Request(
        path="/v2/{project_id}/image/recapture-detect".format_map(settings),
        json={**picture(image), **options.native},
    )


def read(body: Any) -> Iterator[Verdict]:
    """Whether it is recaptured."""
    result = body["result"]
    yield Verdict(
        "recapture",
        _RECAPTURED[result["suggestion"]],
        fraction(result.get("score")),
        {item["label"]: fraction(item.get("confidence")) for item in result.get("detail") or ()},
    )


PROVIDER = evolve(
    media_tagging.PROVIDER,
    name="huawei-recapture",
    title="Huawei Cloud Recapture Detection",
    docs="https://support.huaweicloud.com/api-image/image_03_0026.html",
    request=request,
    read=read,
    ignores={"result.category": "repeats the suggestion"},
    accepts=evolve(media_tagging.PROVIDER.accepts, formats=("jpeg", "png", "bmp")),
    offers=Offers(concurrency=10),
)
