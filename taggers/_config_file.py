"""The configuration files: where they are, and whether what they say holds together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ._config import Config
from ._config_reader import Reader
from ._keys import user_folder
from ._registry import Registry, installed, nearest
from ._routes import Route
from .errors import ConfigurationError

__all__ = ["find_files", "load"]

FILE_NAME = "taggers.toml"


def find_files(folder: Path | None = None) -> list[Path]:
    """The files that are read, first to last: the user's own, then the nearest project's.

    TAGGERS_CONFIG names a project's file; otherwise it is the `taggers.toml` in this folder or the
    nearest one above it.
    """
    users = user_folder() / "config.toml"
    if named := os.environ.get("TAGGERS_CONFIG"):
        projects: list[Path] = [Path(named)]
    else:
        start = (folder or Path.cwd()).resolve()
        above = (place / FILE_NAME for place in (start, *start.parents))
        projects = [path for path in above if path.is_file()][:1]
    return [path for path in (users,) if path.is_file()] + projects


def load(path: str | os.PathLike[str] | None = None, registry: Registry | None = None) -> Config:
    """Reads the configuration: one file if it is named, otherwise those of `find_files`.

    Raises `ConfigurationError` with every mistake in them, each with its place.
    """
    registry = registry or installed()
    config, faults = Config(), []
    for file in [Path(path)] if path is not None else find_files():
        reader = Reader(file, registry, trusted=file == user_folder() / "config.toml")
        reader.read_into(config)
        faults += [f"{file}: {fault}" for fault in reader.faults]
    faults += _loose_ends(config, registry)
    if faults:
        raise ConfigurationError("\n".join(faults))
    return config


def _loose_ends(config: Config, registry: Registry) -> Iterator[str]:
    """Names that are used and defined nowhere, and what does not go together."""
    services = {*config.services, *registry.names(), *registry.left_out}
    if config.default is not None and config.default not in {*services, *config.routes}:
        close = nearest(config.default, [*config.routes, *services])
        yield f"{config.origins['default']}: default: there is no {config.default!r}{close}"
    for route in config.routes.values():
        yield from (f"{route.file}: {fault}" for fault in _route_ends(route, config, services))
    for cap in config.budgets.values():
        place = _place(f"budgets.{cap.name}", config)
        yield from _unknown(f"{place}.providers", cap.providers or (), services)
        yield from _unknown(f"{place}.routes", cap.routes or (), {*config.routes})
    for name in config.profile.providers if config.profile else ():
        place = f"{config.origins['profile']}: providers.{name}"
        yield from _unknown(place, (name,), services)
    for name in config.prices.units:
        yield from _unknown(_place(f"prices.{name}", config), (name,), services)


def _route_ends(route: Route, config: Config, services: set[str]) -> Iterator[str]:
    place = f"routes.{route.name}"
    known = {*services, *config.routes}
    for index, target in enumerate(route.targets):
        if target not in known:
            yield f"{place}.targets[{index}]: there is no {target!r}{nearest(target, known)}"
    yield from _unknown(f"{place}.when", [rule.use for rule in route.when], known)
    yield from _unknown(f"{place}.shadow", route.shadow, known)
    if route.name in services:
        yield f"{place}: {route.name} is a provider; take another name"
    if loop := _loop(route, config.routes):
        yield f"{place}: it leads back to itself: {' → '.join(loop)}"


def _place(key: str, config: Config) -> str:
    return f"{config.origins[key]}: {key}"


def _unknown(place: str, names: Iterable[str], known: set[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{place}: there is no {name!r}{nearest(name, known)}"


def _loop(route: Route, routes: Mapping[str, Route]) -> list[str] | None:
    """The way by which a route leads back to itself, if it does."""
    ways, seen = [[route.name]], set[str]()
    while ways:
        way = ways.pop()
        for name in routes[way[-1]].mentions:
            if name == route.name:
                return [*way, name]
            if name in routes and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None
