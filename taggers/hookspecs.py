"""The hooks through which a distribution extends taggers.

A hook of another name is reported as a mistake, unless it is marked with
`@hookimpl(optionalhook=True)`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ._dialect import Dialect
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


@hookspec
def taggers_dialects() -> Iterable[Dialect]:  # type: ignore[empty-body]
    """The server halves that this plugin brings, for the emulator.

    Called once, when an emulator starts. Return values of `taggers.plugin.Dialect`: one for each
    of the plugin's providers that can be emulated, and one for each service beside them that a
    client needs, such as a token service. Do no I/O here.
    """
