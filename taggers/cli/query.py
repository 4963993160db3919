"""`taggers query`: questions to a store."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import click

from .._serial import as_json
from ..batch import COLUMNS, VIEWS, Answer, Store, query, search
from ._terminal import console, safe, table

__all__ = ["command"]

MOST = 1_000
"""The most rows of a table; JSON Lines and CSV have all."""


def _listed(title: str, rows: Mapping[str, str]) -> str:
    """A paragraph of the help with a line for each."""
    width = max(map(len, rows)) + 2
    lines = (f"\n  {'':{width}}".join(wrap(text, 76 - width)) for text in rows.values())
    named = (f"  {name:{width}}{line}" for name, line in zip(rows, lines, strict=True))
    return "\n".join(["\b", title, *named])


@click.command("query", epilog=f"{_listed('Views:', VIEWS)}\n\n{_listed('Columns:', COLUMNS)}")
@click.argument("store", type=click.Path())
@click.argument("statement", required=False, metavar="[SELECT …]")
@click.option("--search", "text", metavar="TEXT",
              help="Show the tags with this text in their label: a character will do.")  # fmt: skip
@click.option("-f", "--format", "form", type=click.Choice(("table", "jsonl", "csv")),
              help="A table on a terminal, else JSON Lines.")  # fmt: skip
def command(store: str, statement: str | None, text: str | None, form: str | None) -> None:
    """Ask STORE a question in SQL, which can change nothing in it.

    \b
    taggers query photos.sqlite3 "SELECT label, count(DISTINCT picture) FROM tags
        GROUP BY label"
    taggers query photos.sqlite3 "SELECT source FROM disagreements
        WHERE label = 'cat' AND said_by = 'hw' AND not_by = 'tx'"
    taggers query photos.sqlite3 "SELECT source, provider, message FROM calls
        WHERE state = 'failed' AND kind = 'RateLimited'"
    taggers query photos.sqlite3 --search 猫
    """
    if (statement is None) == (text is None):
        raise click.UsageError("ask a SELECT, or a --search")
    opened = Store.open(store)
    values: tuple[Any, ...] = ()
    if text is not None:
        values = (as_json(search(opened, text)),)
        statement = (
            "SELECT source, provider, label, confidence FROM tags "
            "WHERE label IN (SELECT value FROM json_each(?)) ORDER BY confidence DESC"
        )
    assert statement is not None
    with query(opened, statement, values) as answer:
        _write(answer, form or ("table" if sys.stdout.isatty() else "jsonl"))


def _write(answer: Answer, form: str) -> None:
    {"table": _table, "jsonl": _jsonl, "csv": _csv}[form](answer)


def _jsonl(answer: Answer) -> None:
    for row in answer.rows:
        print(as_json(dict(zip(answer.columns, map(_plain, row), strict=True))), flush=True)


def _csv(answer: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(map(_plain, row) for row in answer.rows)


def _table(answer: Answer) -> None:
    shown = table(*map(safe, answer.columns))
    for count, row in enumerate(answer.rows):
        if count == MOST:
            click.echo(f"taggers: only the first {MOST:,} rows; -f jsonl has all", err=True)
            break
        shown.add_row(*("" if cell is None else safe(str(_plain(cell))) for cell in row))
    console().print(shown)


def _plain(value: Any) -> Any:
    """A cell as text or number; a name that is no text is bytes, as in caf\\xe9."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
