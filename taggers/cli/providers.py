"""`taggers providers`: what is installed, what it takes, and what it still needs."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from .._config import Config
from .._found import Found, find
from .._keys import Keys
from .._money import Money
from .._provider import Accepts, Offers, Provider
from .._registry import Registry, installed
from .._resolve import missing
from .._settings import Secret
from ..errors import ConfigurationError, PluginError
from ._prices import prices_page
from ._setup import Setup, pass_setup
from ._terminal import complain, console, safe, table

__all__ = ["command", "limits", "markdown"]


@click.group("providers", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the installed providers, or show everything about one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@command.command("list")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json", "markdown")),
              default="table", help="markdown: the installed ones, for a document.")  # fmt: skip
@pass_setup
def list_(setup: Setup, form: str = "table") -> None:
    """List all providers, with what they take and whether they are ready to be asked."""
    registry = installed()
    if form == "markdown":
        click.echo(markdown(registry.all()), nl=False)
        return
    loaded, keys = _config(setup), Keys.load()
    names = [*loaded.services, *(n for n in registry.names() if n not in loaded.services)]
    rows = [_row(name, loaded, registry, keys) for name in names]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    shown = table(*_COLUMNS)
    shown.columns[0].no_wrap = True
    for row in rows:
        shown.add_row(*(safe(row[column]) for column in _COLUMNS))
    console().print(shown)


_COLUMNS = (
    "provider",
    "formats",
    "limits",
    "languages",
    "boxes",
    "bills",
    "price",
    "ends",
    "ready",
)


def _config(setup: Setup) -> Config:
    """The configuration; without it, where it is broken, since one looks here to mend it."""
    try:
        return setup.config()
    except ConfigurationError as error:
        complain(error)
        return Config()


def _row(name: str, config: Config, registry: Registry, keys: Keys) -> dict[str, str]:
    service = config.service(name, registry)
    try:
        provider = registry.provider(service.plugin)
        lacking = missing(provider, find(provider, service, keys, {}))
    except (PluginError, ConfigurationError) as error:
        columns = dict.fromkeys((*_COLUMNS, "title"), "")
        return columns | {"provider": name, "ready": f"no: {error.message}"}
    return {
        "provider": name if name == service.plugin else f"{name} = {service.plugin}",
        "title": provider.title,
        **_about(provider, config.prices.said(name, service.plugin)),
        "ready": "yes" if not lacking else "needs " + ", ".join(item.name for item in lacking),
    }


def _about(provider: Provider, said: Money | None = None) -> dict[str, str]:
    """What a provider takes and offers, in a word or two each; `said`: the user's price of it."""
    listed = provider.offers.price
    return {
        "formats": " ".join(provider.accepts.formats),
        "limits": limits(provider.accepts),
        "languages": ", ".join(provider.offers.languages),
        "boxes": "yes" if provider.offers.boxes else "",
        "bills": provider.offers.unit or "nothing",
        "price": str(said or (listed.money if listed else "")),
        "ends": provider.sunset.date.isoformat() if provider.sunset else "",
    }


def markdown(providers: Iterable[Provider]) -> str:
    """A table of providers in Markdown."""
    heads = [head for head in _COLUMNS if head != "ready"]
    lines = [heads, ["---"] * len(heads)]
    for provider in providers:
        row = {**_about(provider), "provider": f"`{provider.name}`"}
        lines.append([row[head] or "–" for head in heads])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def limits(accepts: Accepts) -> str:
    """The limits of the pictures that a provider takes, in a few words."""
    if not accepts.formats:
        return "a URL"
    said = [
        _edges(accepts.min_edge_px, accepts.max_edge_px),
        _megabytes(accepts.max_bytes),
        f"{_megabytes(accepts.max_base64_bytes)} in base64" if accepts.max_base64_bytes else "",
        f"{accepts.max_pixels / 1e6:g} megapixels" if accepts.max_pixels else "",
        f"{accepts.max_aspect:g}:1" if accepts.max_aspect else "",
        "no URLs" if "url" not in accepts.sources else "",
    ]
    return ", ".join(part for part in said if part) or "no limits known"


