"""The checks of the testing kit: mappers that are broken as others really were are caught."""

from __future__ import annotations

import copy
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from taggers_imagga import tags

from taggers._registry import installed
from taggers.errors import Authentication, MalformedResponse, RateLimited
from taggers.plugin import (
    Accepts,
    BoundingBox,
    Errors,
    Offers,
    Provider,
    Region,
    Request,
    Rule,
    Setting,
    Steps,
    Tag,
    VendorError,
    basic,
    evolve,
    fraction,
    header,
    number,
)
from taggers.testing import Exchange, Mismatch
from taggers.testing._asks import ASKS, check_hosts, check_limits
from taggers.testing._bare import check_bare
from taggers.testing._calls import CALLS
from taggers.testing._cases import exchanges_of
from taggers.testing._confidence import check_scale
from taggers.testing._emulated import check_round_trip
from taggers.testing._fuzz import check_fuzzed
from taggers.testing._leaves import account, covers
from taggers.testing._on_the_way import check_on_the_way
from taggers.testing._reads import READS, check_ignores
from taggers.testing._tables import check_table

BODY = {
    "id": "r-1",
    "labels": [
        {
            "label_id": "n-7",
            "text": {"en": "cat", "zh": "猫"},
            "score": 97.5,
            "parents": ["animal", "mammal"],
            "boxes": [[50, 60, 90, 100], [400, 300, 600, 460]],
        },
        {"label_id": "n-8", "text": {"en": "sofa", "zh": "沙发"}, "score": 31, "parents": ["home"]},
    ],
}


def _read(body: Any) -> Iterator[Tag]:
    for label in body["labels"]:
        yield Tag(
            name=label["text"]["en"],
            confidence=fraction(label.get("score"), 100),
            category=tuple(label.get("parents") or ()),
            names=label["text"],
            regions=tuple(
                Region(BoundingBox.from_corners(*(number(side) for side in box)))
                for box in label.get("boxes") or ()
            ),
        )


def _where(body: Any) -> VendorError | None:
    found = body.get("error") if isinstance(body, dict) else None
    return VendorError(found["code"], found["message"]) if isinstance(found, dict) else None


def _request(image: Any, options: Any, settings: Any) -> Request:
    return Request(path="/tags", json={"top": options.limit or 10, **options.native})


ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=_request,
    read=_read,
    ignores={"id": "of the request", "labels[*].label_id": "of no use outside Acme"},
    accepts=Accepts(formats=("png",), sources=("content",), max_bytes=5000, max_edge_px=2000),
    offers=Offers(boxes=True, applies=frozenset({"limit"}), max_limit=50),
    errors=Errors(
        where=_where,
        rules=(
            Rule(kind=Authentication, codes="bad_key no_key"),
            Rule(kind=RateLimited, codes="slow_*"),
        ),
    ),
    endpoint="https://acme.example.com",
)


def _exchange(body: Any = BODY, status: int = 200) -> Exchange:
    request = {"method": "POST", "path": "/tags", "json": {"top": 10}}
    response = {"status": status, "json": body}
    return Exchange(
        provider="acme",
        about="constructed",
        wire=({"request": request, "response": response},),
        result={},
        name="cat",
    )


WRONG_KEY = _exchange({"error": {"code": "bad_key", "message": "who are you?"}}, 401)


def _complaints(provider: Provider, body: Any = BODY) -> dict[str, str]:
    """What the checks of `read` complain about, by the check's name."""
    found = {}
    for name, check in READS.items():
        own = copy.deepcopy(body)
        try:
            check(provider, _exchange(own), own)
        except Mismatch as wrong:
            found[name] = str(wrong)
    return found


def _reading(change: Callable[[Any, Tag], Tag | None]) -> Callable[[Any], Iterator[Tag]]:
    """The right mapper, with something done to each tag; None leaves it out."""

    def read(body: Any) -> Iterator[Tag]:
        for label, tag in zip(body["labels"], _read(body), strict=True):
            if (changed := change(label, tag)) is not None:
                yield changed

    return read


