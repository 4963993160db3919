"""`taggers plan`: what a batch would find, send and cost, before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Unpack

import click
from attrs import asdict

from .._client import Sending
from .._keys import Keys
from .._registry import installed
from .._serial import as_json
from ..batch import CALL_S, Plan, Planned, Reason, plan
from ..compare import prices
from ._choosing import Chosen, choosing
from ._sending import sending
from ._setup import Setup, pass_setup
from ._terminal import console, safe, table

__all__ = ["command"]


@click.command("plan")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Plan for this provider, or route; give it several times.")  # fmt: skip
@click.option("--route", metavar="NAME", help="Plan for this route of taggers.toml.")
@choosing
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table",
              show_default=True)  # fmt: skip
@sending
@pass_setup
def command(
    setup: Setup,
    sources: tuple[str, ...],
    providers: tuple[str, ...],
    route: str | None,
    chosen: Chosen,
    language: str | None,
    form: str,
    **how: Unpack[Sending],
) -> int:
    """Say what `taggers batch` would do: calls, units, cost and time. Nobody is asked.

    SOURCE is as in `taggers batch`. Only the first bytes of each picture are read, and those of
    the same size whole, to find copies.
    """
    config = setup.config()
    if route is not None and route not in config.routes:
        known = ", ".join(config.routes) or "none"
        raise click.UsageError(f"there is no route {route!r}; taggers.toml has {known}")
    names = [*providers, *filter(None, [route])] or [*filter(None, [config.default])]
    if not names:
        raise click.UsageError("name whom it is for: -p NAME, or set default in taggers.toml")
    found = plan(
        chosen.of(sources),
        names,
        config,
        installed(),
        Keys.load(),
        prices(config),
        prepare=how["prepare"],
        fetch=how["fetch"],
        language=language,
    )
    if form == "json":
        click.echo(as_json(_record(found)))
    else:
        _show(found)
    return 1 if chosen.faults else 0


def _record(found: Plan) -> dict[str, object]:
    def shown(one: Planned) -> dict[str, object]:
        cost = {"cost": one.cost and str(one.cost), "most": one.most and str(one.most)}
        return asdict(one) | cost | {"as_of": one.as_of and one.as_of.isoformat()}

    return asdict(found) | {"providers": [shown(one) for one in found.providers]}


def _show(found: Plan) -> None:
    out = console()
    unread = sum(reason.count for reason in found.unreadable.values())
    out.print(
        f"{found.found:,} pictures found; {found.copies:,} are copies of others, "
        f"{unread:,} cannot be read"
    )
    for line in _why("cannot be read", found.unreadable):
        out.print(line)
    shown = table("provider", "calls", "refused", "units", "cost", "at most", "takes")
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in found.providers:
        shown.add_row(
            safe(one.name),
            f"{one.calls:,}",
            f"{sum(reason.count for reason in one.refused.values()):,}",
            f"{one.units:,}",
            "?" if one.cost is None else str(one.cost),
            "?" if one.most is None else str(one.most),
            _duration(one.time_s),
        )
    out.print(shown)
    for one in found.providers:
        for line in _why(f"refused by {safe(one.name)}", one.refused):
            out.print(line)
    if found.cheapest and len(found.providers) > 1:
        out.print(f"The cheapest that takes the most: {safe(found.cheapest)}")
    for line in _notes(found):
        out.print(line, style="dim")


def _why(what: str, reasons: Mapping[str, Reason]) -> Iterator[str]:
    for kind, reason in reasons.items():
        yield f"{reason.count:,} {what}: {safe(kind)}, such as {safe(reason.example)}"


def _notes(found: Plan) -> Iterator[str]:
    if unknown := [one.name for one in found.providers if one.cost is None]:
        yield f"No price is known for {safe(', '.join(unknown))}: write it into [prices]."
    days = [one.as_of for one in found.providers if one.as_of]
    if days:
        yield f"Prices: of public lists as of {min(days)}, without free units, discounts and taxes."
    yield f"Time: at the declared limits, with calls of {CALL_S:g} s."


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
