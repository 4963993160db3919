"""`taggers compare`: what several providers say about the same pictures."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from .._client import Sending, TagOptions
from .._config import Config
from .._serial import as_json
from .._sync import Tagger
from ._alignment import aligned, aligning
from ._asking import Tally, ask
from ._files import save
from ._sending import sending
from ._setup import Setup, pass_setup
from ._sources import expand

if TYPE_CHECKING:
    from ..compare import Comparison

__all__ = ["command"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("compare")
@click.argument("images", nargs=-1, metavar="IMAGE...")
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Ask this provider, or route; give it several times.")  # fmt: skip
@click.option("--results", multiple=True, type=FILE, metavar="FILE",
              help="Compare what `taggers tag -f jsonl` wrote, and ask nobody.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="REPORT.html",
              help="Write a page to look at in a browser; it needs no network.")  # fmt: skip
@click.option("--title", default="", help="The title of that page.")
@click.option("-k", type=click.IntRange(1), default=10, metavar="N", show_default=True,
              help="Compare the N most confident labels of each answer.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table",
              show_default=True)  # fmt: skip
@aligning
@sending
@pass_setup
def command(
    setup: Setup,
    images: tuple[str, ...],
    providers: tuple[str, ...],
    results: tuple[Path, ...],
    output: Path | None,
    title: str,
    k: int,
    language: str | None,
    aliases: Path | None,
    wordnet: str | None,
    align_by: str,
    form: str,
    **how: Unpack[Sending],
) -> int:
    """Compare what providers say about pictures: agreement, boxes, speed and cost.

    Pictures are files, folders, globs, URLs, or - for stdin. Agreement is not accuracy: who is
    right, `taggers bench` says.
    """
    from ..compare import prices, report, summarise

    if bool(images) == bool(results):
        raise click.UsageError("give pictures and -p NAME for each provider, or --results FILE")
    config, tally = setup.config(), Tally()
    if results:
        comparison = _stored(results)
    else:
        options: TagOptions = {
            "prepare": how["prepare"],
            "keep_metadata": how["keep_metadata"],
            "fetch": how["fetch"],
            "language": language,
        }
        comparison = _asked(config, images, providers, options, tally)
    alignment = aligned(comparison.every_result(), aliases, wordnet, align_by)
    summary = summarise(comparison, alignment, prices(config), k=k)
    if output is not None:
        save(output, report(summary, title=title).encode())
    if form == "json":
        click.echo(as_json(summary.to_dict()))
    else:
        from ._side_by_side import show

        show(summary)
    return tally.exit_code()


def _asked(
    config: Config,
    images: tuple[str, ...],
    providers: tuple[str, ...],
    options: TagOptions,
    tally: Tally,
) -> Comparison:
    """What the providers say now."""
    from ..compare import Comparison

    names = tuple(dict.fromkeys(providers))
    if len(names) < 2:
        raise click.UsageError("name at least two providers: -p A -p B")
    with Tagger(config=config) as tagger:
        for name in names:
            tagger.check(name)
        with contextlib.closing(ask(tagger, expand(images), names, options)) as outcomes:
            counted = tally.counted(outcomes)
            return Comparison.of((one.name, one.provider, one.said) for one in counted)


def _stored(files: tuple[Path, ...]) -> Comparison:
    """What the providers said before."""
    from ..compare import Comparison

    return Comparison.read(*files)
