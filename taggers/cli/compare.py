"""`taggers compare`: what several providers say about the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from .._client import Sending, TagOptions
from .._database import ensure_no_database, is_database
from .._extras import check_extra
from .._serial import as_json
from ._alignment import aligner, aligning
from ._asking import Tally, asked
from ._files import save
from ._sending import sending
from ._setup import Setup, pass_setup
from ._stored import stored

__all__ = ["command"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("compare")
@click.argument("images", nargs=-1, metavar="IMAGE...|STORE...")
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Ask this provider, or route; give it several times.")  # fmt: skip
@click.option("--results", multiple=True, type=FILE, metavar="FILE",
              help="Compare what `taggers tag -f jsonl` wrote, and ask nobody.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              metavar="REPORT.html",
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

    Pictures are files, folders, globs, URLs, or - for stdin. Of a STORE of `taggers batch` what it
    has is compared, and nobody is asked. Agreement is not accuracy: who is
    right, `taggers bench` says.
    """
    from ..compare import prices, report, summarise

    if images and all(is_database(Path(image)) for image in images):
        images, results = (), (*map(Path, images), *results)
    if bool(images) == bool(results) or (results and providers):
        raise click.UsageError("give pictures and -p NAME for each provider, or --results FILE")
    if output is not None:
        ensure_no_database(output)
        check_extra("image", "the report's pictures", "PIL")
    aligned = aligner(aliases, wordnet, align_by)
    config, tally = setup.config(), Tally()
    if results:
        comparison = stored(results)
    else:
        options: TagOptions = {
            "prepare": how["prepare"],
            "keep_metadata": how["keep_metadata"],
            "fetch": how["fetch"],
            "language": language,
        }
        if len(set(providers)) < 2:
            raise click.UsageError("name at least two providers: -p A -p B")
        comparison = asked(config, images, providers, options, tally)
    alignment = aligned(comparison.every_result())
    summary = summarise(comparison, alignment, prices(config), k=k)
    if output is not None:
        save(output, report(summary, title=title).encode())
    if form == "json":
        click.echo(as_json(summary.to_dict()))
    else:
        from ._side_by_side import show

        show(summary)
    return tally.exit_code()