def _megabytes(most: int | None) -> str:
    """In whole decimal megabytes where that is what the vendor counts, otherwise in binary ones."""
    if not most:
        return ""
    return f"{most // 10**6} MB" if most % 10**6 == 0 else f"{most / 2**20:.3g} MB"


def _edges(least: int | None, most: int | None) -> str:
    if least and most:
        return f"{least}–{most} px"
    return f"from {least} px" if least else f"to {most} px" if most else ""


@command.command("prices")
def prices() -> None:
    """Print what the providers cost, since when and where that is from, as Markdown."""
    click.echo(prices_page(installed().all()), nl=False)


@command.command("show")
@click.argument("name")
@pass_setup
def show(setup: Setup, name: str) -> None:
    """Show what a provider takes and offers, and where each of its settings comes from."""
    registry, loaded, keys = installed(), _config(setup), Keys.load()
    service = loaded.service(name, registry)
    provider = registry.provider(service.plugin)
    distribution, version = registry.distribution(service.plugin)
    found = find(provider, service, keys, {})
    out = console()
    out.print(f"{safe(name)}: {provider.title}", style="bold")
    for title, text in _facts(provider, loaded.prices.said(name, service.plugin)).items():
        if text:
            out.print(f"  {title:<12}{text}")
    out.print(f"  {'plugin':<12}{service.plugin}, from {distribution} {version or ''}")
    if found:
        out.print("settings", style="bold")
        shown = table("name", "value", "from", "what it is")
        for item in found:
            shown.add_row(item.setting.name, _value(item), _origin(item), _help(item))
        out.print(shown)
    for item in found:
        if item.fault:
            out.print(f"{item.setting.name} {safe(item.fault)}", style="red")
    if lacking := missing(provider, found):
        out.print("still needs " + "; ".join(item.how for item in lacking), style="yellow")


def _facts(provider: Provider, said: Money | None) -> dict[str, str]:
    accepts, offers, sunset = provider.accepts, provider.offers, provider.sunset
    return {
        "takes": "; ".join(filter(None, (", ".join(accepts.formats), limits(accepts)))),
        "kinds": ", ".join(offers.kinds),
        "boxes": "yes" if offers.boxes else "no",
        "makes": "pictures" if offers.images else "",
        "languages": ", ".join(offers.languages),
        "applies": ", ".join(sorted(offers.applies)) or "no options itself; taggers does",
        "calls": _calls(offers),
        "bills": f"each {offers.unit}" if offers.unit else "nothing",
        "price": _price(offers, said),
        "ends": f"{sunset.date}: {sunset.notice} ({sunset.source})" if sunset else "",
        "documents": provider.docs or "",
    }


def _calls(offers: Offers) -> str:
    """How many calls the vendor allows."""
    at_once = f"{offers.concurrency} at a time" if offers.concurrency else ""
    a_second = f"{offers.rate_per_s} a second" if offers.rate_per_s else ""
    return ", ".join(filter(None, (at_once, a_second)))


def _price(offers: Offers, said: Money | None) -> str:
    """What a unit costs and who says so; `said`: the user's own price."""
    if offers.unit is None:
        return ""
    if said is not None:
        return f"{said}, from [prices] of taggers.toml"
    if (listed := offers.price) is None:
        return "not known: a spend cap needs it in [prices] of taggers.toml"
    note = f"; {listed.note}" if listed.note else ""
    return f"{listed.money} on {listed.as_of} ({listed.source}){note}"


def _help(item: Found) -> str:
    choices = item.setting.choices
    return item.setting.help + (f"; one of {', '.join(choices)}" if choices else "")


def _value(item: Found) -> str:
    if isinstance(item.value, Secret):
        return "***"
    if isinstance(item.value, tuple):
        return safe(", ".join(item.value))
    return "" if item.value is None else safe(str(item.value))


def _origin(item: Found) -> str:
    if item.origin == "unset" and item.setting.env:
        return f"unset; {item.setting.env} would set it"
    return safe(item.origin)
