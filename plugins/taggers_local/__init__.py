"""Providers that work on this machine: no account, no network."""

from __future__ import annotations

from taggers.plugin import Provider, hookimpl

from . import basic

__all__ = ["taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [basic.PROVIDER]
