"""A provider made ready to be asked: every setting found, and checked where its secrets may go."""

from __future__ import annotations

import contextlib
import fnmatch
import ipaddress
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from ._config import ENDPOINT, Config, Service
from ._found import Found, find
from ._gates import credential, signed_with
from ._keys import Keys
from ._limits import Limits
from ._provider import Provider
from ._registry import Registry
from ._routes import Candidate, Planner
from ._settings import Secret, Setting, Settings
from ._shared import Key, fingerprint, server
from ._wire import Request, prepare
from .errors import ConfigurationError, PluginError, TaggersError

__all__ = ["Missing", "Target", "filter_faults", "missing", "problems", "resolve"]


@frozen
class Target:
    """A provider with its settings, ready to be asked."""

    provider: Provider
    settings: Settings
    plugin: str
    plugin_version: str | None = None
    limits: Limits = field(factory=Limits)

    @cached_property
    def service(self) -> Key:
        """Which service it is, for what all calls to it share."""
        return (self._server, fingerprint(self.plugin))

    @cached_property
    def account(self) -> Key:
        """Which service with which credential."""
        return (self._server, fingerprint((self.plugin, self.credential)))

    @cached_property
    def credential(self) -> Key | None:
        """What it is asked with, and where; None where it is asked with nothing."""
        address = self.provider.address(self.settings) or ""
        return credential(self.provider, self.settings, address)

    @property
    def signed_with(self) -> list[tuple[str, Any]]:
        """The settings that sign its requests, by name."""
        return signed_with(self.provider, self.settings)

    @property
    def _server(self) -> str:
        return server(self.provider.address(self.settings) or "")


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

    Its settings are those of `find`. Raises `ConfigurationError` with all that is missing or wrong,
    and where its secrets would go to a host that is neither the vendor's nor trusted.
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
        limits=_limits(service, provider),
    )


def _limits(service: Service, provider: Provider) -> Limits:
    """What the user says of the account; else what the provider declares."""
    own, declared = service.limits, provider.offers
    return Limits(own.concurrency or declared.concurrency, own.rate_per_s or declared.rate_per_s)


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


def filter_faults(config: Config, registry: Registry) -> Iterator[str]:
    """Which routes' filters leave out all that they may ask, whatever is asked for."""
    of = partial(_candidate, config, registry)
    planner = Planner(routes=config.routes, of=of, roll=lambda: 0.0)
    for route in config.routes.values():
        with contextlib.suppress(ConfigurationError, PluginError):  # reported for the provider
            yield from route.faults([of(name) for name in planner.leaves(route.name)])


def _candidate(config: Config, registry: Registry, name: str) -> Candidate:
    return Candidate(provider=registry.provider(config.service(name, registry).plugin))


def missing(provider: Provider, found: list[Found]) -> list[Missing]:
    """What has to be set and is not. The first way to sign in counts where none is complete."""
    by_name = {item.setting.name: item for item in found}

    def unset(names: Iterable[str]) -> list[Setting]:
        return [by_name[name].setting for name in names if by_name[name].value is None]

    lacking = []
    ways = provider.credentials
    if ways and all(unset(way) for way in ways):
        file = provider.credentials_file
        others = "".join(f", or {' and '.join(way)}" for way in ways[1:])
        others += f", or [{file.section}] in {file.path}" if file else ""
        others = f" ({others.removeprefix(', ')})" if others else ""
        lacking = [Missing(setting, others) for setting in unset(ways[0])]
    required = (item.setting.name for item in found if item.setting.required)
    return lacking + [Missing(setting) for setting in unset(required)]


def _untrusted(
    provider: Provider, settings: Settings, found: list[Found], config: Config
) -> list[str]:
    """Why the secrets may not be sent where the settings say, if they may not.

    A project's file is written by others: it must not be able to send the user's own keys, or those
    that this machine gives to whoever runs on it, to a host of its choice. What is given as an
    argument goes where the program says.
    """
    sign_in = provider.sign_in(settings)
    telling = {name for way in provider.credentials for name in way}
    telling |= {item.setting.name for item in found if item.setting.secret}
    if sign_in and not any(isinstance(value, Secret) for value in settings.values()):
        telling.add(ENDPOINT.name)  # the keys are this machine's, whoever names its address
    stored = any(
        item.value is not None and item.origin != "argument" and item.setting.name in telling
        for item in found
    )
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
