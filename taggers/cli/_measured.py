"""What a bench found as tables for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from ..evaluate import Bench, Calibration, Detection, Difference, Estimate, LabelQuality, Quality
from ._terminal import console, safe, table

__all__ = ["show"]

NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
}
LISTED = 10
"""So many labels are listed, of all and of those that nobody said."""


def show(found: Bench) -> None:
    """Prints how right each provider is, who is better than whom, boxes and confidences."""
    out = console()
    known, providers = len(found.known.labels), len(found.qualities)
    out.print(f"{_count(known, 'picture')} known, {_count(providers, 'provider')}\n", style="bold")
    _qualities(found.qualities)
    _more_about(found)
    _labels(found.qualities)
    if compared := [
        one for one in found.differences if one.difference is not None and one.why != "emulated"
    ]:
        _differences(compared)
    if found.detections:
        _detections(found.detections, [one.name for one in found.qualities if one.emulated])
    if sure := [one for one in found.calibrations if one.n]:
        _calibrations(sure)
    for note in _notes(found):
        out.print(safe(note), style="yellow")


def _qualities(qualities: Sequence[Quality]) -> None:
    shown = table("provider", *NAMES.values(), "unknown")
    for one in qualities:
        shown.add_row(
            _name(one),
            _estimate(one.precision),
            _estimate(one.recall),
            _estimate(one.f1),
            _estimate(one.average_precision),
            f"{_share(one.unknown_share)}\nof {one.said:,}",
        )
    console().print(shown)
    console().print(
        "In brackets: 95 % intervals, by drawing pictures anew. Unknown: of how much of what was "
        "said the truth says nothing.\n",
        style="dim",
    )


def _more_about(found: Bench) -> None:
    """What does not fit beside the four: means over labels, what is missing, and the cost."""
    shown = table(
        "provider",
        "pictures",
        "failed",
        "macro P",
        "macro R",
        "macro F1",
        "labels",
        "cost of 1,000",
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in found.qualities:
        cost = found.costs[one.name]
        shown.add_row(
            _name(one),
            f"{one.pictures:,}",
            f"{one.failed:,}",
            _number(one.macro.precision),
            _number(one.macro.recall),
            _number(one.macro.f1),
            f"{one.macro.labels:,}",
            "?" if cost is None else str(cost),
        )
    console().print(shown)
    console().print()


def _labels(qualities: Sequence[Quality]) -> None:
    """Each provider's F1 of the labels that are there most often, with precision and recall."""
    by_name = {one.name: {label.label: label for label in one.labels} for one in qualities}
    present = Counter[str]()
    for labels in by_name.values():
        present |= Counter({name: label.present for name, label in labels.items()})
    most = [name for name, count in present.most_common(LISTED) if count]
    if not most:
        return
    shown = table("F1 (precision, recall)", *(_name(one) for one in qualities), "there in")
    for name in most:
        cells = (_label(labels.get(name)) for labels in by_name.values())
        shown.add_row(safe(name), *cells, _count(present[name], "picture"))
    console().print(shown)
    more = sum(count > 0 for count in present.values()) - len(most)
    console().print(f"{more:,} more labels: -f json\n" if more > 0 else "", style="dim")


def _label(label: LabelQuality | None) -> str:
    if label is None:
        return "–"
    return f"{_number(label.f1)} ({_number(label.precision)}, {_number(label.recall)})"


def _differences(differences: Sequence[Difference]) -> None:
    shown = table("by", "who is better", "difference", "pictures", "")
    shown.columns[3].justify = "right"
    last = None
    for one in differences:
        better, worse = (one.a, one.b) if (one.difference or 0) >= 0 else (one.b, one.a)
        shown.add_row(
            "" if one.metric == last else NAMES[one.metric],
            f"{safe(better)} > {safe(worse)}" if one.ranked else f"{safe(better)} or {safe(worse)}",
            _difference(one),
            f"{one.n:,}",
            _verdict(one),
            style=None if one.ranked else "dim",
        )
        last = one.metric
    console().print(shown)
    console().print(
        "The intervals of all pairs hold together. So many more pictures would show the same "
        "difference in four of five cases.\n",
        style="dim",
    )


