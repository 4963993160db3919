"""Checks of `read`: nothing of an answer is lost, and nothing that is not in it is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import attrs
from attrs import evolve

from .._model import BoundingBox, Match, Result, Tag, Verdict, is_number
from .._provider import Provider
from ..errors import MalformedResponse, TaggersError
from ._confidence import confidences, counts_in_one_scale, fractions, regions
from ._exchange import Exchange, Mismatch
from ._leaves import Path, account, covers, leaves, place, replaced, said, without

__all__ = ["READS", "check_ignores", "outcome_of", "sound", "unraw"]

MANY = 10_000
NEW = "xTaggersNew"
ODD_TEXTS = (
    "猫",
    "👩‍👩‍👧‍👦",
    "\u202eabc\u202c",
    "a\0b",
    "half \ud83d",
    "x" * 5000,
    "<b>&amp;</b>",
    "１２",
)
OTHER_KINDS: tuple[Any, ...] = (7, True, ["a"], {"a": "b"})


def _loses_nothing(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Every leaf is mapped, or named in `Provider.ignores` with the reason; not both."""
    for leaf in account(provider, body):
        if leaf.lost:
            how = "read, and changes nothing" if leaf.seen else "never read"
            raise Mismatch(
                f"{leaf.place} is lost: it is {how}. "
                f"Map it, or name it in Provider.ignores with the reason"
            )
        if leaf.becomes and leaf.reason is not None:
            raise Mismatch(
                f"{leaf.place} stands in Provider.ignores, and yet becomes {leaf.becomes}"
            )


def check_ignores(provider: Provider, bodies: list[Any]) -> None:
    """Every place in `Provider.ignores` is shown by an exchange, and has a reason."""
    places = [place(path) for body in bodies for path, _ in leaves(body)]
    for pattern, reason in provider.ignores.items():
        if not reason.strip():
            raise Mismatch(f"Provider.ignores gives no reason for {pattern}")
        if not any(covers(pattern, at) for at in places):
            raise Mismatch(f"Provider.ignores names {pattern}, which no exchange shows")


