"""What several providers say together about one picture.

Every provider that answered votes on every label that anybody said, with the weight that a `Panel`
has measured; one that failed has no vote, and is not taken for one that saw nothing. A label is
answered with yes or no where it is probable enough that this is right, else with unsure. All votes
are kept.

Where nothing may be unsure, that makes the fewest wrong answers, missed labels and false ones taken
together. Who minds one of them more sets a threshold for the probability, as for any provider's
confidence: what is best for F1 may take in labels that are rather wrong than right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal

from attrs import asdict, frozen

from .._model import ImageFacts, Provenance, Region, Result, Tag
from ..compare import Failure
from ..errors import InvalidInput, TaggersError
from ._fusion import Drawn, fuse
from ._panel import Panel

__all__ = ["Decision", "Ensemble", "Vote", "ensemble"]

NAME = "ensemble"
Outcomes = Mapping[str, Result | Failure | TaggersError]
LabelOf = Callable[[str, Tag], str]


@frozen(kw_only=True)
class Vote:
    """What one provider had to say to a label.

    * `answer`: "said" it, or was "silent" about it; or "failed", and did not vote;
    * `text`, `confidence`: its own word for it, and how sure it was; None where it gave none;
    * `weight`: what the vote adds to the label's log-odds.
    """

    provider: str
    answer: Literal["said", "silent", "failed"]
    text: str | None = None
    confidence: float | None = None
    weight: float = 0.0


@frozen(kw_only=True)
class Decision:
    """What the providers say together to a label: how probable it is that it is right, 0 to 1, the
    answer, every vote, and the places where it is seen, fused."""

    label: str
    probability: float
    answer: Literal["yes", "no", "unsure"]
    votes: tuple[Vote, ...]
    regions: tuple[Region, ...] = ()


@frozen(kw_only=True)
class Ensemble:
    """What several providers say together about one picture, the most probable label first."""

    image: ImageFacts
    decisions: tuple[Decision, ...]
    outcomes: Outcomes

    def result(self, least: float | None = None) -> Result:
        """The labels answered with yes, as a provider's result that is compared like any other; or
        those that are at least so probable, 0 for all, as for finding a threshold.

        `raw` has all decisions with all votes; `provenance` has the attempts and the units of all
        calls, the time of the longest, and in `left` who failed.
        """
        said = [outcome for outcome in self.outcomes.values() if isinstance(outcome, Result)]
        all_of = [result.provenance for result in said]
        return Result(
            provider=NAME,
            image=self.image,
            tags=tuple(_tag(one) for one in self.decisions if _is_meant(one, least)),
            provenance=Provenance(
                plugin=NAME,
                attempts=tuple(attempt for one in all_of for attempt in one.attempts),
                duration_s=max(one.duration_s for one in all_of),
                billable_units=sum(one.billable_units for one in all_of),
                emulated=any(one.emulated for one in all_of),
                cached=all(one.cached for one in all_of),
                left={name: _reason(failed) for name, failed in _failed(self.outcomes)},
            ),
            raw=self.to_dict(),
        )

    def to_dict(self) -> dict[str, Any]:
        """The decisions as plain JSON values, with every vote."""
        return {"decisions": [asdict(decision) for decision in self.decisions]}


def ensemble(
    outcomes: Outcomes,
    panel: Panel,
    *,
    label: LabelOf | None = None,
    sure: float = 0.7,
    boxing: Collection[str] | None = None,
) -> Ensemble:
    """What providers say together, of what each said about one picture, by their names.

    * `label` tells the id of the label that a provider's tag is; None: its name;
    * `sure`: how probable an answer has to be, from 0.5, where nothing is ever unsure, to 1;
    * `boxing`: the providers that draw boxes at all; None: all that answered. One of these that
      draws none around a label counts against the boxes of others.

    Raises `InvalidInput` where nobody answered, or `sure` is out of range.
    """
    said = {name: one for name, one in outcomes.items() if isinstance(one, Result)}
    if not said:
        raise InvalidInput("nobody answered, so there is nothing to vote on", scope="call")
    if not 0.5 <= sure <= 1:
        raise InvalidInput(f"sure must be from 0.5 to 1, not {sure!r}", scope="call")
    tags = {name: _by_label(name, result, label) for name, result in said.items()}
    weights = {name: panel.of(name).precision for name in said if boxing is None or name in boxing}
    decisions = [
        _decision(found, tags, outcomes, panel, sure, weights)
        for found in dict.fromkeys(found for of in tags.values() for found in of)
    ]
    return Ensemble(
        image=next(iter(said.values())).image,
        decisions=tuple(sorted(decisions, key=lambda one: -one.probability)),
        outcomes=outcomes,
    )


def _by_label(provider: str, result: Result, label: LabelOf | None) -> dict[str, list[Tag]]:
    """The tags by label; a provider may have several words for one."""
    tags: dict[str, list[Tag]] = {}
    for tag in result.tags:
        tags.setdefault(tag.name if label is None else label(provider, tag), []).append(tag)
    return tags


def _decision(
    label: str,
    tags: Mapping[str, Mapping[str, list[Tag]]],
    outcomes: Outcomes,
    panel: Panel,
    sure: float,
    weights: Mapping[str, float],
) -> Decision:
    votes = tuple(_vote(name, label, tags, panel) for name in outcomes)
    probability = panel.probability(sum(vote.weight for vote in votes))
    drawn = [
        item
        for name in weights
        for tag in tags[name].get(label, ())
        for item in _drawn(name, tag, panel)
    ]
    return Decision(
        label=label,
        probability=probability,
        answer="yes" if probability >= sure else "no" if 1 - probability >= sure else "unsure",
        votes=votes,
        regions=tuple(Region(one.box, one.confidence) for one in fuse(drawn, weights)),
    )


def _vote(name: str, label: str, tags: Mapping[str, Mapping[str, list[Tag]]], panel: Panel) -> Vote:
    if name not in tags:
        return Vote(provider=name, answer="failed")
    if label not in tags[name]:
        return Vote(provider=name, answer="silent", weight=panel.silent(name, label, tags))
    strongest = max(tags[name][label], key=lambda tag: tag.confidence or 0.0)
    return Vote(
        provider=name,
        answer="said",
        text=strongest.name,
        confidence=strongest.confidence,
        weight=panel.said(name, tags),
    )


def _drawn(name: str, tag: Tag, panel: Panel) -> Iterator[Drawn]:
    """The places of a tag. One without a confidence has the tag's, or else what the provider's tags
    are worth on average."""
    for region in tag.regions:
        given = (region.confidence, tag.confidence, panel.of(name).precision)
        yield Drawn(name, region.box, next(value for value in given if value is not None))


def _is_meant(decision: Decision, least: float | None) -> bool:
    return decision.answer == "yes" if least is None else decision.probability >= least


def _tag(decision: Decision) -> Tag:
    return Tag(
        name=decision.label, confidence=round(decision.probability, 6), regions=decision.regions
    )


def _failed(outcomes: Outcomes) -> Iterator[tuple[str, Failure | TaggersError]]:
    for name, outcome in outcomes.items():
        if not isinstance(outcome, Result):
            yield name, outcome


def _reason(failed: Failure | TaggersError) -> str:
    if isinstance(failed, Failure):
        return f"{failed.kind}: {failed.message}"
    return f"{type(failed).__name__}: {failed.message}"
