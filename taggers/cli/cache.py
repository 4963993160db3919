"""`taggers cache`: the answers that are kept."""

from __future__ import annotations

import time

import click

from .._cache import Cache
from ._setup import Setup, pass_setup
from ._terminal import console, safe, table

__all__ = ["command"]


@click.group("cache")
def command() -> None:
    """Show and forget the answers that are kept, so that nobody pays twice for the same one."""


@command.command("info")
@pass_setup
def info(setup: Setup) -> None:
    """Show how many answers are kept, of which providers, and where."""
    cache = _cache(setup)
    shares = cache.shares() if cache.path.exists() else []
    count, size = sum(share.answers for share in shares), sum(share.size for share in shares)
    click.echo(
        f"{cache.path}: {count:,} answers, {_megabytes(size)} of {_megabytes(cache.max_bytes)}"
    )
    if shares:
        shown = table("provider", "plugin", "answers", "size", "since", "last used")
        for share in shares:
            shown.add_row(
                safe(share.provider),
                safe(share.plugin),
                f"{share.answers:,}",
                _megabytes(share.size),
                _day(share.since),
                _day(share.used),
            )
        console().print(shown)
    _complain(cache)


@command.command("clear")
@click.option("-p", "--provider", metavar="NAME", help="Forget this provider's answers only.")
@pass_setup
def clear(setup: Setup, provider: str | None) -> None:
    """Forget all answers that are kept."""
    cache = _cache(setup)
    count = cache.clear(provider) if cache.path.exists() else 0
    click.echo(f"forgot {count:,} answers")
    _complain(cache)


def _cache(setup: Setup) -> Cache:
    cache = Cache(setup.config().store.place)
    setup.context.call_on_close(cache.close)
    return cache


def _complain(cache: Cache) -> None:
    if trouble := cache.trouble():
        raise click.ClickException(trouble)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _day(unix_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(unix_s))
