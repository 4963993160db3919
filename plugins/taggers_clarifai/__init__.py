"""Clarifai's image models."""

from __future__ import annotations

from taggers.plugin import Dialect, Provider, hookimpl

from . import model_outputs

__all__ = ["taggers_dialects", "taggers_providers"]


@hookimpl
def taggers_providers() -> list[Provider]:
    return [model_outputs.PROVIDER]


@hookimpl
def taggers_dialects() -> list[Dialect]:
    from .dialect import DIALECTS

    return DIALECTS
