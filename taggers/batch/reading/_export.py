"""A store as files that other programs read: Parquet, CSV or JSON Lines.

JSON Lines are results as `taggers tag -f jsonl` writes them. In the other two each errand is told
with its tags: in Parquet a row has lists of them, in CSV each has a line of its own.
"""

from __future__ import annotations

import csv
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from ..._database import ensure_no_database
from ..._serial import as_json
from ...errors import LocalResourceError
from ..store._settled import unpacked
from ..store._store import Store
from ._parquet import parts_of, write_parquet
from ._told import TAGS, Told, labels, name_of, sha256_of, told

__all__ = ["FORMATS", "export", "write_lines", "write_parts"]

FORMATS = ("parquet", "csv", "jsonl")
PART = 100_000
"""How many errands one of several files has at most."""


def export(store: Store, form: str, path: Path) -> int:
    """Writes a store into a file, whole or not at all; how many errands it tells of.

    Raises `LocalResourceError` where that is not possible.
    """
    with _whole(path) as beside:
        if form == "parquet":
            return write_parquet(store, beside)
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
    ensure_no_database(path)
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


def write_parts(store: Store, run: int, folder: Path) -> list[Path]:
    """Writes what a run has asked into Parquet files in a folder, each whole or not at all. Raises
    `LocalResourceError` where that is not possible."""
    parts: list[Path] = []
    for table in parts_of(store, run, PART):
        from pyarrow import parquet

        parts.append(folder / f"run-{run}-{len(parts) + 1:05}.parquet")
        with _whole(parts[-1]) as beside:
            parquet.write_table(table, beside, compression="zstd")
    return parts


def _jsonl(sql: sqlite3.Connection, file: TextIO) -> int:
    count = 0
    for _, group in told(sql):
        for row in group:
            record = _record(sql, row.call) if row.state == "done" else _failure(row)
            file.write(as_json(record) + "\n")
        count += len(group)
    return count


def _failure(row: Told) -> dict[str, Any]:
    billed = "yes" if row.units else "maybe" if row.open_units else "no"
    error = {"kind": row.kind, "message": row.message, "code": row.code, "billed": billed}
    image = {"source": name_of(row.source, row.key), "sha256": sha256_of(row.key)}
    return {"provider": row.provider, "image": image, "error": error}


def _record(sql: sqlite3.Connection, call: int) -> dict[str, Any]:
    row = sql.execute("SELECT content FROM result_rows WHERE call = ?", (call,)).fetchone()
    return unpacked(row[0]).to_dict()


_COLUMNS = ("image", "sha256", "provider", "answered", "tag", "confidence", "rank", "error",
            "message", "run")  # fmt: skip


def _csv(sql: sqlite3.Connection, file: TextIO) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    known, count = labels(sql), 0
    for span, group in told(sql):
        tags = ((_cell(known[label]), score) for label, score in sql.execute(TAGS, span))
        for row in group:
            writer.writerows(_lines(row, [*islice(tags, row.tags)]))
        count += len(group)
    return count


def _lines(row: Told, tags: list[tuple[str, float | None]]) -> Iterator[tuple[Any, ...]]:
    """A line for each tag; one for an errand without any."""
    name = _cell(name_of(row.source, row.key))
    about = (name, sha256_of(row.key), row.provider, row.answered)
    kind = "under way" if row.state == "sent" else row.kind
    error = (kind, row.message and _cell(row.message), row.run)
    for rank, (label, score) in enumerate(tags, 1):
        yield *about, label, score, rank, *error
    if not tags:
        yield *about, None, None, None, *error


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
