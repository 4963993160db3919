"""One tagging call, written without I/O.

`call` is a generator. It yields what it wants done and is sent the outcome as a value:

    Send(prepared)   ◄─ Response, or the TransportError that happened instead
    Sleep(seconds)   ◄─ None
    Enter(key, …)    ◄─ a Session that is kept, or new; or the error in which signing in ended
    Work(call)       ◄─ what the call returned, or the exception it raised
    Download(url)    ◄─ the bytes there, or the TaggersError that happened instead

and returns the `Result`, or raises the `TaggersError` in which the call ended. The driver in
`_transport` does these things; a test does them by hand, with `next` and `send`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count
from typing import Any

from attrs import define, evolve, field, frozen

from ._image import MAX_FILE_BYTES, Image
from ._keep import keep
from ._model import (
    Attempt,
    Match,
    Options,
    OutputImage,
    Provenance,
    Region,
    Result,
    Tag,
    Verdict,
)
from ._policy import Policy
from ._prepare import Fitted, fit, fits
from ._provider import Download, Provider, Session, SignIn, Steps, Work
from ._reading import read_answer
from ._settings import Settings
from ._wire import Decoder, Json, Prepared, Request, Response, inflate, prepare
from .errors import MalformedResponse, ResponseError, TaggersError

__all__ = [
    "EMULATOR_HEADER",
    "Answer",
    "Context",
    "Download",
    "Effect",
    "Enter",
    "Flow",
    "Send",
    "Sleep",
    "ask",
    "call",
    "clock_skew_s",
]

EMULATOR_HEADER = "x-taggers-emulator"
MAX_SESSION_BYTES = 256 * 1024
MAX_SKEW_S = 300
"""A clock that is less off than this is not what a vendor minds."""


@frozen
class Send:
    """Wants this request sent and its answer, of at most `max_bytes`."""

    prepared: Prepared
    max_bytes: int


@frozen
class Sleep:
    """Wants so many seconds to pass."""

    seconds: float


@frozen
class Enter:
    """Wants a session: the one that is kept under `key`, or else the one that `flow` returns.
    `stale` is a session that the vendor did not take: it is not to be had again."""

    key: Hashable = field(repr=False)
    flow: Callable[[], Generator[Any, Any, Session]] = field(repr=False)
    stale: Session | None = None


Effect = Send | Sleep | Enter | Work | Download
Flow = Generator[Effect, Any, Result]


@frozen(kw_only=True)
class Context:
    """What a call takes from the world, so that a test can give it another.

    `now` is a Unix time in s, for signatures, and `correct` sets it right by so many seconds;
    `ticks` counts seconds for durations; `roll` gives random numbers from 0 to 1; `nonce` is 32
    random hex digits.
    """

    now: Callable[[], float] = time.time
    correct: Callable[[float], None] = lambda seconds: None
    ticks: Callable[[], float] = time.monotonic
    roll: Callable[[], float]
    nonce: str
    policy: Policy = field(factory=Policy)


@define
class _Call:
    """One call under way: whom it asks, with what, and what happened so far.

    `settings` are those `given`, with what signing in has added.
    """

    provider: Provider
    given: Settings
    settings: Settings
    context: Context
    started: float
    attempts: list[Attempt] = field(factory=list)
    warnings: list[str] = field(factory=list)
    mended: set[str] = field(factory=set)
    session: Session | None = None
    units: int = 0
    request_id: str | None = None
    emulated: bool = False


def call(
    provider: Provider,
    image: Image,
    options: Options,
    settings: Settings,
    context: Context,
) -> Flow:
    """Asks one provider about one picture."""
    this = _Call(provider, settings, settings, context, context.ticks())
    try:
        image = yield from _fetched(image, options, provider)
        fitted = yield from _fitted(image, options, provider)
        provider.accepts.check(fitted.image)
        body = yield from _job(
            this, provider.job(fitted.image, _able(provider, options), settings, context.nonce)
        )
        found, said = read_answer(provider, body)
        findings, adjusted = keep(
            [fitted.restored(finding) for finding in found], options, provider, image
        )
    except TaggersError as error:
        error.provider = error.provider or provider.name
        error.attempts = error.attempts or tuple(this.attempts)
        raise
    return Result(
        provider=provider.name,
        image=image.facts,
        tags=tuple(item for item in findings if isinstance(item, Tag)),
        regions=tuple(item for item in findings if isinstance(item, Region)),
        matches=tuple(item for item in findings if isinstance(item, Match)),
        verdicts=tuple(item for item in findings if isinstance(item, Verdict)),
        images=tuple(item for item in findings if isinstance(item, OutputImage)),
        provenance=Provenance(
            plugin=provider.name,
            endpoint=provider.address(settings),
            request_id=this.request_id,
            attempts=tuple(this.attempts),
            duration_s=round(context.ticks() - this.started, 6),
            billable_units=this.units,
            emulated=this.emulated,
            prepared=fitted.notes,
        ),
        warnings=(*this.warnings, *said, *adjusted),
        raw=body,
    )


def _fetched(image: Image, options: Options, provider: Provider) -> Generator[Effect, Any, Image]:
    """The picture itself in place of its URL, where the provider takes no URLs."""
    sources = provider.accepts.sources
    if image.url is None or not options.fetch or "url" in sources or "content" not in sources:
        return image
    content = yield from _done(Download(image.url, MAX_FILE_BYTES))
    return Image.from_bytes(content, source=image.source)


def _fitted(image: Image, options: Options, provider: Provider) -> Generator[Effect, Any, Fitted]:
    """The picture as the provider can take it. Nothing is done for a provider on this machine: it
    gives nothing away, and looks at the picture by `Image.pixels`."""
    keep = options.keep_metadata
    local = provider.endpoint is None
    if local or options.prepare == "never" or fits(image, provider.accepts, keep_metadata=keep):
        return Fitted(image)
    making = partial(fit, image, provider.accepts, keep_metadata=keep)
    fitted: Fitted = yield from _done(Work(making))
    return fitted


@frozen
class Answer:
    """What came back for one request: the decoded body, and whether an emulator gave it."""

    body: Any
    request_id: str | None
    emulated: bool


def ask(
    provider: Provider, request: Request, settings: Settings, context: Context
) -> Generator[Effect, Any, Answer]:
    """Asks a provider something else than about a picture."""
    this = _Call(provider, settings, settings, context, context.ticks())
    try:
        body = yield from _ask(this, request)
        return Answer(body, this.request_id, this.emulated)
    except TaggersError as error:
        error.provider = error.provider or provider.name
        error.attempts = error.attempts or tuple(this.attempts)
        raise


def _able(provider: Provider, options: Options) -> Options:
    """The options as far as the vendor can apply them; `keep` does the rest and says so."""
    offers = provider.offers
    limit, language = options.limit, options.language
    if limit is not None and offers.max_limit is not None:
        limit = min(limit, offers.max_limit)
    if language not in offers.languages:
        language = None
    return evolve(options, limit=limit, language=language)


def _job(this: _Call, job: Steps) -> Generator[Effect, Any, Any]:
    """Runs the provider's steps; what goes wrong in one is raised inside them, at its yield."""
    resume: Callable[[], Request | Work | str] = partial(next, job)
    while True:
        try:
            step = resume()
        except StopIteration as stop:
            return stop.value
        try:
            outcome = yield from _step(this, step)
        except BaseException as error:
            resume = partial(job.throw, error)
        else:
            resume = partial(job.send, outcome)