def _first_box_only(label: Any, tag: Tag) -> Tag:
    return evolve(tag, regions=tag.regions[:1])


def _no_parents(label: Any, tag: Tag) -> Tag:
    return evolve(tag, category=())


def _hard_coded_threshold(label: Any, tag: Tag) -> Tag | None:
    return tag if (tag.confidence or 0) >= 0.3 else None


def _percent(label: Any, tag: Tag) -> Tag:
    return evolve(tag, confidence=number(label.get("score")))


def _guessed_scale(label: Any, tag: Tag) -> Tag:
    score = number(label.get("score"))
    return evolve(tag, confidence=score / 100 if score is not None and score > 1 else score)


def _zero_for_missing(label: Any, tag: Tag) -> Tag:
    return evolve(tag, confidence=tag.confidence or 0.0)


def _none_for_zero(label: Any, tag: Tag) -> Tag:
    return evolve(tag, confidence=tag.confidence or None)


def _ids_for_names(label: Any, tag: Tag) -> Tag:
    return evolve(tag, name=label["label_id"], names={})


def _one_language(label: Any, tag: Tag) -> Tag:
    return evolve(tag, names={"en": label["text"]["en"]})


def _corners_as_sizes(label: Any, tag: Tag) -> Tag:
    return evolve(tag, regions=tuple(Region(BoundingBox(*box)) for box in label.get("boxes") or ()))


def _fractions_as_pixels(label: Any, tag: Tag) -> Tag:
    sides = [[side / 640 for side in box] for box in label.get("boxes") or ()]
    return evolve(tag, regions=tuple(Region(BoundingBox.from_corners(*box)) for box in sides))


def _ascii_only(label: Any, tag: Tag) -> Tag:
    return evolve(tag, name=tag.name.encode("ascii", "ignore").decode() or "unnamed", names={})


def _lists(label: Any, tag: Tag) -> Tag:
    return evolve(tag, category=list(tag.category))


def _changes_the_answer(label: Any, tag: Tag) -> Tag:
    label["seen"] = True
    return tag


def _clock(label: Any, tag: Tag) -> Tag:
    return evolve(tag, source=str(time.perf_counter_ns()))


def _refuses_new_fields(label: Any, tag: Tag) -> Tag:
    if set(label) - {"label_id", "text", "score", "parents", "boxes"}:
        raise ValueError("a field that nobody knows")
    return tag


def _high_threshold(label: Any, tag: Tag) -> Tag | None:
    return tag if (tag.confidence or 0) >= 0.9 else None


def _unsigned(label: Any, tag: Tag) -> Tag:
    return evolve(tag, confidence=None if tag.confidence is None else abs(tag.confidence))


def _sure_where_missing(label: Any, tag: Tag) -> Tag:
    return evolve(tag, confidence=fraction(label.get("score") or 100, 100))


def _none_as_a_name(label: Any, tag: Tag) -> Tag:
    return evolve(tag, name=str(label["text"].get("en")), names={})


