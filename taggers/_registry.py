"""Finds providers by name without importing them, and imports one when it is asked for."""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
import reprlib
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from contextvars import ContextVar
from importlib.metadata import EntryPoint
from typing import TypeVar

import pluggy
from attrs import define, field

from . import hookspecs
from ._dialect import Dialect
from ._entry_points import GROUP, OURS, Declared, canonical, declared, distribution_of
from ._provider import Provider
from .errors import ConfigurationError, PluginError

__all__ = ["GROUP", "PLUGINS", "Registry", "installed", "nearest", "prints_aside"]

PLUGINS = "TAGGERS_PLUGINS"
"""The variable that names the distributions to look at, besides taggers itself."""

HOOKS = [name for name in vars(hookspecs) if name.startswith("taggers_")]

_T = TypeVar("_T")
_quiet = ContextVar("quiet", default=False)


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that proposes the known name that looks most like this one; "" where none does."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""


@define
class Registry:
    """The installed providers. One that is broken breaks only itself: see `quarantined`.

    `entry_points` are those of the group `taggers.providers`; their names are the providers'.
    `quarantined` holds why a provider does not work, and `faults` what else is wrong with plugins;
    `left_out` are the providers that are not to be looked at, and their distributions.
    """

    entry_points: tuple[EntryPoint, ...] = field(factory=lambda: declared().points)
    quarantined: dict[str, str] = field(factory=dict)
    faults: list[str] = field(factory=list)
    left_out: Mapping[str, str] = field(factory=dict)
    _loaded: dict[str, Provider] = field(factory=dict)

    def names(self) -> list[str]:
        """All providers' names, sorted. Nothing is imported."""
        return sorted({point.name for point in self.entry_points})

    @classmethod
    def of(cls, *providers: Provider) -> Registry:
        """A registry of these providers alone, installed or not."""
        return cls(
            tuple(EntryPoint(provider.name, __name__, GROUP) for provider in providers),
            loaded={provider.name: provider for provider in providers},
        )

    def distribution(self, name: str) -> tuple[str, str | None]:
        """The distribution that brings a provider, and its version."""
        point = self._entry_point(name)
        return distribution_of(point), point.dist.version if point.dist else None

    def module(self, name: str) -> str:
        """The name of the module that brings a provider."""
        return self._entry_point(name).module

    def provider(self, name: str) -> Provider:
        """The provider of this name, imported now if it was not yet.

        Raises `PluginError` where there is none or more than one, or where its plugin is broken.
        """
        point = self._entry_point(name)
        if name not in self._loaded:
            self._load(point)
        return self._loaded[name]

    def all(self) -> list[Provider]:
        """Every provider that works; the others are named in `quarantined`."""
        found = []
        for name in self.names():
            try:
                found.append(self.provider(name))
            except PluginError as error:
                self.quarantined[name] = str(error)
        return found

    def dialects(self) -> list[Dialect]:
        """The server halves of all plugins that have some; taggers' own come first.

        Those of a plugin that is broken are left out.
        """
        plugins = {(distribution_of(point), point.value): point for point in self.entry_points}
        found: dict[str, Dialect] = {}
        for point in sorted(plugins.values(), key=lambda point: distribution_of(point) != OURS):
            try:
                found |= self._dialects(point, found)
            except PluginError as error:
                self._note(error.message)
        return list(found.values())

    def _dialects(self, point: EntryPoint, taken: Container[str]) -> dict[str, Dialect]:
        """The server halves of one plugin. Raises `PluginError` where one cannot be used."""
        with contextlib.suppress(PluginError):
            self.provider(point.name)
        if point.name not in self._loaded:
            return {}  # `all` says why
        with _isolated(f"the emulation of {_whose(point)}"):
            brought = _returned(_plugin(point), "taggers_dialects", Dialect)
            for dialect in brought:
                if dialect.name in taken:
                    raise ValueError(f"another plugin has a dialect {dialect.name!r}")
                if dialect.provider and not self._brings(point, dialect.provider.name):
                    raise ValueError(f"{dialect.provider.name!r} is no provider of this plugin")
            return {dialect.name: dialect for dialect in brought}

    def _entry_point(self, name: str) -> EntryPoint:
        points = [point for point in self.entry_points if point.name == name]
        if not points and name in self.left_out:
            raise PluginError(
                f"{name}, from {self.left_out[name]}, is left out by --no-plugins or {PLUGINS}",
                scope="call",
            )
        if not points:
            raise PluginError(
                f"there is no provider {name!r}{nearest(name, self.names())}",
                hint="`taggers providers` lists all that are installed",
                scope="call",
            )
        if len(points) > 1:
            sources = " and by ".join(sorted(map(distribution_of, points)))
            raise PluginError(
                f"{name} is brought by {sources}; neither is used",
                hint=f"uninstall one of them, or leave it out with {PLUGINS}",
            )
        return points[0]

    def _load(self, point: EntryPoint) -> None:
        with _isolated(_whose(point)):
            plugin = _plugin(point)
            brought = _returned(plugin, "taggers_providers", Provider)
        oddities = [
            f"taggers has no hook {name}{nearest(name, HOOKS)}" for name in _unknown(plugin)
        ]
        for provider in brought:
            if self._brings(point, provider.name):
                self._loaded.setdefault(provider.name, provider)
            else:
                oddities.append(f"no entry point names its {provider.name!r}")
        if point.name not in self._loaded:
            reasons = "; ".join([_lack(plugin), *oddities])
            raise PluginError(f"{_whose(point)} is broken: {reasons}")
        for oddity in oddities:
            self._note(f"{_whose(point)} works in part: {oddity}")

    def _brings(self, point: EntryPoint, name: str) -> bool:
        """Whether the plugin of an entry point declares a provider of this name."""
        return any(
            other.name == name and other.value == point.value and other.dist is point.dist
            for other in self.entry_points
        )

    def _note(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)


