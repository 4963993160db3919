"""`taggers tune`: thresholds with which every provider's tags hold the same precision."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from .._serial import as_json
from ..compare import Alignment, Comparison
from ..errors import InvalidInput
from ..evaluate import Cut, Evidence, Truth, Tuned, Tuning, evidence, known, read_truth, tune
from ._alignment import aligned, aligning
from ._files import save
from ._stored import judged, stored
from ._terminal import console, safe, table

__all__ = ["command"]

_files = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("tune")
@click.argument("results", nargs=-1, required=True, type=_files, metavar="RESULTS.jsonl|STORE...")
@click.option("--truth", type=click.Path(exists=True, path_type=Path),
              metavar="PATH",
              help="What is in the pictures: CSV, COCO or folders by class.")  # fmt: skip
@click.option("--judgements", type=_files, metavar="FILE",
              help="What a person judged, as the report saves it.")  # fmt: skip
@click.option("--exhaustive", is_flag=True,
              help="The truth leaves none of its labels out of any picture.")  # fmt: skip
@click.option("--target-precision", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              default=0.95, show_default=True, metavar="X",
              help="How many of the tags that are kept shall be right.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the profile that taggers.toml names here.")  # fmt: skip
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")),
              help="Default: table on a terminal, otherwise json.")  # fmt: skip
@aligning
def command(
    results: tuple[Path, ...],
    truth: Path | None,
    judgements: Path | None,
    exhaustive: bool,
    target_precision: float,
    output: Path | None,
    aliases: Path | None,
    wordnet: str | None,
    align_by: str,
    form: str | None,
) -> int:
    """Find the thresholds with which each provider's tags hold the same precision.

    RESULTS are stored results, as `taggers --no-profile tag … -f jsonl` writes them, or a STORE of
    `taggers --no-profile batch`, with what was judged in it. A threshold is chosen so that the
    precision is reached with 95 % confidence also on other pictures; where none is, that is said.
    Tags that are not known to be right or wrong are left out. Exit code 1: for some provider there
    is no threshold.
    """
    read = read_truth(truth, exhaustive=exhaustive) if truth else None
    said = read_truth(judgements) if judgements else judged(results)
    truths = [one for one in (read, said) if one is not None]
    if not truths:
        raise click.UsageError("say what is right, with --truth or --judgements")
    comparison = stored(results)
    alignment = aligned(comparison.every_result(), aliases, wordnet, align_by)
    tuning = tune(_evidence(comparison, alignment, truths), target_precision)
    if (form or ("table" if sys.stdout.isatty() else "json")) == "json":
        click.echo(as_json(tuning.to_dict()))
    else:
        console().print(_shown(tuning))
    for note in _notes(tuning):
        click.echo(f"taggers: {safe(note)}", err=True)
    if output is not None:
        made = datetime.datetime.now(datetime.UTC).date()
        save(output, tuning.profile(made).to_toml().encode())
    return 0 if all(tuned.reached for tuned in tuning.providers) else 1


def _evidence(comparison: Comparison, alignment: Alignment, truths: Sequence[Truth]) -> Evidence:
    """What the truths tell of the results. Raises `InvalidInput` where that is nothing."""
    labels = known(comparison, alignment, *truths).labels
    found = evidence(comparison, labels, lambda _, tag: alignment.label(tag).id)
    if not found.judged:
        raise InvalidInput(
            "of these results nothing is known: is the truth about the same pictures?",
            scope="call",
        )
    return found


def _shown(tuning: Tuning) -> object:
    """A row for each provider, and under it one for each label with a threshold of its own."""
    shown = table("provider", "threshold", "precision", "at least", "recall", "kept", "judged")
    for column in shown.columns[1:]:
        column.justify = "right"
    for tuned in tuning.providers:
        name = safe(tuned.provider) + (" (emulated)" if tuned.emulated else "")
        shown.add_row(name, *_row(tuned))
        for label, cut in sorted(tuned.labels.items(), key=lambda item: -item[1].n):
            shown.add_row(f"  {safe(label)}", *_of_label(cut))
    return shown


def _row(tuned: Tuned) -> tuple[str, ...]:
    """What is said of a provider: its threshold, and what all its thresholds together do."""
    cut = tuned.cut
    threshold = "none" if cut is None else f"{cut.threshold:g}"
    low = "–" if cut is None else f"{cut.low:.3f}"
    kept, n = str(tuned.kept), str(tuned.n)
    return threshold, _share(tuned.precision), low, _share(tuned.recall), kept, n


def _of_label(cut: Cut) -> tuple[str, ...]:
    low = f"{cut.low:.3f}"
    return f"{cut.threshold:g}", _share(cut.precision), low, "", str(cut.kept), str(cut.n)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _notes(tuning: Tuning) -> Iterator[str]:
    """What must not be overlooked."""
    target = tuning.target_precision
    for tuned in tuning.providers:
        if tuned.cut is None:
            others = " of other labels" if tuned.labels else ""
            yield (
                f"{tuned.provider}: no threshold{others} is shown to reach a precision of {target} "
                f"by {tuned.n} judged tags: judge more, or aim lower"
            )
        if tuned.emulated:
            yield f"{tuned.provider}: its answers are emulated and tell nothing of the vendor's"
