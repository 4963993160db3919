"""`taggers batch`: tags a library of pictures, and goes on where it was when it ran before."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Unpack

import click
from attrs import evolve

from .._client import AsyncTagger, TagOptions
from .._config import Config
from .._money import Money
from .._routes import Route
from ..batch import (
    AsyncBatch,
    Journal,
    Retry,
    Store,
    asked_otherwise,
    ensure_alone,
    ensure_one_kind,
    recovered,
)
from ._batches._again import BEFORE
from ._batches._approval import UNASKED
from ._batches._bill import price_of
from ._batches._choosing import Chosen, choosing
from ._batches._cluster import Cluster, Elsewhere, clustered
from ._batches._ending import ending, exit_code
from ._batches._job import Job
from ._batches._pictures import of_sources, of_store
from ._batches._running import Screen
from ._batches._whom import Asked, asking
from ._sending import sending
from ._setup import Setup, pass_setup
from ._terminal import many, safe

__all__ = ["command"]


def _amount(_: click.Context, __: click.Parameter, text: str | None) -> Money | None:
    try:
        return None if text is None else Money.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("batch")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--into", required=True, type=click.Path(path_type=Path, dir_okay=False),
              metavar="STORE", help="The file that keeps it all; made if need be.")  # fmt: skip
@asking
@choosing
@click.option("--tags", "limit", type=click.IntRange(1), metavar="N",
              help="At most N tags a picture.")  # fmt: skip
@click.option("--min-confidence", type=click.FloatRange(0, 1), metavar="X",
              help="Only tags of at least this confidence, from 0 to 1.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("--concurrency", type=click.IntRange(1), metavar="N",
              help="At most N calls of each at a time; default: what it declares.")  # fmt: skip
@click.option("-y", "--yes", is_flag=True, help="Do not plan, and do not ask about the cost.")
@click.option("--confirm-above", callback=_amount, metavar="AMOUNT",
              help="Ask before it may cost more than this, as in \"20 CNY\"; default: what "
                   f"taggers.toml says, or {' or '.join(map(str, UNASKED))}.")  # fmt: skip
@click.option("--retry-failed", is_flag=True,
              help="Without SOURCE: ask again about what failed.")  # fmt: skip
@click.option("--retry-unknown", is_flag=True,
              help="Ask again also what may have been billed: it may be billed twice. Without "
                   "SOURCE: that alone.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, metavar="ERROR",
              help="Of those only what ended in this error, as in RateLimited.")  # fmt: skip
@click.option("--no-retry", is_flag=True, help="Do not ask again what failed before.")
@click.option("--share", is_flag=True,
              help="Run beside other processes on the same store, and keep to the declared limits "
                   "together: give it to all of them.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print no results: they are in the store.")
@clustered
@sending
@pass_setup
def command(
    setup: Setup,
    sources: tuple[str, ...],
    into: Path,
    asked: Asked,
    chosen: Chosen,
    concurrency: int | None,
    yes: bool,
    confirm_above: Money | None,
    retry_failed: bool,
    retry_unknown: bool,
    kinds: tuple[str, ...],
    no_retry: bool,
    share: bool,
    quiet: bool,
    cluster: Cluster | None,
    **options: Unpack[TagOptions],
) -> int:
    """Tag a library of pictures into a STORE, each picture once for each provider.

    SOURCE is a folder, a glob, a manifest (.csv, .jsonl, .parquet; its column image, path, url,
    source or file), object storage as fsspec reads it (s3://…), or - for a list of names on stdin.

    The same command goes on where it was: what is in the store is not asked again, and a picture is
    known by its content, wherever it lies. Ctrl-C finishes what is under way, a second one stops.

    What may cost more than a little is planned first, as `taggers plan` does, and a person is
    asked; without a terminal to ask at, and for a list on stdin, which can be read only once, that
    takes --yes.

    Where the output is no terminal, each result is printed as it comes, as a line of JSON: the
    provider, the image with its source, and the tags, or an error with its kind and message. Errors
    have a provider of null where the picture could not be read. What is in the store already is not
    printed; `taggers export` prints all. The exit code is 0 where all is in the store: 1 says that
    some failed, or that some are unknown there, also of earlier runs.

    --engine ray divides the work among the nodes of a Ray cluster. The store, the limits and the
    spend caps are those of this machine; each node has its own credentials, and the same folder. No
    results are printed then: they are in the store, and in --parts.
    """
    _check_usage(sources, chosen, kinds, retry_failed, retry_unknown, no_retry)
    if cluster is not None:
        cluster.check(sources)
    config = setup.config()
    if share:
        config.store = evolve(config.store, share_limits=True)
    retry: list[Retry] = ["failed"] if retry_failed or (sources and not no_retry) else []
    retry += ["unknown"] if retry_unknown else []
    tagger = AsyncTagger(config=config)
    names = asked.names(config) if sources else asked.named(config)
    _check(tagger, names)
    if sources and not chosen.finds(sources):
        return 1
    with Store.open(into, make=bool(sources)) as store:
        _look_at(store, share, setup.emulate)
        if sources:
            pictures = of_sources(chosen, sources, names)
        else:
            pictures = of_store(chosen, store, retry, kinds, names)
            _check(tagger, pictures.providers)
            _warn_of(pictures.providers, config)
        if not pictures.providers:
            _say(f"there is nothing in {into} to ask again")
            return 0
        batch = AsyncBatch(tagger, store, pictures.providers, concurrency=concurrency, retry=retry)
        job = Job(batch, pictures, options)
        if others := asked_otherwise(store, pictures.providers, options):
            _say(_otherwise(others))
        is_unasked = yes or setup.emulate or job.is_free
        total = None if is_unasked else job.approve(confirm_above or config.confirm_above)
        about = {**options, "concurrency": concurrency, BEFORE: setup.words}
        about |= {"emulated": True} if setup.emulate else {}
        journal = Journal.open(store, _title(sources, retry), about, shared=share)
        run = cluster.doing(chosen.tell) if cluster else None
        return _run(job, journal, total, run, quiet=quiet) or min(chosen.faults, 1)


def _run(
    job: Job, journal: Journal, total: int | None, elsewhere: Elsewhere | None, *, quiet: bool
) -> int:
    """Runs, shows how far it is, of `total` errands if that is known, and says at the end what
    came of it; the exit code."""
    gc.freeze()  # what is loaded stays, and need not be looked through again and again
    pictures = job.pictures
    screen = Screen(
        printing=not quiet and not sys.stdout.isatty() and elsewhere is None,
        price=price_of(job.batch.tagger.config),
        each=pictures.each,
        total=total,
    )
    if total is None:
        pictures.count(screen.count)
    with screen:
        if elsewhere is not None:
            told = pictures.told if total is None else lambda _: pictures.again()
            stopped = elsewhere(job.for_many(journal, told), journal, screen)
        else:
            items = pictures.items() if total is None else pictures.again()
            stopped = asyncio.run(job.run(journal, items, screen))
    tally, alone = screen.tally, pictures.from_store
    for line in ending(tally, journal, stopped=stopped, alone=alone):
        _say(line)
    if screen.unread:
        return 1
    return 130 if stopped else exit_code(tally, journal.store, pictures.providers)


def _check(tagger: AsyncTagger, names: Iterable[str]) -> None:
    """Raises `ConfigurationError` where there is no such provider, or it lacks something."""
    for name in names:
        tagger.check(name)


def _look_at(store: Store, share: bool, emulated: bool) -> None:
    """Raises where a run may not begin on a store, and says what a killed one has left."""
    if not share:
        ensure_alone(store)
    ensure_one_kind(store, emulated=emulated)
    if died := recovered(store):
        _say(_died(died))


def _warn_of(names: Iterable[str], config: Config) -> None:
    """Says which of these routes miss the metadata that a manifest has, and a store has not."""
    for name in names:
        if _chooses_by_metadata(name, config.routes):
            _say(_blind(name))


def _say(line: str) -> None:
    click.echo(f"taggers: {safe(line)}", err=True)


def _check_usage(
    sources: tuple[str, ...],
    chosen: Chosen,
    kinds: tuple[str, ...],
    retry_failed: bool,
    retry_unknown: bool,
    no_retry: bool,
) -> None:
    """Raises `UsageError` for options that do not go together."""
    if not sources and not (retry_failed or retry_unknown):
        raise click.UsageError(
            "name a SOURCE, or take up what is in the store: --retry-failed, --retry-unknown"
        )
    if sources and (retry_failed or kinds):
        raise click.UsageError(
            "--retry-failed and --kind take their pictures from the store: leave SOURCE out"
        )
    if not sources and chosen.where is not None:
        raise click.UsageError(
            "--where is about the columns of a manifest, which a store does not keep: name the "
            "manifest as SOURCE, and what failed is asked again"
        )
    if retry_failed and no_retry:
        raise click.UsageError("--retry-failed and --no-retry exclude each other")


def _title(sources: tuple[str, ...], retry: list[Retry]) -> str:
    return " ".join(["batch", *(sources or (f"--retry-{state}" for state in retry))])


def _chooses_by_metadata(name: str, routes: Mapping[str, Route]) -> bool:
    """Whether a route, or one within it, has rules about what a manifest says of a picture."""
    route = routes.get(name)
    return route is not None and (
        any(rule.metadata for rule in route.when)
        or any(_chooses_by_metadata(inner, routes) for inner in route.mentions)
    )


def _blind(route: str) -> str:
    return (
        f"{route} has rules about metadata, which a store does not keep: none of them fits now; to "
        "have them fit, name the manifest as SOURCE instead"
    )


def _otherwise(answers: int) -> str:
    return (
        f"the store has {many(answers, 'answer')} to other options, which will not be asked for "
        "again: for new ones name another store"
    )


def _died(calls: int) -> str:
    return (
        f"an earlier run ended with {many(calls, 'call')} under way, which may have been billed: "
        "listed as unknown, and asked again with --retry-unknown"
    )
