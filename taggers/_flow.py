"""One tagging call, written without I/O.

`call` is a generator. It yields what it wants done, one of the effects in `_effects`, is sent the
outcome as a value, and returns the `Result`, or raises the `TaggersError` in which the call ended.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count
from typing import Any

from attrs import define, evolve, field

from ._admission import Admission
from ._decode import Decoder, Json, inflate
from ._effects import Context, Effect, Enter, Send, Sleep, Wait
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
from ._prepare import Fitted, fit, fits
from ._provider import Download, Provider, Session, SignIn, Steps, Work
from ._reading import read_answer
from ._settings import Settings
from ._shared import fingerprint, server
from ._wire import Request, Response, prepare
from .errors import CircuitOpen, MalformedResponse, NotSent, ResponseError, TaggersError

__all__ = [
    "EMULATOR_HEADER",
    "Context",
    "Download",
    "Effect",
    "Enter",
    "Flow",
    "Job",
    "Send",
    "Sleep",
    "Wait",
    "call",
    "clock_skew_s",
]

EMULATOR_HEADER = "x-taggers-emulator"
MAX_SESSION_BYTES = 256 * 1024
MAX_SKEW_S = 300
"""A clock that is less off than this is not what a vendor minds."""


IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE")
"""Methods of requests that mean the same when they are sent twice."""

Flow = Generator[Effect, Any, Result]
Job = Callable[[Fitted], Steps]
"""What to ask about a picture, given as it can be sent."""


@define(eq=False)
class _Call:
    """One call under way: whom it asks, with what, and what happened so far.

    `settings` are those `given`, with what signing in has added.
    """

    provider: Provider
    given: Settings
    settings: Settings
    context: Context
    started: float
    admission: Admission
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
    job: Job | None = None,
) -> Flow:
    """Asks one provider about one picture: what it always asks, or another job."""
    started = context.ticks()
    admission = Admission(context, started + context.policy.deadline_s)
    this = _Call(provider, settings, settings, context, started, admission)
    try:
        image = yield from _fetched(image, options, provider)
        fitted = yield from _fitted(image, options, provider)
        provider.accepts.check(fitted.image)
        steps = (
            job(fitted)
            if job
            else provider.job(fitted.image, _able(provider, options), settings, context.nonce)
        )
        body = yield from _job(this, steps)
        found, said = read_answer(provider, body)
        findings, adjusted = keep(
            [fitted.restored(finding) for finding in found], options, provider, image
        )
    except TaggersError as error:
        error.provider = error.provider or provider.name
        error.note_attempts(tuple(this.attempts))
        error.warnings = tuple(this.warnings)
        yield from admission.leave()
        raise
    except GeneratorExit:
        admission.drop()
        raise
    except BaseException:
        yield from admission.leave()
        raise
    yield from admission.leave()
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
            frame=fitted.frame,
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


def _able(provider: Provider, options: Options) -> Options:
    """The options as far as the vendor can apply them; `keep` does the rest and says so."""
    offers = provider.offers
    limit, language = options.limit, options.language
    if limit is not None and offers.max_limit is not None:
        limit = min(limit, offers.max_limit)
    if language not in offers.languages:
        language = None
    if limit == options.limit and language == options.language:
        return options
    return evolve(options, limit=limit, language=language)


def _job(this: _Call, job: Steps) -> Generator[Effect, Any, Any]:
    """Runs the provider's steps; what goes wrong in one is raised inside them, at its yield."""
    resume: Callable[[], Request | Work | str] = partial(next, job)
    answered = False
    while True:
        try:
            step = resume()
        except StopIteration as stop:
            return stop.value
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            if not answered:
                raise
            raise MalformedResponse(
                f"an answer on the way is not of the documented shape: {error!r}"
            ) from error
        try:
            outcome = yield from _step(this, step)
        except BaseException as error:
            resume, answered = partial(job.throw, error), False
        else:
            resume, answered = partial(job.send, outcome), isinstance(step, Request)


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
    ready, paid, error = context.ticks(), 0, None
    for tried in count(1):
        try:
            yield from this.admission.enter(prepared, request.units)
        except CircuitOpen as closed:
            raise error or closed from None
        began, now = context.ticks(), context.now()
        signed = provider.authorize(prepared, this.settings, now)
        outcome = yield Send(signed, provider.decode.max_bytes)
        took_s = context.ticks() - began
        body, error = _judged(this, outcome)
        this.attempts.append(_attempt(this, request, outcome, error, took_s, began - ready))
        ready = context.ticks()
        yield from this.admission.judge(error, outcome, began)
        if error is not None and (yield from _mended(this, error, outcome, now + took_s)):
            continue
        this.admission.prove(error)
        if error is None:
            this.units += request.units
            context.guards.retries.refund(paid)
            return body
        paid += yield from _before_another(this, request, error, tried)
    raise AssertionError("count() has no end")


