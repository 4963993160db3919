"""`taggers undo`: takes the results of one run out of a store."""

from __future__ import annotations

import click

from ..batch import Store, Undone, recovered, undo, undoable
from ._confirming import confirmed
from ._terminal import many

__all__ = ["command"]


@click.command("undo")
@click.argument("store", type=click.Path())
@click.option("--run", "run", type=click.IntRange(1), required=True, metavar="ID",
              help="Which run; `taggers runs STORE` lists them.")  # fmt: skip
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether you mean it.")
def command(store: str, run: int, yes: bool) -> None:
    """Remove exactly the results of one run from STORE."""
    opened = Store.open(store)
    recovered(opened)
    _tell(run, undoable(opened, run))
    confirmed("undo it?", yes=yes, why="its results would be removed")
    undo(opened, run)
    opened.close()
    click.echo(f"run {run} is undone", err=True)


def _tell(run: int, told: Undone) -> None:
    click.echo(f"run {run}: {many(told.results, 'result goes', 'results go')}")
    if told.readings:
        readings = many(told.readings, "reading")
        click.echo(f"  with them what was read in them before or later: {readings}")
    if told.restored:
        restored = many(told.restored, "becomes", "become")
        click.echo(f"  of the results of other runs {restored} what was there before")
    click.echo(
        f"  its calls stay as spend: {many(told.units, 'unit')} billed, {told.open_units:,} maybe; "
        f"then {told.failed:,} failed and {told.unknown:,} unknown are listed"
    )
