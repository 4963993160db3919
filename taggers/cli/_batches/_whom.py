"""Whom a command asks: the providers and routes that it names, or the default."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from attrs import frozen

from ..._config import Config

__all__ = ["Asked", "asking"]

_OPTIONS = (
    click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
                 help="Ask this provider, or route; give it several times."),
    click.option("--route", "routes", multiple=True, metavar="NAME",
                 help="Ask this route of taggers.toml."),
)  # fmt: skip


@frozen
class Asked:
    """What the options name."""

    providers: tuple[str, ...]
    routes: tuple[str, ...]

    def named(self, config: Config) -> tuple[str, ...]:
        """The names, each once. Raises `UsageError` for a route that there is not."""
        for name in self.routes:
            if name not in config.routes:
                known = ", ".join(config.routes) or "none"
                raise click.UsageError(f"there is no route {name!r}; taggers.toml has {known}")
        return tuple(dict.fromkeys((*self.providers, *self.routes)))

    def names(self, config: Config) -> tuple[str, ...]:
        """The names, or that of the default. Raises `UsageError` where there is none either."""
        names = self.named(config) or tuple(filter(None, [config.default]))
        if not names:
            raise click.UsageError("name whom to ask: -p NAME, or set default in taggers.toml")
        return names


def asking(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options that name whom it asks, together as `asked`."""

    @functools.wraps(command)
    def called(*args: Any, providers: tuple[str, ...], routes: tuple[str, ...], **more: Any) -> Any:
        return command(*args, asked=Asked(providers, routes), **more)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
