"""`taggers plan`: what a batch would find, send and cost, before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import click
from attrs import asdict

from .._keys import Keys
from .._registry import installed
from .._routes import Route
from .._serial import as_json
from ..batch import Plan, Planned, find, plan
from ..compare import prices
from ._setup import Setup, pass_setup
from ._terminal import complain, console, safe, table

__all__ = ["command"]


@click.command("plan")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Plan for this provider; give it several times.")  # fmt: skip
@click.option("--first", type=click.IntRange(1), metavar="N", help="Only the first N pictures.")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table",
              show_default=True)  # fmt: skip
@pass_setup
def command(
    setup: Setup, sources: tuple[str, ...], providers: tuple[str, ...], first: int | None, form: str
) -> None:
    """Say what `taggers batch` would do: calls, units, cost and time. Nobody is asked.

    SOURCE is as in `taggers batch`. Only the first bytes of each picture are read, and those of
    the same size whole, to find copies.
    """
    config, registry = setup.config(), installed()
    names = providers or tuple(filter(None, [config.default]))
    if not names:
        raise click.UsageError("name whom it is for: -p NAME, or set default in taggers.toml")
    leaves = [leaf for name in names for leaf in _leaves(config.routes, name)]
    pictures = islice(find(sources, trouble=complain), first)
    found = plan(pictures, leaves, config, registry, Keys.load(), prices(config))
    if form == "json":
        click.echo(as_json(_record(found)))
    else:
        _show(found)


def _leaves(routes: Mapping[str, Route], name: str) -> list[str]:
    """The provider of this name, or those of a route."""
    if name not in routes:
        return [name]
    return [leaf for target in routes[name].mentions for leaf in _leaves(routes, target)]


def _record(found: Plan) -> dict[str, object]:
    def shown(one: Planned) -> dict[str, object]:
        cost = {"cost": one.cost and str(one.cost), "most": one.most and str(one.most)}
        return asdict(one) | cost

    return asdict(found) | {"providers": [shown(one) for one in found.providers]}


def _show(found: Plan) -> None:
    out = console()
    unread = sum(found.unreadable.values())
    reasons = ", ".join(f"{count:,} {safe(kind)}" for kind, count in found.unreadable.items())
    out.print(
        f"{found.found:,} pictures found; {found.copies:,} are copies of others, "
        f"{unread:,} cannot be read{f' ({reasons})' if reasons else ''}"
    )
    shown = table("provider", "calls", "refused", "units", "cost", "at most", "takes")
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in found.providers:
        refused = ", ".join(f"{count:,} {safe(kind)}" for kind, count in one.refused.items())
        shown.add_row(
            safe(one.name),
            f"{one.calls:,}",
            refused or "0",
            f"{one.units:,}",
            "?" if one.cost is None else str(one.cost),
            "?" if one.most is None else str(one.most),
            _duration(one.time_s),
        )
    out.print(shown)
    if found.cheapest and len(found.providers) > 1:
        out.print(f"The cheapest that takes them all: {safe(found.cheapest)}")
    if any(one.cost is None for one in found.providers):
        out.print(
            'No price is known where the cost is "?": write it into [prices].', style="yellow"
        )
    out.print("Time: at the declared limits, with calls of a second.", style="dim")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
