"""Which labels of several providers mean the same, and why.

Labels are joined in steps, each of which can be left out, and each join can be shown:

* "text": the same words, whatever their case, width and separators;
* "id": the same id in the same vocabulary, where a vendor gives one;
* "names": the same thing in two languages, as answers themselves say it;
* "alias": what the user says is the same;
* "lexicon": synonyms of a dictionary that the user supplies.

Nothing else is guessed: no plural is undone, no phrase split, no Chinese word cut. A word with
several partners, such as "mouse" for 鼠标 and 老鼠, joins nothing, and is reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Literal, Protocol, get_args

from attrs import define, field, frozen

from .._model import Result, Tag

__all__ = ["STEPS", "Alignment", "Label", "Lexicon", "Link", "Spelling", "Step", "align", "normal"]

Step = Literal["text", "id", "names", "alias", "lexicon"]
STEPS: tuple[Step, ...] = get_args(Step)
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u00b7\u30fb]+")


class Lexicon(Protocol):
    """A dictionary of synonyms."""

    def synonyms(self, texts: Collection[str]) -> Iterable[tuple[str, str]]:
        """Which of these texts, all in their normal form, mean the same, two by two."""


@frozen(order=True)
class Spelling:
    """A label as a provider wrote it, and how often."""

    text: str
    provider: str
    count: int


@frozen(order=True)
class Link:
    """Two spellings that mean the same, and by which step that is known."""

    step: Step
    left: str
    right: str


@frozen
class Label:
    """One meaning: its `id` is the normal form of the name it goes by, an English one where there
    is one; `names` are the most usual ones by language, `spellings` all that were said."""

    id: str
    names: Mapping[str, str] = field(factory=dict)
    spellings: tuple[Spelling, ...] = ()


@lru_cache(100_000)
def normal(text: str) -> str:
    """The text in one case and width (NFKC, case-folded), with one space for each run of spaces,
    hyphens, underscores and middle dots, and without what is invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return _SEPARATORS.sub(" ", seen).strip() or text


@frozen
class Alignment:
    """The `labels` by the normal form of every text that they go by. `ambiguous` are words that
    would have joined several meanings, and so joined none."""

    labels: Mapping[str, Label] = field(repr=False)
    _links: Mapping[str, tuple[Link, ...]] = field(repr=False)
    ambiguous: tuple[str, ...] = ()

    def label(self, tag: Tag) -> Label:
        """The label of a tag."""
        return self.lookup(tag.name) or Label(normal(tag.name))

    def lookup(self, text: str) -> Label | None:
        """The label that goes by this text, in any spelling, language or alias; None for none."""
        return self.labels.get(normal(text))

    def links(self, label: Label) -> tuple[Link, ...]:
        """All that joins the spellings of a label."""
        return self._links.get(label.id, ())

    def why(self, a: str, b: str) -> tuple[Link, ...]:
        """What leads from one spelling to another of the same label, link by link; empty where
        they are the same text, or of different labels."""
        label = self.lookup(a)
        if label is None or label is not self.lookup(b):
            return ()
        return _way(a, b, self.links(label))


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
    words = _Words()
    for result in results:
        for tag in result.tags:
            words.add(tag, result)
    by_id = _by_id(words) if "id" in steps else ([], set())
    by_names = _by_names(words) if "names" in steps else ([], set())
    links = by_id[0] + by_names[0]
    if aliases and "alias" in steps:
        links += _by_alias(aliases)
    if lexicon is not None and "lexicon" in steps:
        links += [Link("lexicon", one, other) for one, other in lexicon.synonyms(words.texts())]
    return _joined(words, links, {normal(name) for name in aliases or ()}, by_id[1] | by_names[1])


def _joined(
    words: _Words, links: Collection[Link], aliases: Collection[str], ambiguous: Iterable[str]
) -> Alignment:
    groups = _Groups({text: text for text in words.texts()})
    for link in links:
        groups.join(link.left, link.right)
    labels: dict[str, Label] = {}
    for texts in groups.all():
        labels |= dict.fromkeys(texts, _label(texts, words, aliases))
    joins = defaultdict[str, set[Link]](set)
    for link in links:
        joins[labels[link.left].id].add(link)
    for text, spellings in words.spellings.items():
        joins[labels[text].id] |= {
            Link("text", said, text) for said, _ in spellings if said != text
        }
    found = {name: tuple(sorted(every)) for name, every in joins.items()}
    return Alignment(labels, found, tuple(sorted(ambiguous)))


