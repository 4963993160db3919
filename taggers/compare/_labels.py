"""Labels of several providers that mean the same, and why they are known to."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Literal, get_args

from attrs import field, frozen

from .._model import Tag

__all__ = ["STEPS", "Alignment", "Label", "Link", "Spelling", "Step", "normal"]

Step = Literal["text", "id", "names", "alias", "lexicon"]
STEPS: tuple[Step, ...] = get_args(Step)

_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u00b7\u30fb]+")
# Unicode's Default_Ignorable_Code_Point: what is not seen, as zero-width and variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


@lru_cache(100_000)
def normal(text: str) -> str:
    """The text in one case and width (NFKC, case-folded), with one space for each run of spaces,
    hyphens, underscores and middle dots, and without what is invisible.

    In a text of nothing else these stay.
    """
    seen = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    folded = unicodedata.normalize("NFKC", seen.casefold())
    return _SEPARATORS.sub(" ", folded).strip() or folded or text


@frozen(order=True)
class Spelling:
    """A label as a provider wrote it, and how often."""

    text: str
    provider: str
    count: int


@frozen(order=True)
class Link:
    """Two texts that mean the same, by which step that is known, and whence: the id that both have,
    the providers that give both names, or the lexicon's name for what both mean."""

    step: Step
    left: str
    right: str
    whence: str = ""


@frozen
class Label:
    """One meaning: its `id` is the normal form of the name it goes by, an English one where there
    is one; `names` are the most usual ones by language, `spellings` all that were said."""

    id: str
    names: Mapping[str, str] = field(factory=dict)
    spellings: tuple[Spelling, ...] = ()


@frozen
class Alignment:
    """The `labels` by every text that they go by, in its normal form; in its own, where the step
    "text" is left out. `ambiguous` are words that would have joined several meanings, with these,
    and so joined none."""

    labels: Mapping[str, Label] = field(repr=False)
    _links: Mapping[str, tuple[Link, ...]] = field(repr=False)
    ambiguous: Mapping[str, tuple[str, ...]] = field(factory=dict)
    _key: Callable[[str], str] = field(default=normal, repr=False)

    def label(self, tag: Tag) -> Label:
        """The label of a tag."""
        return self.lookup(tag.name) or Label(self._key(tag.name))

    def lookup(self, text: str) -> Label | None:
        """The label that goes by this text, in any spelling, language or alias; None for none."""
        return self.labels.get(self._key(text))

    def links(self, label: Label) -> tuple[Link, ...]:
        """All that joins the spellings of a label."""
        spelt = {link for one in label.spellings for link in self._spelt(one.text)}
        return (*self._links.get(label.id, ()), *sorted(spelt))

    def why(self, a: str, b: str) -> tuple[Link, ...]:
        """What leads from one spelling to another of the same label, link by link; empty where
        they are the same text, or of different labels."""
        label = self.lookup(a)
        if label is None or label is not self.lookup(b) or a == b:
            return ()
        way = _way(self._key(a), self._key(b), self._links.get(label.id, ()))
        return (*self._spelt(a), *way, *self._spelt(b))

    def _spelt(self, text: str) -> tuple[Link, ...]:
        key = self._key(text)
        return () if key == text else (Link("text", text, key),)


def _way(a: str, b: str, links: Iterable[Link]) -> tuple[Link, ...]:
    """The shortest way from one text to another."""
    beside = defaultdict[str, list[tuple[str, Link]]](list)
    for link in links:
        beside[link.left].append((link.right, link))
        beside[link.right].append((link.left, link))
    ways: dict[str, tuple[Link, ...]] = {a: ()}
    queue = deque([a])
    while queue and b not in ways:
        here = queue.popleft()
        for there, link in beside[here]:
            if there not in ways:
                ways[there] = (*ways[here], link)
                queue.append(there)
    return ways.get(b, ())
