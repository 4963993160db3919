"""Pictures named in a table: CSV, JSON Lines and Parquet, read row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from io import BufferedIOBase
from typing import Any, BinaryIO

from ..._extras import from_extra
from ...errors import InvalidInput, LocalResourceError, TaggersError
from ._item import Item, Tell
from ._where import Where

__all__ = ["MANIFESTS", "Reader", "items", "names"]

COLUMNS = ("image", "path", "url", "source", "file")
"""The columns that may name the picture; of these, the first that a row has does."""
MAX_LINE_BYTES = 1_000_000
MAX_SHOWN = 50
"""So many columns are remembered for a message: rows of JSON may each have others."""
ROWS = 1024

Row = Mapping[str, Any]
Rows = Iterator[Row | TaggersError]
"""The rows of a manifest; an error stands for one that cannot be used."""
Reader = Callable[[str, BufferedIOBase], Rows]
"""Reads a manifest of this name, opened."""


def items(
    name: str,
    file: BufferedIOBase,
    read: Reader,
    beside: Callable[[str], str],
    where: Where | None,
    tell: Tell,
) -> Iterator[Item]:
    """The items of a manifest, of which those rows are taken that fit `where`. `beside` is where a
    relative path leads. Raises `InvalidInput` where it names no picture at all."""
    columns: dict[str, None] = {}
    found = nameless = 0
    for row in _told(name, read(name, file), tell):
        facts = {key: _text(value) for key, value in row.items() if key and value is not None}
        if len(columns) < MAX_SHOWN:
            columns.update(dict.fromkeys(facts))
        column = next((one for one in COLUMNS if facts.get(one)), None)
        if where is not None and not where.fits(facts):
            continue
        if column is None:
            nameless += 1
            continue
        found += 1
        source = facts.pop(column)
        yield Item(source if "://" in source else beside(source), facts)
    if not found:
        fitting = f" where {where.text}" if where else ""
        raise InvalidInput(
            f"{name} names no pictures{fitting}: its columns are {', '.join(columns) or 'none'}",
            hint=None if where else f"one of them has to be {', '.join(COLUMNS)}",
            scope="call",
        )
    if nameless:
        tell(InvalidInput(f"{name}: no picture is named in {nameless:,} of its rows", scope="call"))


def names(file: BinaryIO) -> Iterator[str]:
    """The lines of a list, one name each, without those that are empty. Names are bytes to the
    disk: what is not UTF-8 in them is kept as surrogates."""
    for line in _lines(file):
        if line.strip():
            yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _lines(file: BinaryIO | BufferedIOBase) -> Iterator[bytes]:
    """The lines of a file; one that is far too long in pieces, so that none fills the memory."""
    return iter(lambda: file.readline(MAX_LINE_BYTES), b"")


def _told(name: str, rows: Rows, tell: Tell) -> Iterator[Row]:
    """The rows that can be read. Others are told, and so is what ends them too early."""
    try:
        for row in rows:
            if isinstance(row, TaggersError):
                tell(row)
            else:
                yield row
    except (OSError, csv.Error) as error:
        tell(LocalResourceError(f"{name} cannot be read on: {error}"))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv(name: str, file: BufferedIOBase) -> Rows:
    with io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="") as text:  # type: ignore[type-var]
        yield from csv.DictReader(text)


def _jsonl(name: str, file: BufferedIOBase) -> Rows:
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            yield _json_row(line, f"{name}:{number}")


def _json_row(line: bytes, place: str) -> Row | TaggersError:
    try:
        row = json.loads(line.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        return InvalidInput(f"{place}: is no JSON: {error}", scope="call")
    if isinstance(row, str):
        return {COLUMNS[0]: row}
    if not isinstance(row, dict):
        return InvalidInput(f"{place}: must be an object or a text, not {row!r:.40}", scope="call")
    return row


def _parquet(name: str, file: BufferedIOBase) -> Rows:
    with from_extra("parquet", "reading Parquet"):
        import pyarrow
        import pyarrow.parquet
    try:
        with pyarrow.parquet.ParquetFile(file) as table:
            plain = [one.name for one in table.schema_arrow if _is_plain(one.type)]
            for batch in table.iter_batches(ROWS, columns=plain):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        yield InvalidInput(f"{name} is no Parquet file, or damaged: {error}", scope="call")


def _is_plain(kind: Any) -> bool:
    """Whether a column's values can be told in a word: no bytes, lists or records."""
    from pyarrow import types

    tests = (types.is_nested, types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    return not any(test(kind) for test in tests)


MANIFESTS: Mapping[str, Reader] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
"""How to read a manifest, by its suffix."""
