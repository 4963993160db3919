"""`taggers judge`: what a person judged, taken into a store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import click

from ..batch import Judged, Judgement, Store, judge
from ._terminal import many, safe

__all__ = ["command"]


@click.command("judge")
@click.argument("store", type=click.Path())
@click.argument("files", nargs=-1, required=True, metavar="JUDGEMENTS.json...",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
def command(store: str, files: tuple[Path, ...]) -> int:
    """Take what was judged in a report into STORE.

    The report of `taggers compare STORE -o report.html` saves what you judge in it as a file. What
    is judged anew counts instead of what was there. `taggers bench STORE` measures by it, and
    `taggers query STORE "SELECT * FROM judgements"` shows it.
    """
    from ..evaluate import read_judgements

    opened, strange = Store.open(store), 0
    for file in files:
        given = [
            Judgement(p, label, cast(Judged, said)) for p, label, said in read_judgements(file)
        ]
        taken = judge(opened, given, time.time())
        strange += len(given) - taken
        click.echo(f"took {many(taken, 'judgement')} from {safe(str(file))}", err=True)
    opened.close()
    if strange:
        text = f"{many(strange, 'is', 'are')} about pictures that {safe(store)} has not"
        click.echo(f"taggers: {text}", err=True)
    return 1 if strange else 0
