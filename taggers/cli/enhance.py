"""`taggers enhance`: pictures made better by a provider."""

from __future__ import annotations

from pathlib import Path

import click

from .._image import Image, Source
from .._model import OutputImage, Result
from .._sync import Tagger
from ..errors import LocalResourceError, NotSupported, TaggersError
from ._files import save
from ._setup import Setup, pass_setup
from ._sources import expand
from ._terminal import complain

__all__ = ["command"]


@click.command("enhance")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("-p", "--provider", required=True, metavar="NAME",
              help="The provider, such as huawei-dark-enhance.")  # fmt: skip
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), metavar="OUT",
              help="The file to write, or for several pictures a folder.")  # fmt: skip
@pass_setup
def command(setup: Setup, images: tuple[str, ...], provider: str, out: Path) -> int:
    """Let a provider make pictures better: brighter, clearer or larger.

    A picture that fails is named, and the others go on.
    """
    sources = expand(images)
    if len(sources) > 1 and out.suffix:
        raise click.UsageError("-o takes a folder where there are several pictures")
    failed = 0
    with Tagger(config=setup.config()) as tagger:
        tagger.check(provider)
        for source, said in zip(sources, tagger.tag_many(sources, provider=provider), strict=True):
            try:
                made = _made(said, provider)
                save(_path(out, source, made), made.content)
            except TaggersError as error:
                complain(error)
                failed += 1
    return 0 if not failed else 4 if failed == len(sources) else 1


def _made(said: Result | TaggersError, provider: str) -> OutputImage:
    if isinstance(said, TaggersError):
        raise said
    if not said.images:
        raise NotSupported(f"{provider} says something about pictures, and makes none")
    return said.images[0]


def _path(out: Path, source: Source | Image, made: OutputImage) -> Path:
    """Where the picture goes: into a folder under its old name; never over the old one."""
    name = Path(source.source if isinstance(source, Image) else str(source))
    suffix = made.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    path = out if out.suffix else out / f"{name.stem}.{suffix}"
    if path.resolve() == name.resolve():
        raise LocalResourceError(f"{path} is the picture itself: name another file or folder")
    return path