BROKEN = [
    (_high_threshold, "counts in one scale", "something is left out"),
    (_unsigned, "counts in one scale", "-25.0 in labels[0].score is not the confidence -0.25"),
    (_sure_where_missing, "bears what is missing", "is missing, and [1.0] stands for it"),
    (_none_as_a_name, "bears what is missing", "is null, and ['None'] stands for it"),
    (_first_box_only, "loses nothing", "boxes[1][0] is lost"),
    (_no_parents, "loses nothing", "labels[0].parents[0] is lost"),
    (_hard_coded_threshold, "counts in one scale", "something is left out"),
    (_percent, "says sound things", "confidence 97.5 is not from 0 to 1"),
    (_guessed_scale, "counts in one scale", "1 in labels[0].score is not the confidence 0.01"),
    (_zero_for_missing, "bears what is missing", "labels[0].score is missing, and a zero stands"),
    (_none_for_zero, "counts in one scale", "0 in labels[0].score is not the confidence 0"),
    (_ids_for_names, "loses nothing", "labels[0].label_id stands in Provider.ignores, and yet"),
    (_one_language, "loses nothing", "labels[0].text.zh is lost"),
    (_corners_as_sizes, "says sound things", "a box outside the picture"),
    (_fractions_as_pixels, "says sound things", "a box in pixels that looks like fractions"),
    (_ascii_only, "carries any text", "the name '猫' in labels[0].text.en becomes"),
    (_lists, "gives frozen values", "Tag.category is a list"),
    (_changes_the_answer, "leaves the answer alone", "read changed the answer"),
    (_clock, "leaves the answer alone", "read said something else the second time"),
    (_refuses_new_fields, "keeps what is new", "an unknown field in labels[0] is refused"),
]


def test_a_right_mapper_has_no_complaints() -> None:
    assert {} == _complaints(ACME)


@pytest.mark.parametrize(
    ("change", "check", "says"), BROKEN, ids=[change.__name__.strip("_") for change, *_ in BROKEN]
)
def test_a_broken_mapper_is_caught(
    change: Callable[[Any, Tag], Tag | None], check: str, says: str
) -> None:
    complaints = _complaints(evolve(ACME, read=_reading(change)))

    assert says in complaints.get(check, ""), complaints


def test_a_box_of_no_size_where_its_sides_are_missing_is_caught() -> None:
    body = {"labels": [{"name": "cat", "box": {"x": 5, "y": 6, "w": 70, "h": 80}}]}

    def read(body: Any) -> Iterator[Tag]:
        for label in body["labels"]:
            box = label.get("box") or {}
            sides = (number(box.get(side)) or 0 for side in ("x", "y", "w", "h"))
            yield Tag(label["name"], regions=(Region(BoundingBox(*sides)),))

    complaints = _complaints(evolve(ACME, read=read, ignores={}), body)

    assert "labels[0].box is missing, and a zero stands" in complaints["bears what is missing"]


def test_a_tag_that_is_left_out_for_what_it_holds_is_caught() -> None:
    def read(body: Any) -> Iterator[Tag]:
        for label in body["labels"]:
            try:
                yield from _read({"labels": [label]})
            except Exception:
                continue

    complaints = _complaints(evolve(ACME, read=read))

    assert "makes something vanish without a word" in complaints["says what it cannot read"]


def test_tags_of_one_name_of_which_the_last_wins_are_caught() -> None:
    def read(body: Any) -> list[Tag]:
        return list({tag.name: tag for tag in _read(body)}.values())

    complaints = _complaints(evolve(ACME, read=read))

    assert {"counts right": "the second item of one name in labels adds nothing"} == complaints


def test_a_guessed_scale_is_caught_also_where_two_tags_are_as_sure() -> None:
    alike = {"labels": [{"text": {"en": name}, "score": 98} for name in ("cat", "dog")]}
    guessing = evolve(ACME, read=_reading(_guessed_scale), ignores={})

    assert {} == _complaints(evolve(ACME, ignores={}), alike)
    assert "counts in one scale" in _complaints(guessing, alike)


def test_a_scale_that_is_too_large_is_caught() -> None:
    check_scale(ACME, [BODY])

    with pytest.raises(Mismatch, match=r"no exchange shows a confidence above 0.1"):
        check_scale(
            evolve(ACME, read=_reading(lambda label, tag: evolve(tag, confidence=0.01))), [BODY]
        )


