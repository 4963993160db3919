"""A store as files that other programs read: Parquet, CSV or JSON Lines.

JSON Lines are results as `taggers tag -f jsonl` writes them. In the other two each errand is told
with its tags: in Parquet a row has lists of them, in CSV each has a line of its own.
"""

from __future__ import annotations

import csv
import errno
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .._serial import as_json
from ..errors import LocalResourceError
from ._results import unpacked
from ._schema import LIVE
from ._store import Store, shown

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "export", "groups", "name_of", "write_lines"]

FORMATS = ("parquet", "csv", "jsonl")
GROUP = 20_000
"""How many errands a row group of Parquet has."""


def export(store: Store, form: str, path: Path) -> int:
    """Writes a store into a file, whole or not at all; how many errands it tells of.

    Raises `LocalResourceError` where that is not possible.
    """
    with _whole(path) as beside:
        if form == "parquet":
            return _parquet(store, beside)
        with beside.open("w", encoding="utf-8", newline="") as file:
            return write_lines(store, form, file)


def write_lines(store: Store, form: str, file: TextIO) -> int:
    """Writes a store as text, "csv" or "jsonl"; how many errands it tells of."""
    writers: dict[str, Callable[[sqlite3.Connection, TextIO], int]] = {"csv": _csv, "jsonl": _jsonl}
    with store.read() as sql:
        return writers[form](sql, file)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside this one, which takes its place in the end."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise LocalResourceError(
            f"{path} cannot be written: {error.strerror or error}",
            hint="make room there, or name another place" if full else None,
        ) from error
    finally:
        beside.unlink(missing_ok=True)


_ERRANDS = f"""
    SELECT c.id AS call, c.run,
    (SELECT min(source) FROM place_rows WHERE picture = c.picture) AS source, p.key,
    p.format, p.width, p.height, a.name AS provider, b.name AS answered, c.state, c.began,
    c.units, c.open_units, c.kind, c.message, c.code
    FROM call_rows AS c JOIN picture_rows AS p ON p.id = c.picture
    JOIN provider_rows AS a ON a.id = c.provider LEFT JOIN provider_rows AS b ON b.id = c.answered
    WHERE c.{LIVE} AND c.id > ? ORDER BY c.id LIMIT ?
"""
_TAGS = """
    SELECT t.call, t.label, t.confidence FROM call_rows AS c
    CROSS JOIN tag_rows AS t ON t.picture = c.picture AND t.call = c.id
    WHERE c.id BETWEEN ? AND ? AND c.state = 'done' ORDER BY c.id, t.rank
"""
_REGIONS = """
    SELECT r.call, r.label, r.confidence, r.x, r.y, r.width, r.height, r.unit, r.kind
    FROM call_rows AS c
    CROSS JOIN region_rows AS r ON r.picture = c.picture AND r.call = c.id
    WHERE c.id BETWEEN ? AND ? AND c.state = 'done' ORDER BY c.id, r.number
"""


def groups(sql: sqlite3.Connection, size: int) -> Iterator[list[sqlite3.Row]]:
    """The errands of a store, so many at a time."""
    last = 0
    while True:
        cursor = sql.cursor()
        cursor.row_factory = sqlite3.Row
        group = cursor.execute(_ERRANDS, (last, size)).fetchall()
        if not group:
            return
        yield group
        last = group[-1]["call"]


def _jsonl(sql: sqlite3.Connection, file: TextIO) -> int:
    count = 0
    for group in groups(sql, 1_000):
        for row in group:
            record = _record(sql, row["call"]) if row["state"] == "done" else _failure(row)
            file.write(as_json(record) + "\n")
        count += len(group)
    return count


def _failure(row: sqlite3.Row) -> dict[str, Any]:
    billed = "yes" if row["units"] else "maybe" if row["open_units"] else "no"
    error = {"kind": row["kind"], "message": row["message"], "code": row["code"], "billed": billed}
    image = {"source": name_of(row), "sha256": _sha256(row)}
    return {"provider": row["provider"], "image": image, "error": error}


def _record(sql: sqlite3.Connection, call: int) -> dict[str, Any]:
    row = sql.execute("SELECT content FROM result_rows WHERE call = ?", (call,)).fetchone()
    return unpacked(row[0]).to_dict()


_COLUMNS = ("image", "sha256", "provider", "answered", "tag", "confidence", "rank", "error",
            "message", "run")  # fmt: skip


