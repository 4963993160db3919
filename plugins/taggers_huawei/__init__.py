"""Huawei Cloud's picture services: Image Recognition and ImageSearch."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import image_search, media_tagging, media_tagging_det, tagging_v1, tagging_v2

__all__ = ["taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [
        image_search.PROVIDER,
        media_tagging.PROVIDER,
        media_tagging_det.PROVIDER,
        tagging_v1.PROVIDER,
        tagging_v2.PROVIDER,
    ]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
