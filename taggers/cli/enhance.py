"""`taggers enhance`: pictures made better by a provider."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Unpack
from urllib.parse import urlsplit

import click

from .._client import Sending
from .._config import Config
from .._image import Image, Source
from .._model import OutputImage, Result
from .._registry import installed
from .._sync import Tagger
from ..errors import LocalResourceError, MalformedResponse, TaggersError
from ._files import save
from ._sending import sending
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
@sending
@pass_setup
def command(
    setup: Setup, images: tuple[str, ...], provider: str, out: Path, **how: Unpack[Sending]
) -> int:
    """Let a provider make pictures better: brighter, clearer or larger.

    A picture that fails is named, and the others go on. A file gets the suffix of what the provider
    makes, where OUT has another; no picture is written over one that was given.
    """
    config = setup.config()
    _check_maker(provider, config)
    sources = expand(images)
    paths = _paths(out, sources)
    failed = 0
    with Tagger(config=config) as tagger:
        tagger.check(provider)
        outcomes = tagger.tag_many(sources, provider=provider, **how)
        for path, said in zip(paths, outcomes, strict=True):
            try:
                made = _made(said)
                save(_suited(path, made, named=path == out), made.content)
            except TaggersError as error:
                complain(error)
                failed += 1
    return 0 if not failed else 4 if failed == len(sources) else 1


def _check_maker(name: str, config: Config) -> None:
    """Raises `click.UsageError` for a provider that makes no pictures: asking it would cost money
    for nothing."""
    registry = installed()
    route = config.routes.get(name)
    for target in route.targets if route else (name,):
        if not registry.provider(config.service(target, registry).plugin).offers.images:
            makers = ", ".join(item.name for item in registry.all() if item.offers.images)
            raise click.UsageError(f"{target} makes no pictures; these do: {makers}")


def _paths(out: Path, sources: list[Source | Image]) -> list[Path]:
    """Where each picture goes: to the file that is named, or into a folder under its old name,
    whose suffix waits for what is made. Raises `click.UsageError` before anything is asked."""
    if out.suffix and not out.is_dir():
        if len(sources) > 1:
            raise click.UsageError("-o takes a folder where there are several pictures")
        if _same(out, _name(sources[0])):
            raise click.UsageError(f"{out} is the picture itself: name another file or folder")
        return [out]
    _make_folder(out)
    names = [_name(source) for source in sources]
    places = (place for name in names for place in (name.absolute(), name.resolve()))
    theirs = {place.parent / place.stem for place in places}
    paths: dict[Path, Path] = {}
    for name in names:
        path = out / (name.stem or "picture")
        if {path.absolute(), path.resolve()} & theirs:
            raise click.UsageError(f"{out} is where {name} is: name another folder")
        if path in paths:
            raise click.UsageError(f"{paths[path]} and {name} would both be written to {path}")
        paths[path] = name
    return list(paths)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalResourceError(f"{out} cannot be a folder: {error.strerror}") from error
    if not os.access(out, os.W_OK):
        raise LocalResourceError(f"{out} is a folder that cannot be written to")


def _name(source: Source | Image) -> Path:
    """The file that a picture is, or would be if it were downloaded."""
    name = source.source if isinstance(source, Image) else str(source)
    return Path(urlsplit(name).path if "://" in name else name)


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _made(said: Result | TaggersError) -> OutputImage:
    if isinstance(said, TaggersError):
        raise said
    if not said.images:
        raise MalformedResponse("the answer holds no picture", provider=said.provider)
    return said.images[0]


_SUFFIXES = {"jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"), "tiff": (".tif", ".tiff")}


def _suited(path: Path, made: OutputImage, *, named: bool) -> Path:
    """The path with a suffix of the format that was made. Where the user `named` it with another
    one, no file that is there is written over."""
    form = made.media_type.rpartition("/")[2]
    suffixes = _SUFFIXES.get(form, (f".{form}",))
    if not named:
        return path.with_name(path.name + suffixes[0])
    if path.suffix.lower() in suffixes:
        return path
    suited = path.with_suffix(suffixes[0])
    if suited.exists():
        suited = path.with_name(path.name + suffixes[0])
    click.echo(f"what was made is a {form}: it goes to {suited}, not to {path}", err=True)
    return suited
