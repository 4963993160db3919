"""`taggers keys`: the user's stored keys."""

from __future__ import annotations

import sys

import click

from .._keys import Keys, keys_path, read, store
from .._registry import installed, nearest
from ..errors import ConfigurationError

__all__ = ["command"]


@click.group("keys")
def command() -> None:
    """Store keys for providers in a file that only you can read."""


@command.command("set")
@click.argument("name")
def set_(name: str) -> None:
    """Store the key NAME: a variable such as HUAWEICLOUD_SDK_AK, or a provider, which asks for
    each of its keys.

    The value is asked for without being shown, or read from stdin, one line a key. It is never
    taken from the command line, where others could see it.
    """
    for variable in _variables(name):
        if value := _asked(variable):
            store(keys_path(), variable, value)
            click.echo(f"stored {variable} in {keys_path()}", err=True)
        else:
            click.echo(f"left {variable} as it was", err=True)


def _variables(name: str) -> list[str]:
    if name.isupper():
        return [name]
    registry = installed()
    if name not in registry.names():
        close = nearest(name, registry.names())
        raise ConfigurationError(f"{name!r} is neither a variable nor a provider{close}")
    settings = registry.provider(name).settings
    return [setting.env for setting in settings if setting.secret and setting.env]


def _asked(variable: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    answer: str = click.prompt(
        f"{variable} (empty: leave it)", hide_input=True, default="", show_default=False, err=True
    )
    return answer.strip()


@command.command("list")
def list_() -> None:
    """List the names of all keys that providers know, and where each is set. Values stay hidden."""
    keys = Keys.load()
    known = {
        setting.env: setting.help
        for provider in installed().all()
        for setting in provider.settings
        if setting.secret and setting.env
    }
    for name in sorted({*known, *read(keys_path())}):
        found = keys.find(name)
        click.echo(
            f"{name:<32} {found[1] if found else 'unset':<12} {known.get(name, '')}".rstrip()
        )


@command.command("path")
def path() -> None:
    """Print where the keys are stored."""
    click.echo(keys_path())
