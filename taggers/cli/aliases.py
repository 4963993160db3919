"""`taggers aliases`: labels that mean the same, proposed by likeness and accepted by a person."""

from __future__ import annotations

from pathlib import Path

import click

from ..compare import Comparison, Label, accepted, read_aliases, suggestions
from ._alignment import ALIASES, aligned, aligning
from ._files import save
from ._terminal import console, safe, table

__all__ = ["command"]


@click.group("aliases")
def command() -> None:
    """Tell which labels of different providers mean the same."""


@command.command("suggest")
@click.argument("results", nargs=-1, required=True, metavar="RESULTS.jsonl...",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--least", type=click.FloatRange(0, 100), default=85, show_default=True,
              help="The least likeness, from 0 to 100.")  # fmt: skip
@aligning
def suggest(
    results: tuple[Path, ...],
    least: float,
    aliases: Path | None,
    wordnet: str | None,
    align_by: str,
) -> int:
    """Propose labels that look alike. Nothing is changed: accept what is true.

    RESULTS are what `taggers tag -f jsonl` wrote.
    """
    comparison = Comparison.read(*results)
    alignment = aligned(comparison.every_result(), aliases, wordnet, align_by)
    shown = table("likeness", "", "", "said by")
    for one in suggestions(alignment, least=least):
        said = f"{_providers(one.left)} – {_providers(one.right)}"
        shown.add_row(f"{one.likeness:.0f}", safe(one.left.id), safe(one.right.id), said)
    if not shown.row_count:
        click.echo("nothing looks alike that is not joined already", err=True)
        return 0
    console().print(shown)
    click.echo("To accept one: taggers aliases accept NAME ALIAS", err=True)
    return 0


@command.command("accept")
@click.argument("name")
@click.argument("alias", nargs=-1, required=True)
@click.option("--aliases", type=click.Path(dir_okay=False, path_type=Path), default=ALIASES,
              show_default=True, metavar="FILE", help="The file to write into.")  # fmt: skip
def accept(name: str, alias: tuple[str, ...], aliases: Path) -> int:
    """Let each ALIAS go by NAME from now on."""
    before = ""
    if aliases.exists():
        read_aliases(aliases)
        before = aliases.read_text("utf-8")
    save(aliases, accepted(before, name, alias).encode())
    return 0


def _providers(label: Label) -> str:
    return ", ".join(dict.fromkeys(safe(spelling.provider) for spelling in label.spellings))
