"""`taggers tag`: what providers say about pictures."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

import click

from .._client import Sending, TagOptions
from .._image import Image, Source
from .._model import Result
from .._sync import Tagger
from ._asking import Tally, ask
from ._files import save
from ._formats import FORMATS, Outcome, write
from ._sending import sending
from ._setup import Setup, pass_setup
from ._sources import expand

__all__ = ["command"]


@click.command("tag")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("-p", "--provider", "providers", multiple=True, metavar="NAME",
              help="Ask this provider; give it several times to ask several.")  # fmt: skip
@click.option("--route", metavar="NAME", help="Ask by this route of taggers.toml.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N tags a picture.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), metavar="X",
              help="Only tags of at least this confidence, from 0 to 1.")  # fmt: skip
@click.option("--enhance", metavar="NAME",
              help="Let this provider make the picture better first.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS),
              help="Default: table on a terminal, otherwise jsonl.")  # fmt: skip
@click.option("--draw", type=click.Path(path_type=Path), metavar="OUT",
              help="Draw boxes and tags into this PNG, or a folder for several.")  # fmt: skip
@click.option("--font", metavar="FILE", help="The font to draw with.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE",
              help="What a route's conditions may ask for; it is not sent.")  # fmt: skip
@sending
@pass_setup
def command(
    setup: Setup,
    images: tuple[str, ...],
    providers: tuple[str, ...],
    route: str | None,
    limit: int | None,
    min_confidence: float | None,
    language: str | None,
    enhance: str | None,
    metadata: tuple[str, ...],
    form: str | None,
    draw: Path | None,
    font: str | None,
    **how: Unpack[Sending],
) -> int:
    """Tag pictures: files, folders, globs, URLs, or - for stdin.

    Results come in the order of the pictures; a picture that fails becomes a record with its error.
    """
    if providers and route:
        raise click.UsageError("-p and --route exclude each other")
    options: TagOptions = {
        "prepare": how["prepare"],
        "keep_metadata": how["keep_metadata"],
        "fetch": how["fetch"],
        "limit": limit,
        "min_confidence": min_confidence,
        "language": language,
        "enhance": enhance,
        "metadata": _pairs(metadata),
    }
    loaded = setup.config()
    if route and route not in loaded.routes:
        known = ", ".join(loaded.routes) or "none"
        raise click.UsageError(f"there is no route {route!r}; taggers.toml has {known}")
    asked = providers or ((route,) if route else (loaded.default,) if loaded.default else ())
    if not asked:
        raise click.UsageError(
            "no provider was named: give one with -p (local-basic needs no account), "
            "or set default in taggers.toml"
        )
    sources = expand(images)
    if draw is not None:
        _check_drawing(draw, sources, several=len(sources) * len(asked) > 1)
    tally = Tally()
    with Tagger(config=loaded) as tagger:
        for name in (*asked, *([enhance] if enhance else ())):
            tagger.check(name)
        outcomes = ask(tagger, sources, asked, options)
        drawn = _drawn(outcomes, draw, font) if draw is not None else outcomes
        with contextlib.closing(outcomes):
            write(form or ("table" if sys.stdout.isatty() else "jsonl"), tally.counted(drawn))
    return tally.exit_code()


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """The metadata that was given as KEY=VALUE."""
    pairs = {key: value for key, mark, value in (text.partition("=") for text in texts) if mark}
    if strange := [text for text in texts if "=" not in text]:
        raise click.UsageError(f"--metadata takes KEY=VALUE, not {strange[0]!r}")
    return pairs


def _check_drawing(out: Path, sources: list[Source | Image], *, several: bool) -> None:
    """Raises `click.UsageError` where a drawing would not be a PNG, or would replace a picture."""
    if several and out.suffix:
        raise click.UsageError("--draw takes a folder where there are several results to draw")
    if out.suffix not in ("", ".png"):
        raise click.UsageError(f"--draw makes PNGs: {out} must end in .png, or be a folder")
    if any(out.resolve() == Path(str(source)).resolve() for source in sources):
        raise click.UsageError(f"--draw would replace the picture {out}")


def _drawn(outcomes: Iterator[Outcome], out: Path, font: str | None) -> Iterator[Outcome]:
    """Passes the outcomes on, each one drawn."""
    from ..draw import draw

    taken: set[str] = set()
    for outcome in outcomes:
        if isinstance(outcome.said, Result):
            picture = draw(Image.open(outcome.picture), outcome.said, font=font)
            save(out if out.suffix else out / _file_name(outcome, taken), picture)
        yield outcome


def _file_name(outcome: Outcome, taken: set[str]) -> str:
    """A name for a drawing that none before it has: pictures of several folders may share one."""
    stem = f"{Path(outcome.name).stem}.{outcome.provider}"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return f"{name}.png"
