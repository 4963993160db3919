"""A condition on the columns of a manifest: `plan = gold and size > 1000 or city = 'São Paulo'`."""

from __future__ import annotations

import contextlib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from ..._numbers import number
from ...errors import InvalidInput

__all__ = ["Where"]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN = re.compile(
    r"""\s*(?: '(?P<text>[^']*)' | "(?P<name>[^"]*)" | (?P<sign><=|>=|!=|=|<|>)
             | (?P<word>[^\s'"<>=!]+) )\s*""",
    re.VERBOSE,
)
"""A text, a column's name in quotes, a sign, or a word, which may be either."""

Token = tuple[str, str]


@frozen
class _Comparison:
    column: str
    sign: str
    value: str
    is_number: bool

    def fits(self, row: Mapping[str, str]) -> bool:
        """Whether the row says so. As numbers where a number is asked for; what is missing, or no
        number there, fits nothing."""
        said = row.get(self.column)
        if said is None:
            return False
        compare = _OPERATORS[self.sign]
        if not self.is_number:
            return compare(said, self.value)
        known = _number(said)
        return known is not None and compare(known, _number(self.value))


@frozen
class Where:
    """Which rows of a manifest are taken: any of the alternatives fits with all its comparisons.

    Columns are words, or in double quotes; values are numbers, words, or texts in single quotes.
    `and` binds closer than `or`; there are no brackets.
    """

    text: str
    alternatives: tuple[tuple[_Comparison, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Where:
        """Reads a condition. Raises `InvalidInput` that says where it is not understood."""
        tokens = list(_tokens(text))
        alternatives = [
            tuple(_comparison(part, text) for part in _split(branch, "and"))
            for branch in _split(tokens, "or")
        ]
        return cls(text, tuple(alternatives))

    def fits(self, row: Mapping[str, str]) -> bool:
        """Whether a row is taken."""
        return any(all(one.fits(row) for one in branch) for branch in self.alternatives)


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _not_understood(text, f"{text[place:]!r}")
        assert found.lastgroup is not None
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _split(tokens: Sequence[Token], word: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token[0] == "word" and token[1].lower() == word:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _comparison(tokens: Sequence[Token], text: str) -> _Comparison:
    match tokens:
        case [("word" | "name", column), ("sign", sign), ("word" | "text" as kind, value)]:
            return _Comparison(column, sign, value, kind == "word" and _number(value) is not None)
    said = " ".join(value for _, value in tokens)
    raise _not_understood(text, f"{said!r}" if said else "an empty part")


def _number(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        return number(text)
    return None


def _not_understood(text: str, part: str) -> InvalidInput:
    return InvalidInput(
        f"--where {text!r}: {part} is not understood",
        hint="write comparisons such as  plan = gold and size > 1000",
        scope="call",
    )