def _difference(one: Difference) -> str:
    """The difference as that of the better one."""
    by, low, high = one.difference or 0.0, one.low, one.high
    if by < 0:
        by, low, high = -by, None if high is None else -high, None if low is None else -low
    return f"{by:.3f}" + _interval(low, high, ".3f")


def _verdict(one: Difference) -> str:
    if one.ranked:
        return ""
    if one.more_pictures is None:
        return one.why or ""
    return f"{one.why}; some {one.more_pictures:,} more would tell"


def _detections(detections: Sequence[Detection], emulated: Collection[str]) -> None:
    most = list(detections[0].recall)
    heads = ["boxes", "mAP", "mAP at IoU 0.5", *(f"recall@{n}" for n in most)]
    shown = table(*heads, "drawn", "of", "pictures", "unknown")
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in detections:
        shown.add_row(
            safe(one.name) + (" (emulated)" if one.name in emulated else ""),
            _number(one.average_precision),
            _number(one.average_precision_50),
            *(_number(one.recall[n]) for n in most),
            *(f"{n:,}" for n in (one.drawn, one.boxes, one.pictures, one.unknown)),
        )
    console().print(shown)
    console().print()


def _calibrations(calibrations: Sequence[Calibration]) -> None:
    """How often providers are right that say to be so sure: a row for each tenth, and the expected
    error."""
    shown = table("confidence: right", *(safe(one.name) for one in calibrations))
    for tenth in range(10):
        found = [_bin(one, tenth) for one in calibrations]
        if any(found):
            shown.add_row(f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}", *found)
    errors = [f"{_number(one.error)}  n {one.n:,}" for one in calibrations]
    shown.add_row("expected error", *errors, style="bold")
    console().print(shown)
    console().print()


def _bin(calibration: Calibration, tenth: int) -> str:
    """What a provider's tags of this tenth of confidences are worth; the last one includes 1."""
    for one in calibration.bins:
        if round(one.low * 10) == tenth:
            return f"{one.precision:.2f}  n {one.n:,}"
    return ""


def _notes(found: Bench) -> Iterator[str]:
    known = found.known
    if not known.refutes:
        yield (
            "The truth says of no label that it is not there, so that nothing can be wrong: only "
            "recall is measured. Add --exhaustive if it lists all that is there, or --judgements."
        )
    if known.unmatched:
        listed = [
            f"{one.text} ({one.pictures})" + (f", like {one.nearest}?" if one.nearest else "")
            for one in known.unmatched[:LISTED]
        ]
        yield (
            f"{_count(len(known.unmatched), 'label')} of the truth that nobody ever said, and that "
            f"count as missed: {'; '.join(listed)}{' …' if len(known.unmatched) > LISTED else ''}"
        )
        yield "If one is only another word, say so in aliases.toml."
    if known.unanswered:
        yield f"{_count(len(known.unanswered), 'picture')} of the truth nobody was asked about."
    if known.overruled:
        yield f"Judgements contradict the truth, and count: {'; '.join(known.overruled)}"
    unranked = [
        one.name
        for one in found.qualities
        if one.precision.value is not None and one.average_precision.value is None
    ]
    if unranked:
        yield f"No average precision, for want of confidences: {', '.join(unranked)}"
    if any(one.why == "emulated" for one in found.differences):
        yield "Emulated answers come from no vendor, and are not ranked (--rank-emulated)."
    if found.front:
        yield f"No other is better (F1) at no more cost than: {', '.join(found.front)}"


def _name(one: Quality) -> str:
    return safe(one.name) + (" (emulated)" if one.emulated else "")


def _estimate(one: Estimate) -> str:
    return f"{_number(one.value)}{_interval(one.low, one.high, '.2f')}\nn {one.n:,}"


def _interval(low: float | None, high: float | None, form: str) -> str:
    return "" if low is None or high is None else f" [{low:{form}}, {high:{form}}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