UNUSUAL: list[tuple[Callable[[Any], Iterator[Tag]], Any]] = [
    (
        lambda body: (Tag(name, fraction(score)) for name, score in body["tags"].items()),
        {"tags": {"cat": 0.98, "sofa": 0.4}},
    ),
    (
        lambda body: (
            Tag(name, fraction(score))
            for name, score in zip(body["labels"], body["scores"], strict=True)
        ),
        {"labels": ["cat", "sofa"], "scores": [0.98, 0.4]},
    ),
    (
        lambda body: (Tag(tag["name"], fraction(tag.get("s"), 255)) for tag in body),
        [{"name": "cat", "s": 250}, {"name": "sofa", "s": 12}],
    ),
    (lambda body: (Tag(name) for name in body["tags"]), {"tags": ["cat", "sofa"]}),
]


@pytest.mark.parametrize(("read", "body"), UNUSUAL, ids=["by name", "parallel", "255", "names"])
def test_an_unusual_answer_has_no_complaints(read: Any, body: Any) -> None:
    assert {} == _complaints(evolve(ACME, read=read, ignores={}), body)


def test_a_limit_that_is_hard_coded_is_caught() -> None:
    def read(body: Any) -> list[Tag]:
        return list(_read(body))[:10]

    complaints = _complaints(evolve(ACME, read=read))

    assert {"counts right": "10,000 items in labels add no more than 50"} == complaints


def test_a_place_that_is_ignored_without_need_or_reason_is_caught() -> None:
    unseen = evolve(ACME, ignores={**ACME.ignores, "labels[*].colour": "not of use"})
    unsaid = evolve(ACME, ignores={**ACME.ignores, "id": " "})

    check_ignores(ACME, [BODY])

    with pytest.raises(Mismatch, match=r"names labels\[\*\].colour, which no exchange shows"):
        check_ignores(unseen, [BODY])
    with pytest.raises(Mismatch, match="gives no reason for id"):
        check_ignores(unsaid, [BODY])


@pytest.mark.parametrize(
    ("places", "at", "covered"),
    [
        ("id", "id", True),
        ("id", "ids", False),
        ("labels[*].id", "labels[12].id", True),
        ("labels[*].id", "labels[12].id.x[0]", True),
        ("labels[*]", "labels[3].text.en", True),
        ("labels[*].*.en", "labels[3].text.en", True),
        ("*.en", "labels[3].text.en", False),
        ("labels[3]", "labels[2]", False),
    ],
)
def test_an_ignored_place_stands_for_all_below_it(places: str, at: str, covered: bool) -> None:
    assert covered is covers(places, at)


def test_every_leaf_says_what_becomes_of_it() -> None:
    found = {leaf.kind: leaf.becomes for leaf in account(ACME, BODY)}

    assert {
        "id": (),
        "labels[*].label_id": (),
        "labels[*].text.en": ("Tag.name", "Tag.names"),
        "labels[*].text.zh": ("Tag.names",),
        "labels[*].score": ("Tag.confidence",),
        "labels[*].parents[*]": ("Tag.category",),
    } == {kind: becomes for kind, becomes in found.items() if "boxes" not in kind}


def test_a_box_that_is_given_by_its_corners_has_no_complaints() -> None:
    def read(body: Any) -> Iterator[Tag]:
        for thing in body["things"]:
            xs, ys = ([corner.get(side) or 0 for corner in thing["corners"]] for side in "xy")
            box = BoundingBox.from_corners(min(xs), min(ys), max(xs), max(ys)) if xs else None
            yield Tag(thing["name"], regions=(Region(box),) if box else ())

    corners = [{"x": 30}, {"x": 50}, {"x": 50, "y": 80}, {"x": 30, "y": 80}]
    body = {"things": [{"name": "cat", "corners": corners}, {"name": "dog", "corners": corners}]}

    assert {} == _complaints(evolve(ACME, read=read, ignores={}), body)


def test_an_error_table_that_works_has_no_complaints() -> None:
    check_table(ACME, [_exchange(), WRONG_KEY])


def test_an_error_line_that_is_never_reached_is_caught() -> None:
    rules = (Rule(kind=RateLimited, codes="b*"), *ACME.errors.rules)

    with pytest.raises(Mismatch, match=r"the line of bad_key is never reached"):
        check_table(evolve(ACME, errors=evolve(ACME.errors, rules=rules)), [WRONG_KEY])