def _csv(sql: sqlite3.Connection, file: TextIO) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    labels, count = _labels(sql), 0
    for group in groups(sql, 1_000):
        tags: dict[int, list[tuple[str, float | None]]] = {}
        for call, label, score in sql.execute(_TAGS, (group[0]["call"], group[-1]["call"])):
            tags.setdefault(call, []).append((_cell(labels[label]), score))
        for row in group:
            writer.writerows(_lines(row, tags.get(row["call"], [])))
        count += len(group)
    return count


def _lines(row: sqlite3.Row, tags: list[tuple[str, float | None]]) -> Iterator[tuple[Any, ...]]:
    """A line for each tag; one for an errand without any."""
    about = (_cell(name_of(row)), _sha256(row), row["provider"], row["answered"])
    error = (row["kind"], row["message"] and _cell(row["message"]), row["run"])
    for rank, (label, score) in enumerate(tags, 1):
        yield *about, label, score, rank, *error
    if not tags:
        yield *about, None, None, None, *error


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def name_of(row: sqlite3.Row) -> str:
    """Where the picture is, or its URL; one that is only known by its content has no name."""
    if row["source"] is not None:
        return shown(row["source"])
    return _sha256(row) or shown(row["key"])


def _sha256(row: sqlite3.Row) -> str | None:
    key = row["key"]
    return key.hex() if isinstance(key, bytes) and len(key) == 32 else None


def _labels(sql: sqlite3.Connection) -> dict[int, str]:
    return dict(sql.execute("SELECT id, text FROM label_rows").fetchall())


def _parquet(store: Store, path: Path) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise LocalResourceError(
            f"pyarrow is needed to write Parquet: {error}",
            hint="run: pip install 'taggers[parquet]'",
        ) from error
    count, writer = 0, None
    with store.read() as sql:
        labels = _labels(sql)
        names = pyarrow.array(map(labels.get, range(max(labels, default=0) + 1)), pyarrow.string())
        try:
            for group in groups(sql, GROUP):
                part = _table(pyarrow, sql, group, names)
                writer = writer or parquet.ParquetWriter(path, part.schema, compression="zstd")
                writer.write_table(part)
                count += len(group)
            if writer is None:
                parquet.write_table(_table(pyarrow, sql, [], names), path)
        finally:
            if writer is not None:
                writer.close()
    return count


def _table(
    arrow: Any,
    sql: sqlite3.Connection,
    group: list[sqlite3.Row],
    names: pa.Array,
) -> pa.Table:
    """A row for each errand, with its tags and places as lists; `names` has labels by their id."""
    string, number, real = arrow.string(), arrow.int64(), arrow.float64()

    def column(name: str, type_: Any) -> pa.Array:
        return arrow.array([row[name] for row in group], type_)

    def lists(statement: str, **types: Any) -> pa.Array:
        """What each call has of something: rows that begin with the call and a label."""
        span = (group[0]["call"], group[-1]["call"]) if group else (0, -1)
        rows = list(zip(*sql.execute(statement, span).fetchall(), strict=True))
        calls, labels, *values = rows or [()] * (2 + len(types))
        many = Counter(calls)
        ends = accumulate((many[row["call"]] for row in group), initial=0)
        label = names.take(arrow.array(labels, number))
        parts = map(arrow.array, values, types.values())
        struct = arrow.StructArray.from_arrays([label, *parts], ["label", *types])
        return arrow.ListArray.from_arrays(arrow.array(ends, arrow.int32()), struct)

    began = arrow.array([round(row["began"] * 1000) for row in group], number)
    box = {"x": real, "y": real, "width": real, "height": real, "unit": string, "kind": string}
    return arrow.table(
        {
            "call": column("call", number),
            "run": column("run", number),
            "image": arrow.array(map(name_of, group), string),
            "sha256": arrow.array(map(_sha256, group), string),
            "format": column("format", string),
            "width": column("width", number),
            "height": column("height", number),
            "provider": column("provider", string),
            "answered": column("answered", string),
            "state": column("state", string),
            "asked_at": began.cast(arrow.timestamp("ms", "UTC")),
            "units": column("units", number),
            "open_units": column("open_units", number),
            "error": column("kind", string),
            "message": column("message", string),
            "tags": lists(_TAGS, confidence=real),
            "regions": lists(_REGIONS, confidence=real, **box),
        }
    )