def _says_sound_things(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Confidences are fractions or None, boxes have a size and lie in the picture, and there are
    boxes exactly where the provider says that it offers them."""
    found = said(provider, body)
    if isinstance(found, TaggersError):
        raise Mismatch(f"an answer that was recorded as good is refused: {found}")
    for finding in found:
        for number in confidences(finding):
            if number is not None and not (is_number(number) and 0 <= number <= 1):
                raise Mismatch(f"the confidence {number!r} is not from 0 to 1: {finding}")
        for region in regions(finding):
            _check_box(provider, exchange, region.box)
    if any(True for finding in found for _ in regions(finding)) and not provider.offers.boxes:
        raise Mismatch("there are boxes, and Offers.boxes says that there are none")


def _check_box(provider: Provider, exchange: Exchange, box: BoundingBox) -> None:
    """A tenth of the picture may lie outside: vendors do that, and `read` hands it on."""
    if box.width <= 0 or box.height <= 0:
        raise Mismatch(f"a box without a size: {box}")
    picture = exchange.picture
    size = (1.0, 1.0) if box.unit == "relative" else (picture.width, picture.height)
    if size[0] is None or size[1] is None:
        return
    if box.unit == "px" and max(box.x + box.width, box.y + box.height) <= 1.5:
        raise Mismatch(f"a box in pixels that looks like fractions: {box}")
    larger = BoundingBox(box.x + size[0] / 10, box.y + size[1] / 10, box.width, box.height)
    if not larger.inside(size[0] * 1.2, size[1] * 1.2):
        raise Mismatch(f"a box outside the picture of {size[0]} × {size[1]}: {box}")


def _gives_frozen_values(provider: Provider, exchange: Exchange, body: Any) -> None:
    """What is found cannot be changed, and holds no lists."""
    for finding in provider.read(body):
        if isinstance(finding, str):
            continue
        for item in (finding, *regions(finding)):
            for name, value in attrs.asdict(item, recurse=False).items():
                if isinstance(value, list | set):
                    raise Mismatch(f"{type(item).__name__}.{name} is a {type(value).__name__}")


def _leaves_the_answer_alone(provider: Provider, exchange: Exchange, body: Any) -> None:
    """`read` changes nothing in the answer, and says the same again."""
    before = json.dumps(body)
    first, again = said(provider, body), said(provider, body)
    if json.dumps(body) != before:
        raise Mismatch("read changed the answer that it was given")
    if first != again:
        raise Mismatch("read said something else the second time")


def _bears_what_is_missing(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Without anything in an answer, or with null there, less is said, or the answer is malformed;
    and nothing is made up for what is missing."""
    zeros = _zeros(outcome_of(provider, exchange, body))
    for path in _places(body):
        for how, altered in (
            ("missing", without(body, path)),
            ("null", replaced(body, path, None)),
        ):
            outcome = outcome_of(provider, exchange, altered)
            if isinstance(outcome, TaggersError) and not isinstance(outcome, MalformedResponse):
                continue  # the vendor's own error, in the place that is left
            if _zeros(outcome) > zeros:
                raise Mismatch(f"{place(path)} is {how}, and a zero stands for it: {outcome}")
            if made_up := _made_up(provider, body, altered):
                raise Mismatch(f"{place(path)} is {how}, and {made_up!r} stands for it: {outcome}")


def _made_up(provider: Provider, body: Any, altered: Any) -> list[Any]:
    """The confidences and names that are said of the altered answer, and stand nowhere in it."""
    before, after = said(provider, body), said(provider, altered)
    texts = [str(value) for _, value in leaves(altered)]
    names = _names(after) - _names(before)
    return [
        *(fractions(after).keys() - fractions(before).keys()),
        *(name for name in names if not any(str(name) in text for text in texts)),
    ]


def _names(found: list[Any] | TaggersError) -> set[Any]:
    items = [] if isinstance(found, TaggersError) else found
    return {item.name for item in items if isinstance(item, Tag) and item.name is not None}


def _says_what_it_cannot_read(provider: Provider, exchange: Exchange, body: Any) -> None:
    """What is of another kind than it should be is not left out without a word."""
    before = said(provider, body)
    for leaf, (path, _) in zip(account(provider, body), leaves(body), strict=True):
        if not leaf.becomes or isinstance(before, TaggersError):
            continue
        after = said(provider, replaced(body, path, {"xTaggersOther": [1]}))
        if isinstance(after, TaggersError) or any(isinstance(item, str) for item in after):
            continue
        if len(after) < len(before):
            raise Mismatch(
                f"an object in place of {leaf.place} makes something vanish without a word: let it "
                "raise, or yield a text that says so"
            )


def _zeros(outcome: Result | TaggersError) -> int:
    """How many confidences are 0, and how many boxes have no size."""
    if isinstance(outcome, TaggersError):
        return 0
    findings = (*outcome.tags, *outcome.regions, *outcome.matches, *outcome.verdicts)
    boxes = [region.box for finding in findings for region in regions(finding)]
    empty = [box for box in boxes if not (box.width and box.height)]
    return len(empty) + sum(number == 0 for item in findings for number in confidences(item))


def _places(body: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in an answer but its top."""
    inside = body.items() if isinstance(body, Mapping) else enumerate(body)
    for step, value in inside:
        yield (*path, step)
        if isinstance(value, Mapping | list):
            yield from _places(value, (*path, step))


def _keeps_what_is_new(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Fields that nobody knows change nothing, and stand in `raw`, which is the whole answer. In an
    object whose names are labels, languages or the users', a new one is said as well."""
    if provider.steps is None and body != provider.decode(exchange.responses[-1].body):
        raise Mismatch("raw is not the whole answer")
    was = unraw(outcome_of(provider, exchange, body))
    for path in [(), *_places(body)]:
        inside, at = _at(body, path), place(path) or "the answer"
        if not isinstance(inside, Mapping):
            continue
        alike = next(iter(inside.values()), "new")
        object_, text, sibling = (
            outcome_of(provider, exchange, replaced(body, path, {**inside, NEW: new}))
            for new in ({"a": [1, "b"]}, "new", alike)
        )
        if NEW in str(unraw(sibling)) or NEW in str(unraw(text)):
            continue
        if isinstance(text, TaggersError) or isinstance(object_, TaggersError):
            raise Mismatch(f"an unknown field in {at} is refused: {text}")
        if unraw(text) != was:
            raise Mismatch(f"an unknown field in {at} changes what is said")


def unraw(outcome: Result | TaggersError) -> Result | TaggersError:
    """What is said, without the answer that it was read from and the id that the call had."""
    if not isinstance(outcome, Result):
        return outcome
    return evolve(outcome, raw=None, provenance=evolve(outcome.provenance, request_id=None))


def _at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def _carries_any_text(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Any text in a text's place, or what is no text, becomes part of a result that can be written
    down and read back, or the answer is malformed. A name is carried as it is."""
    names = {
        leaf.place
        for leaf in account(provider, body)
        if "Tag.name" in leaf.becomes and "Tag.id" not in leaf.becomes
    }
    for path, value in leaves(body):
        for odd in (*ODD_TEXTS, *OTHER_KINDS) if isinstance(value, str) else ():
            outcome = outcome_of(provider, exchange, replaced(body, path, odd))
            try:
                sound(outcome)
            except Mismatch as wrong:
                raise Mismatch(f"{odd!r:.20} in {place(path)}: {wrong}") from wrong
            if place(path) in names and isinstance(odd, str):
                _check_carried(said(provider, replaced(body, path, odd)), odd, place(path))


def _check_carried(found: list[Any] | TaggersError, text: str, at: str) -> None:
    tags = [item for item in found if isinstance(item, Tag)] if isinstance(found, list) else []
    named = {name for tag in tags for name in (tag.name, *tag.names.values())}
    if tags and not any(text in name for name in named):
        raise Mismatch(f"the name {text[:20]!r} in {at} becomes {sorted(named)}")


def sound(outcome: Result | TaggersError) -> None:
    """Raises `Mismatch` where a result is out of range, or does not survive being written down."""
    if isinstance(outcome, TaggersError):
        return
    for finding in (*outcome.tags, *outcome.regions, *outcome.matches, *outcome.verdicts):
        for number in confidences(finding):
            if number is not None and not 0 <= number <= 1:
                raise Mismatch(f"the confidence {number!r}: {finding}")
    written = json.dumps(outcome.to_dict(), allow_nan=False).encode()
    if Result.from_dict(json.loads(written)) != outcome:
        raise Mismatch(f"a result that is another one when read back: {outcome}")


def _counts_right(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Of 0, 1, 2 or 10,000 items in a list, nothing is left out, also where they have the same
    name. Numbers in a list are not items: they are the sides of a box, say."""
    for path in [path for path in _places(body) if _is_list_of_items(_at(body, path))]:
        for item in _at(body, path)[:1]:
            none, one, two, alike, many = (
                _count(provider, path, _with_items(body, path, items))
                for items in (
                    *(_copies(item, times) for times in (0, 1, 2)),
                    [item, _renumbered(item)],
                    _copies(item, MANY),
                )
            )
            if one.all > none.all and two.all == one.all:
                raise Mismatch(f"the second item in {place(path)} adds nothing")
            if one.findings > none.findings and alike.all == one.all:
                raise Mismatch(f"the second item of one name in {place(path)} adds nothing")
            if one.all > none.all and many.all - one.all < MANY - 1:
                raise Mismatch(
                    f"{MANY:,} items in {place(path)} add no more than {many.all - none.all}"
                )


def _with_items(body: Any, path: Path, items: list[Any]) -> Any:
    """The answer with these items in a list; lists beside it that are as long, as those that tell
    the scores of labels, become as long with what they have first."""
    beside = _at(body, path[:-1])
    length = len(beside[path[-1]])
    for name, other in beside.items() if isinstance(beside, Mapping) else ():
        if name != path[-1] and isinstance(other, list) and len(other) == length:
            body = replaced(body, (*path[:-1], name), other[:1] * len(items))
    return replaced(body, path, items)


def _renumbered(item: Any) -> Any:
    """The item with other numbers, and its texts as they are."""
    for path, value in leaves(item):
        if is_number(value):
            item = replaced(item, path, value * 0.99)
    return item


def _is_list_of_items(value: Any) -> bool:
    return isinstance(value, list) and not all(is_number(item) for item in value)


def _copies(item: Any, times: int) -> list[Any]:
    """So many items like this one, with texts of their own."""
    texts = [(path, text) for path, text in leaves(item) if isinstance(text, str)]
    copies = []
    for number in range(times):
        copy = item
        for path, text in texts:
            copy = replaced(copy, path, f"{text}{number or ''}")
        copies.append(copy)
    return copies


class _Count(NamedTuple):
    """How many findings are in an answer, apart from the votes of neighbours, and how many with all
    places and texts in them. A box without a size is no place: it is what one corner makes."""

    findings: int
    all: int


def _count(provider: Provider, path: Path, body: Any) -> _Count:
    found = said(provider, body)
    if isinstance(found, TaggersError):
        raise Mismatch(f"a list of another length in {place(path)} is refused: {found}")
    own = [item for item in found if getattr(item, "source", None) != "neighbours"]
    return _Count(len(own), sum(1 + _inside(item) for item in found))


def _inside(finding: Any) -> int:
    if isinstance(finding, Tag):
        places = [region.box for region in finding.regions]
        return sum(bool(box.width and box.height) for box in places) + len(finding.category)
    if isinstance(finding, Match):
        return len(finding.labels)
    return len(finding.scores) if isinstance(finding, Verdict) else 0


READS: Mapping[str, Callable[[Provider, Exchange, Any], None]] = {
    "loses nothing": _loses_nothing,
    "says sound things": _says_sound_things,
    "gives frozen values": _gives_frozen_values,
    "leaves the answer alone": _leaves_the_answer_alone,
    "bears what is missing": _bears_what_is_missing,
    "says what it cannot read": _says_what_it_cannot_read,
    "keeps what is new": _keeps_what_is_new,
    "carries any text": _carries_any_text,
    "counts in one scale": counts_in_one_scale,
    "counts right": _counts_right,
}
"""What is checked of `read`, on the answer of every exchange that has a result."""


def outcome_of(provider: Provider, exchange: Exchange, body: Any) -> Result | TaggersError:
    """What comes of the exchange where `read` is given another answer."""
    return exchange.play(evolve(provider, read=lambda _: provider.read(body)))[0]
