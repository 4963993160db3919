"""Which labels of several providers mean the same.

Labels are joined in steps, each of which can be left out, and each join can be shown:

* "text": the same words, whatever their case, width and separators;
* "id": the same id in the same vocabulary, where a vendor gives one;
* "names": the same thing in several languages, as answers themselves say it;
* "alias": what the user says is the same;
* "lexicon": synonyms of a dictionary that the user supplies.

Nothing else is guessed: no plural is undone, no phrase split, no Chinese word cut. A word with
several partners, such as "mouse" for 鼠标 and 老鼠, is reported, and joins nothing unless the user
says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple, Protocol

from attrs import define, field, frozen

from .._model import Result, Tag
from ._labels import STEPS, Alignment, Label, Link, Spelling, Step, normal

__all__ = ["Lexicon", "align"]


class Lexicon(Protocol):
    """A dictionary of synonyms."""

    def synonyms(self, texts: Collection[str]) -> Iterable[tuple[str, str, str]]:
        """Which of these texts mean the same, two by two, with the dictionary's name for that."""


def align(
    results: Iterable[Result],
    *,
    aliases: Mapping[str, Collection[str]] | None = None,
    lexicon: Lexicon | None = None,
    steps: Collection[Step] = STEPS,
) -> Alignment:
    """The alignment of all labels of these results; their order does not matter.

    `aliases` are texts by the name that they go by (see `read_aliases`).
    """
    key = normal if "text" in steps else str
    words = _Words.of(results, key)
    ids = words.ids if "id" in steps else {}
    translations = words.translations if "names" in steps else {}
    given = aliases if aliases and "alias" in steps else {}
    alike = {key(name): [*map(key, texts)] for name, texts in given.items()}
    ambiguous = _ambiguous(ids, translations)
    links = [*_by_id(ids, ambiguous), *_by_names(translations, ambiguous), *_by_alias(alike)]
    if lexicon is not None and "lexicon" in steps:
        clear = [text for text in words.texts() if text not in ambiguous]
        links += [Link("lexicon", *synonyms) for synonyms in lexicon.synonyms(clear)]
    labels = _labels(words, links, alike)
    return Alignment(labels, _links_by_label(links, labels), ambiguous, key)


_Translation = tuple[tuple[str, str], ...]
"""Names of one thing: languages, each with its word, in the order of the languages."""


class _Saying(NamedTuple):
    """What of a tag its alignment depends on."""

    provider: str
    plugin: str
    name: str
    id: str | None
    names: tuple[tuple[str, str], ...]


@frozen
class _Words:
    """All that was said, by text: how it was spelt, and what it is a name in; which texts have an
    id of a vocabulary; and which providers say which names together."""

    spellings: Mapping[str, Counter[tuple[str, str]]] = field(factory=lambda: defaultdict(Counter))
    names: Mapping[str, Counter[tuple[str, str]]] = field(factory=lambda: defaultdict(Counter))
    ids: Mapping[tuple[str, str], set[str]] = field(factory=lambda: defaultdict(set))
    translations: Mapping[_Translation, set[str]] = field(factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, results: Iterable[Result], key: Callable[[str], str]) -> _Words:
        words = cls()
        said = Counter(_saying(tag, result) for result in results for tag in result.tags)
        for saying, count in said.items():
            words._add(saying, count, key)
        return words

    def _add(self, said: _Saying, count: int, key: Callable[[str], str]) -> None:
        text = key(said.name)
        self.spellings[text][said.name, said.provider] += count
        for language, name in said.names:
            self.names[key(name)][language, name] += count
        if said.id is not None:
            self.ids[_vocabulary(said), said.id].add(text)
        if said.names:
            together = tuple(sorted((language, key(name)) for language, name in said.names))
            self.translations[together].add(said.provider)

    def texts(self) -> list[str]:
        return sorted({*self.spellings, *self.names})


def _saying(tag: Tag, result: Result) -> _Saying:
    names = tuple(tag.names.items())
    return _Saying(result.provider, result.provenance.plugin, tag.name, tag.id, names)


def _vocabulary(said: _Saying) -> str:
    """Whose id it is: those of Google's Knowledge Graph are everybody's, others the service's."""
    in_knowledge_graph = said.id is not None and said.id.startswith(("/m/", "/g/"))
    return "Knowledge Graph" if in_knowledge_graph else said.plugin


