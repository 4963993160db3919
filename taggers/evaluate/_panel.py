"""How far the providers that vote are to be believed, as measured.

A vote is evidence: it makes a label as many times more probable as it is cast more often where the
label is right than where it is not. Added up as log-odds, such votes are the best weighted majority
there is as long as the voters err independently (S. Nitzan and J. Paroush, "Optimal Decision Rules
in Uncertain Dichotomous Choice Situations", International Economic Review 23, 1982).

They do not quite. Providers that were taught by the same pictures repeat each other, and a vote
that only repeats another one is none. So the correlation of each pair is measured, among the labels
that are right and among those that are not, and divides their votes: of two copies each counts
half. What this leaves out is how three or more go together beyond their pairs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Set

from attrs import field, frozen

from ._evidence import Evidence

__all__ = ["Panel", "Reliability", "panel"]

PRIOR_TAGS = 10
"""A provider of which little is known is taken for an average one: as if so many more of its tags
had been judged, and were right as often as everybody's."""
Said = Set[tuple[str, str]]
"""Labels of pictures: the picture's id and the label's."""


@frozen(kw_only=True)
class Reliability:
    """How far one provider is to be believed.

    * `precision`: how often its tags are right, 0 to 1, drawn towards the average;
    * `recall`: how much of what is there it says, of the labels that it knows, drawn so as well;
    * `labels`: those that it said in the evidence; of others it may not know the word;
    * `n`: how many of its tags were judged.
    """

    precision: float
    recall: float
    labels: frozenset[str] = frozenset()
    n: int = 0


@frozen(kw_only=True)
class Panel:
    """The providers that were measured, and the `average` of them, which stands for any other.

    `prior` is how often any label of the evidence is right for any picture of it, 0 to 1;
    `correlation` is that of two providers, 0 to 1, where it is above 0.
    """

    prior: float
    average: Reliability
    providers: Mapping[str, Reliability]
    correlation: Mapping[frozenset[str], float] = field(factory=dict)

    def of(self, provider: str) -> Reliability:
        """A provider's reliability."""
        return self.providers.get(provider, self.average)

    def said(self, provider: str, among: Collection[str]) -> float:
        """What it adds to a label's log-odds that a provider says it, where all these vote."""
        gain = _log_odds(self.of(provider).precision) - _log_odds(self.prior)
        return gain * self._share(provider, among)

    def silent(self, provider: str, label: str, among: Collection[str]) -> float:
        """What it adds that a provider does not say it; nothing where it may not know the word."""
        member = self.of(provider)
        if label not in member.labels:
            return 0.0
        odds = math.exp(_log_odds(self.prior) - _log_odds(member.precision))
        false_alarms = min(member.recall * odds, 1 - 1e-9)
        gain = math.log((1 - member.recall) / (1 - false_alarms))
        return gain * self._share(provider, among)

    def probability(self, gains: float) -> float:
        """How probable a label is for which the votes add so much."""
        return 1 / (1 + math.exp(-_log_odds(self.prior) - gains))

    def _share(self, provider: str, among: Collection[str]) -> float:
        others = (frozenset((provider, other)) for other in among if other != provider)
        return 1 / (1 + sum(self.correlation.get(pair, 0.0) for pair in others))


def panel(evidence: Evidence) -> Panel:
    """What the evidence tells of each provider in it.

    What nobody said and nobody knows to be there is taken for not there, which hardly matters:
    there are many more labels than there are in any picture.

    Raises `InvalidInput` for evidence in which nothing can be wrong.
    """
    evidence.require_refuting()
    said, right = _said(evidence)
    there = frozenset(
        (picture, label) for picture, labels in evidence.present.items() for label in labels
    )
    labels = {label for _, label in there.union(*said.values())}
    pairs = max(len(evidence.present) * len(labels), len(there) + 1)
    average = _reliability(
        n=sum(map(len, said.values())),
        right=sum(map(len, right.values())),
        known=sum(len(_known(name, evidence, there, said[name])) for name in said),
        towards=Reliability(precision=0.5, recall=0.5),
        weight=2,
    )
    return Panel(
        prior=(len(there) + 1) / (pairs + 2),
        average=average,
        providers={
            name: _reliability(
                n=len(said[name]),
                right=len(right[name]),
                known=len(_known(name, evidence, there, said[name])),
                towards=average,
                weight=PRIOR_TAGS,
                labels=frozenset(label for _, label in said[name]),
            )
            for name in said
        },
        correlation={
            frozenset((a, b)): value
            for index, a in enumerate(said)
            for b in list(said)[index + 1 :]
            if (value := _correlation(a, b, evidence, said, there, len(labels))) > 0
        },
    )


def _said(
    evidence: Evidence,
) -> tuple[dict[str, set[tuple[str, str]]], dict[str, set[tuple[str, str]]]]:
    """What each provider said, and what of that is right."""
    said: dict[str, set[tuple[str, str]]] = {name: set() for name in evidence.answered}
    right: dict[str, set[tuple[str, str]]] = {name: set() for name in evidence.answered}
    for item in evidence.judged:
        said[item.provider].add((item.picture, item.label))
        if item.right:
            right[item.provider].add((item.picture, item.label))
    return said, right


def _known(name: str, evidence: Evidence, there: Said, said: Said) -> Said:
    """What is in a provider's pictures, of the labels that it knows."""
    words = {label for _, label in said}
    answered = evidence.answered[name]
    return {(picture, label) for picture, label in there if picture in answered and label in words}


def _reliability(
    *,
    n: int,
    right: int,
    known: int,
    towards: Reliability,
    weight: int,
    labels: frozenset[str] = frozenset(),
) -> Reliability:
    return Reliability(
        precision=(right + weight * towards.precision) / (n + weight),
        recall=(right + weight * towards.recall) / (known + weight),
        labels=labels,
        n=n,
    )


def _correlation(
    a: str, b: str, evidence: Evidence, said: Mapping[str, Said], there: Said, labels: int
) -> float:
    """How far two providers say the same, right or wrong: the mean of both phi coefficients, of few
    tags drawn towards 0."""
    pictures = evidence.answered[a] & evidence.answered[b]
    first, second, present = (
        {pair for pair in pairs if pair[0] in pictures} for pairs in (said[a], said[b], there)
    )
    absent = len(pictures) * labels - len(present)
    right = _phi(first & present, second & present, len(present))
    wrong = _phi(first - present, second - present, absent)
    return max((right + wrong) / 2, 0.0)


def _phi(a: Said, b: Said, n: int) -> float:
    """Pearson's phi of two sets out of `n`."""
    both, either = len(a & b), len(a | b)
    spread = len(a) * (n - len(a)) * len(b) * (n - len(b))
    if spread <= 0:
        return 0.0
    phi = (both * n - len(a) * len(b)) / math.sqrt(spread)
    return phi * either / (either + PRIOR_TAGS)


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))
