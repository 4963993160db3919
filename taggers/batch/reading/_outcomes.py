"""What a store has, as the other commands compare and measure it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..._model import Result
from ...compare import Failure
from ...errors import Billed
from ..store._settled import unpacked
from ..store._store import Store
from ._told import Told, name_of, told

__all__ = ["outcomes"]


def outcomes(store: Store) -> Iterator[tuple[str, str, Result | Failure]]:
    """The results and failures of a store, as `Comparison.of` takes them: where the picture is, who
    was asked, and what came."""
    with store.read() as sql:
        for _, group in told(sql):
            for row in group:
                said = _result(sql, row.call) if row.state == "done" else _failure(row)
                yield name_of(row.source, row.key), row.provider, said


def _result(sql: sqlite3.Connection, call: int) -> Result:
    row = sql.execute("SELECT content FROM result_rows WHERE call = ?", (call,)).fetchone()
    return unpacked(row[0])


def _failure(row: Told) -> Failure:
    billed: Billed = "yes" if row.units else "maybe" if row.open_units else "no"
    kind, message = row.kind or "OutcomeUnknown", row.message or "no answer has come yet"
    return Failure(kind=kind, message=message, code=row.code, billed=billed)
