"""Huawei Cloud's picture services: Image Recognition and ImageSearch."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import (
    bgm,
    celebrity,
    enhance,
    image_search,
    image_search_v2,
    main_object,
    media_tagging,
    media_tagging_det,
    recapture,
    tagging_v1,
    tagging_v2,
)

__all__ = ["taggers_dialects", "taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [
        bgm.PROVIDER,
        celebrity.PROVIDER,
        *enhance.PROVIDERS,
        image_search.PROVIDER,
        image_search_v2.PROVIDER,
        main_object.PROVIDER,
        media_tagging.PROVIDER,
        media_tagging_det.PROVIDER,
        recapture.PROVIDER,
        tagging_v1.PROVIDER,
        tagging_v2.PROVIDER,
    ]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