def _step(this: _Call, step: Request | Work | str) -> Generator[Effect, Any, Any]:
    if isinstance(step, str):
        this.warnings.append(step)
        return None
    return (yield from _done(step) if isinstance(step, Work) else _ask(this, step))


def _done(effect: Work | Download) -> Generator[Effect, Any, Any]:
    outcome = yield effect
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _ask(this: _Call, request: Request) -> Generator[Effect, Any, Any]:
    """One request of a job, tried as often as the policy allows; each try is signed afresh."""
    provider, context = this.provider, this.context
    address = provider.address(this.settings)
    assert address is not None, f"{provider.name} asks for a request and has no endpoint"
    prepared = prepare(request, address)
    yield from _enter(this)
    ends = this.started + context.policy.deadline_s
    waited_s = 0.0
    for tried in count(1):
        began = context.ticks()
        signed = provider.authorize(prepared, this.settings, context.now())
        outcome = yield Send(signed, provider.decode.max_bytes)
        body, error = _judged(this, outcome)
        this.attempts.append(_attempt(outcome, error, context.ticks() - began, waited_s))
        if error is None:
            this.units += request.units
            return body
        if (yield from _mended(this, error, outcome)):
            continue
        wait_s = context.policy.wait_s(error, tried, context.roll())
        if wait_s is None or context.ticks() + wait_s >= ends:
            raise error
        yield Sleep(wait_s)
        waited_s = wait_s
    raise AssertionError("count() has no end")


