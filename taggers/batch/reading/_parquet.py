"""A store as Parquet: a row for each errand, with its tags and places as lists.

Rows of SQLite become columns of Arrow, a span of pictures at a time; a row group is compressed and
written while the next one is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from ..._extras import from_extra
from ..store._store import Store
from ._told import ERRANDS, REGIONS, TAGS, Told, labels, name_of, sha256_of, spans

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["parts_of", "write_parquet"]

ROW_GROUP = 40
"""How many spans of pictures a row group tells of: some 20,000 pictures."""


def write_parquet(store: Store, path: Path) -> int:
    """Writes a store as Parquet; how many errands it tells of."""
    with from_extra("parquet", "writing Parquet"):
        import pyarrow
        from pyarrow import parquet
    count = 0
    with store.read() as sql, ThreadPoolExecutor(1) as beside:
        table = _Table.of(pyarrow, sql)
        schema = table.part((0, 0)).schema
        with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            writing = None
            for parts in _gathered(map(table.part, spans(sql))):
                whole = pyarrow.concat_tables(parts)
                if writing:
                    writing.result()
                writing = beside.submit(writer.write_table, whole)
                count += len(whole)
            if writing:
                writing.result()
    return count


def parts_of(store: Store, run: int, size: int) -> Iterator[pa.Table]:
    """What a run has asked, as tables of at most so many errands."""
    with from_extra("parquet", "writing Parquet"):
        import pyarrow
        import pyarrow.compute
    with store.read() as sql:
        table = _Table.of(pyarrow, sql)
        whole = table.part((0, 0))
        for own in map(table.part, spans(sql)):
            own = own.filter(pyarrow.compute.equal(own["run"], run))
            whole = pyarrow.concat_tables([whole, own])
            while len(whole) >= size:
                yield whole.slice(0, size)
                whole = whole.slice(size)
        if len(whole):
            yield whole


def _gathered(parts: Iterator[pa.Table]) -> Iterator[list[pa.Table]]:
    """Parts that make a row group together."""
    while many := [*islice(parts, ROW_GROUP)]:
        yield many


@frozen
class _Table:
    """Errands as a table, a row each, with tags and places as lists; `names` has labels by id."""

    arrow: Any
    sql: sqlite3.Connection
    names: pa.Array

    @classmethod
    def of(cls, arrow: Any, sql: sqlite3.Connection) -> Self:
        known = labels(sql)
        by_id = map(known.get, range(max(known, default=0) + 1))
        return cls(arrow, sql, arrow.array(by_id, arrow.string()))

    def part(self, span: tuple[int, int]) -> pa.Table:
        """The errands about a span of pictures."""
        arrow, group = self.arrow, self.sql.execute(ERRANDS, span).fetchall()
        string, number, real = arrow.string(), arrow.int64(), arrow.float64()
        rows = dict(zip(Told._fields, _columns(group, len(Told._fields)), strict=True))
        began = arrow.array([round(began * 1000) for began in rows["began"]], number)
        box = {"x": real, "y": real, "width": real, "height": real, "unit": string, "kind": string}
        return arrow.table(
            {
                "call": arrow.array(rows["call"], number),
                "run": arrow.array(rows["run"], number),
                "image": arrow.array(map(name_of, rows["source"], rows["key"]), string),
                "sha256": arrow.array(map(sha256_of, rows["key"]), string),
                "format": arrow.array(rows["format"], string),
                "width": arrow.array(rows["width"], number),
                "height": arrow.array(rows["height"], number),
                "provider": arrow.array(rows["provider"], string),
                "answered": arrow.array(rows["answered"], string),
                "state": arrow.array(rows["state"], string),
                "asked_at": began.cast(arrow.timestamp("ms", "UTC")),
                "units": arrow.array(rows["units"], number),
                "open_units": arrow.array(rows["open_units"], number),
                "error": arrow.array(rows["kind"], string),
                "message": arrow.array(rows["message"], string),
                "tags": self._lists(rows["tags"], span, TAGS, confidence=real),
                "regions": self._lists(rows["regions"], span, REGIONS, confidence=real, **box),
            }
        )

    def _lists(
        self, counts: Sequence[int], span: tuple[int, int], statement: str, **types: Any
    ) -> pa.Array:
        """What the errands have so many of: rows that begin with a label."""
        ends = accumulate(counts, initial=0)
        label, *values = _columns(self.sql.execute(statement, span).fetchall(), 1 + len(types))
        parts = map(self.arrow.array, values, types.values())
        names = self.names.take(self.arrow.array(label, self.arrow.int64()))
        struct = self.arrow.StructArray.from_arrays([names, *parts], ["label", *types])
        return self.arrow.ListArray.from_arrays(self.arrow.array(ends, self.arrow.int32()), struct)


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows turned into so many columns."""
    return [[*map(itemgetter(index), rows)] for index in range(count)]
