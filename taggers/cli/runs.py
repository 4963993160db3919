"""`taggers runs`: what was done with a store."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from .._money import Money
from ..batch import Store, runs, unfinished, unread
from ._batches._bill import amounts
from ._batches._ending import listed, not_read
from ._terminal import console, duration, many, safe, table

__all__ = ["command"]


@click.command("runs")
@click.argument("store", type=click.Path())
def command(store: str) -> None:
    """List the runs of STORE: what each asked, got and was billed for.

    What failed costs nothing to ask again, and what is unknown may have been billed. Both are
    listed below, each kind of error with an example, and the command that asks again for those
    alone; then what could not be read, so that nobody was asked.
    """
    opened = Store.open(store)
    found = runs(opened)
    shown = table("run", "state", "began", "took", "command", "calls", "results", "failed",
                  "unknown", "billed", "maybe")  # fmt: skip
    shown.padding = (0, 1, 0, 0)  # or it has no room for what was asked
    for column in shown.columns[5:]:
        column.justify = "right"
    for run in found:
        counts = (run.calls, run.results, run.failed, run.unknown)
        shown.add_row(
            str(run.id),
            run.state,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.began)),
            "" if run.ended is None else duration(run.ended - run.began),
            safe(" ".join([run.command, *(f"-p {name}" for name in run.providers)])),
            *(f"{count:,}" for count in counts),
            _cost(run.cost, run.unpriced),
            _cost(run.open_cost, run.open_unpriced),
        )
    console().print(shown if found else "no runs")
    for line in (*listed(opened.path, unfinished(opened)), *not_read(unread(opened))):
        click.echo(safe(line))


def _cost(paid: Sequence[Money], unpriced: int) -> str:
    if unpriced and not paid:
        return many(unpriced, "unit")
    return amounts(paid, unpriced)