def _enter(this: _Call, stale: Session | None = None) -> Generator[Effect, Any, None]:
    """Signs in first, where the provider wants that: with a session that is kept, or a new one."""
    sign_in = this.provider.sign_in(this.given)
    if sign_in is None or (this.session is not None and stale is None):
        return
    session = yield Enter(sign_in.key, partial(_signed_in, this, sign_in), stale)
    if isinstance(session, TaggersError):
        raise session
    this.session, this.settings = session, this.given.with_values(session.settings)


def _signed_in(this: _Call, sign_in: SignIn) -> Generator[Effect, Any, Session]:
    """The new session: one request, tried as often as the policy allows."""
    prepared = prepare(sign_in.request, sign_in.endpoint)
    for tried in count(1):
        outcome = yield Send(prepared, MAX_SESSION_BYTES)
        _, error = _judged(this, outcome, Json(MAX_SESSION_BYTES))
        if error is None:
            try:
                return sign_in.read(outcome, this.context.now())
            except (LookupError, TypeError, ValueError, AttributeError) as wrong:
                raise MalformedResponse("signing in was answered in an unknown way") from wrong
        wait_s = this.context.policy.wait_s(error, tried, this.context.roll())
        if wait_s is None:
            raise error
        yield Sleep(wait_s)
    raise AssertionError("count() has no end")


def _mended(
    this: _Call, error: TaggersError, outcome: Response | TaggersError
) -> Generator[Effect, Any, bool]:
    """Whether the reason for an error is gone now: each reason is mended once in a call."""
    if error.retry in this.mended or isinstance(outcome, TaggersError):
        return False
    if error.retry == "refresh-once" and this.session is not None:
        this.mended.add(error.retry)
        yield from _enter(this, stale=this.session)
        return True
    skew_s = clock_skew_s(outcome, this.context.now())
    if error.retry == "clock-once" and abs(skew_s) > MAX_SKEW_S:
        this.mended.add(error.retry)
        this.context.correct(skew_s)
        this.warnings.append(f"this machine's clock is {-skew_s:+.0f} s off; set it")
        return True
    return False


def clock_skew_s(response: Response, now: float) -> float:
    """How far the server's clock is ahead of ours; 0 where it does not tell."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp() - now
    except ValueError:
        return 0.0


def _judged(
    this: _Call, outcome: Response | TaggersError, decode: Decoder | None = None
) -> tuple[Any, TaggersError | None]:
    """The decoded answer, or the error that the outcome is."""
    if isinstance(outcome, TaggersError):
        return None, outcome
    errors = this.provider.errors
    redact = this.settings.redact
    this.request_id = errors.request_id(outcome, redact=redact) or this.request_id
    this.emulated = this.emulated or EMULATOR_HEADER in outcome.headers
    try:
        body = _decoded(decode or this.provider.decode, outcome)
    except ResponseError as unreadable:
        if outcome.ok:
            unreadable.status, unreadable.request_id = outcome.status, this.request_id
            return None, unreadable
        body = None
    this.request_id = errors.request_id(outcome, body, redact=redact) or this.request_id
    return body, errors.find(body, outcome, redact)


def _decoded(decode: Decoder, response: Response) -> Any:
    """The answer's body; None for an empty one, which is how an upload or a deletion succeeds."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    plain = inflate(response.body, coding, decode.max_bytes)
    return decode(plain) if plain else None


def _attempt(
    outcome: Response | TaggersError, error: TaggersError | None, took_s: float, waited_s: float
) -> Attempt:
    return Attempt(
        status=outcome.status,
        error=type(error).__name__ if error else None,
        code=error.code if error else None,
        request_id=error.request_id if error else None,
        duration_s=round(took_s, 6),
        waited_s=round(waited_s, 6),
    )