def test_an_error_whose_code_is_not_found_is_caught() -> None:
    def where(body: Any) -> VendorError | None:
        return VendorError("bad_key", "always") if "error" in body else None

    with pytest.raises(Mismatch, match=r"no_key becomes|has the code"):
        check_table(evolve(ACME, errors=evolve(ACME.errors, where=where)), [WRONG_KEY])


def test_an_error_table_of_statuses_is_checked_as_one_of_codes() -> None:
    def where(body: Any) -> VendorError | None:
        return VendorError("", body["error"]["message"])

    rules = (Rule(kind=Authentication, codes="401"), Rule(kind=RateLimited, codes="42*"))
    table = Errors(where=where, rules=rules)
    hidden = evolve(table, rules=(Rule(kind=RateLimited, codes="4*"), *rules))

    check_table(evolve(ACME, errors=table), [WRONG_KEY])

    with pytest.raises(Mismatch, match=r"the line of 401 is never reached"):
        check_table(evolve(ACME, errors=hidden), [WRONG_KEY])


def test_codes_are_put_into_an_error_that_shows_its_own() -> None:
    def where(body: Any) -> VendorError | None:
        error = body.get("error", {})
        reason = f".{error['reason']}" if "reason" in error else ""
        return VendorError(f"{error['code']}{reason}", error["message"]) if error else None

    rules = (Rule(kind=Authentication, codes="bad.key"), Rule(kind=RateLimited, codes="bad"))
    acme = evolve(ACME, errors=Errors(where=where, rules=rules))
    composed = _exchange({"error": {"code": "bad", "reason": "key", "message": "no"}}, 401)
    plain = _exchange({"error": {"code": "bad", "message": "no"}}, 401)

    check_table(acme, [composed, plain])


def test_a_line_is_checked_without_the_message_that_decides_for_another() -> None:
    rules = (
        Rule(kind=RateLimited, codes="bad_key", message="too often"),
        Rule(kind=Authentication, codes="bad_key"),
    )
    often = _exchange({"error": {"code": "bad_key", "message": "asked too often"}}, 401)

    check_table(evolve(ACME, errors=evolve(ACME.errors, rules=rules)), [often])


def test_an_error_table_without_an_exchange_that_shows_one_is_caught() -> None:
    with pytest.raises(Mismatch, match=r"no exchange shows one of the vendor's errors"):
        check_table(ACME, [_exchange()])


def test_an_option_that_is_not_applied_as_declared_is_caught() -> None:
    more = evolve(ACME, offers=evolve(ACME.offers, applies=frozenset({"limit", "min_confidence"})))
    less = evolve(ACME, offers=evolve(ACME.offers, applies=frozenset()))

    for check in ASKS.values():
        check(ACME, _exchange())

    with pytest.raises(Mismatch, match=r"names min_confidence, and the request does not change"):
        ASKS["honours min_confidence"](more, _exchange())
    with pytest.raises(Mismatch, match=r"changes with limit, which Offers.applies does not name"):
        ASKS["honours limit"](less, _exchange())


def test_a_provider_may_offer_any_language() -> None:
    def request(image: Any, options: Any, settings: Any) -> Request:
        return Request(path="/tags", json={"language": options.language, **options.native})

    offers = evolve(ACME.offers, applies=frozenset({"language"}), languages=("en", "tlh"))

    ASKS["honours language"](evolve(ACME, request=request, offers=offers), _exchange())


def test_native_options_that_are_not_sent_are_caught() -> None:
    def request(image: Any, options: Any, settings: Any) -> Request:
        return Request(path="/tags", json={"top": options.limit or 10})

    with pytest.raises(Mismatch, match=r"not part of any request: merge it last"):
        ASKS["merges native"](evolve(ACME, request=request), _exchange())


