"""Finds providers by name without importing them, and imports one when it is asked for."""

from __future__ import annotations

import difflib
import functools
import importlib.metadata
from collections.abc import Iterable
from typing import Any

import pluggy
from attrs import define, field

from . import hookspecs
from ._dialect import Dialect
from ._provider import Provider
from .errors import PluginError

__all__ = ["GROUP", "Registry", "installed", "nearest"]

GROUP = "taggers.providers"
OURS = "taggers"


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that proposes the known name that looks most like this one; "" where none does."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""


@define
class Registry:
    """The installed providers. One that is broken breaks only itself: see `quarantined`.

    `entry_points` are those of the group `taggers.providers`; their names are the providers'.
    """

    entry_points: tuple[importlib.metadata.EntryPoint, ...] = field(
        factory=lambda: tuple(importlib.metadata.entry_points(group=GROUP))
    )
    quarantined: dict[str, str] = field(factory=dict)
    _loaded: dict[str, Provider] = field(factory=dict)

    def names(self) -> list[str]:
        """All providers' names, sorted. Nothing is imported."""
        return sorted({point.name for point in self.entry_points})

    def distribution(self, name: str) -> tuple[str, str | None]:
        """The distribution that brings a provider, and its version."""
        found = self._entry_point(name).dist
        return (found.name, found.version) if found else ("an unknown distribution", None)

    def module(self, name: str) -> str:
        """The name of the module that brings a provider."""
        return self._entry_point(name).module

    def provider(self, name: str) -> Provider:
        """The provider of this name, imported now if it was not yet.

        Raises `PluginError` where there is none, or where its plugin is broken.
        """
        if name not in self._loaded:
            self._load(self._entry_point(name))
        return self._loaded[name]

    def all(self) -> list[Provider]:
        """Every provider that works; the others are named in `quarantined`."""
        found = []
        for name in self.names():
            try:
                found.append(self.provider(name))
            except PluginError as error:
                self.quarantined[name] = error.message
        return found

    def dialects(self) -> list[Dialect]:
        """The server halves of all plugins that have some."""
        modules = {point.value: point for point in self.entry_points}
        found: list[Dialect] = []
        for point in modules.values():
            try:
                found += _hooked(point, "taggers_dialects")
            except (Exception, SystemExit) as error:
                self.quarantined[point.name] = f"{point.name}: {type(error).__name__}: {error}"
        return found

    def _entry_point(self, name: str) -> importlib.metadata.EntryPoint:
        points = [point for point in self.entry_points if point.name == name]
        if not points:
            known = self.names()
            raise PluginError(
                f"there is no provider {name!r}{nearest(name, known)}",
                hint="`taggers providers` lists all that are installed",
                scope="call",
            )
        return next(
            (point for point in points if point.dist and point.dist.name == OURS), points[0]
        )

    def _load(self, point: importlib.metadata.EntryPoint) -> None:
        distribution = self.distribution(point.name)[0]
        try:
            brought = _brought(point)
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise PluginError(f"{point.name}, from {distribution}, is broken: {reason}") from error
        for provider in brought:
            if self._entry_point(provider.name).value == point.value:
                self._loaded.setdefault(provider.name, provider)
        if point.name not in self._loaded:
            raise PluginError(
                f"{point.name}, from {distribution}, is broken: "
                f"its taggers_providers() brings no provider of that name"
            )


def _brought(point: importlib.metadata.EntryPoint) -> list[Provider]:
    """The providers that a plugin's hook returns."""
    brought = _hooked(point, "taggers_providers")
    if strange := next((item for item in brought if not isinstance(item, Provider)), None):
        raise TypeError(f"its taggers_providers() brings {strange!r}, which is no Provider")
    return brought


def _hooked(point: importlib.metadata.EntryPoint, hook: str) -> list[Any]:
    """What one hook of one plugin returns; nothing where it has none. Imports the plugin."""
    manager = pluggy.PluginManager("taggers")
    manager.add_hookspecs(hookspecs)
    manager.register(point.load(), name=point.value)
    return [item for items in getattr(manager.hook, hook)() for item in items]


@functools.cache
def installed() -> Registry:
    """The process's registry of what is installed."""
    return Registry()
