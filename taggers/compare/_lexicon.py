"""Synonyms from a WordNet that the user has put on this machine, by the library `wn`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any

from .._extras import from_extra
from ..errors import ConfigurationError

__all__ = ["WordNet"]


class WordNet:
    """The wordnets of these names ("oewn:2024 omw-cmn:1.4"), as `wn.lexicons()` lists them.

    Nouns are synonyms where they have one meaning each, and the same one; in two languages, where
    both wordnets tie it to the same interlingual index. A word of several meanings joins nothing.
    Nothing is downloaded: `python -m wn download oewn:2024` puts one there.

    Raises `LocalResourceError` where `wn` is missing, `ConfigurationError` where a wordnet is.
    """

    def __init__(self, names: str) -> None:
        with from_extra("wordnet", "reading a WordNet"):
            import wn
        try:
            self._nets = [wn.Wordnet(name, expand="") for name in names.split()]
        except wn.Error as error:
            known = ", ".join(lexicon.specifier() for lexicon in wn.lexicons()) or "none"
            raise ConfigurationError(
                f"there is no wordnet {names!r} on this machine: {error}",
                hint=f"here are: {known}; `python -m wn download {names}` gets more",
            ) from error

    def synonyms(self, texts: Collection[str]) -> Iterable[tuple[str, str]]:
        """Which of these texts mean the same, two by two."""
        meanings = defaultdict[str, list[str]](list)
        for text in sorted(texts):
            synsets = (synset for net in self._nets for synset in net.synsets(text, pos="n"))
            found = set(map(_meaning, synsets))
            if len(found) == 1:
                meanings[found.pop()].append(text)
        for same in meanings.values():
            yield from pairwise(same)


def _meaning(synset: Any) -> str:
    index = getattr(synset.ili, "id", synset.ili)
    return str(index or synset.id)
