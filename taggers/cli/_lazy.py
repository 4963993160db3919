"""A group of commands of which each stands in a module of its own, imported when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group whose commands are the `modules` of a `package`: each has its own as `command`."""

    def __init__(self, *args: Any, package: str, modules: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        self._package, self._modules = package, modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._modules:
            return None
        command: click.Command = importlib.import_module(f".{name}", self._package).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self._modules:
            from .._registry import nearest

            ctx.fail(f"no such command {args[0]!r}{nearest(args[0], self._modules)}")
        return super().resolve_command(ctx, args)
