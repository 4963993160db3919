"""Huawei's three services that make a picture better: brighter, without haze, larger.

POST /v1.0/vision/dark-enhance, /v1.0/vision/defog, /v1.0/vision/super-resolution
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator
from functools import partial
from typing import Any

from taggers.plugin import (
    Accepts,
    Base64,
    Image,
    Json,
    Offers,
    Options,
    OutputImage,
    Provider,
    Request,
    Setting,
    Settings,
    Sunset,
    evolve,
)

from . import tagging_v2
from ._account import ACCOUNT, PROJECT, region

__all__ = ["PROVIDERS", "Picture"]

MAX_BYTES = 64 * 1024 * 1024


class Picture(Json):
    """Reads an answer that is JSON, or the bytes of the picture itself, which become the same."""

    def __call__(self, body: bytes) -> Any:
        if body.lstrip()[:1] == b"{":
            return super().__call__(body)
        return {"result": base64.b64encode(body).decode()}


def _request(path: str, image: Image, options: Options, settings: Settings) -> Request:
    """As JSON with base64, which is answered with base64; or as a form with the file, which is
    answered with the picture's bytes."""
    assert image.content is not None, "no other source is accepted"
    if settings["form"] == "multipart":
        said = {name: _text(value) for name, value in options.native.items()}
        return Request(path=path, form={"file": image.content, **said})
    return Request(path=path, json={"image": Base64(image.content), **options.native})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(body: Any) -> Iterator[OutputImage]:
    """The picture that was made."""
    content = base64.b64decode(body["result"], validate=True)
    kind = Image.from_bytes(content, source="the vendor's picture").format
    yield OutputImage(content, f"image/{kind}")


def _provider(name: str, title: str, page: str, path: str, formats: tuple[str, ...]) -> Provider:
    return evolve(
        tagging_v2.PROVIDER,
        name=name,
        title=title,
        docs=f"https://support.huaweicloud.com/intl/en-us/api-image/{page}.html",
        request=partial(_request, path),
        read=read,
        decode=Picture(max_bytes=MAX_BYTES),
        accepts=Accepts(formats=formats, sources=("content",), max_base64_bytes=10 * 1024 * 1024),
        offers=Offers(images=True, concurrency=10),
        settings=(
            *ACCOUNT,
            evolve(PROJECT, required=False),
            region("cn-north-1", "cn-north-4"),
            Setting(
                "form",
                "how the picture is sent: as base64 in JSON, or as a file in a form",
                default="base64",
                choices=("base64", "multipart"),
            ),
        ),
        sunset=Sunset(
            datetime.date(2025, 7, 23),
            "Huawei retired the picture processing of Image in its regions in China; "
            "whether the notice names this service is not certain",
            "Huawei Cloud notice on Image sub-services (end of sale 2024-11-16)",
        ),
    )


PROVIDERS = [
    _provider(
        "huawei-dark-enhance",
        "Huawei Cloud Low Light Enhancement",
        "image_03_0019",
        "/v1.0/vision/dark-enhance",
        ("jpeg", "png", "bmp", "webp"),
    ),
    _provider(
        "huawei-defog",
        "Huawei Cloud Defogging",
        "image_03_0020",
        "/v1.0/vision/defog",
        ("jpeg", "png", "bmp", "webp"),
    ),
    _provider(
        "huawei-super-resolution",
        "Huawei Cloud Super Resolution",
        "image_03_0021",
        "/v1.0/vision/super-resolution",
        ("jpeg", "png", "bmp"),
    ),
]
