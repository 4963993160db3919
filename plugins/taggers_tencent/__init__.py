"""Tencent Cloud's picture services: Cloud Infinite over Cloud Object Storage (COS)."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import detect_label

__all__ = ["taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [detect_label.PROVIDER]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
