"""The flow by hand: what it asks for, one effect at a time, without any I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from taggers import Image, Options, Policy, Result
from taggers._flow import Context, Flow, Send, Sleep, call
from taggers._wire import Response
from taggers.errors import (
    Authentication,
    ConnectFailed,
    DeadlineExceeded,
    ImageDimensions,
    MalformedResponse,
    NotSupported,
    OutcomeUnknown,
    PayloadTooLarge,
    RateLimited,
    TaggersError,
    UnknownVendorError,
    UnsupportedImage,
)
from taggers.plugin import (
    Accepts,
    BoundingBox,
    Errors,
    Offers,
    Prepared,
    Provider,
    Region,
    Request,
    Rule,
    Setting,
    Settings,
    Steps,
    Tag,
    VendorError,
    Window,
    evolve,
    fraction,
)
from taggers.testing import png, settings

PICTURE = Image.from_bytes(png(64, 48), source="cat.png")


def _read(body: Any) -> Iterator[Tag | str]:
    for item in body["tags"]:
        yield Tag(item["name"], fraction(item.get("score"), 100), names=item.get("names", {}))


def _where(body: Any) -> VendorError | None:
    return VendorError(body["code"], body.get("text", "")) if "code" in body else None


ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(path="/tags", json={"limit": options.limit}),
    read=_read,
    accepts=Accepts(formats=("png",), max_base64_bytes=10_000, min_edge_px=10, max_edge_px=100),
    offers=Offers(applies=frozenset({"limit"}), max_limit=50),
    errors=Errors(
        where=_where,
        rules=(
            Rule(kind=RateLimited, codes="SLOW"),
            Rule(kind=Authentication, codes="KEY.*"),
            Rule(kind=OutcomeUnknown, codes="TIMEOUT"),
        ),
        request_id_header="x-id",
        window=lambda text: Window(2.0) if "2 seconds" in text else None,
    ),
    settings=(Setting("key", "the key", secret=True),),
    authorize=lambda prepared, settings, now: prepared.with_headers({"signed-at": f"{now:g}"}),
    endpoint="https://acme.example.com",
)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def _flow(
    provider: Provider = ACME,
    image: Image = PICTURE,
    clock: Clock | None = None,
    policy: Policy | None = None,
    **options: Any,
) -> Flow:
    clock = clock or Clock()
    context = Context(
        now=clock, ticks=clock, roll=lambda: 1.0, nonce="n", policy=policy or Policy()
    )
    chosen = settings(provider, key="very-secret")
    return call(provider, image, Options(**options), chosen, context)


def _answer(json: str, status: int = 200, **headers: str) -> Response:
    return Response(status=status, body=json.encode(), headers=headers)


def _end(flow: Flow, outcome: Any) -> Result:
    """The result that the flow returns when it is sent this."""
    with pytest.raises(StopIteration) as stop:
        flow.send(outcome)
    result: Result = stop.value.value
    return result


def _send(effect: Any) -> Prepared:
    assert isinstance(effect, Send)
    return effect.prepared


def test_a_call_sends_one_signed_request_and_returns_the_result() -> None:
    flow = _flow()

    prepared = _send(next(flow))
    result = _end(flow, _answer('{"tags": [{"name": "cat", "score": 88}]}', **{"x-id": "r1"}))

    assert (prepared.method, prepared.url) == ("POST", "https://acme.example.com/tags")
    assert "100" == prepared.headers["signed-at"]
    assert (Tag("cat", 0.88),) == result.tags
    assert "r1" == result.provenance.request_id
    assert 1 == result.provenance.billable_units
    assert result.raw == {"tags": [{"name": "cat", "score": 88}]}


def test_throttling_waits_out_the_named_window_and_signs_afresh() -> None:
    clock = Clock()
    flow = _flow(clock=clock)
    next(flow)

    pause = flow.send(_answer('{"code": "SLOW", "text": "wait 2 seconds"}', 429))
    assert isinstance(pause, Sleep)
    clock.seconds += pause.seconds
    again = _send(flow.send(None))
    result = _end(flow, _answer('{"tags": []}'))

    assert Sleep(3.0) == pause
    assert "103" == again.headers["signed-at"]
    assert [attempt.status for attempt in result.provenance.attempts] == [429, 200]
    assert [attempt.waited_s for attempt in result.provenance.attempts] == [0.0, 3.0]


def test_an_unsent_request_is_sent_at_most_three_times() -> None:
    flow = _flow()
    next(flow)

    pauses = []
    for _ in range(2):
        pauses.append(flow.send(ConnectFailed("refused")))
        flow.send(None)
    with pytest.raises(ConnectFailed) as caught:
        flow.send(ConnectFailed("refused"))

    assert [Sleep(0.05), Sleep(0.1)] == pauses
    assert 3 == len(caught.value.attempts)
    assert "acme" == caught.value.provider


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    flow = _flow(policy=Policy(deadline_s=2.5))
    next(flow)

    with pytest.raises(RateLimited) as caught:
        flow.send(_answer('{"code": "SLOW", "text": "wait 2 seconds"}', 429))

    assert caught.value.retry_after_s == 2.0


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (_answer('{"code": "KEY.BAD"}', 401), Authentication),
        (_answer('{"code": "TIMEOUT"}', 400), OutcomeUnknown),
        (_answer('{"code": "NEW"}', 400), UnknownVendorError),
        (_answer("<html>log in</html>"), MalformedResponse),
        (_answer('{"tags": 5}'), MalformedResponse),
        (OutcomeUnknown("gone"), OutcomeUnknown),
        (DeadlineExceeded("late", sent=True), DeadlineExceeded),
    ],
)
def test_what_may_have_been_billed_or_cannot_get_better_is_asked_once(
    outcome: Any, kind: type[TaggersError]
) -> None:
    flow = _flow()
    next(flow)

    with pytest.raises(kind) as caught:
        flow.send(outcome)

    assert 1 == len(caught.value.attempts)


def test_an_answer_of_another_shape_names_the_place() -> None:
    flow = _flow()
    next(flow)

    with pytest.raises(MalformedResponse) as caught:
        flow.send(_answer('{"tags": [{"name": "a"}, {"name": "b", "score": "high"}]}'))

    assert "tags[1].score" == caught.value.path
    assert "acme: the answer is not of the documented shape at tags[1].score" in str(caught.value)
    assert "yes" == caught.value.billed


def test_a_key_that_the_vendor_echoes_does_not_reach_the_error() -> None:
    flow = _flow()
    next(flow)

    with pytest.raises(Authentication) as caught:
        flow.send(_answer('{"code": "KEY.BAD", "text": "no such key: very-secret"}', 401))

    assert "no such key: ***" == caught.value.message
    assert "very-secret" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    ("image", "kind", "says"),
    [
        (Image.from_bytes(png(9, 64)), ImageDimensions, "9 × 64 px; the shorter edge must be"),
        (Image.from_bytes(png(101, 64)), ImageDimensions, "the longer edge may be at most 100"),
        (
            Image("x", content=b"x" * 7501, format="png", width=50, height=50),
            PayloadTooLarge,
            "7,501 bytes, which are 10,004 in base64, above 10,000",
        ),
        (
            Image("x", content=b"GIF89a", format="gif", width=50, height=50),
            UnsupportedImage,
            "x is a gif; taken are png",
        ),
        (Image.from_url("https://x.example.com/a"), NotSupported, "save the picture first"),
    ],
)
def test_a_picture_over_a_limit_is_refused_before_anything_is_asked_for(
    image: Image, kind: type[TaggersError], says: str
) -> None:
    only_content = evolve(ACME, accepts=evolve(ACME.accepts, sources=("content",)))

    with pytest.raises(kind, match=says) as caught:
        next(_flow(only_content, image, prepare="never"))

    assert "not sent" == caught.value.outcome


def test_the_largest_picture_that_fits_is_taken() -> None:
    picture = Image("x", content=b"x" * 7500, format="png", width=100, height=10)

    assert isinstance(next(_flow(image=picture)), Send)


def test_options_that_the_vendor_cannot_apply_are_applied_here_or_named() -> None:
    flow = _flow(limit=1, min_confidence=0.5, language="zh")
    prepared = _send(next(flow))

    result = _end(
        flow,
        _answer(
            '{"tags": [{"name": "a", "score": 60}, {"name": "b", "score": 90},'
            '{"name": "c", "score": 10}]}'
        ),
    )

    assert prepared.body == b'{"limit":1}'
    assert [tag.name for tag in result.tags] == ["b"]
    assert result.warnings == ("language 'zh' ignored: acme offers one language only",)


def test_a_limit_above_the_vendors_is_sent_as_the_vendors() -> None:
    prepared = _send(next(_flow(limit=500)))

    assert prepared.body == b'{"limit":50}'


def test_names_in_the_language_asked_for_are_taken_where_the_answer_has_them() -> None:
    flow = _flow(language="zh")
    next(flow)

    result = _end(flow, _answer('{"tags": [{"name": "cat", "names": {"zh": "猫"}}]}'))

    assert (Tag("猫", None, names={"zh": "猫"}),) == result.tags
    assert () == result.warnings


def test_a_confidence_out_of_range_is_brought_back_and_named() -> None:
    flow = _flow()
    next(flow)

    result = _end(flow, _answer('{"tags": [{"name": "a", "score": 100.5}]}'))

    assert (Tag("a", 1.0),) == result.tags
    assert result.warnings == ("a: confidence 1.005 brought into 0..1",)


@pytest.mark.parametrize("field", ["kind", "source"])
def test_what_a_tag_says_of_itself_is_a_text_that_can_be_written_down(field: str) -> None:
    def said(value: Any) -> Result:
        flow = _flow(evolve(ACME, read=lambda body: [Tag("a", **{field: value})]))
        next(flow)
        return _end(flow, _answer('{"tags": []}'))

    assert "half ?" == getattr(said("half \ud83d").tags[0], field)
    with pytest.raises(MalformedResponse, match=r"a comes with \['b'\], which is no text"):
        said(["b"])


def test_a_request_id_in_the_body_is_that_of_a_good_call_and_of_a_failed_one() -> None:
    within = evolve(ACME.errors, request_id_in=lambda body: body["id"])
    good, bad = (_flow(evolve(ACME, errors=within)) for _ in range(2))
    next(good)
    next(bad)

    result = _end(good, _answer('{"id": "r-1", "tags": []}'))
    with pytest.raises(Authentication) as caught:
        bad.send(_answer('{"id": "very-secret", "code": "KEY.BAD"}', 401))

    assert "r-1" == result.provenance.request_id
    assert "***" == caught.value.request_id


@pytest.mark.parametrize(
    ("image", "box"),
    [
        (Image.from_bytes(png(80, 40)), BoundingBox(20.0, 20.0, 40.0, 10.0)),
        (Image.from_url("https://x.example.com/a"), BoundingBox(0.25, 0.5, 0.5, 0.25, "relative")),
    ],
)
def test_a_relative_box_is_in_pixels_where_the_size_of_the_picture_is_known(
    image: Image, box: BoundingBox
) -> None:
    place = Region(BoundingBox(0.25, 0.5, 0.5, 0.25, "relative"), 0.75)
    flow = _flow(evolve(ACME, read=lambda body: [Tag("a", regions=(place,)), place]), image)
    next(flow)

    result = _end(flow, _answer("{}"))

    assert (Region(box, 0.75),) == result.tags[0].regions == result.regions
    assert () == result.warnings


def test_a_box_beyond_all_numbers_is_malformed() -> None:
    def read(body: Any) -> list[Region]:
        return [Region(BoundingBox(1e308, 0.5, 0.5, 0.25, "relative"))]

    flow = _flow(evolve(ACME, read=read))
    next(flow)

    with pytest.raises(MalformedResponse, match="beyond every picture"):
        flow.send(_answer("{}"))


def _two_steps(image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
    yield Request(method="PUT", path=f"/{nonce}", content=image.content, units=0)
    try:
        return (yield Request(method="GET", path=f"/{nonce}"))
    finally:
        yield Request(method="DELETE", path=f"/{nonce}", units=0)


STEPS = evolve(ACME, request=None, steps=_two_steps)


def test_a_job_of_several_requests_bills_only_those_that_count() -> None:
    flow = _flow(STEPS)

    methods = [_send(next(flow)).method]
    methods.append(_send(flow.send(_answer(""))).method)
    methods.append(_send(flow.send(_answer('{"tags": []}'))).method)
    result = _end(flow, _answer("", 204))

    assert methods == ["PUT", "GET", "DELETE"]
    assert 1 == result.provenance.billable_units


@pytest.mark.parametrize(
    "failure", [OutcomeUnknown("gone"), DeadlineExceeded("late"), _answer('{"code": "X"}', 400)]
)
def test_a_failed_step_still_lets_the_job_tidy_up(failure: Any) -> None:
    flow = _flow(STEPS)
    next(flow)
    flow.send(_answer(""))

    tidying = _send(flow.send(failure))
    with pytest.raises(TaggersError):
        flow.send(_answer("", 204))

    assert "DELETE" == tidying.method


def test_cancelling_still_lets_the_job_tidy_up() -> None:
    flow = _flow(STEPS)
    next(flow)
    flow.send(_answer(""))

    tidying = _send(flow.throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        flow.send(_answer("", 204))

    assert "DELETE" == tidying.method