def _ambiguous(
    ids: Mapping[tuple[str, str], Iterable[str]], translations: Iterable[_Translation]
) -> dict[str, tuple[str, ...]]:
    """Words with several ids in a vocabulary, or that stand for several words of a language, with
    these. (A word of that language stands for itself.)"""
    meant = defaultdict[tuple[str, str], set[str]](set)
    for (vocabulary, known), texts in ids.items():
        for text in texts:
            meant[text, vocabulary].add(known)
    for together in translations:
        for _, word in together:
            for language, other in together:
                meant[word, language].add(other)
    several = defaultdict[str, set[str]](set)
    for (word, _), meanings in meant.items():
        if len(meanings) > 1:
            several[word] |= meanings
    return {word: tuple(sorted(several[word])) for word in sorted(several)}


def _by_id(
    ids: Mapping[tuple[str, str], Iterable[str]], ambiguous: Collection[str]
) -> Iterator[Link]:
    for (_, known), texts in ids.items():
        for one, other in pairwise(sorted(text for text in texts if text not in ambiguous)):
            yield Link("id", one, other, known)


def _by_names(
    translations: Mapping[_Translation, Iterable[str]], ambiguous: Collection[str]
) -> Iterator[Link]:
    """Each word beside the English one; beside the first, where there is none."""
    said_by = defaultdict[tuple[str, str], set[str]](set)
    for together, providers in translations.items():
        words = [word for _, word in sorted(together, key=_english_first) if word not in ambiguous]
        for word in words[1:]:
            if word != words[0]:
                said_by[words[0], word].update(providers)
    for (one, other), providers in said_by.items():
        yield Link("names", one, other, ", ".join(sorted(providers)))


def _english_first(name: tuple[str, str]) -> tuple[bool, str]:
    language, _ = name
    return language != "en", language


def _by_alias(aliases: Mapping[str, Iterable[str]]) -> Iterator[Link]:
    for name, texts in aliases.items():
        yield from (Link("alias", name, text) for text in texts if text != name)


def _labels(
    words: _Words, links: Iterable[Link], aliases: Mapping[str, Collection[str]]
) -> dict[str, Label]:
    groups = _Groups({text: text for text in words.texts()})
    for link in links:
        groups.join(link.left, link.right)
    labels: dict[str, Label] = {}
    for texts in groups.all():
        labels |= dict.fromkeys(texts, _label(texts, words, aliases))
    return labels


def _links_by_label(
    links: Iterable[Link], labels: Mapping[str, Label]
) -> dict[str, tuple[Link, ...]]:
    joins = defaultdict[str, set[Link]](set)
    for link in links:
        joins[labels[link.left].id].add(link)
    return {label: tuple(sorted(every)) for label, every in joins.items()}


@define
class _Groups:
    """Texts in groups of one meaning each: disjoint sets."""

    _above: dict[str, str]

    def top(self, text: str) -> str:
        """The text that stands for the group."""
        while (above := self._above.setdefault(text, text)) != text:
            self._above[text] = self._above[above]
            text = above
        return text

    def join(self, one: str, other: str) -> None:
        self._above[self.top(one)] = self.top(other)

    def all(self) -> list[list[str]]:
        groups = defaultdict[str, list[str]](list)
        for text in sorted(self._above):
            groups[self.top(text)].append(text)
        return list(groups.values())


def _label(texts: Collection[str], words: _Words, aliases: Collection[str]) -> Label:
    """The label that goes by these texts. Its id is one of them: the user's name for it, or else
    its English one, or else the most usual one."""
    spelt = _together(words.spellings, texts)
    named = _together(words.names, texts)
    names: dict[str, str] = {}
    for language, name in _by_use(named):
        names.setdefault(language, name)
    usual = [text for text in texts if text in words.spellings]
    usual.sort(key=lambda text: -words.spellings[text].total())
    by_alias = [text for text in texts if text in aliases]
    english = [text for text in texts if ("en", names.get("en")) in words.names.get(text, ())]
    spellings = sorted(Spelling(*said, count) for said, count in spelt.items())
    return Label(next(iter([*by_alias, *english, *usual, *texts])), names, tuple(spellings))


def _together(
    counted: Mapping[str, Counter[tuple[str, str]]], texts: Iterable[str]
) -> Counter[tuple[str, str]]:
    together = Counter[tuple[str, str]]()
    for text in texts:
        together.update(counted.get(text, {}))
    return together


def _by_use(counted: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was counted, the most usual first."""
    return sorted(counted, key=lambda one: (-counted[one], one))
