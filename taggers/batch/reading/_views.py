"""Questions to a store: SQL over its views, and a search for labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

from attrs import frozen

from ...errors import InvalidInput
from ..store._store import Store

__all__ = ["COLUMNS", "VIEWS", "Answer", "query", "search"]

VIEWS = {
    "tags": "picture, source, provider, label, confidence, rank, asked, call",
    "regions": "picture, source, provider, label, confidence, x, y, width, height, unit, kind, "
    "asked, call",
    "pictures": "picture, source, sha256, url, format, width, height, bytes",
    "places": "source, picture, size, mtime_ns, run",
    "calls": "call, run, picture, source, provider, answered, state, began, took_s, units, "
    "open_units, price, currency, kind, message, code, request_id",
    "results": "call, run, picture, source, provider, asked, plugin, plugin_version, read_by",
    "disagreements": "picture, source, label, said_by, not_by, confidence",
    "labels": "label_id, label",
    "runs": "run, state, command, options, began, ended",
    "spend": "run, provider, currency, calls, units, open_units, cost, open_cost",
    "unread": "source, run, kind, message",
    "judgements": "picture, source, label, answer, at",
}
"""The views for people and their columns."""

COLUMNS = {
    "picture, call, run": "ids, which join the views",
    "source": "the picture's path or URL, where it was seen last",
    "provider": "who answered; in calls and spend, who was asked",
    "asked, answered": "the other one of the two: a route is asked, and a provider answers",
    "confidence": "0 to 1; empty where the provider gives none",
    "state": "of a call: sent, done, failed, unknown, and, as history, retried or undone",
    "units, open_units": "billed, and maybe billed; price is of one, cost and open_cost of all",
    "began, ended, at": "UTC",
    "read_by": "the run that read the answer, maybe by renormalize",
}
"""What is in columns whose names do not say it."""

_READS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_PRAGMAS = {"data_version", "table_info", "table_xinfo", "table_list", "index_list", "index_info"}
_REFUSALS = (
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_SCHEMA,  # of a CREATE
)
_STEPS = 100_000
"""How many steps SQLite does before it looks whether Ctrl-C was pressed."""


@frozen
class Answer:
    """The rows of a query, as they come, and the names of their columns."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def query(store: Store, statement: str, values: tuple[Any, ...] = ()) -> Iterator[Answer]:
    """Asks a store one question in SQL. Nothing can be written, here or elsewhere.

    Raises `InvalidInput` for what is no single SELECT, or is wrong.
    """
    with store.read() as sql:
        sql.set_authorizer(_only_reads)
        sql.set_progress_handler(lambda: 0, _STEPS)
        sql.text_factory = lambda text: text.decode("utf-8", "replace")
        with _faults():
            cursor = sql.execute(statement, values)
        if cursor.description is None:
            raise InvalidInput("the statement asks for nothing", hint=_HINT, scope="call")
        with closing(_rows(cursor)) as rows:
            yield Answer(tuple(column[0] for column in cursor.description), rows)


def search(store: Store, text: str) -> list[str]:
    """The labels in which a text stands, shortest first; it may be a single character of Chinese.
    Letters of the Latin alphabet are found in both cases."""
    if not text:
        return []
    with store.read() as sql:
        return [label for (label,) in sql.execute(*_found(text))]


def _found(text: str) -> tuple[str, tuple[str]]:
    """The index has the labels by three characters in a row; for less, all labels are looked at,
    which are few."""
    if len(text) >= 3:
        quoted = '"' + text.replace('"', '""') + '"'
        return (
            "SELECT text FROM label_search WHERE label_search MATCH ? ORDER BY length(text), text",
            (quoted,),
        )
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (
        "SELECT text FROM label_rows WHERE text LIKE ? ESCAPE '\\' ORDER BY length(text), text",
        (f"%{escaped}%",),
    )


_HINT = f"ask one SELECT about these views: {', '.join(VIEWS)}"


def _only_reads(action: int, what: str | None, *_: object) -> int:
    allowed = (
        (action in _READS and what != "load_extension")
        or (action == sqlite3.SQLITE_PRAGMA and what in _PRAGMAS)
        # What a virtual table seems to do when it is opened; SQLite lets nobody really do it.
        or (action == sqlite3.SQLITE_UPDATE and what == "sqlite_master")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _rows(cursor: sqlite3.Cursor) -> Generator[tuple[Any, ...]]:
    with _faults():
        yield from cursor


@contextmanager
def _faults() -> Iterator[None]:
    """Tells faults of the question from those of the store."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            raise KeyboardInterrupt from error
        if code in _REFUSALS:
            raise InvalidInput("a query only reads", hint=_HINT, scope="call") from error
        if code == sqlite3.SQLITE_ERROR or not isinstance(error, sqlite3.DatabaseError):
            raise InvalidInput(f"SQLite says: {error}", hint=_HINT, scope="call") from error
        raise
