"""`taggers config`: which files are read, what they mean, and what is wrong in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .._config_file import find_files
from .._config_schema import config_schema
from .._found import find
from .._keys import Keys, keys_path, user_folder
from .._registry import installed
from .._resolve import problems
from .._settings import Secret
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
    click.echo(f"default = {json.dumps(loaded.default or '', ensure_ascii=False)}")
    for name, service in loaded.services.items():
        click.echo(f"\n[providers.{name}]  # {service.file}\nplugin = {json.dumps(service.plugin)}")
        for item in find(registry.provider(service.plugin), service, keys, {}):
            if item.value is not None:
                click.echo(f"{item.setting.name} = {_toml(item.value)}  # {item.origin}")
    for route in loaded.routes.values():
        click.echo(f"\n[routes.{route.name}]\nstrategy = {json.dumps(route.strategy)}")
        click.echo(f"targets = {json.dumps(route.targets, ensure_ascii=False)}")
        click.echo(f"paid_fallback = {json.dumps(route.paid_fallback)}")


def _toml(value: Any) -> str:
    return '"***"' if isinstance(value, Secret) else json.dumps(value, ensure_ascii=False)


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