def test_native_options_that_replace_nothing_are_caught() -> None:
    def request(image: Any, options: Any, settings: Any) -> Request:
        return Request(path="/tags", json={**options.native, "top": options.limit or 10})

    with pytest.raises(Mismatch, match=r"native={'top': …} does not replace that"):
        ASKS["merges native"](evolve(ACME, request=request), _exchange())


def test_an_endpoint_that_is_none_of_the_vendors_hosts_is_caught() -> None:
    keyed = evolve(ACME, settings=(Setting("key", "Acme's key", secret=True),))

    check_hosts(evolve(keyed, hosts=("*.example.com",)), _exchange())

    with pytest.raises(Mismatch, match=r"acme.example.com, is none of Provider.hosts"):
        check_hosts(keyed, _exchange())


def test_limits_are_refused_before_anything_is_sent() -> None:
    check_limits(ACME, _exchange())


def test_an_exception_that_is_none_of_ours_is_caught_by_fuzzing() -> None:
    def read(body: Any) -> Iterator[Tag]:
        for label in body["labels"]:
            if isinstance(label, list):
                raise RuntimeError("nobody thought of that")
        yield from _read(body)

    check_fuzzed(ACME, [_exchange(), WRONG_KEY], 300)

    with pytest.raises(Mismatch, match=r"RuntimeError: nobody thought of that"):
        check_fuzzed(evolve(ACME, read=read), [_exchange()], 3000)


# Whole calls, through the real client and a server.


def _keyed(**changes: Any) -> Provider:
    """Acme with a key in a header, and a job of upload, question and removal."""

    def steps(image: Any, options: Any, settings: Any, nonce: str) -> Steps:
        yield Request(method="PUT", path=f"/{nonce}", content=image.content, units=0)
        try:
            return (yield _request(image, options, settings))
        finally:
            yield Request(method="DELETE", path=f"/{nonce}", units=0)

    return evolve(
        ACME,
        request=None,
        steps=steps,
        settings=(Setting("key", "Acme's key", secret=True),),
        authorize=header("x-key", "key"),
        **changes,
    )


def _three_steps() -> Exchange:
    tagging = _exchange().wire[0]
    put, delete = (
        {"request": {"method": method}, "response": {"status": 200, "json": {}}}
        for method in ("PUT", "DELETE")
    )
    return evolve(_exchange(), wire=(put, tagging, delete), settings={"key": "example-key"})


def test_an_upload_that_stays_when_it_is_cancelled_is_caught() -> None:
    with pytest.raises(Mismatch, match=r"cancelled at request 1, it leaves /[0-9a-f]{32} behind"):
        CALLS["tidies up"](_keyed(), _three_steps())


def test_a_key_that_is_never_sent_is_caught() -> None:
    mute = evolve(_keyed(), authorize=lambda prepared, *_: prepared)

    ASKS["sends its keys"](_keyed(), _three_steps())

    with pytest.raises(Mismatch, match="key changes nothing in any request"):
        ASKS["sends its keys"](mute, _three_steps())


def test_a_dialect_that_takes_another_signature_is_caught() -> None:
    (dialect,) = (one for one in installed().dialects() if one.name == "imagga-tags")
    provider = evolve(tags.PROVIDER, authorize=basic("api_secret", "api_key"))
    exchange = next(one for one in exchanges_of(tags.PROVIDER) if one.result)

    check_round_trip(tags.PROVIDER, exchange, [dialect])

    with pytest.raises(Mismatch, match="the dialect lets nobody in"):
        check_round_trip(provider, exchange, [evolve(dialect, provider=provider)])


