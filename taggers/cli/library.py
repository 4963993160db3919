"""`taggers library`: the library of pictures behind an image search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Unpack

import click

from .._client import Sending
from .._model import BoundingBox
from .._serial import as_json
from .._sync import Tagger
from ..library import Library
from ._sending import sending
from ._setup import Setup, pass_setup

__all__ = ["command"]

_labels = click.option("-l", "--label", "labels", multiple=True, metavar="NAME=VALUE",
                       help="A label of the picture; may be repeated.")  # fmt: skip


@click.group("library")
@click.option("-p", "--provider", default="huawei-image-search", metavar="NAME", show_default=True,
              help="The provider whose library it is.")  # fmt: skip
@click.pass_context
def command(ctx: click.Context, provider: str) -> None:
    """Fill, look after and search a library of pictures."""
    ctx.meta["provider"] = provider


@contextmanager
def _library(setup: Setup) -> Iterator[Library]:
    provider = click.get_current_context().meta["provider"]
    with Tagger(config=setup.config()) as tagger:
        yield Library(tagger, provider)


@command.command("add")
@click.argument("path")
@click.argument("image", required=False)
@_labels
@sending
@pass_setup
def add(
    setup: Setup,
    path: str,
    image: str | None,
    labels: tuple[str, ...],
    **how: Unpack[Sending],
) -> None:
    """Put IMAGE under PATH. Without IMAGE, PATH is a URL that the vendor fetches."""
    with _library(setup) as library:
        library.add(path, image, _pairs(labels), **how)


@command.command("modify")
@click.argument("path")
@_labels
@pass_setup
def modify(setup: Setup, path: str, labels: tuple[str, ...]) -> None:
    """Give the picture at PATH these labels in place of its own."""
    with _library(setup) as library:
        library.modify(path, _pairs(labels))


@command.command("delete")
@click.argument("path")
@pass_setup
def delete(setup: Setup, path: str) -> None:
    """Take the picture at PATH out."""
    with _library(setup) as library:
        library.delete(path)


@command.command("check")
@click.argument("path")
@pass_setup
def check(setup: Setup, path: str) -> int:
    """Say whether there is a picture at PATH: yes, or no and exit code 1."""
    with _library(setup) as library:
        there = library.check(path)
    click.echo("yes" if there else "no")
    return 0 if there else 1


@command.command("search")
@click.argument("image", required=False)
@click.option("--path", metavar="PATH", help="Look for pictures like this one of the library.")
@click.option("--box", metavar="X,Y,WIDTH,HEIGHT",
              help="Only this area of the picture, in pixels.")  # fmt: skip
@_labels
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, metavar="N",
              help="How many to list at most.")  # fmt: skip
@click.option("--json", "form", is_flag=True, help="One JSON object per picture.")
@sending
@pass_setup
def search(
    setup: Setup,
    image: str | None,
    path: str | None,
    box: str | None,
    labels: tuple[str, ...],
    limit: int,
    form: bool,
    **how: Unpack[Sending],
) -> None:
    """List the pictures most like IMAGE, or like the one at --path, or all with the labels."""
    if not image and not path and not labels:
        raise click.UsageError("name a picture, a --path or a --label")
    with _library(setup) as library:
        result = library.search(
            image, path=path, labels=_pairs(labels), box=_area(box), limit=limit, **how
        )
    for match in result.matches:
        shown = {"path": match.path, "similarity": match.similarity, "labels": dict(match.labels)}
        words = " ".join(f"{name}={value}" for name, value in match.labels.items())
        line = f"{match.similarity or 0:.2f}  {match.path}  {words}".rstrip()
        click.echo(as_json(shown) if form else line)


def _area(box: str | None) -> BoundingBox | None:
    if box is None:
        return None
    try:
        x, y, width, height = (int(side) for side in box.split(","))
    except ValueError:
        raise click.BadParameter(f"{box!r} is not four whole numbers", param_hint="--box") from None
    return BoundingBox(x, y, width, height)


def _pairs(labels: tuple[str, ...]) -> dict[str, str]:
    for label in labels:
        if "=" not in label:
            raise click.BadParameter(f"{label!r} is not NAME=VALUE", param_hint="--label")
    return dict(label.split("=", 1) for label in labels)
