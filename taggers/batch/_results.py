"""A result in the tables of a store: its record, its raw answer, its tags and its places."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from attrs import define, evolve, field, frozen

from .._model import OutputImage, Region, Result
from ..errors import InvalidInput, LocalResourceError, MalformedResponse, TaggersError
from ._rows import insert

__all__ = ["Kept", "Results", "keepable", "outcome_row", "packed", "unindex", "unpacked"]

MAX_KNOWN = 50_000
"""How many labels' ids are remembered: 10 MB at most."""


@define(eq=False)
class Results:
    """Puts results into a store and takes them out. It remembers the ids of providers and labels,
    which `forget` must drop where a transaction did not hold."""

    _providers: dict[str, int] = field(factory=dict)
    _labels: dict[str, int] = field(factory=dict)

    def forget(self) -> None:
        self._providers.clear()
        self._labels.clear()

    def provider(self, sql: sqlite3.Connection, name: str) -> int:
        """The id of a provider, made where there is none."""
        return _id_of(sql, "provider_rows (name)", name, self._providers)

    def label(self, sql: sqlite3.Connection, text: str) -> int:
        """The id of a label, made where there is none."""
        return _id_of(sql, "label_rows (text)", text, self._labels)

    def put(
        self, sql: sqlite3.Connection, run: int, results: Iterable[tuple[int, int, Kept]]
    ) -> None:
        """Keeps results as a run has read them, each with its call and picture."""
        results = list(results)
        rows = [(call, run, *_reading(kept)) for call, _, kept in results]
        insert(sql, "INTO result_rows", rows)
        self.index(sql, [(call, picture, kept.result) for call, picture, kept in results])

    def read_again(
        self, sql: sqlite3.Connection, run: int, call: int, picture: int, kept: Kept
    ) -> None:
        """Puts what a run reads in an old answer in place of what is there, which is kept."""
        sql.execute(
            "INSERT INTO former_rows SELECT call, run, plugin, plugin_version, content "
            "FROM result_rows WHERE call = ?",
            (call,),
        )
        self._replace(sql, (run, *_reading(kept)), call, picture, kept.result)

    def read_before(self, sql: sqlite3.Connection, call: int, picture: int) -> None:
        """Puts what was read last before back into its place."""
        former = sql.execute(
            "SELECT run, plugin, plugin_version, content FROM former_rows WHERE call = ? "
            "ORDER BY run DESC LIMIT 1",
            (call,),
        ).fetchone()
        sql.execute("DELETE FROM former_rows WHERE call = ? AND run = ?", (call, former[0]))
        self._replace(sql, former, call, picture, unpacked(former[3]))

    def _replace(
        self, sql: sqlite3.Connection, row: tuple[Any, ...], call: int, picture: int, result: Result
    ) -> None:
        sql.execute(
            "UPDATE result_rows SET run = ?, plugin = ?, plugin_version = ?, content = ? "
            "WHERE call = ?",
            (*row, call),
        )
        unindex(sql, call, picture)
        self.index(sql, [(call, picture, result)])

    def index(self, sql: sqlite3.Connection, results: Iterable[tuple[int, int, Result]]) -> None:
        """Writes down the tags and places of results, so that they are found."""
        tags: list[tuple[Any, ...]] = []
        places: list[tuple[Any, ...]] = []
        for call, picture, result in results:
            tags += self._tags(sql, call, picture, result)
            places += self._places(sql, call, picture, result)
        insert(sql, "INTO tag_rows", tags)
        insert(sql, "INTO region_rows", places)

    def _tags(
        self, sql: sqlite3.Connection, call: int, picture: int, result: Result
    ) -> list[tuple[Any, ...]]:
        provider, known = self.provider(sql, result.provider), self._labels
        return [
            (picture, call, rank, provider, known.get(tag.name) or self.label(sql, tag.name),
             tag.confidence)
            for rank, tag in enumerate(result.tags, 1)
        ]  # fmt: skip

    def _places(
        self, sql: sqlite3.Connection, call: int, picture: int, result: Result
    ) -> list[tuple[Any, ...]]:
        return [
            (picture, call, number, name and self.label(sql, name), *_place(region))
            for number, (name, region) in enumerate(_places(result), 1)
        ]


