"""What a command writes into files."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import LocalResourceError

__all__ = ["save"]


def save(path: Path, content: bytes) -> None:
    """Writes a file, with the folders above it, and says so on stderr.

    Raises `LocalResourceError` where that is not possible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
