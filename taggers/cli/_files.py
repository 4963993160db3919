"""What a command writes into files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .._database import ensure_no_database
from ..errors import LocalResourceError

__all__ = ["save"]


def save(path: Path, content: bytes) -> None:
    """Writes a file, whole or not at all, with the folders above it, and says so on stderr.

    Raises `LocalResourceError` where that is not possible, and `InvalidInput` where a store stands
    there.
    """
    ensure_no_database(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path.resolve(), content)
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():  # a pipe, or a device
        path.write_bytes(content)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
