"""A comparison as tables for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .._money import Money
from ..compare import Comparison, Failure, Figure, ProviderFigures, Summary
from ._terminal import console, safe, table

__all__ = ["show"]

PICTURES = 10
"""So many pictures are shown, those with the most disagreement."""


def show(summary: Summary) -> None:
    """Prints the providers, the agreement of each pair, and where they disagree most."""
    out = console()
    pictures, providers = len(summary.comparison.pictures), len(summary.figures)
    out.print(f"{_count(pictures, 'picture')}, {_count(providers, 'provider')}\n", style="bold")
    _providers(summary.figures)
    if summary.agreement.pairs:
        out.print()
        _pairs(summary)
        out.print()
        _pictures(summary)
    for note in _notes(summary):
        out.print(safe(note), style="yellow")


def _providers(figures: Iterable[ProviderFigures]) -> None:
    shown = table(
        "provider", "answered", "tags a picture", "labels", "p50", "p95", "units", "cost", "errors"
    )
    for column in shown.columns[1:8]:
        column.justify = "right"
    for one in figures:
        shown.add_row(
            safe(one.name) + (" (emulated)" if one.emulated else ""),
            f"{one.answered} of {one.answered + one.failed}",
            _number(one.tags_per_picture, ".1f"),
            str(one.vocabulary),
            _seconds(one.latency_p50_s),
            _seconds(one.latency_p95_s),
            str(one.billable_units),
            _cost(one.cost),
            ", ".join(f"{count} {safe(kind)}" for kind, count in one.errors.items()),
        )
    console().print(shown)


def _pairs(summary: Summary) -> None:
    boxes = {frozenset((one.a, one.b)): one for one in summary.boxes}
    shown = table("agreement", "", f"Jaccard@{summary.k}", "overlap", "RBO", "boxes' IoU")
    for column in shown.columns[2:]:
        column.justify = "right"
    for pair in summary.agreement.pairs:
        matched = boxes.get(frozenset((pair.a, pair.b)))
        shown.add_row(
            safe(pair.a),
            safe(pair.b),
            _figure(pair.jaccard),
            _figure(pair.overlap),
            _figure(pair.rbo),
            "–" if matched is None else _figure(matched.same_label.iou),
        )
    console().print(shown)
    alpha = summary.agreement.alpha
    console().print(
        f"All together: Krippendorff's alpha {_number(alpha.value, '.2f')} "
        f"({_count(alpha.n, 'picture')}). "
        "1 is full agreement, and agreement is not accuracy.",
        style="dim",
    )


def _pictures(summary: Summary) -> None:
    known = {one: by for one, by in summary.disagreement.items() if by is not None}
    most = sorted(known, key=lambda one: -known[one])[:PICTURES]
    sources = {picture.id: picture.source for picture in summary.comparison.pictures}
    shown = table("picture", "disagreement", "said by all", "by some", "by one")
    shown.columns[1].justify = "right"
    for one in most:
        shown.add_row(safe(Path(sources[one]).name), f"{known[one]:.2f}", *_spread(summary, one))
    console().print(shown)


def _spread(summary: Summary, picture: str) -> tuple[str, str, str]:
    """The labels of a picture: those of all who answered, of several, and of one, with its name."""
    said = {name: summary.labels(picture, name) for name in summary.comparison.providers}
    answers = {name: labels for name, labels in said.items() if labels is not None}
    speakers = Counter(label for labels in answers.values() for label in labels)
    everyone = [label for label, count in speakers.items() if count == len(answers)]
    several = [label for label, count in speakers.items() if 1 < count < len(answers)]
    alone = {
        name: [label for label in labels if speakers[label] == 1 < len(answers)]
        for name, labels in answers.items()
    }
    by_one = (f"{safe(name)}: {_list(labels)}" for name, labels in alone.items() if labels)
    return _list(everyone), _list(several), "\n".join(by_one)


def _notes(summary: Summary) -> Iterable[str]:
    yield from summary.notes
    yield from _failures(summary.comparison)
    if any(one.emulated for one in summary.figures):
        yield "Emulated answers come from no vendor: they say nothing about one."
    if any(one.cost is None for one in summary.figures):
        yield 'No price is known where the cost is "?": write it into taggers.toml, under [prices].'
    maybe = sum(one.maybe_billed for one in summary.figures)
    if maybe:
        yield f"{_count(maybe, 'failed call')} may have been billed, and are not in the cost."


def _failures(comparison: Comparison) -> Iterable[str]:
    """What the errors of each provider say: the first one of each kind."""
    first: dict[tuple[str, str], str] = {}
    for (_, provider), said in comparison.said.items():
        if isinstance(said, Failure):
            first.setdefault((provider, said.kind), said.message)
    return (f"{provider}: {kind}: {message}" for (provider, kind), message in first.items())


def _list(labels: Sequence[str]) -> str:
    return ", ".join(map(safe, labels))


def _cost(cost: tuple[Money, ...] | None) -> str:
    if cost is None:
        return "?"
    return " + ".join(map(str, cost)) or "0"


def _figure(figure: Figure) -> str:
    """A figure, and from how many it is: of boxes that is their pairs, else pictures."""
    return f"{_number(figure.value, '.2f')}  n {figure.n:,}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
