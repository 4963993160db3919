"""Huawei Background Music Recognition: the name of the music in a video.

POST /v1.0/bgm/recognition
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import Accepts, Image, Offers, Options, Request, Settings, Tag, evolve

from . import enhance

__all__ = ["PROVIDER"]


def request(image: Image, options: Options, settings: Settings) -> Request:
    return Request(path="/v1.0/bgm/recognition", json={"url": image.url, **options.native})


def read(body: Any) -> Iterator[Tag]:
    """The music's name, if it is known."""
    if name := body["result"].get("audio_name"):
        yield Tag(name, kind="music")


_BASE = enhance.PROVIDERS[0]

PROVIDER = evolve(
    _BASE,
    name="huawei-bgm",
    title="Huawei Cloud Background Music Recognition",
    docs="https://support.huaweicloud.com/intl/en-us/api-image/en-us_topic_0000001131585626.html",
    request=request,
    read=read,
    # A video (MP4, at most 65 MB) at a temporary OBS URL; nothing of it is looked at here.
    accepts=Accepts(formats=(), sources=("url",)),
    offers=Offers(kinds=("music",), concurrency=10),
    settings=tuple(setting for setting in _BASE.settings if setting.name != "form"),
)
