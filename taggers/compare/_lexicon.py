"""Synonyms from a WordNet that the user has put on this machine, by the library `wn`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any

from .._extras import from_extra
from ..errors import ConfigurationError
from ._labels import normal

__all__ = ["WordNet"]


class WordNet:
    """The wordnets of these names ("oewn:2024 omw-cmn:1.4"), as `wn.lexicons()` lists them.

    Nouns are synonyms where they have one meaning each, and the same one; in two languages, where
    both wordnets tie it to the same interlingual index. A word of several meanings joins nothing.
    Words are looked up as they are: no plural is undone and no accent left out.
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

    def synonyms(self, texts: Collection[str]) -> Iterable[tuple[str, str, str]]:
        """Which of these texts mean the same, two by two, with the id of that meaning."""
        words = defaultdict[str, list[str]](list)
        for text in sorted(texts):
            found = self._meanings(text)
            if len(found) == 1:
                words[found.pop()].append(text)
        for meaning, same in words.items():
            for one, other in pairwise(same):
                yield one, other, meaning

    def _meanings(self, text: str) -> set[str]:
        return {
            _meaning(synset)
            for net in self._nets
            for spelt in (text, text.replace(" ", "-"))
            for word in net.words(spelt, pos="n")
            if normal(word.lemma()) == normal(text)
            for synset in word.synsets()
        }


def _meaning(synset: Any) -> str:
    index = getattr(synset.ili, "id", synset.ili)
    return str(index or synset.id)
