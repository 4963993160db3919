"""`taggers plugin`: for those who write a provider. Each command stands in a file of its own."""

from __future__ import annotations

import click

from .._lazy import LazyGroup

__all__ = ["command"]

COMMANDS = ("new", "record", "fields")


@click.group("plugin", cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Write a provider of your own."""
