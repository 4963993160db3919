"""`taggers bench`: how right providers are, where it is known what is in the pictures."""

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
from ._stored import judged, stored

__all__ = ["command"]

THERE = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("bench")
@click.argument("answers", nargs=-1, required=True, metavar="RESULTS.jsonl...|STORE...|IMAGE...")
@click.option("--truth", type=THERE, metavar="FILE|FOLDER",
              help="What is in the pictures: CSV, COCO, or a folder for each class.")  # fmt: skip
@click.option("--judgements", type=FILE, metavar="FILE",
              help="What a person judged in a report, in place of what a STORE has; "
                   "counts over --truth.")  # fmt: skip
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Ask this provider about pictures; give it several times.")  # fmt: skip
@click.option("--exhaustive", is_flag=True,
              help="Labels that --truth does not list for a picture are not there.")  # fmt: skip
@click.option("--rank-emulated", is_flag=True, help="Rank emulated providers, too.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N",
              help="For the intervals' draws: the same seed, the same intervals.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              metavar="REPORT.html",
              help="Write a page to look at in a browser; it needs no network.")  # fmt: skip
@click.option("--title", default="", help="The title of that page.")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table",
              show_default=True)  # fmt: skip
@aligning
@sending
@pass_setup
def command(
    setup: Setup,
    answers: tuple[str, ...],
    truth: Path | None,
    judgements: Path | None,
    providers: tuple[str, ...],
    exhaustive: bool,
    rank_emulated: bool,
    seed: int,
    language: str | None,
    output: Path | None,
    title: str,
    aliases: Path | None,
    wordnet: str | None,
    align_by: str,
    form: str,
    **how: Unpack[Sending],
) -> int:
    """Measure what providers say against what is known to be in the pictures.

    The answers are those that `taggers tag -f jsonl` wrote, or those of a STORE of `taggers batch`,
    with what `taggers judge` took into it; or give pictures, and -p NAME for each provider to ask
    now. What --truth does not say is unknown, neither right nor wrong.
    """
    from ..compare import prices, report, summarise
    from ..evaluate import bench, read_truth

    if exhaustive and truth is None:
        raise click.UsageError("--exhaustive is about --truth")
    check_extra("eval", "measuring quality", "numpy", "scipy", "faster_coco_eval")
    if output is not None:
        ensure_no_database(output)
        check_extra("image", "the report's pictures", "PIL")
    aligned = aligner(aliases, wordnet, align_by)
    read = None if truth is None else read_truth(truth, exhaustive=exhaustive)
    files = () if providers else tuple(map(_results, answers))
    said = read_truth(judgements) if judgements else judged(files)
    truths = [one for one in (read, said) if one is not None]
    if not truths:
        raise click.UsageError("say what is in the pictures: --truth FILE, or --judgements FILE")
    config, tally = setup.config(), Tally()
    if providers:
        options: TagOptions = {
            "prepare": how["prepare"],
            "keep_metadata": how["keep_metadata"],
            "fetch": how["fetch"],
            "language": language,
        }
        comparison = asked(config, answers, providers, options, tally)
    else:
        comparison = stored(files)
    alignment = aligned(comparison.every_result())
    found = bench(
        comparison,
        alignment,
        *truths,
        random=seed,
        pricing=prices(config),
        cny_per_usd=config.prices.cny_per_usd,
        rank_emulated=rank_emulated,
    )
    if output is not None:
        summary = summarise(comparison, alignment, prices(config))
        save(output, report(summary, title=title, quality=found.to_dict()).encode())
    if form == "json":
        click.echo(as_json(found.to_dict()))
    else:
        from ._measured import show

        show(found)
    return tally.exit_code()


def _results(name: str) -> Path:
    path = Path(name)
    if not path.is_file() or not (path.suffix == ".jsonl" or is_database(path)):
        raise click.UsageError(f"{name} is no file of results (.jsonl); add -p NAME for pictures")
    return path
