"""A provider made ready to be asked: every setting found, and checked where its secrets may go."""

from __future__ import annotations

import contextlib
import fnmatch
import ipaddress
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, frozen

from ._config import ENDPOINT, REFERENCE, Config, Service
from ._keys import Keys
from ._provider import Provider
from ._registry import Registry
from ._settings import Secret, Setting, Settings
from ._wire import Request, prepare
from .errors import ConfigurationError, PluginError, TaggersError

__all__ = ["Found", "Missing", "Target", "find", "missing", "problems", "resolve"]


@frozen
class Target:
    """A provider with its settings, ready to be asked."""

    provider: Provider
    settings: Settings
    plugin: str
    plugin_version: str | None = None


@frozen
class Found:
    """One setting's value and where it came from: "argument", a file, a variable, "default" or
    "unset"; `fault` says what is wrong with it."""

    setting: Setting
    value: Any
    origin: str
    fault: str | None = None


@frozen
class Missing:
    """A setting that has to be set and is not."""

    setting: Setting
    instead: str = ""

    @property
    def name(self) -> str:
        return self.setting.name

    @property
    def how(self) -> str:
        """Its name, with the variable and the command that set it."""
        env = self.setting.env
        if env is None:
            return f"{self.name}{self.instead}: set it in the provider's table of taggers.toml"
        if self.setting.secret:
            return f"{self.name}{self.instead}: set {env}, or run `taggers keys set {env}`"
        return f"{self.name}{self.instead}: set {env}, or set it in taggers.toml"


def resolve(
    name: str,
    config: Config,
    keys: Keys,
    registry: Registry,
    arguments: Mapping[str, Any] | None = None,
) -> Target:
    """The provider of this name with all it needs.

    A setting is taken from the arguments, then the configuration, then its environment variable,
    then `keys.toml`, then its default, then the vendor's own file. Raises `ConfigurationError` with
    all that is missing or wrong, and where its secrets would go to a host that is neither the
    vendor's nor trusted.
    """
    service = config.service(name, registry)
    provider = registry.provider(service.plugin)
    found = find(provider, service, keys, arguments or {})
    faults = [f"{item.setting.name} {item.fault}" for item in found if item.fault]
    lacking = missing(provider, found)
    faults += [f"needs {item.how}" for item in lacking]
    settings = Settings({item.setting.name: item.value for item in found})
    if not faults:
        with _of_plugin(service.plugin, registry):
            faults = [*provider.check(settings), *_untrusted(provider, settings, found, config)]
    if faults:
        secret = any(item.setting.secret for item in lacking)
        scope = "credential" if secret else "process"
        raise ConfigurationError("\n".join(f"{name}: {fault}" for fault in faults), scope=scope)
    if (address := provider.address(settings)) is not None:
        prepare(Request(path="/"), address)  # raises where that is no URL that can be asked
    return Target(
        provider=evolve(provider, name=name),
        settings=settings,
        plugin=service.plugin,
        plugin_version=registry.distribution(service.plugin)[1],
    )


@contextlib.contextmanager
def _of_plugin(name: str, registry: Registry) -> Iterator[None]:
    """Makes a `PluginError` of what a provider's own checks of its settings raise."""
    try:
        yield
    except TaggersError:
        raise
    except Exception as error:
        whose = f"{name}, from {registry.distribution(name)[0]},"
        reason = f"its settings cannot be checked: {type(error).__name__}: {error}"
        raise PluginError(f"{whose} is broken: {reason}") from error


def problems(
    name: str, config: Config, keys: Keys, registry: Registry
) -> ConfigurationError | PluginError | None:
    """Why a provider cannot be asked as it is configured; None where it can."""
    try:
        resolve(name, config, keys, registry)
    except (ConfigurationError, PluginError) as error:
        return error
    return None


def find(
    provider: Provider, service: Service, keys: Keys, arguments: Mapping[str, Any]
) -> list[Found]:
    """Every setting of the provider, found or not."""
    settings = (*provider.settings, *([ENDPOINT] if provider.endpoint else []))
    known = {setting.name for setting in settings}
    if strange := sorted(set(arguments) - known):
        raise ConfigurationError(
            f"{provider.name} has no setting {', '.join(strange)}; "
            f"it has {', '.join(sorted(known)) or 'none'}"
        )
    kept = keys.of_vendor(provider.credentials_file)
    return [_find(setting, service, keys, arguments, kept) for setting in settings]


