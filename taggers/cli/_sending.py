"""How a command sends pictures to their provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["sending"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--prepare", type=click.Choice(("auto", "never")), default="auto",
                 help="auto makes pictures fit their provider, never leaves them."),
    click.option("--keep-metadata", is_flag=True,
                 help="Upload metadata, such as where a photo was taken, too."),
    click.option("--fetch", is_flag=True, help="Download URLs for providers that take none."),
)  # fmt: skip


def sending(command: Command) -> Command:
    """Gives a command the options that are `Sending`, under the same names."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
