"""What the truth knows about compared pictures, in the labels that providers' tags have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from attrs import field, frozen

from .._model import BoundingBox
from ..compare import Alignment, Comparison, Picture, normal
from ..errors import InvalidInput
from ._truth import Places, Truth

__all__ = ["Known", "Unmatched", "known"]

NEAR = 0.75
"""How much two words must share to be proposed for each other, 0 to 1 (`difflib`'s ratio)."""
SUGGESTED = 20
"""For so many labels the nearest spelling is looked for; it takes a while for each."""


@frozen
class Unmatched:
    """A label of the truth that no provider ever said, the number of pictures that it is in, and
    the label said that is written most like it, if one is."""

    text: str
    pictures: int
    nearest: str | None = None


@frozen(kw_only=True)
class Known:
    """Which labels, by their ids, are right for which pictures, by their ids.

    * `labels`: by picture and label, whether it is there; what is not listed is unknown;
    * `boxes`, `crowds`: as in `Truth`;
    * `unmatched`: what is there and was never said, the most frequent first. It counts as missed;
    * `unanswered`: pictures of the truth that nobody was asked about;
    * `overruled`: where judgements contradict the rest of the truth, and count.
    """

    labels: Mapping[str, Mapping[str, bool]]
    boxes: Places = field(factory=dict)
    crowds: Places = field(factory=dict)
    unmatched: tuple[Unmatched, ...] = ()
    unanswered: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()

    @property
    def refutes(self) -> bool:
        """Whether anything is known not to be there. Where nothing is, no tag can be wrong, and
        that none is tells nothing."""
        return any(not there for of in self.labels.values() for there in of.values())


def known(
    comparison: Comparison, alignment: Alignment, truth: Truth, judgements: Truth | None = None
) -> Known:
    """What is known of the pictures of a comparison. `judgements` count over the `truth`.

    Raises `InvalidInput` where none of the pictures is in the truth, where it is not clear which
    one is meant, and where the truth says yes and no to what is one label.
    """
    sources = [truth] if judgements is None else [truth, judgements]
    words = _Words.of(alignment, comparison, sources)
    keys = [_keys(source, comparison.pictures) for source in sources]
    labels: dict[str, dict[str, bool]] = {}
    overruled: list[str] = []
    for picture in comparison.pictures:
        if any(picture.id in of for of in keys):
            said = [_said(words, source, picture) for source in sources]
            labels[picture.id] = {label: there for one in said for label, there in one.items()}
            listed = {words.ids[text] for text in _listed(truth, picture)}
            overruled += _overruled(picture, {label: said[0][label] for label in listed}, said[-1])
    if not labels:
        raise _nothing_known(comparison, sources)
    named = {key for source in sources for key in source.labels}
    return Known(
        labels=labels,
        boxes=_places(words, keys[0], truth.boxes),
        crowds=_places(words, keys[0], truth.crowds),
        unmatched=tuple(words.unmatched(labels)),
        unanswered=tuple(sorted(named - {key for of in keys for key in of.values()})),
        overruled=tuple(overruled),
    )


def _overruled(
    picture: Picture, listed: Mapping[str, bool], judged: Mapping[str, bool]
) -> Iterable[str]:
    """Where judgements contradict what the truth lists for a picture."""
    for label in sorted(listed.keys() & judged.keys()):
        if listed[label] is not judged[label]:
            yield f"{label} in {picture.source}"


@frozen
class _Words:
    """The truth's words by the ids of their labels, and the labels that providers said.

    A word that nobody said has an id of its own, by which `strange` has it."""

    ids: Mapping[str, str]
    strange: Mapping[str, str]
    spoken: frozenset[str]

    @classmethod
    def of(cls, alignment: Alignment, comparison: Comparison, sources: Iterable[Truth]) -> _Words:
        texts = {
            text
            for source in sources
            for said in (source.vocabulary, *source.labels.values())
            for text in said
        }
        found = {text: alignment.lookup(text) for text in sorted(texts)}
        ids = {text: label.id if label else normal(text) for text, label in found.items()}
        spoken = frozenset(
            alignment.label(tag).id
            for provider in comparison.providers
            for _, result in comparison.results(provider)
            for tag in result.tags
        )
        return cls(ids, {ids[text]: text for text in found if ids[text] not in spoken}, spoken)

    def unmatched(self, labels: Mapping[str, Mapping[str, bool]]) -> Iterable[Unmatched]:
        there = Counter(label for of in labels.values() for label, there in of.items() if there)
        missed = [(label, n) for label, n in there.most_common() if label in self.strange]
        spoken = {normal(label): label for label in self.spoken}
        for rank, (label, n) in enumerate(missed):
            looked_at = spoken if rank < SUGGESTED else ()
            near = get_close_matches(normal(label), looked_at, n=1, cutoff=NEAR)
            yield Unmatched(self.strange[label], n, spoken[near[0]] if near else None)


def _keys(truth: Truth, pictures: Iterable[Picture]) -> Mapping[str, str]:
    """What the truth calls each picture that it knows, by the picture's id."""
    found: dict[str, str] = {}
    of: dict[str, Picture] = {}
    for picture in pictures:
        if (key := truth.key(picture)) is None:
            continue
        if key in of:
            raise InvalidInput(
                f"{truth.name}: {key!r} may be {of[key].source} or {picture.source}",
                hint="write more of the path, or the SHA-256 of the picture",
                scope="call",
            )
        of[key], found[picture.id] = picture, key
    return found


def _listed(truth: Truth, picture: Picture) -> Mapping[str, bool]:
    key = truth.key(picture)
    return {} if key is None else truth.labels[key]


def _said(words: _Words, truth: Truth, picture: Picture) -> dict[str, bool]:
    """What a truth says of a picture, by label. What it lists counts over what is only implied."""
    listed = _listed(truth, picture)
    said: dict[str, bool] = {}
    first: dict[str, str] = {}
    for text, there in listed.items():
        label = words.ids[text]
        if said.setdefault(label, there) is not there:
            raise InvalidInput(
                f"{truth.name}: says {_yes(said[label])} to {first[label]!r} and {_yes(there)} to "
                f"{text!r} in {picture.source}, and they are one label here",
                hint="keep one of the two",
                scope="call",
            )
        first.setdefault(label, text)
    return {words.ids[text]: there for text, there in truth.of(picture).items()} | said


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _places(words: _Words, keys: Mapping[str, str], places: Places) -> Places:
    found: dict[str, dict[str, tuple[BoundingBox, ...]]] = defaultdict(dict)
    for picture, key in keys.items():
        for text, boxes in places.get(key, {}).items():
            of = found[picture]
            of[words.ids[text]] = of.get(words.ids[text], ()) + boxes
    return dict(found)


def _nothing_known(comparison: Comparison, sources: Iterable[Truth]) -> InvalidInput:
    names = " and ".join(source.name for source in sources)
    ours = comparison.pictures[0].source if comparison.pictures else "none"
    theirs = next(key for source in sources for key in source.labels)
    return InvalidInput(
        f"none of the pictures is in {names}: it names {theirs!r}, and the results {ours!r}",
        hint="name pictures by their files' names or their SHA-256",
        scope="call",
    )
