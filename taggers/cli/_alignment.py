"""The options by which a command is told which labels mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .._model import Result

if TYPE_CHECKING:
    from ..compare import Alignment

__all__ = ["ALIASES", "aligned", "aligner", "aligning"]

Command = TypeVar("Command", bound=Callable[..., Any])
ALIASES = Path("aliases.toml")
"""Read where it stands in the working directory, unless another one is named."""

_OPTIONS = (
    click.option("--aliases", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 metavar="FILE",
                 help="Labels that mean the same; default: aliases.toml, if it is here."),
    click.option("--wordnet", metavar="NAMES",
                 help="Join synonyms of these wordnets, as in oewn:2024; needs taggers[wordnet]."),
    click.option("--align-by", metavar="STEPS", default="text,id,names,alias,lexicon",
                 show_default=True, help="The steps by which labels are joined."),
)  # fmt: skip


def aligning(command: Command) -> Command:
    """Gives a command the options of `aligned`, under the same names."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def aligned(
    results: Iterable[Result], aliases: Path | None, wordnet: str | None, align_by: str
) -> Alignment:
    """The alignment of these results, as the options say."""
    return aligner(aliases, wordnet, align_by)(results)


def aligner(
    aliases: Path | None, wordnet: str | None, align_by: str
) -> Callable[[Iterable[Result]], Alignment]:
    """What aligns results as the options say. What is wrong with these it finds right away, before
    anybody is asked and paid."""
    from ..compare import STEPS, WordNet, align, read_aliases

    named = {step.strip() for step in align_by.split(",")}
    steps = [step for step in STEPS if step in named]
    if unknown := named - {*STEPS}:
        known = ", ".join(STEPS)
        raise click.UsageError(f"--align-by takes {known}, not {', '.join(sorted(unknown))}")
    file = aliases or (ALIASES if ALIASES.exists() else None)
    return partial(
        align,
        aliases=read_aliases(file) if file else None,
        lexicon=WordNet(wordnet) if wordnet else None,
        steps=steps,
    )