def test_a_secret_in_what_is_said_is_caught() -> None:
    def read(body: Any) -> Iterator[Tag]:
        yield Tag(body["you_are"][::-1])

    echo = {"you_are": "CANARY-key-0f3c9ab1d27e"[::-1]}
    provider = evolve(_keyed(read=read), steps=None, request=_request)
    exchange = evolve(_exchange(echo), settings={"key": "example-key"})

    with pytest.raises(Mismatch, match="the secret key stands in a result"):
        CALLS["keeps secrets"](provider, exchange)
    with pytest.raises(Mismatch, match="the exchange's key may be a real one"):
        CALLS["keeps secrets"](
            evolve(provider, read=_read), evolve(_exchange(), settings={"key": "s3cret"})
        )


def test_an_answer_on_the_way_that_nothing_depends_on_is_caught() -> None:
    def steps(image: Any, options: Any, settings: Any, nonce: str) -> Steps:
        colours = yield Request(path="/colours", content=image.content)
        labels = yield Request(path="/labels", content=image.content)
        return {**labels, "colours": colours["found"]} if colours["used"] else labels

    body = {"found": ["red"], "used": False}
    first = {"request": {"method": "POST"}, "response": {"status": 200, "json": body}}
    exchange = evolve(_exchange(), wire=(first, *_exchange().wire))
    provider = evolve(ACME, request=None, steps=steps)

    with pytest.raises(Mismatch, match=r"found\[0\], in an answer on the way, is lost"):
        check_on_the_way(provider, exchange, BODY)
    check_on_the_way(evolve(provider, ignores={"found": "no", "used": "no"}), exchange, BODY)


def test_an_answer_on_the_way_of_another_shape_is_malformed() -> None:
    def steps(image: Any, options: Any, settings: Any, nonce: str) -> Steps:
        job = yield Request(path="/jobs", content=image.content)
        return (yield Request(method="GET", path=f"/jobs/{job['id']}"))

    outcome, _ = evolve(_exchange({})).play(evolve(ACME, request=None, steps=steps))

    assert isinstance(outcome, MalformedResponse)
    assert "an answer on the way is not of the documented shape: KeyError('id')" in str(outcome)


@pytest.mark.parametrize("name", ["counts attempts", "says the same asynchronously"])
def test_a_right_call_has_no_complaints(name: str) -> None:
    CALLS[name](_keyed(), _three_steps())


IMPURE = """
import platform, random, time
from os import environ
from time import time as now
from taggers.plugin import Accepts, Provider, Request, Tag, hookimpl

AT_IMPORT = environ.get("TAGGERS_TEST_COLOUR", "")

def look():
    return {look}

PROVIDER = Provider(
    name="impure", title="Impure", vendor="Impure", endpoint="https://impure.example.com",
    request=lambda image, options, settings: Request(path="/", json={{"top": 1}}),
    read=lambda body: [Tag("cat" + str(look())[:0])] + [Tag("x") for _ in AT_IMPORT],
    accepts=Accepts(formats=("png",)),
)

@hookimpl
def taggers_providers():
    return [PROVIDER]
"""


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ("now()", "it uses time.time"),
        ("time.localtime()", "it uses time.localtime"),
        ("environ.get('HOME')", "it uses os.environ"),
        ("platform.node()", "it uses platform.node"),
        ("random.random()", "it uses random.random"),
        ("open('/dev/null').close()", "it uses open"),
        ("''", "in another process it asks or says something else"),
    ],
)
def test_a_mapper_that_looks_around_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str, says: str
) -> None:
    (tmp_path / "taggers_impure.py").write_text(IMPURE.format(look=look), "utf-8")
    told = tmp_path / "taggers_impure-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: taggers-impure\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[taggers.providers]\nimpure = taggers_impure\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("TAGGERS_TEST_COLOUR", "red")
    monkeypatch.syspath_prepend(tmp_path)
    provider = importlib.import_module("taggers_impure").PROVIDER
    sys.modules.pop("taggers_impure")
    exchange = evolve(
        _exchange({}), wire=({"request": {}, "response": {"status": 200, "json": {"a": 1}}},)
    )

    with pytest.raises(Mismatch, match=says):
        check_bare(provider, [exchange])
