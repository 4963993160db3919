"""A result in the tables of a store: its record, its raw answer, its tags and its places."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from ._rows import insert
from ._settled import Kept, plain_text, unpacked

__all__ = ["Results", "unindex"]

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
        self.index(sql, results)

    def read_again(
        self, sql: sqlite3.Connection, run: int, call: int, picture: int, kept: Kept
    ) -> None:
        """Puts what a run reads in an old answer in place of what is there, which is kept."""
        sql.execute(
            "INSERT INTO former_rows SELECT call, run, plugin, plugin_version, content "
            "FROM result_rows WHERE call = ?",
            (call,),
        )
        self._replace(sql, (run, *_reading(kept)), call, picture, kept)

    def read_before(self, sql: sqlite3.Connection, call: int, picture: int) -> None:
        """Puts what was read last before back into its place."""
        former = sql.execute(
            "SELECT run, plugin, plugin_version, content FROM former_rows WHERE call = ? "
            "ORDER BY run DESC LIMIT 1",
            (call,),
        ).fetchone()
        sql.execute("DELETE FROM former_rows WHERE call = ? AND run = ?", (call, former[0]))
        self._replace(sql, former, call, picture, Kept.of(unpacked(former[3])))

    def _replace(
        self, sql: sqlite3.Connection, row: tuple[Any, ...], call: int, picture: int, kept: Kept
    ) -> None:
        sql.execute(
            "UPDATE result_rows SET run = ?, plugin = ?, plugin_version = ?, content = ? "
            "WHERE call = ?",
            (*row, call),
        )
        unindex(sql, call, picture)
        self.index(sql, [(call, picture, kept)])

    def index(self, sql: sqlite3.Connection, results: Iterable[tuple[int, int, Kept]]) -> None:
        """Writes down the tags and places of results, so that they are found."""
        tags: list[tuple[Any, ...]] = []
        places: list[tuple[Any, ...]] = []
        for call, picture, kept in results:
            tags += self._tags(sql, call, picture, kept)
            places += self._places(sql, call, picture, kept)
        insert(sql, "INTO tag_rows", tags)
        insert(sql, "INTO region_rows", places)

    def _tags(
        self, sql: sqlite3.Connection, call: int, picture: int, kept: Kept
    ) -> list[tuple[Any, ...]]:
        provider, known = self.provider(sql, kept.provider), self._labels
        return [
            (picture, call, rank, provider, known.get(label) or self.label(sql, label), confidence)
            for rank, (label, confidence) in enumerate(kept.tags, 1)
        ]

    def _places(
        self, sql: sqlite3.Connection, call: int, picture: int, kept: Kept
    ) -> list[tuple[Any, ...]]:
        return [
            (picture, call, number, label and self.label(sql, label), *place)
            for number, (label, *place) in enumerate(kept.places, 1)
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
    text = plain_text(text)
    sql.execute(f"INSERT OR IGNORE INTO {column} VALUES (?)", (text,))
    (row,) = sql.execute(f"SELECT id FROM {table} WHERE {name} = ?", (text,)).fetchone()
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[text] = row
    return int(row)


def _reading(kept: Kept) -> tuple[str, str | None, bytes]:
    return kept.plugin, kept.plugin_version, kept.content
