"""The hooks through which a distribution extends taggers."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ._provider import Provider

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("taggers")
hookimpl = pluggy.HookimplMarker("taggers")


@hookspec
def taggers_providers() -> Iterable[Provider]:  # type: ignore[empty-body]
    """The providers that this plugin brings.

    Called once, when the first of the plugin's providers is asked for. Return values of
    `taggers.plugin.Provider`, one for each entry point that the distribution declares in the group
    `taggers.providers`; the entry point's name is the provider's name. Do no I/O and look at no
    settings here.
    """