@define
class _Words:
    """All that was said, by normal form: spellings with their number, names with their language;
    and which stand together in one tag."""

    spellings: dict[str, Counter[tuple[str, str]]] = field(factory=lambda: defaultdict(Counter))
    names: dict[str, Counter[tuple[str, str]]] = field(factory=lambda: defaultdict(Counter))
    translations: set[tuple[tuple[str, str], tuple[str, str]]] = field(factory=set)
    ids: set[tuple[tuple[str, str], str]] = field(factory=set)

    def add(self, tag: Tag, result: Result) -> None:
        self.spellings[normal(tag.name)][tag.name, result.provider] += 1
        for language, name in tag.names.items():
            self.names[normal(name)][language, name] += 1
        said = sorted((language, normal(name)) for language, name in tag.names.items())
        self.translations.update(combinations(said, 2))
        if tag.id is not None:
            self.ids.add(((_vocabulary(tag.id, result), tag.id), normal(tag.name)))

    def texts(self) -> list[str]:
        return sorted({*self.spellings, *self.names})


def _vocabulary(known: str, result: Result) -> str:
    """Whose id it is: those of Google's Knowledge Graph are everybody's, others the vendor's."""
    if known.startswith(("/m/", "/g/")):
        return "knowledge graph"
    return result.provenance.plugin.partition("-")[0]


def _by_id(words: _Words) -> tuple[list[Link], set[str]]:
    """Texts with the same id, and those that have several ids in a vocabulary."""
    ids, texts = defaultdict[tuple[str, str], set[str]](set), defaultdict[object, set[str]](set)
    for (vocabulary, known), text in words.ids:
        ids[vocabulary, text].add(known)
    for (vocabulary, known), text in words.ids:
        if len(ids[vocabulary, text]) == 1:
            texts[vocabulary, known].add(text)
    links = [Link("id", *pair) for same in texts.values() for pair in pairwise(sorted(same))]
    return links, {text for (_, text), several in ids.items() if len(several) > 1}


def _by_names(words: _Words) -> tuple[list[Link], set[str]]:
    """Names that are each other's only partner in two languages, and those with several."""
    partners = defaultdict[tuple[str, str, str], set[str]](set)
    for (first, one), (second, other) in words.translations:
        partners[first, one, second].add(other)
        partners[second, other, first].add(one)
    links = [
        Link("names", one, other)
        for (first, one), (second, other) in words.translations
        if len(partners[first, one, second]) == len(partners[second, other, first]) == 1
        and one != other
    ]
    return links, {word for (_, word, _), others in partners.items() if len(others) > 1}


def _by_alias(aliases: Mapping[str, Collection[str]]) -> list[Link]:
    return [
        Link("alias", normal(name), normal(text))
        for name, texts in aliases.items()
        for text in texts
        if normal(text) != normal(name)
    ]


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
    spellings = sorted(
        Spelling(text, provider, count)
        for one in texts
        for (text, provider), count in words.spellings.get(one, {}).items()
    )
    names: dict[str, str] = {}
    for (language, name), _ in _by_use(words.names, texts):
        names.setdefault(language, name)
    usual = [text for (text, _), _ in _by_use(words.spellings, texts)]
    by_alias = [text for text in texts if text in aliases]
    name = next(iter([*by_alias, *filter(None, [names.get("en")]), *usual, *texts]))
    return Label(normal(name), names, tuple(spellings))


def _by_use(
    counted: Mapping[str, Counter[tuple[str, str]]], texts: Iterable[str]
) -> list[tuple[tuple[str, str], int]]:
    """What was said of these texts, the most usual first."""
    together = Counter[tuple[str, str]]()
    for text in texts:
        together.update(counted.get(text, {}))
    return sorted(together.items(), key=lambda item: (-item[1], item[0]))


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
