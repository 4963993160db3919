"""How a call ended, as it is written down: plain values, which are quickly sent to another machine,
and of which the journal has only to make rows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import msgspec
from attrs import evolve, field, frozen

from ..._model import Attempt, OutputImage, Region, Result
from ...errors import Billed, InvalidInput, LocalResourceError, MalformedResponse, TaggersError

__all__ = ["Kept", "Payment", "Settled", "paid", "plain_text", "unpacked"]

Payment = tuple[str | None, Billed, int]
"""Who was asked, whether that was billed, and how many units; None: whoever the call is of."""
_NO_JSON = (AttributeError, TypeError, ValueError, RecursionError)
"""What comes of values that are not what they should be."""
_JSON = msgspec.json.Encoder()
"""Writes values as `to_dict` has them, without making that dictionary first."""


@frozen(kw_only=True)
class Kept:
    """What is kept of a result: its `content` without the bytes of pictures, as compressed JSON;
    `tags` are labels and confidences, and `places` those of its regions, as they are found."""

    provider: str
    plugin: str
    plugin_version: str | None
    content: bytes
    tags: Sequence[tuple[str, float | None]]
    places: Sequence[tuple[Any, ...]]

    @classmethod
    def of(cls, result: Result) -> Self:
        """Raises what encoders raise for values that JSON cannot hold."""
        return cls(
            provider=result.provider,
            plugin=result.provenance.plugin,
            plugin_version=result.provenance.plugin_version,
            content=_packed(result),
            tags=[(tag.name, tag.confidence) for tag in result.tags],
            places=[*_places(result)],
        )


@frozen(kw_only=True)
class Settled:
    """How a call ended: its `units` are billed, and its `open_units` may be (None: those it began
    with). `paid` says the same by who was asked; a call that is "done" has a result that is
    `kept`, and any other one an error's kind, message and code."""

    state: str
    units: int
    open_units: int | None
    kind: str | None = None
    message: str | None = None
    code: str | None = None
    request_id: str | None = None
    paid: Sequence[Payment] = field(default=())
    kept: Kept | None = None

    @classmethod
    def of(cls, outcome: Result | TaggersError) -> Self:
        """A result whose raw answer JSON cannot hold loses that, and says so; one that JSON cannot
        hold at all becomes an error, which is billed as the result was."""
        if isinstance(outcome, TaggersError):
            return cls._failed(outcome)
        try:
            return cls._done(outcome)
        except _NO_JSON as error:
            warning = f"the raw answer is not kept: {error}"
        try:
            return cls._done(evolve(outcome, raw=None, warnings=(*outcome.warnings, warning)))
        except _NO_JSON as error:
            lost = MalformedResponse(f"the result cannot be kept: {error}")
            lost.note_attempts(outcome.provenance.attempts)
            return cls._failed(lost)

    @classmethod
    def _done(cls, result: Result) -> Self:
        about = result.provenance
        return cls(
            state="done",
            units=about.billable_units,
            open_units=_units(about.attempts, "maybe"),
            request_id=about.request_id,
            paid=[*paid(about.attempts)],
            kept=Kept.of(result),
        )

    @classmethod
    def _failed(cls, error: TaggersError) -> Self:
        free = error.outcome != "unknown" and error.billed == "no"
        maybe = _units(error.attempts, "maybe")
        return cls(
            state="failed" if free else "unknown",  # which costs nothing to ask again, or may
            units=_units(error.attempts, "yes"),
            open_units=None if error.billed == "maybe" and not maybe else maybe,
            kind=type(error).__name__,
            message=plain_text(error.message),
            code=error.code and plain_text(error.code),
            request_id=error.request_id and plain_text(error.request_id),
            paid=[*paid(error.attempts)],
        )


def unpacked(content: bytes) -> Result:
    """The result that is kept. Raises `LocalResourceError` where it is damaged."""
    try:
        return Result.from_dict(json.loads(zlib.decompress(content)))
    except (zlib.error, InvalidInput, ValueError, TypeError, RecursionError) as error:
        raise LocalResourceError(f"a record of the store is damaged: {error}") from error


def paid(attempts: Iterable[Attempt]) -> Iterator[Payment]:
    """Those of the requests that are billed, or may be."""
    for attempt in attempts:
        if attempt.billed != "no":
            yield attempt.provider, attempt.billed, attempt.units


def plain_text(text: str) -> str:
    """The text without halves of surrogate pairs, which SQLite does not take."""
    return text.encode("utf-8", "replace").decode()


def _packed(result: Result) -> bytes:
    bare = tuple(OutputImage(b"", image.media_type) for image in result.images)
    kept = evolve(result, images=bare) if bare else result
    try:
        content = _JSON.encode(kept)
    except UnicodeEncodeError:  # half of a surrogate pair
        content = json.dumps(kept.to_dict()).encode()
    return zlib.compress(content, 1)


def _places(result: Result) -> Iterator[tuple[Any, ...]]:
    for tag in result.tags:
        for region in tag.regions:
            yield tag.name, *_place(region)
    for region in result.regions:
        yield None, *_place(region)


def _place(region: Region) -> tuple[Any, ...]:
    box = region.box
    kind = region.kind and plain_text(region.kind)
    return kind, box.x, box.y, box.width, box.height, box.unit, region.confidence


def _units(attempts: Iterable[Attempt], billed: Billed) -> int:
    return sum(attempt.units for attempt in attempts if attempt.billed == billed)