def _whose(point: EntryPoint) -> str:
    return f"{point.name}, from {distribution_of(point)},"


@contextlib.contextmanager
def _isolated(whose: str) -> Iterator[None]:
    """Makes a `PluginError` of whatever a plugin raises.

    Only Ctrl-C goes through, since a plugin that hangs must be left: it is told where it struck.
    """
    aside = contextlib.redirect_stdout(sys.stderr) if _quiet.get() else contextlib.nullcontext()
    try:
        with aside:
            yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"interrupted in {whose} while that was loaded; see --no-plugins")
        raise
    except BaseException as error:  # SystemExit, pytest's Skipped, and what else authors think of
        raise PluginError(f"{whose} is broken: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What kind of error it is and what it says, in one line, if it can say anything."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = "an error that cannot be printed"
    return f"{type(error).__name__}: {said}"


def _plugin(point: EntryPoint) -> pluggy.PluginManager:
    """A plugin and its hooks, imported now if it was not yet."""
    manager = pluggy.PluginManager("taggers")
    manager.add_hookspecs(hookspecs)
    manager.register(point.load(), name=point.value)
    return manager


def _returned(plugin: pluggy.PluginManager, hook: str, kind: type[_T]) -> list[_T]:
    """What one hook of a plugin returns; nothing where it has none."""
    found: list[_T] = []
    for returned in getattr(plugin.hook, hook)():
        for item in returned if isinstance(returned, Iterable) else [returned]:
            if not isinstance(item, kind):
                raise TypeError(
                    f"its {hook}() brings {reprlib.repr(item)}, which is no {kind.__name__}"
                )
            found.append(item)
    return found


def _lack(plugin: pluggy.PluginManager) -> str:
    """Why a plugin that could be imported does not bring the provider that it declares."""
    if plugin.hook.taggers_providers.get_hookimpls():
        return "its taggers_providers() brings no provider of that name"
    return "it has no hook taggers_providers() that is marked with @hookimpl"


def _unknown(plugin: pluggy.PluginManager) -> list[str]:
    """The hooks of a plugin that taggers does not call, unless they are marked as optional."""
    return [
        caller.name
        for _, module in plugin.list_name_plugin()
        for caller in plugin.get_hookcallers(module) or ()
        if not caller.has_spec()
        if not all(hook.optionalhook for hook in caller.get_hookimpls())
    ]


@contextlib.contextmanager
def prints_aside() -> Iterator[None]:
    """Lets what plugins print while they are imported go to stderr: stdout is for data alone."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def installed() -> Registry:
    """The process's registry of what is installed, as far as TAGGERS_PLUGINS lets it look.

    Raises `ConfigurationError` where that names a distribution that brings no providers.
    """
    return _installed(os.environ.get(PLUGINS))


@functools.cache
def _installed(plugins: str | None) -> Registry:
    everything = declared()
    found = everything if plugins is None else _chosen(everything, plugins)
    faults = [f"{distribution}: {reason}" for distribution, reason in found.faults]
    names = {point.name for point in found.points}
    left_out = {p.name: distribution_of(p) for p in everything.points if p.name not in names}
    return Registry(found.points, faults=faults, left_out=left_out)


def _chosen(found: Declared, plugins: str) -> Declared:
    """What taggers itself declares, and the distributions that are named, with commas between."""
    known = {canonical(name): name for name in found.distributions()}
    named = {canonical(name.strip()): name.strip() for name in plugins.split(",") if name.strip()}
    if strange := [name for key, name in named.items() if key not in known]:
        raise ConfigurationError(
            "\n".join(
                f"{PLUGINS}: no installed distribution {name!r} brings providers"
                f"{_meant(name, found, known.values())}"
                for name in strange
            ),
            scope="call",
        )
    return found.only(lambda name: name == OURS or canonical(name) in named)


def _meant(name: str, found: Declared, known: Iterable[str]) -> str:
    """A clause that proposes a distribution: that of the provider of this name, or one like it."""
    brings = next((distribution_of(p) for p in found.points if p.name == name), None)
    return f"; did you mean {brings!r}?" if brings else nearest(name, known)
