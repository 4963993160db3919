"""`taggers export`: a store as a file for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..batch import FORMATS, Store, export, write_lines
from ._terminal import many, safe

__all__ = ["command"]


@click.command("export")
@click.argument("store", type=click.Path())
@click.option("--to", "form", type=click.Choice(FORMATS), required=True,
              help="Parquet needs: pip install 'taggers[parquet]'.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Where to; without it CSV and JSON Lines go to stdout.")  # fmt: skip
def command(store: str, form: str, output: Path | None) -> None:
    """Write what STORE holds as Parquet, CSV or JSON Lines.

    Parquet has a row for each picture and provider, with lists of tags and regions; CSV a line for
    each tag; JSON Lines whole results, as `taggers tag -f jsonl` writes them.
    """
    if output is None and form == "parquet":
        raise click.UsageError("Parquet goes into a file: name it with --output FILE")
    opened = Store.open(store)
    if output is None:
        write_lines(opened, form, sys.stdout)
        return
    count = export(opened, form, output)
    written = many(count, "result or failure", "results and failures")
    click.echo(f"wrote {written} to {safe(str(output))}", err=True)
