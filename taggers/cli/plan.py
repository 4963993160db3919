"""`taggers plan`: what a batch would find, send and cost, before anything is spent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Unpack

import click
from attrs import asdict

from .._client import Sending
from .._serial import as_json
from ..batch import Known, Plan, Planned, Store, ensure_there, plan
from ._batches._approval import planned
from ._batches._choosing import Chosen, choosing
from ._batches._planned import show
from ._batches._whom import Asked, asking
from ._sending import sending
from ._setup import Setup, pass_setup
from ._terminal import console

__all__ = ["command"]


@click.command("plan")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@asking
@choosing
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), metavar="STORE",
              help="Count only what this store has not.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table",
              show_default=True)  # fmt: skip
@sending
@pass_setup
def command(
    setup: Setup,
    sources: tuple[str, ...],
    asked: Asked,
    chosen: Chosen,
    into: Path | None,
    language: str | None,
    form: str,
    **how: Unpack[Sending],
) -> int:
    """Say what `taggers batch` would do: calls, units, cost and time. Nobody is asked.

    SOURCE is as in `taggers batch`. Only the first bytes of each picture are read, and those of
    the same size whole, to find copies.
    """
    config = setup.config()
    names = asked.names(config)
    ensure_there(sources)
    with _known(into, names) as has:
        found = planned(
            chosen.of(sources),
            lambda items: plan(
                items,
                names,
                config,
                prepare=how["prepare"],
                fetch=how["fetch"],
                language=language,
                known=has,
            ),
        )
    if form == "json":
        click.echo(as_json(_record(found)))
    else:
        show(found, console())
    return 1 if chosen.faults or found.unread == found.found else 0


@contextlib.contextmanager
def _known(into: Path | None, names: Sequence[str]) -> Iterator[Known | None]:
    """What a store has, if one is named that is there."""
    if into is None or not into.exists():
        yield None
        return
    with Store.open(into) as store, Known.of(store, names, ("failed",)) as known:
        yield known


def _record(found: Plan) -> dict[str, object]:
    def shown(one: Planned) -> dict[str, object]:
        cost = {"cost": one.cost and str(one.cost), "most": one.most and str(one.most)}
        return asdict(one) | cost | {"as_of": one.as_of and one.as_of.isoformat()}

    return asdict(found) | {"providers": [shown(one) for one in found.providers]}
