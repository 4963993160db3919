"""Command lines that a person can copy: what to type to take something up again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...batch import Unfinished

__all__ = ["BEFORE", "again", "shell"]

BEFORE = "before"
"""Under this name a run keeps the options that stood before its command."""
OF_CALLS = {
    "--tags": "limit",
    "--min-confidence": "min_confidence",
    "--language": "language",
    "--concurrency": "concurrency",
    "--prepare": "prepare",
    "--keep-metadata": "keep_metadata",
    "--fetch": "fetch",
}
USUAL = (None, False, "auto")


def again(store: Path, one: Unfinished) -> str:
    """What to type to ask again about exactly these, in the same way."""
    words = ["taggers", *one.options.get(BEFORE, ()), "batch", "--into", str(store)]
    kind = ["--kind", one.kind] if one.kind else []
    words += [f"--retry-{one.state}", *kind, "-p", one.provider]
    return shell([*words, *_options(one.options)])


def _options(chosen: Mapping[str, Any]) -> Iterator[str]:
    for option, name in OF_CALLS.items():
        value = chosen.get(name)
        if value not in USUAL:
            yield option
            yield from () if value is True else (str(value),)


def shell(words: Iterable[str]) -> str:
    """The words as a shell takes them. What is no text, or would do something to a terminal, is
    written as $'…', which bash and zsh understand."""
    return " ".join(map(_word, words))


def _word(text: str) -> str:
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, os.fsencode(text))) + "'"


def _escaped(byte: int) -> str:
    sign = chr(byte)
    return sign if sign.isascii() and sign.isprintable() and sign not in "'\\" else f"\\x{byte:02x}"