def _find(
    setting: Setting,
    service: Service,
    keys: Keys,
    arguments: Mapping[str, Any],
    kept: Mapping[str, tuple[str, str]],
) -> Found:
    value, origin, fault = _value(setting, service, keys, arguments)
    if value is None and fault is None and setting.name in kept:
        value, origin = kept[setting.name]
    if value is None:
        return Found(setting, None, origin, fault)
    if isinstance(value, Secret):
        value = value.reveal()
    if setting.many and isinstance(value, str):
        value = [item.strip() for item in value.split(",")]
    fault = fault or setting.fault(value)
    if setting.secret:
        fault = "is not a text" if fault else None
        return Found(setting, Secret(str(value)), origin, fault)
    return Found(setting, tuple(value) if setting.many else value, origin, fault)


def _value(
    setting: Setting, service: Service, keys: Keys, arguments: Mapping[str, Any]
) -> tuple[Any, str, str | None]:
    if arguments.get(setting.name) is not None:
        return arguments[setting.name], "argument", None
    if setting.name in service.settings:
        text, fault = _expanded(service.settings[setting.name], keys)
        return text, str(service.file), fault
    if setting.env and (stored := keys.find(setting.env)):
        value, store = stored
        return value, f"{setting.env} ({store})", None
    if setting.default is not None:
        return setting.default, "default", None
    return None, "unset", None


def _expanded(value: Any, keys: Keys) -> tuple[Any, str | None]:
    """The value with each `${NAME}` in it replaced."""
    if not isinstance(value, str):
        return value, None
    names = REFERENCE.findall(value)
    if unset := [name for name in names if keys.find(name) is None]:
        missing = ", ".join(unset)
        return None, f"refers to {missing}, which is not set; run: taggers keys set {unset[0]}"

    def stored(match: Any) -> str:
        found = keys.find(match[1])
        return found[0] if found else ""

    return REFERENCE.sub(stored, value), None


def missing(provider: Provider, found: list[Found]) -> list[Missing]:
    """What has to be set and is not. The first way to sign in counts where none is complete."""
    by_name = {item.setting.name: item for item in found}

    def unset(names: Iterable[str]) -> list[Setting]:
        return [by_name[name].setting for name in names if by_name[name].value is None]

    lacking = []
    ways = provider.credentials
    if ways and all(unset(way) for way in ways):
        others = "".join(f", or {' and '.join(way)}" for way in ways[1:])
        others = f" ({others.removeprefix(', ')})" if others else ""
        lacking = [Missing(setting, others) for setting in unset(ways[0])]
    required = (item.setting.name for item in found if item.setting.required)
    return lacking + [Missing(setting) for setting in unset(required)]


def _untrusted(
    provider: Provider, settings: Settings, found: list[Found], config: Config
) -> list[str]:
    """Why the secrets may not be sent where the settings say, if they may not.

    A project's file is written by others: it must not be able to send the user's own keys to a
    host of its choice. Secrets given as arguments go where the program says.
    """
    stored = any(item.setting.secret and item.value and item.origin != "argument" for item in found)
    sign_in = provider.sign_in(settings)
    addresses = (provider.address(settings), sign_in.endpoint if sign_in else None)
    hosts = [(urlsplit(address).hostname or address).lower() for address in addresses if address]
    return [
        f"its keys would be sent to {host}, which is no host of {provider.vendor}; "
        f'if that is meant, write trusted_hosts = ["{host}"] into your own file '
        f"(see `taggers config path`) or set TAGGERS_TRUSTED_HOSTS"
        for host in hosts
        if stored and not _trusted(host, provider, config)
    ]


def _trusted(host: str, provider: Provider, config: Config) -> bool:
    extra = [name for name in os.environ.get("TAGGERS_TRUSTED_HOSTS", "").split(",") if name]
    trusted = (*provider.hosts, *config.trusted_hosts, *extra)
    return _loopback(host) or any(fnmatch.fnmatchcase(host, pattern) for pattern in trusted)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