def _before_another(
    this: _Call, request: Request, error: TaggersError, tried: int
) -> Generator[Effect, Any, int]:
    """Waits before a request is sent again, and returns what that costs of the service's retries.
    Raises the error where it must not be, or would help nobody."""
    context, guards = this.context, this.context.guards
    free = request.units == 0 and request.method in IDEMPOTENT
    wait_s = context.policy.wait_s(error, tried, context.roll(), free=free)
    if wait_s is None or context.ticks() + wait_s >= this.admission.ends:
        raise error
    if guards.breaker.is_open(context.moment) or not (free or guards.repeats.take()):
        raise error
    cost = guards.retries.pay(error)
    if cost is None:
        raise error
    if error.billed != "no" and not free:
        this.warnings.append("sent again after no answer came: the first may be billed, too")
    if isinstance(error, NotSent):
        this.admission.step_aside()
    yield Sleep(wait_s)
    return cost


def _enter(this: _Call, stale: Session | None = None) -> Generator[Effect, Any, None]:
    """Signs in first, where the provider wants that: with a session that is kept, or a new one."""
    sign_in = this.provider.sign_in(this.given)
    if sign_in is None or (this.session is not None and stale is None):
        return
    key = (server(sign_in.endpoint), fingerprint(sign_in.key))
    session = yield Enter(key, partial(_signed_in, this, sign_in), stale)
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
                now = this.context.now()
                return sign_in.read(outcome, now + clock_skew_s(outcome, now))
            except (LookupError, TypeError, ValueError, AttributeError) as wrong:
                raise MalformedResponse("signing in was answered in an unknown way") from wrong
        wait_s = this.context.policy.wait_s(error, tried, this.context.roll())
        if wait_s is None:
            raise error
        yield Sleep(wait_s)
    raise AssertionError("count() has no end")


def _mended(
    this: _Call, error: TaggersError, outcome: Response | TaggersError, now: float
) -> Generator[Effect, Any, bool]:
    """Whether the reason for an error is gone now: each reason is mended once in a call.

    `now` is the time by the clock with which the request was signed. Another call may have
    corrected it meanwhile, and then this one only has to be signed again.
    """
    if error.retry in this.mended or isinstance(outcome, TaggersError):
        return False
    if error.retry == "refresh-once" and this.session is not None:
        this.mended.add(error.retry)
        yield from _enter(this, stale=this.session)
        return True
    skew_s = clock_skew_s(outcome, now)
    if error.retry == "clock-once" and abs(skew_s) > MAX_SKEW_S:
        this.mended.add(error.retry)
        this.context.correct(now + skew_s)
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
    errors, redact = this.provider.errors, this.settings.redact
    this.emulated = this.emulated or EMULATOR_HEADER in outcome.headers
    body, unreadable = None, None
    try:
        body = _decoded(decode or this.provider.decode, outcome, this.settings)
    except ResponseError as error:
        unreadable = error
    this.request_id = errors.request_id(outcome, body, redact=redact) or this.request_id
    if unreadable is not None and outcome.ok:
        unreadable.status, unreadable.request_id = outcome.status, this.request_id
        return None, unreadable
    return body, errors.find(body, outcome, redact)


def _decoded(decode: Decoder, response: Response, settings: Settings) -> Any:
    """The answer's body, without any secret that the vendor repeats in it; None for an empty one,
    which is how an upload or a deletion succeeds."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    plain = inflate(response.body, coding, decode.max_bytes)
    return settings.scrubbed(decode(plain), plain) if plain else None


def _attempt(
    this: _Call,
    request: Request,
    outcome: Response | TaggersError,
    error: TaggersError | None,
    took_s: float,
    waited_s: float,
) -> Attempt:
    answer = outcome if error is None else error
    if isinstance(answer, TaggersError):
        request_id = answer.request_id
    else:
        request_id = this.provider.errors.request_id(answer, redact=this.settings.redact)
    billed = "yes" if error is None else error.billed
    return Attempt(
        provider=this.provider.name,
        status=outcome.status,
        error=type(error).__name__ if error else None,
        code=error.code if error else None,
        request_id=request_id,
        units=request.units,
        billed=billed if request.units else "no",
        duration_s=round(took_s, 6),
        waited_s=round(waited_s, 6),
    )
