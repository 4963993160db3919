"""`taggers aliases`: labels that mean the same, proposed by likeness and accepted by a person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from .._database import is_database
from .._registry import nearest
from ..compare import (
    Alignment,
    Label,
    accepted,
    align,
    normal,
    read_aliases,
    recorded_labels,
    suggestions,
)
from ._alignment import ALIASES, aligned, aligning
from ._files import save
from ._stored import stored
from ._terminal import console, safe, table

__all__ = ["command"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_results = click.argument("results", nargs=-1, required=True, metavar="RESULTS...", type=FILE)
_file = click.option("--aliases", type=click.Path(dir_okay=False, path_type=Path), default=ALIASES,
                     show_default=True, metavar="FILE", help="The file of aliases.")  # fmt: skip


@click.group("aliases")
def command() -> None:
    """Tell which labels of different providers mean the same."""


@command.command("list")
@_results
@aligning
def list_(
    results: tuple[Path, ...], aliases: Path | None, wordnet: str | None, align_by: str
) -> int:
    """List what is one label, by which step, and who or what says so.

    RESULTS are what `taggers tag -f jsonl` wrote, or a store. Words with several meanings come
    last: they join nothing, until an alias says what they mean.
    """
    alignment = aligned(stored(results).every_result(), aliases, wordnet, align_by)
    shown = table("label", "joins", "by", "because of")
    for label in _every(alignment):
        for link in alignment.links(label) if label.spellings else ():
            pair = f"{safe(link.left)} = {safe(link.right)}"
            shown.add_row(safe(label.id), pair, link.step, safe(link.whence))
    console().print(shown)
    for word, meanings in alignment.ambiguous.items():
        click.echo(f"{safe(word)} joins nothing: it may be {safe(', '.join(meanings))}")
    return 0


@command.command("suggest")
@_results
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

    RESULTS are what `taggers tag -f jsonl` wrote, or a store, or one comparison of
    `taggers compare -f json`.
    """
    labels: Iterable[Label]
    if (comparison := _comparison(results)) is not None:
        labels, known = recorded_labels(comparison), aligned((), aliases, wordnet, align_by)
    else:
        known = aligned(stored(results).every_result(), aliases, wordnet, align_by)
        labels = _every(known)
    shown = table("likeness", "", "", "said by")
    for one in suggestions(labels, least=least):
        if not known.why(*one.texts):
            said = f"{_providers(one.left)} – {_providers(one.right)}"
            shown.add_row(f"{one.likeness:.0f}", *map(safe, one.texts), said)
    if not shown.row_count:
        click.echo("nothing looks alike that is not joined already", err=True)
        return 0
    console().print(shown)
    click.echo("To accept one: taggers aliases accept NAME ALIAS", err=True)
    return 0


@command.command("accept")
@click.argument("name")
@click.argument("alias", nargs=-1, required=True)
@_file
def accept(name: str, alias: tuple[str, ...], aliases: Path) -> int:
    """Let each ALIAS go by NAME from now on.

    Where one of them is listed already, the others come beside it.
    """
    before = ""
    if aliases.exists():
        read_aliases(aliases)
        before = aliases.read_text("utf-8")
    save(aliases, accepted(before, name, alias).encode())
    label = align((), aliases=read_aliases(aliases)).lookup(name)
    if label is not None and label.id != normal(name):
        click.echo(f"{safe(name)} goes by {safe(label.id)}", err=True)
    return 0


@command.command("check")
@click.argument("results", nargs=-1, metavar="[RESULTS...]", type=FILE)
@_file
def check(results: tuple[Path, ...], aliases: Path) -> int:
    """Check the file of aliases; with RESULTS, name the aliases in it that nobody says there."""
    groups = read_aliases(aliases)
    click.echo(f"{aliases} has no mistakes", err=True)
    if not results:
        return 0
    said = align(stored(results).every_result()).labels
    for text in (text for texts in groups.values() for text in texts):
        if normal(text) not in said:
            click.echo(f"nobody says {safe(text)!r}{nearest(normal(text), said)}")
    return 0


def _every(alignment: Alignment) -> list[Label]:
    """Each label once, in the order of their names."""
    labels = {label.id: label for label in alignment.labels.values()}
    return [labels[name] for name in sorted(labels)]


def _comparison(files: tuple[Path, ...]) -> Any:
    """The JSON of a comparison, where that is what the file holds."""
    if len(files) > 1 or is_database(files[0]):
        return None
    try:
        record = json.loads(files[0].read_text("utf-8"))
    except ValueError:
        return None
    return record if isinstance(record, dict) and "labels" in record else None


def _providers(label: Label) -> str:
    return ", ".join(dict.fromkeys(safe(spelling.provider) for spelling in label.spellings))