def unindex(sql: sqlite3.Connection, call: int, picture: int) -> None:
    """Forgets a result's tags and places."""
    for table in ("tag_rows", "region_rows"):
        sql.execute(f"DELETE FROM {table} WHERE picture = ? AND call = ?", (picture, call))


def _id_of(sql: sqlite3.Connection, column: str, text: str, known: dict[str, int]) -> int:
    found = known.get(text)
    if found is not None:
        return found
    table, name = column.split()
    text = _text(text)
    sql.execute(f"INSERT OR IGNORE INTO {column} VALUES (?)", (text,))
    (row,) = sql.execute(f"SELECT id FROM {table} WHERE {name} = ?", (text,)).fetchone()
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[text] = row
    return int(row)


def _reading(kept: Kept) -> tuple[str, str | None, bytes]:
    about = kept.result.provenance
    return about.plugin, about.plugin_version, kept.content


def _places(result: Result) -> Iterator[tuple[str | None, Region]]:
    for tag in result.tags:
        for region in tag.regions:
            yield tag.name, region
    for region in result.regions:
        yield None, region


def _place(region: Region) -> tuple[Any, ...]:
    box = region.box
    return (
        region.kind and _text(region.kind),
        box.x,
        box.y,
        box.width,
        box.height,
        box.unit,
        region.confidence,
    )


@frozen
class Kept:
    """A result as it is kept: its `content` without the bytes of pictures, compressed."""

    result: Result
    content: bytes


_NO_JSON = (AttributeError, TypeError, ValueError, RecursionError)
"""What comes of values that are not what they should be."""
_JSON = msgspec.json.Encoder()
"""Writes values as `to_dict` has them, without making that dictionary first."""


def keepable(outcome: Result | TaggersError) -> Kept | TaggersError:
    """An outcome as it can be kept. A result whose raw answer JSON cannot hold loses that, and says
    so; one that JSON cannot hold at all becomes an error, which is billed as the result was."""
    if isinstance(outcome, TaggersError):
        return outcome
    try:
        return packed(outcome)
    except _NO_JSON as error:
        warning = f"the raw answer is not kept: {error}"
    bare = evolve(outcome, raw=None, warnings=(*outcome.warnings, warning))
    try:
        return packed(bare)
    except _NO_JSON as error:
        lost = MalformedResponse(f"the result cannot be kept: {error}")
        lost.note_attempts(outcome.provenance.attempts)
        return lost


def packed(result: Result) -> Kept:
    """A result as it is kept. Raises what encoders raise for values that JSON cannot hold."""
    bare = tuple(OutputImage(b"", image.media_type) for image in result.images)
    kept = evolve(result, images=bare) if bare else result
    try:
        content = _JSON.encode(kept)
    except UnicodeEncodeError:  # half of a surrogate pair
        content = json.dumps(kept.to_dict()).encode()
    return Kept(result, zlib.compress(content, 1))


def unpacked(content: bytes) -> Result:
    """The result that was packed. Raises `LocalResourceError` where it is damaged."""
    try:
        return Result.from_dict(json.loads(zlib.decompress(content)))
    except (zlib.error, InvalidInput, ValueError, TypeError, RecursionError) as error:
        raise LocalResourceError(f"a record of the store is damaged: {error}") from error


def outcome_row(outcome: Kept | TaggersError) -> tuple[Any, ...]:
    """What a call's row says of its outcome: state, units that are billed and that may be (None:
    those it began with), kind, message and code of an error, and the request's id."""
    if isinstance(outcome, Kept):
        about = outcome.result.provenance
        maybe = _units(about.attempts, "maybe")
        return "done", about.billable_units, maybe, None, None, None, about.request_id
    free = outcome.outcome != "unknown" and outcome.billed == "no"
    maybe = _units(outcome.attempts, "maybe")
    return (
        "failed" if free else "unknown",  # which costs nothing to ask again, and which may
        _units(outcome.attempts, "yes"),
        None if outcome.billed == "maybe" and not maybe else maybe,
        type(outcome).__name__,
        _text(outcome.message),
        outcome.code and _text(outcome.code),
        outcome.request_id and _text(outcome.request_id),
    )


def _units(attempts: Any, billed: str) -> int:
    return sum(attempt.units for attempt in attempts if attempt.billed == billed)


def _text(text: str) -> str:
    """The text without halves of surrogate pairs, which SQLite does not take."""
    return text.encode("utf-8", "replace").decode()
