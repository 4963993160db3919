"""What a person sees: text that is safe to print, tables, and complaints on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ..errors import ConfigurationError, TaggersError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["complain", "console", "duration", "exit_code", "many", "output_lost", "safe", "table"]


def safe(text: str) -> str:
    """The text without anything that a terminal would obey: each such character is escaped.

    Vendors' texts come from strangers: escape sequences and bidirectional controls stay visible.
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or 120 columns where the output is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else 120,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def many(count: int, one: str, several: str | None = None) -> str:
    """So many of something, as in "1 picture" and "2,000 pictures"."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def table(*columns: str) -> Table:
    """A table that is all about its content: a rule under the head, and no frame."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def duration(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def complain(error: TaggersError) -> None:
    """Prints an error on stderr, one line for each thing that is wrong."""
    for line in [*str(error).splitlines(), *error.warnings]:
        click.echo(f"taggers: {safe(line)}", err=True)


def output_lost(error: OSError | UnicodeEncodeError) -> int:
    """Says why the output could not be written; nothing more is tried with it."""
    if isinstance(error, UnicodeEncodeError):
        why = f"{error.encoding} cannot hold {safe(error.object[error.start : error.end])!r}"
        click.echo(f"taggers: the output's {why}; set PYTHONIOENCODING=utf-8", err=True)
    else:
        click.echo(f"taggers: the output cannot be written: {error.strerror}", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def exit_code(error: TaggersError) -> int:
    """The exit code for a command that ended in this error."""
    if error.scope == "credential":
        return 3
    if isinstance(error, ConfigurationError) or error.scope == "call":
        return 2
    return 4
