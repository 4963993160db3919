"""`taggers config`: which files are read, what they mean, and what is wrong in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from .._config import Config, Prices
from .._config_file import find_files
from .._config_keys import BATCH, BUDGET, POLICY, ROUTE, SERVICE, STORE, WHEN, Key
from .._config_schema import config_schema
from .._found import find
from .._keys import Keys, keys_path, user_folder
from .._registry import installed
from .._resolve import filter_faults, problems
from .._settings import Secret
from ..errors import ConfigurationError
from ._setup import Setup, pass_setup
from ._terminal import complain, exit_code

__all__ = ["command"]


@click.group("config")
def command() -> None:
    """Check and show the configuration."""


@command.command("check")
@pass_setup
def check(setup: Setup) -> int:
    """Report every mistake in the configuration, each with its place."""
    loaded, registry, keys = setup.config(), installed(), Keys.load()
    found = [problems(name, loaded, keys, registry) for name in loaded.services]
    wrong = [error for error in found if error is not None]
    wrong += map(ConfigurationError, filter_faults(loaded, registry))
    for error in wrong:
        complain(error)
    if wrong:
        return max(exit_code(error) for error in wrong)
    read = ", ".join(map(str, loaded.files)) or "there is none, which is fine"
    click.echo(f"no mistakes in the configuration ({read})")
    return 0


@command.command("show")
@pass_setup
def show(setup: Setup) -> None:
    """Show the whole configuration as it is understood; secrets stay hidden."""
    loaded, registry, keys = setup.config(), installed(), Keys.load()
    if loaded.default:
        click.echo(f"default = {_toml(loaded.default)}{_from(loaded.origins.get('default'))}")
    _profile(loaded)
    if loaded.trusted_hosts:
        click.echo(f"trusted_hosts = {_toml(loaded.trusted_hosts)}")
    _table("policy", _said(loaded.policy, POLICY))
    _table("store", {"folder": str(loaded.store.place)} | _said(loaded.store, STORE))
    _table("batch", _said(loaded, BATCH))
    for name, service in loaded.services.items():
        _table(
            f"providers.{_key(name)}",
            {"plugin": service.plugin} | _said(service.limits, SERVICE),
            service.file,
        )
        for item in find(registry.provider(service.plugin), service, keys, {}):
            if item.value is not None:
                click.echo(f"{item.setting.name} = {_toml(item.value)}{_from(item.origin)}")
    for name, route in loaded.routes.items():
        _table(f"routes.{_key(name)}", _said(route, ROUTE), route.file)
        for rule in route.when:
            _table(f"routes.{_key(name)}.when", _said(rule, WHEN), array=True)
    for name, cap in loaded.budgets.items():
        said = {"cap": cap.money} | _said(cap, BUDGET)
        _table(f"budgets.{_key(name)}", said, loaded.origins[f"budgets.{name}"])
    prices = {_key(name): price for name, price in loaded.prices.units.items()}
    if loaded.prices != Prices():
        _table("prices", prices | {"cny_per_usd": loaded.prices.cny_per_usd})


def _profile(config: Config) -> None:
    if config.profile is not None:
        names = ", ".join(config.profile.providers) or "nobody"
        path = _toml(str(config.origins["profile"]))
        click.echo(f"profile = {path}{_from(f'thresholds for {names}')}")


def _said(what: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
    """What is known of these keys, by name."""
    return {key: value for key in keys if (value := getattr(what, key, None)) not in (None, (), {})}


def _table(
    name: str, values: Mapping[str, Any], file: Path | None = None, *, array: bool = False
) -> None:
    if not values:
        return
    click.echo(f"\n[[{name}]]" if array else f"\n[{name}]{_from(file)}")
    for key, value in values.items():
        if value is not None:
            click.echo(f"{key} = {_toml(value)}")


def _from(origin: object) -> str:
    return f"  # {origin}" if origin else ""


def _key(name: str) -> str:
    """A key as TOML takes it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, Secret):
        return '"***"'
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
        )
    return json.dumps(value, ensure_ascii=False, default=str)


@command.command("path")
@pass_setup
def path(setup: Setup) -> None:
    """Print the files that are read, first to last, and where your own would stand."""
    for file in [Path(setup.path)] if setup.path else find_files():
        click.echo(f"read    {file}")
    click.echo(f"yours   {user_folder() / 'config.toml'}")
    click.echo(f"keys    {keys_path()}")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of taggers.toml, for editors."""
    click.echo(json.dumps(config_schema(installed()), ensure_ascii=False, indent=2))
