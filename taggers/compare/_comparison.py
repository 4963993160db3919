"""What several providers said about the same pictures, from calls or from stored results."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, Unpack

from attrs import field, frozen

from .._client import TagOptions
from .._image import Image, Source
from .._model import BoundingBox, Result
from .._sync import Tagger
from ..errors import Billed, InvalidInput, LocalResourceError, TaggersError

__all__ = ["Comparison", "Failure", "Picture", "compare", "in_fractions", "read_results"]

HINT = "write results with `taggers tag … -f jsonl`"


@frozen(kw_only=True)
class Picture:
    """A picture that providers were asked about: its content's SHA-256 in hex, or its source where
    that is not known, is its `id`; `width` and `height` are pixels of it upright."""

    id: str
    source: str
    format: str | None = None
    width: int | None = None
    height: int | None = None


@frozen(kw_only=True)
class Failure:
    """A call that ended in an error: the error's class ("RateLimited"), what it says, and whether
    it was billed."""

    kind: str
    message: str
    code: str | None = None
    billed: Billed = "no"

    @classmethod
    def of(cls, error: TaggersError) -> Self:
        """The failure that an error is."""
        return cls._read(error.to_dict())

    @classmethod
    def _read(cls, record: Mapping[str, Any]) -> Self:
        return cls(**{name: record[name] for name in ("kind", "message", "code", "billed")})


@frozen(kw_only=True)
class Comparison:
    """What each provider said about each picture, both in the order in which they were asked.

    `said` is by the picture's id and the provider's name; what was not asked is not there.
    """

    providers: tuple[str, ...]
    pictures: tuple[Picture, ...]
    said: Mapping[tuple[str, str], Result | Failure] = field(repr=lambda said: f"<{len(said)}>")

    @classmethod
    def of(cls, outcomes: Iterable[tuple[str, str, Result | TaggersError | Failure]]) -> Self:
        """The comparison of outcomes: what the caller named a picture, the provider that was asked,
        and what came. Of two about the same picture by the same provider the last one counts.

        Pictures are the same where their bytes are, or else their names.
        """
        listed = list(outcomes)
        answered = {name: _picture(said) for name, _, said in listed if isinstance(said, Result)}
        pictures: dict[str, Picture] = {}
        found: dict[tuple[str, str], Result | Failure] = {}
        for name, provider, said in listed:
            named = answered.get(name) or Picture(id=name, source=name)
            picture = _picture(said) if isinstance(said, Result) else named
            pictures.setdefault(picture.id, picture)
            found[picture.id, provider] = (
                Failure.of(said) if isinstance(said, TaggersError) else said
            )
        providers = dict.fromkeys(provider for _, provider, _ in listed)
        return cls(providers=tuple(providers), pictures=tuple(pictures.values()), said=found)

    @classmethod
    def read(cls, *files: str | os.PathLike[str]) -> Self:
        """The comparison of stored results: JSON Lines as `taggers tag -f jsonl` writes them.

        Raises `InvalidInput` with the place, as in "results.jsonl:3: …", for a line that is no
        result, and where there is no line at all, and `LocalResourceError` where a file cannot be
        read.
        """
        outcomes = [outcome for file in files for outcome in read_results(file)]
        if not outcomes:
            raise InvalidInput(f"there are no results in {', '.join(map(str, files))}", hint=HINT)
        return cls.of(outcomes)

    def every_result(self) -> Iterator[Result]:
        """All answers, by whomever."""
        return (said for said in self.said.values() if isinstance(said, Result))

    def results(self, provider: str) -> Iterator[tuple[Picture, Result]]:
        """The pictures that a provider answered about, with its answers."""
        for picture in self.pictures:
            if isinstance(said := self.said.get((picture.id, provider)), Result):
                yield picture, said


def compare(
    tagger: Tagger,
    images: Iterable[Source | Image],
    providers: Iterable[str],
    **options: Unpack[TagOptions],
) -> Comparison:
    """Asks each provider or route about each picture, all at a time, as `Tagger.tag_many` does."""
    pictures, names = list(images), list(dict.fromkeys(providers))
    every = [tagger.tag_many(pictures, **_asked(name, options)) for name in names]
    return Comparison.of(
        (picture.source if isinstance(picture, Image) else str(picture), name, said)
        for picture, *answers in zip(pictures, *every, strict=True)
        for name, said in zip(names, answers, strict=True)
    )


def in_fractions(box: BoundingBox, picture: Picture) -> BoundingBox | None:
    """The part of a box that lies in the picture, as fractions of its width and height; None where
    its size is not known."""
    if box.unit == "relative":
        return box.clipped(1, 1)
    if not picture.width or not picture.height:
        return None
    return box.scaled(1 / picture.width, 1 / picture.height, "relative").clipped(1, 1)


def _asked(provider: str, options: TagOptions) -> TagOptions:
    return {**options, "provider": provider}


def _picture(result: Result) -> Picture:
    facts = result.image
    return Picture(
        id=facts.sha256 or facts.source,
        source=facts.source,
        format=facts.format,
        width=facts.width,
        height=facts.height,
    )


def read_results(
    path: str | os.PathLike[str],
) -> Iterator[tuple[str, str, Result | Failure]]:
    """The results of one file, as `Comparison.of` takes them. Raises as `Comparison.read` does."""
    file = Path(path)
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read(line, f"{file}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalResourceError(f"{file} cannot be read: {error}") from error


def _read(line: str, place: str) -> tuple[str, str, Result | Failure]:
    try:
        return _outcome(json.loads(line))
    except KeyError as error:
        why = f"it has no {error}"
    except (InvalidInput, ValueError, TypeError, AttributeError) as error:
        why = str(error)
    raise InvalidInput(f"{place}: is no result: {why}", hint=HINT)


def _outcome(record: Any) -> tuple[str, str, Result | Failure]:
    source, provider = record["image"]["source"], record["provider"]
    if "error" in record:
        return source, provider, Failure._read(record["error"])
    return source, provider, Result.from_dict(record)
