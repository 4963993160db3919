"""A library of pictures, the store that batches over it write, and what that store says."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen

from taggers.batch import Store, query

from .outcome import Outcome, Tried

__all__ = ["DIED", "Library", "answers", "call_of"]

DIED = "the run ended before an answer came"
"""What the store says of a call that was under way when its process died."""
_CALLS = """
    SELECT c.source, c.state, c.units, c.open_units, c.kind, c.message, c.took_s,
    (SELECT label FROM tags AS t WHERE t.picture = c.picture AND t.call = c.call AND rank = 1)
    FROM calls AS c WHERE c.source LIKE ? ORDER BY c.call
"""


@frozen
class Library:
    """Pictures in `folder`, named by their calls, and a store beside them. Batches ask `provider`
    of the taggers.toml at `config`, so many calls `at_once`."""

    config: Path
    provider: str
    at_once: int
    more: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.config.parent / "pictures"

    @property
    def store(self) -> Path:
        return self.config.parent / "store.sqlite3"

    def fill(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        """Writes the pictures, each under the name of its call."""
        self.folder.mkdir()
        for name, content in pictures:
            (self.folder / name).write_bytes(content)

    def start(self, *options: str, source: str = "", names: Any = None) -> subprocess.Popen[bytes]:
        """Starts `taggers batch` as a process of its own; `names` is the list of a source "-"."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "taggers", "--config", str(self.config)),
                *("batch", source or str(self.folder), "--into", str(self.store)),
                *("-p", self.provider, "--concurrency", str(self.at_once), "--yes"),
                *(*self.more, *options),
            ],
            stdin=names or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log.open("ab"),
        )

    def run(self, *options: str) -> set[int]:
        """Runs a batch to its end; the calls that it says are answered."""
        with self.start(*options) as process:
            told = set(answers(process))
        if process.returncode not in (0, 1):
            raise RuntimeError(f"a batch ended with {process.returncode}: {self.said[-500:]}")
        return told

    def killed(self, after: int, lots: Random) -> tuple[set[int], bool]:
        """What a batch says is answered until SIGKILL ends it, some moment after so many answers;
        and whether it was at work until then."""
        with self.start() as process:
            telling = answers(process)
            told = set(islice(telling, after))
            time.sleep(lots.random() / 30)
            process.kill()
            told |= set(telling)
        return told, process.returncode == -signal.SIGKILL

    @property
    def said(self) -> str:
        """What all batches said to a person."""
        return self._log.read_text("utf-8", "replace")

    def outcomes(self) -> list[Outcome]:
        """What the store says of each call, by all that was ever asked for it."""
        found: dict[int, Outcome] = {}
        for source, state, units, open_units, kind, message, took_s, label in self.asked(
            _CALLS, f"{self.folder}/%"
        ):
            call = call_of(source)
            before = found[call].tried if call in found else ()
            tried = *before, *_tried(kind, units, open_units)
            found[call] = Outcome(
                call=call,
                error=None if state == "done" else kind or state,
                right=label in (None, f"call {call}") or not label.startswith("call "),
                typed=state in ("done", "failed", "unknown"),
                billed=_word(tried),
                tried=tried,
                took_s=took_s or 0.0,
                message=message or "",
            )
        return list(found.values())

    def asked(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with Store.open(self.store) as store, query(store, statement, values) as answer:
            return list(answer.rows)

    def sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the store's file."""
        sql = sqlite3.connect(self.store)
        try:
            return sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        finally:
            sql.close()

    @property
    def _log(self) -> Path:
        return self.config.parent / "log"


def answers(process: subprocess.Popen[bytes]) -> Iterator[int]:
    """The calls that a batch says are answered, as it says so. A kill may cut its last line."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith(b"\n") and "error" not in (record := json.loads(line)):
            yield call_of(record["image"]["source"])


def call_of(source: str) -> int:
    """The call that a file's name begins with."""
    return int(os.path.basename(source).partition(".")[0].partition("-")[0])  # noqa: PTH119


def _tried(kind: str | None, units: int, open_units: int) -> Iterator[Tried]:
    if units:
        yield Tried(kind, "yes", units)
    if open_units:
        yield Tried(kind, "maybe", open_units)


def _word(tried: Iterable[Tried]) -> str:
    words = {one.billed for one in tried}
    return "yes" if "yes" in words else "maybe" if words else "no"
