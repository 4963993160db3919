"""`taggers runs`: what was done with a store."""

from __future__ import annotations

import time

import click

from ..batch import Store, runs, unfinished
from ._ending import listed
from ._terminal import console, safe, table

__all__ = ["command"]


@click.command("runs")
@click.argument("store", type=click.Path())
def command(store: str) -> None:
    """List the runs of STORE: what each asked, got and was billed for.

    What has no result now is listed below, each kind of error with an example, and the command that
    asks again for those alone.
    """
    opened = Store.open(store)
    found = runs(opened)
    shown = table("run", "state", "began", "took", "command", "calls", "results", "failed",
                  "unknown", "units", "maybe")  # fmt: skip
    for run in found:
        took = "" if run.ended is None else f"{run.ended - run.began:,.0f} s"
        counts = (run.calls, run.results, run.failed, run.unknown, run.units, run.open_units)
        shown.add_row(
            str(run.id),
            run.state,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.began)),
            took,
            safe(run.command),
            *(f"{count:,}" for count in counts),
        )
    console().print(shown if found else "no runs")
    for line in listed(opened.path, unfinished(opened)):
        click.echo(safe(line))
