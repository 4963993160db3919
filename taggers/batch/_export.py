"""A store as files that other programs read: Parquet, CSV or JSON Lines.

JSON Lines are results as `taggers tag -f jsonl` writes them. In the other two each errand is told
with its tags: in Parquet a row has lists of them, in CSV each has a line of its own.
"""

from __future__ import annotations

import csv
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
from ._store import Store, named

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "export", "write_lines"]

FORMATS = ("parquet", "csv", "jsonl")
GROUP = 50_000
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
        reason = error.strerror or error
        raise LocalResourceError(f"{path} cannot be written: {reason}") from error
    finally:
        beside.unlink(missing_ok=True)


_ERRANDS = f"""
    SELECT c.id, c.run, (SELECT min(source) FROM place_rows WHERE picture = c.picture) AS source,
    p.key, p.format, p.width, p.height, a.name, b.name, c.state, c.began, c.units, c.open_units,
    c.kind, c.message
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


def _groups(sql: sqlite3.Connection, size: int) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while group := sql.execute(_ERRANDS, (last, size)).fetchall():
        yield group
        last = group[-1][0]


def _jsonl(sql: sqlite3.Connection, file: TextIO) -> int:
    count = 0
    for group in _groups(sql, 1_000):
        for call, _, source, key, *_, provider, _, state, _, _, _, kind, message in group:
            if state == "done":
                record = _record(sql, call)
            else:
                error = {"kind": kind, "message": message, "code": None, "billed": "maybe"}
                image = {"source": named(source or key)}
                record = {"provider": provider, "image": image, "error": error}
            file.write(as_json(record) + "\n")
            count += 1
    return count


def _record(sql: sqlite3.Connection, call: int) -> dict[str, Any]:
    row = sql.execute("SELECT content FROM result_rows WHERE call = ?", (call,)).fetchone()
    return unpacked(row[0]).to_dict()


_COLUMNS = ("image", "sha256", "provider", "answered", "tag", "confidence", "rank", "error",
            "message", "run")  # fmt: skip


def _csv(sql: sqlite3.Connection, file: TextIO) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    labels, count = _labels(sql), 0
    for group in _groups(sql, 1_000):
        tags: dict[int, list[tuple[int, float | None]]] = {}
        for call, label, confidence in sql.execute(_TAGS, (group[0][0], group[-1][0])):
            tags.setdefault(call, []).append((label, confidence))
        for call, run, source, key, _, _, _, provider, answered, _, _, _, _, kind, message in group:
            about = (_cell(_name(source, key)), _sha256(key), provider, answered)
            error = (kind, message and _cell(message), run)
            said = [(_cell(labels[label]), score) for label, score in tags.get(call, ())]
            for rank, (label, score) in enumerate(said, 1):
                writer.writerow((*about, label, score, rank, *error))
            if not said:
                writer.writerow((*about, None, None, None, *error))
        count += len(group)
    return count


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    shown = _text(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _text(text: str) -> str:
    """A name without what is no text in it."""
    return text.encode("utf-8", "replace").decode()


def _name(source: str | bytes | None, key: str | bytes) -> str:
    return named(source if source is not None else key)


def _sha256(key: str | bytes) -> str | None:
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
        names = pyarrow.array(labels.values(), pyarrow.string())
        at = {label: index for index, label in enumerate(labels)}
        try:
            for group in _groups(sql, GROUP):
                part = _table(pyarrow, sql, group, names, at)
                writer = writer or parquet.ParquetWriter(path, part.schema, compression="zstd")
                writer.write_table(part)
                count += len(group)
            if writer is None:
                parquet.write_table(_table(pyarrow, sql, [], names, at), path)
        finally:
            if writer is not None:
                writer.close()
    return count


def _table(
    arrow: Any,
    sql: sqlite3.Connection,
    group: list[tuple[Any, ...]],
    names: pa.Array,
    at: dict[int, int],
) -> pa.Table:
    """A row for each errand, with its tags and places as lists."""
    string, number, real = arrow.string(), arrow.int64(), arrow.float64()
    columns = list(zip(*group, strict=True)) or [()] * 15
    calls, runs, sources, keys, formats, widths, heights, asked, answered, states, *more = columns
    began, units, open_units, kinds, messages = more
    span = (calls[0], calls[-1]) if calls else (0, -1)
    pictures = [_name(source, key) for source, key in zip(sources, keys, strict=True)]

    def lists(statement: str, types: dict[str, Any]) -> pa.Array:
        """What each call has of something: its own rows, of which the first column is the call and
        the second a label."""
        rows = list(zip(*sql.execute(statement, span).fetchall(), strict=True))
        whose, labels, *values = rows or [()] * (len(types) + 2)
        many = Counter(whose)
        offsets = list(accumulate((many[call] for call in calls), initial=0))
        label = names.take(arrow.array([at.get(label) for label in labels], number))
        parts = [
            arrow.array(value, type_) for value, type_ in zip(values, types.values(), strict=True)
        ]
        struct = arrow.StructArray.from_arrays([label, *parts], ["label", *types])
        return arrow.ListArray.from_arrays(arrow.array(offsets, arrow.int32()), struct)

    box = dict.fromkeys(("confidence", "x", "y", "width", "height"), real)
    utc = arrow.timestamp("ms", "UTC")
    return arrow.table(
        {
            "call": arrow.array(calls, number),
            "run": arrow.array(runs, number),
            "image": arrow.array([_text(name) for name in pictures], string),
            "sha256": arrow.array([_sha256(key) for key in keys], string),
            "format": arrow.array(formats, string),
            "width": arrow.array(widths, number),
            "height": arrow.array(heights, number),
            "provider": arrow.array(asked, string),
            "answered": arrow.array(answered, string),
            "state": arrow.array(states, string),
            "asked_at": arrow.array([round(at_s * 1000) for at_s in began], number).cast(utc),
            "units": arrow.array(units, number),
            "open_units": arrow.array(open_units, number),
            "error": arrow.array(kinds, string),
            "message": arrow.array(messages, string),
            "tags": lists(_TAGS, {"confidence": real}),
            "regions": lists(_REGIONS, {**box, "unit": string, "kind": string}),
        }
    )
