"""`taggers.toml`: which providers there are and how to choose among them.

    default = "tags"                     # a provider or a route

    [providers.hw]                       # a name of your own, or an installed provider's
    plugin = "huawei-tagging-v2"         # which installed provider it is
    region = "cn-north-4"                # its settings
    project_id = "${HUAWEICLOUD_SDK_PROJECT_ID}"

    [routes.tags]
    strategy = "fallback"
    targets = ["hw", "local-basic"]

The user's own file is read first and the project's on top of it. All mistakes are reported at once.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ._keys import user_folder
from ._provider import Provider
from ._registry import Registry, installed, nearest
from ._settings import Setting
from .errors import ConfigurationError, PluginError

__all__ = [
    "ENDPOINT",
    "REFERENCE",
    "STRATEGIES",
    "Config",
    "Route",
    "Service",
    "find_files",
    "load",
]

FILE_NAME = "taggers.toml"
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
ENDPOINT = Setting("endpoint", "the URL to ask instead of the vendor's own", pattern="https?://.+")

_TOP = ("default", "providers", "routes", "trusted_hosts")
STRATEGIES = ("fallback",)


@frozen
class Service:
    """One `[providers.NAME]` table: an installed provider under the user's own name."""

    name: str
    plugin: str
    settings: Mapping[str, Any] = field(factory=dict)
    file: Path | None = None


@frozen
class Route:
    """One `[routes.NAME]` table: a way to choose among providers.

    "fallback" asks the targets in order until one answers. A failure that may have been billed, or
    that paying another vendor would hide, ends the route unless `paid_fallback` is true.
    """

    name: str
    targets: tuple[str, ...]
    strategy: str = "fallback"
    paid_fallback: bool = False
    file: Path | None = None


@define
class Config:
    """What the configuration files say. `trusted_hosts` comes from the user's own file alone."""

    default: str | None = None
    services: dict[str, Service] = field(factory=dict)
    routes: dict[str, Route] = field(factory=dict)
    trusted_hosts: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def service(self, name: str, registry: Registry | None = None) -> Service:
        """The provider that is meant by a name: a table of the user's, or an installed provider."""
        registry = registry or installed()
        if name in self.services:
            return self.services[name]
        if name in registry.names() or name in registry.left_out:
            return Service(name, name)
        known = [*self.services, *registry.names()]
        raise ConfigurationError(
            f"there is no provider {name!r}{nearest(name, known)}",
            hint="`taggers providers` lists them",
            scope="call",
        )


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
        reader = _Reader(file, registry, trusted=file == user_folder() / "config.toml")
        reader.read_into(config)
        faults += [f"{file}: {fault}" for fault in reader.faults]
    faults += _loose_ends(config, registry)
    if faults:
        raise ConfigurationError("\n".join(faults))
    return config


def _loose_ends(config: Config, registry: Registry) -> Iterator[str]:
    """Names that are used and defined nowhere."""
    services = {*config.services, *registry.names(), *registry.left_out}
    if config.default is not None and config.default not in {*services, *config.routes}:
        close = nearest(config.default, [*config.routes, *services])
        yield f"{config.files[-1]}: default: there is no {config.default!r}{close}"
    for route in config.routes.values():
        for index, target in enumerate(route.targets):
            if target not in services:
                close = nearest(target, services)
                place = f"{route.file}: routes.{route.name}.targets[{index}]"
                yield f"{place}: there is no {target!r}{close}"


