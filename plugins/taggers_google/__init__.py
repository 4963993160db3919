"""Google Cloud's picture service: Vision."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import vision

__all__ = ["taggers_dialects", "taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [vision.PROVIDER]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
