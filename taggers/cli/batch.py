"""`taggers batch`: tags a library of pictures, and goes on where it was when it ran before."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Unpack

import click
from attrs import define

from .._client import AsyncTagger, Sending
from .._config import Config
from .._keys import Keys
from .._registry import installed
from ..batch import (
    Journal,
    Retry,
    Store,
    Tally,
    Tariff,
    batch,
    tariff,
)
from ..compare import prices
from ._choosing import Chosen, choosing
from ._running import Screen
from ._sending import sending
from ._setup import Setup, pass_setup
from ._terminal import safe

__all__ = ["command"]


@click.command("batch")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--into", required=True, type=click.Path(path_type=Path, dir_okay=False),
              metavar="STORE", help="The file that keeps it all; made if need be.")  # fmt: skip
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Ask this provider, or route; give it several times.")  # fmt: skip
@choosing
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N tags a picture.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), metavar="X",
              help="Only tags of at least this confidence, from 0 to 1.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("--concurrency", type=click.IntRange(1), metavar="N",
              help="At most N calls of each at a time; default: what it declares.")  # fmt: skip
@click.option("--retry-unknown", is_flag=True,
              help="Ask again also what may have been billed: it may be billed twice.")  # fmt: skip
@click.option("--no-retry", is_flag=True, help="Do not ask again what failed before.")
@click.option("--share", is_flag=True, help="Run beside other processes on the same store.")
@click.option("--quiet", is_flag=True, help="Print no results: they are in the store.")
@sending
@pass_setup
def command(
    setup: Setup,
    sources: tuple[str, ...],
    into: Path,
    providers: tuple[str, ...],
    chosen: Chosen,
    limit: int | None,
    min_confidence: float | None,
    language: str | None,
    concurrency: int | None,
    retry_unknown: bool,
    no_retry: bool,
    share: bool,
    quiet: bool,
    **how: Unpack[Sending],
) -> int:
    """Tag a library of pictures into a STORE, each picture once for each provider.

    SOURCE is a folder, a glob, a manifest (.csv, .jsonl, .parquet; its column image, path, url,
    source or file), object storage as fsspec reads it (s3://…), or - for a list of names on stdin.

    The same command goes on where it was: what is in the store is not asked again, and a picture is
    known by its content, wherever it lies. Ctrl-C finishes what is under way, a second one stops.
    Results are printed as JSON Lines where the output is no terminal.
    """
    config = setup.config()
    names = tuple(dict.fromkeys(providers or filter(None, [config.default])))
    if not names:
        raise click.UsageError("name whom to ask: -p NAME, or set default in taggers.toml")
    options: dict[str, Any] = {
        "limit": limit,
        "min_confidence": min_confidence,
        "language": language,
        **how,
    }
    retry: tuple[Retry, ...] = () if no_retry else ("failed",)
    retry += ("unknown",) if retry_unknown else ()
    with Store.open(into, make=True) as store:
        journal = Journal.open(store, f"batch {' '.join(sources)}", options, shared=share)
        if journal.died:
            click.echo(f"taggers: {_died(journal.died)}", err=True)
        printing = not quiet and not sys.stdout.isatty()
        with Screen(printing) as screen:
            job = _Job(config, journal, names, concurrency, retry, options, screen)
            stopped = asyncio.run(job.run(item.source for item in chosen.of(sources)))
        for line in _summary(screen.tally, journal, into, stopped=stopped):
            click.echo(f"taggers: {safe(line)}", err=True)
    return 130 if stopped else _exit_code(screen.tally) or min(chosen.faults, 1)


@define
class _Job:
    """The run of a command line."""

    config: Config
    journal: Journal
    names: tuple[str, ...]
    concurrency: int | None
    retry: tuple[Retry, ...]
    options: dict[str, Any]
    screen: Screen

    async def run(self, pictures: Iterable[str]) -> bool:
        """Runs, and tells whether it was stopped before its end."""
        stop = asyncio.Event()
        state: Literal["done", "stopped"] = "stopped"
        try:
            with self._interruptible(stop):
                async with AsyncTagger(config=self.config) as tagger:
                    for name in self.names:
                        tagger.check(name)
                    await batch(
                        tagger,
                        self.journal,
                        pictures,
                        {n: self.concurrency or tagger.declared_concurrency(n) for n in self.names},
                        stop=stop,
                        retry=self.retry,
                        heard=self.screen.show,
                        tally=self.screen.tally,
                        tariffs=self._tariffs(),
                        **self.options,
                    )
            state = "stopped" if stop.is_set() else "done"
        except asyncio.CancelledError:
            stop.set()
        finally:
            self.journal.close(state)
        return stop.is_set()

    def _tariffs(self) -> dict[str, Tariff]:
        registry, keys, pricing = installed(), Keys.load(), prices(self.config)
        return {n: tariff(n, self.config, registry, keys, pricing) for n in self.names}

    @contextlib.contextmanager
    def _interruptible(self, stop: asyncio.Event) -> Iterator[None]:
        """The first interrupt lets what is under way end, the second one cancels it."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def interrupted() -> None:
            if stop.is_set():
                task.cancel()
            stop.set()
            self.screen.say("finishing what is under way; Ctrl-C once more stops at once")

        loop.add_signal_handler(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)


def _died(calls: int) -> str:
    return (
        f"an earlier run ended with {calls} calls under way, which may have been billed: they are "
        "listed as unknown, and asked again with --retry-unknown"
    )


def _summary(tally: Tally, journal: Journal, into: Path, *, stopped: bool) -> Iterator[str]:
    """What a person has to know at the end, and what to do next."""
    yield (
        f"run {journal.run}: {tally.done:,} done, {tally.known:,} were in the store, "
        f"{tally.failed.total():,} failed; {tally.units:,} units billed"
        + (f", {tally.maybe_units:,} maybe" if tally.maybe_units else "")
    )
    for kind, count in tally.failed.most_common():
        yield f"{count:,} {kind}"
    for name, error in tally.ended.items():
        yield f"{name} was not asked any more: {error}"
    if unknown := len(journal.unknowns()):
        yield f"{unknown:,} may have been billed, and are asked again only with --retry-unknown"
    if stopped:
        yield "stopped; the same command goes on from here"
    elif tally.failed:
        query = "SELECT source, kind, message FROM calls WHERE state = 'failed'"
        yield f'the same command asks again what failed; why: taggers query {into} "{query}"'


def _exit_code(tally: Tally) -> int:
    """0: all is in the store; 1: some failed; otherwise 3 where it is the credentials, else 4."""
    if not tally.failed:
        return 0
    if tally.done or tally.known:
        return 1
    return 3 if any(error.scope == "credential" for error in tally.ended.values()) else 4
