"""What people have judged about a store's pictures: is this label right for this picture?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal

from attrs import frozen

from ._errand import key_of, shown_key
from ._results import Results
from ._store import Store

__all__ = ["Judged", "Judgement", "judge", "judgements"]

Judged = Literal["yes", "no", "unsure"]


@frozen
class Judgement:
    """An answer about a picture, by the SHA-256 of its bytes in hex or its URL, and a label."""

    picture: str
    label: str
    answer: Judged


def judge(store: Store, given: Iterable[Judgement], now: float) -> int:
    """Writes judgements down, all or none; `now` is in Unix seconds. A later one about the same
    picture and label takes the place of an earlier one. How many are about pictures that the store
    has: the others are left out."""
    results, taken = Results(), 0
    with store.write() as sql:
        for one in given:
            picture = _picture(sql, one.picture)
            if picture is not None:
                label = results.label(sql, one.label)
                sql.execute(
                    "INSERT OR REPLACE INTO judgement_rows VALUES (?, ?, ?, ?)",
                    (picture, label, one.answer, now),
                )
                taken += 1
    return taken


def judgements(store: Store) -> list[Judgement]:
    """All judgements of a store."""
    with store.read() as sql:
        rows = sql.execute(
            "SELECT k.key, l.text, j.answer FROM judgement_rows AS j "
            "JOIN picture_rows AS k ON k.id = j.picture JOIN label_rows AS l ON l.id = j.label"
        )
        return [Judgement(shown_key(key), label, answer) for key, label, answer in rows]


def _picture(sql: sqlite3.Connection, key: str) -> int | None:
    try:
        row = (key_of(key),)
    except ValueError:
        return None
    found = sql.execute("SELECT id FROM picture_rows WHERE key = ?", row).fetchone()
    return None if found is None else int(found[0])
