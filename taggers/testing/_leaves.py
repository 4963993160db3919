"""An answer's leaves: every text, number and truth value in it, and what becomes of each.

A leaf is *mapped* where another value there makes `read` find something else. That is a stronger
proof than that it was looked at: a mapper that looks at every score and drops half of the tags
touches all leaves, and maps half of them.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from .._numbers import number
from .._provider import Provider
from .._reading import read_answer
from .._trace import traced
from ..errors import TaggersError

__all__ = [
    "Leaf",
    "Path",
    "account",
    "another",
    "covers",
    "leaves",
    "place",
    "reason_for",
    "replaced",
    "said",
    "without",
]

Path = tuple[str | int, ...]
"""Where something stands in an answer: names and indices from the top."""


@frozen
class Leaf:
    """A leaf of an answer and what becomes of it.

    * `place`: as in "labels[3].score";
    * `becomes`: the fields of the findings that change with it, as in "Tag.confidence";
    * `reason`: why the provider leaves it out, None where it does not say;
    * `seen`: whether `read` looks at it.
    """

    place: str
    becomes: tuple[str, ...]
    reason: str | None
    seen: bool

    @property
    def kind(self) -> str:
        """The place with any index, as in "labels[*].score"."""
        return re.sub(r"\[\d+\]", "[*]", self.place)

    @property
    def lost(self) -> bool:
        """Whether it is neither mapped nor left out for a reason."""
        return not self.becomes and self.reason is None


def account(provider: Provider, body: Any) -> list[Leaf]:
    """What becomes of every leaf of an answer that the provider can read."""
    findings = said(provider, body)
    seen: set[str] = set()
    said(provider, traced(body, lambda at, value: seen.add(at)))
    return [
        Leaf(
            place(path),
            _becomes(provider, body, path, value, findings),
            reason_for(provider.ignores, place(path)),
            place(path) in seen,
        )
        for path, value in leaves(body)
    ]


def _becomes(
    provider: Provider, body: Any, path: Path, value: Any, findings: list[Any] | TaggersError
) -> tuple[str, ...]:
    """What changes with a leaf. Two corners of a box may share its right side: so a number that is
    half of it need not show, and one that is a little more does."""
    for new in (another(value), _a_little_more(value)):
        if changed := _changed(findings, said(provider, replaced(body, path, new))):
            return changed
    return ()


def said(provider: Provider, body: Any) -> list[Any] | TaggersError:
    """The findings and warnings in an answer, or the error that it is."""
    try:
        findings, warnings = read_answer(provider, body)
    except TaggersError as error:
        return error
    return [*findings, *warnings]


def leaves(body: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path. What is null or an empty text says nothing, and is no leaf."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield from leaves(value, (*path, name))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from leaves(value, (*path, index))
    elif body not in (None, ""):
        yield path, body


def place(path: Path) -> str:
    """The path as text, as in "labels[3].score"."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def replaced(body: Any, path: Path, value: Any) -> Any:
    """A copy of the answer with this value at a place."""
    if not path:
        return value
    fresh = copy.copy(body)
    fresh[path[0]] = replaced(body[path[0]], path[1:], value)
    return fresh


def without(body: Any, path: Path) -> Any:
    """A copy of the answer in which there is nothing at a place."""
    inside = body
    for step in path[:-1]:
        inside = inside[step]
    lean = copy.copy(inside)
    del lean[path[-1]]
    return replaced(body, path[:-1], lean)


def another(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value // 2 if abs(value) > 1 else value + 1
    if isinstance(value, float):
        return value / 2 or 0.25
    try:
        return str(number(value.strip()) / 2 or 0.25)  # type: ignore[operator]
    except ValueError:
        return _another_text(value)


def _a_little_more(value: Any) -> Any:
    """A number that is a little larger, so that it passes no threshold; anything else as it is."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + abs(value) / 1000
    try:
        return str(number(value.strip()) * 1.001)  # type: ignore[operator]
    except ValueError:
        return value


def _another_text(text: str) -> str:
    """The text with another digit, or else with another letter: four numbers in one text stay
    four numbers."""
    middle = len(text) // 2
    digits = [index for index, letter in enumerate(text) if letter.isascii() and letter.isdigit()]
    at = min(digits, key=lambda index: abs(index - middle), default=middle)
    letter = str((int(text[at]) + 1) % 10) if digits else "B" if text[at] == "A" else "A"
    return f"{text[:at]}{letter}{text[at + 1 :]}"


def _changed(before: list[Any] | TaggersError, after: list[Any] | TaggersError) -> tuple[str, ...]:
    """The fields that differ between what was said of two answers."""
    if isinstance(before, TaggersError) or isinstance(after, TaggersError):
        return () if type(before) is type(after) else ("checked",)
    was, now = Counter(_facts(before)), Counter(_facts(after))
    different = (was - now) + (now - was)
    if different or before == after:
        return tuple(sorted({name for name, _ in different}))
    return ("order",)


def _facts(found: list[Any]) -> Iterator[tuple[str, str]]:
    for item in found:
        yield from _flat(type(item).__name__ if attrs.has(type(item)) else "warning", item)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A finding's fields and their values as text, in all that it holds."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from _flat(f"{name}.{field.name}", getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _flat(name, (key, inside) if not isinstance(inside, tuple) else inside)
    elif isinstance(value, tuple) and name.endswith(".regions"):
        for inside in value:
            yield from _flat(name, inside)
    elif value not in (None, ()):
        yield name, repr(value)


def reason_for(ignores: Mapping[str, str], at: str) -> str | None:
    """Why the provider leaves a place out; None where it says nothing of it."""
    return next((why for places, why in ignores.items() if covers(places, at)), None)


def covers(places: str, at: str) -> bool:
    """Whether a place is one of those in `Provider.ignores`, or below one."""
    pattern = re.escape(places).replace(r"\[\*\]", r"\[\d+\]").replace(r"\*", r"[^.\[]+")
    return re.match(rf"{pattern}(?=[.\[]|$)", at) is not None
