"""`aliases.toml`: labels that mean the same because the user says so.

    [aliases]
    cup = ["mug", "coffee cup", "杯子"]

The name before each list is the one that they all go by.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

from attrs import frozen

from .._extras import from_extra
from ..errors import ConfigurationError, LocalResourceError
from ._labels import Alignment, Label, normal

__all__ = ["Suggestion", "accepted", "read_aliases", "suggestions"]


@frozen(kw_only=True)
class Suggestion:
    """Two labels that look alike, from 0 to 100; whether they mean the same a person has to say."""

    left: Label
    right: Label
    likeness: float


def read_aliases(path: Path) -> dict[str, tuple[str, ...]]:
    """The aliases of a file, by the name that they go by.

    Raises `ConfigurationError` with every mistake and its place, and `LocalResourceError` where the
    file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    faults = list(_faults(document))
    if faults:
        raise ConfigurationError("\n".join(f"{path}: {fault}" for fault in faults))
    return {name: tuple(texts) for name, texts in document.get("aliases", {}).items()}


def accepted(text: str, name: str, aliases: Collection[str]) -> str:
    """The text of a file with these aliases added under a name; all else in it stays as it is."""
    with from_extra("eval", "writing aliases"):
        import tomlkit
    document = tomlkit.parse(text)
    table = document.setdefault("aliases", tomlkit.table())
    listed = table.setdefault(name, tomlkit.array())
    known = {normal(name), *map(normal, listed)}
    for alias in aliases:
        if normal(alias) not in known:
            listed.append(alias)
            known.add(normal(alias))
    return tomlkit.dumps(document)


def suggestions(alignment: Alignment, *, least: float = 85.0, most: int = 50) -> list[Suggestion]:
    """Labels that look alike and are not joined, the likeliest first.

    Raises `LocalResourceError` where RapidFuzz is missing.
    """
    with from_extra("eval", "suggesting aliases"):
        from rapidfuzz import fuzz, process
    labels = {label.id: label for label in alignment.labels.values() if label.spellings}
    names = sorted(labels)
    found = []
    for index, name in enumerate(names):
        others = names[index + 1 :]
        for other, likeness, _ in process.extract(
            name, others, scorer=fuzz.token_sort_ratio, score_cutoff=least, limit=None
        ):
            found.append(Suggestion(left=labels[name], right=labels[other], likeness=likeness))
    return sorted(found, key=lambda one: (-one.likeness, one.left.id, one.right.id))[:most]


def _faults(document: Mapping[str, object]) -> Iterator[str]:
    for key in document:
        if key != "aliases":
            yield f"{key}: there is no such key; write names into [aliases]"
    groups = document.get("aliases", {})
    if not isinstance(groups, dict):
        yield f"aliases: must be a table, not {groups!r}"
        return
    for name, texts in groups.items():
        if not isinstance(texts, list) or not all(isinstance(t, str) and t for t in texts):
            yield f'aliases.{name}: must be a list of texts as in ["mug"], not {texts!r}'
            return
    yield from _in_two_groups(groups)


def _in_two_groups(groups: Mapping[str, Iterable[str]]) -> Iterator[str]:
    words = {name: {normal(name), *map(normal, texts)} for name, texts in groups.items()}
    for (one, first), (other, second) in combinations(words.items(), 2):
        for text in sorted(first & second):
            yield f"aliases.{other}: {text!r} belongs to {one!r} already; put both into one list"