@define
class _Reader:
    """Reads one file and notes what is wrong in it."""

    file: Path
    registry: Registry
    trusted: bool
    faults: list[str] = field(factory=list)

    def read_into(self, config: Config) -> None:
        config.files += (self.file,)
        document = self._document()
        self._known_keys("", document, _TOP)
        if (default := document.get("default")) is not None:
            config.default = self._text("default", default)
        for name, table in self._tables("providers", document):
            config.services[name] = self._service(name, table)
        for name, table in self._tables("routes", document):
            if route := self._route(name, table):
                config.routes[name] = route
        self._trust(config, document)

    def _document(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            self.faults.append("there is no such file")
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"it cannot be read: {error}")
        except tomllib.TOMLDecodeError as error:
            self.faults.append(f"it is not TOML: {error}")
        return {}

    def _known_keys(self, place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                close = nearest(key, known) or f"; allowed are {', '.join(sorted(known))}"
                self.faults.append(f"{place}{key}: there is no such key{close}")

    def _text(self, place: str, value: Any) -> str | None:
        if isinstance(value, str) and value:
            return value
        self.faults.append(f"{place}: must be a text, not {value!r}")
        return None

    def _texts(self, place: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.faults.append(f"{place}: must be a list of names in quotes, not {value!r}")
            return ()
        if not value:
            self.faults.append(f"{place}: is empty; name at least one")
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self.faults.append(f"{place}[{index}]: must be a name in quotes, not {item!r}")
        return tuple(item for item in value if isinstance(item, str))

    def _tables(self, key: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        tables = document.get(key, {})
        if not isinstance(tables, dict):
            self.faults.append(f"{key}: must be tables like [{key}.NAME], not {tables!r}")
            return
        for name, table in tables.items():
            if isinstance(table, dict):
                yield name, table
            else:
                self.faults.append(f"{key}.{name}: must be a table [{key}.{name}], not {table!r}")

    def _service(self, name: str, table: dict[str, Any]) -> Service:
        place = f"providers.{name}"
        known = [*self.registry.names(), *self.registry.left_out]
        given = {key: value for key, value in table.items() if key != "plugin"}
        plugin = table.get("plugin", name if name in known else None)
        if name in known and plugin != name:
            self.faults.append(f"{place}: {name} is an installed provider; take another name")
        if plugin is None:
            self.faults.append(f'{place}.plugin: is missing; write plugin = "PROVIDER"')
        elif plugin not in known:
            close = nearest(str(plugin), known)
            self.faults.append(f"{place}.plugin: there is no provider {plugin!r}{close}")
            self._like(place, given, str(plugin))
        else:
            # A plugin that is broken or left out is reported when it is used, and not before.
            with contextlib.suppress(PluginError):
                self._settings(place, given, self.registry.provider(plugin))
        return Service(name, str(plugin), given, self.file)

    def _like(self, place: str, given: dict[str, Any], plugin: str) -> None:
        """Judges the settings of a mistyped provider as if it were the one that is meant."""
        close = difflib.get_close_matches(plugin, self.registry.names(), n=1, cutoff=0.8)
        with contextlib.suppress(PluginError):
            for name in close:
                self._settings(place, given, self.registry.provider(name))

    def _settings(self, place: str, given: dict[str, Any], provider: Provider) -> None:
        settings = {setting.name: setting for setting in (*provider.settings, ENDPOINT)}
        self._known_keys(f"{place}.", {**given}, ("plugin", *settings))
        for key, value in given.items():
            if setting := settings.get(key):
                fault = _secret_fault(setting, value) or _value_fault(setting, value)
                self.faults += [f"{place}.{key}: {fault}"] if fault else []

    def _route(self, name: str, table: dict[str, Any]) -> Route | None:
        place = f"routes.{name}"
        self._known_keys(f"{place}.", table, ("strategy", "targets", "paid_fallback"))
        strategy = table.get("strategy", "fallback")
        if strategy not in STRATEGIES:
            self.faults.append(
                f"{place}.strategy: {strategy!r} is none of {', '.join(STRATEGIES)}"
                f"{nearest(str(strategy), STRATEGIES)}"
            )
        paid = table.get("paid_fallback", False)
        if not isinstance(paid, bool):
            self.faults.append(f"{place}.paid_fallback: must be true or false, not {paid!r}")
        if "targets" not in table:
            self.faults.append(f"{place}.targets: is missing; list the providers to ask, in order")
            return None
        targets = self._texts(f"{place}.targets", table["targets"])
        return Route(name, targets, strategy, bool(paid), self.file) if targets else None

    def _trust(self, config: Config, document: Mapping[str, Any]) -> None:
        if "trusted_hosts" not in document:
            return
        if not self.trusted:
            self.faults.append(
                "trusted_hosts: only your own file may set this: "
                f"{user_folder() / 'config.toml'} (see `taggers config path`)"
            )
            return
        config.trusted_hosts = self._texts("trusted_hosts", document["trusted_hosts"])


def _secret_fault(setting: Setting, value: Any) -> str | None:
    if not setting.secret or (isinstance(value, str) and REFERENCE.fullmatch(value)):
        return None
    env = setting.env or setting.name.upper()
    return f'is a secret and may not stand here; write "${{{env}}}" and run: taggers keys set {env}'


def _value_fault(setting: Setting, value: Any) -> str | None:
    """What is wrong with a value; one with references is judged when they are known."""
    if isinstance(value, str) and REFERENCE.search(value):
        return None
    fault = setting.fault(value)
    if fault and setting.choices and isinstance(value, str) and not setting.many:
        fault += nearest(value, setting.choices)
    return fault
