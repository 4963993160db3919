"""Asking a person before something is done."""

from __future__ import annotations

import sys

import click

from ..errors import InvalidInput

__all__ = ["confirmed"]


def confirmed(question: str, *, yes: bool, why: str) -> None:
    """Returns where a person agrees, or has done so with `--yes`, and ends the command where not.
    Raises `InvalidInput`, which tells `why` there is a question, where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            f"{why}, and there is no terminal to ask at", hint="pass --yes", scope="call"
        )
    if not click.confirm(question, err=True):
        click.echo("taggers: nothing was done", err=True)
        raise click.exceptions.Exit(1)
