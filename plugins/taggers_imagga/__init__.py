"""Imagga's picture services."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import tags

__all__ = ["taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [tags.PROVIDER]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
