"""`taggers plugin`: what helps to write a provider."""

from __future__ import annotations

import importlib

import click

__all__ = ["command"]

COMMANDS = ("record",)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f".{name}", __name__).command
        return command


@click.group("plugin", cls=_Commands)
def command() -> None:
    """Write a provider: record its exchanges."""
