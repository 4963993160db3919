"""One tagging call, written without I/O.

`call` is a generator. It yields what it wants done and is sent the outcome as a value:

    Send(prepared)   ◄─ Response, or the TransportError that happened instead
    Sleep(seconds)   ◄─ None
    Work(call)       ◄─ what the call returned, or the exception it raised
    Download(url)    ◄─ the bytes there, or the TaggersError that happened instead

and returns the `Result`, or raises the `TaggersError` in which the call ended. The driver in
`_transport` does these things; a test does them by hand, with `next` and `send`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from itertools import count
from typing import Any

from attrs import define, evolve, field, frozen

from ._image import MAX_FILE_BYTES, Image
from ._keep import keep
from ._model import (
    Attempt,
    Finding,
    Match,
    Options,
    OutputImage,
    Provenance,
    Region,
    Result,
    Verdict,
)
from ._policy import Policy
from ._prepare import Fitted, fit, fits
from ._provider import Download, Provider, Steps, Work
from ._settings import Settings
from ._trace import traced
from ._wire import Prepared, Request, Response, inflate, prepare
from .errors import MalformedResponse, ResponseError, TaggersError

__all__ = [
    "EMULATOR_HEADER",
    "Context",
    "Download",
    "Effect",
    "Flow",
    "Send",
    "Sleep",
    "call",
    "read_answer",
]

EMULATOR_HEADER = "x-taggers-emulator"


@frozen
class Send:
    """Wants this request sent and its answer, of at most `max_bytes`."""

    prepared: Prepared
    max_bytes: int


@frozen
class Sleep:
    """Wants so many seconds to pass."""

    seconds: float


Effect = Send | Sleep | Work | Download
Flow = Generator[Effect, Any, Result]


@frozen(kw_only=True)
class Context:
    """What a call takes from the world, so that a test can give it another.

    `now` is a Unix time in s, for signatures; `ticks` counts seconds for durations; `roll` gives
    random numbers from 0 to 1; `nonce` is 32 random hex digits.
    """

    now: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    roll: Callable[[], float]
    nonce: str
    policy: Policy = field(factory=Policy)


@define
class _Call:
    """One call under way: whom it asks, with what, and what happened so far."""

    provider: Provider
    settings: Settings
    context: Context
    started: float
    attempts: list[Attempt] = field(factory=list)
    warnings: list[str] = field(factory=list)
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
    this = _Call(provider, settings, context, context.ticks())
    try:
        image = yield from _fetched(image, options, provider)
        fitted = yield from _fitted(image, options, provider)
        provider.accepts.check(fitted.image)
        body = yield from _job(
            this, provider.job(fitted.image, _able(provider, options), settings, context.nonce)
        )
        found, said = read_answer(provider, body)
        findings = [fitted.restored(finding) for finding in found]
        tags, adjusted = keep(findings, options, provider, image)
    except TaggersError as error:
        error.provider = error.provider or provider.name
        error.attempts = error.attempts or tuple(this.attempts)
        raise
    return Result(
        provider=provider.name,
        image=image.facts,
        tags=tuple(tags),
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
        wait_s = context.policy.wait_s(error, tried, context.roll())
        if wait_s is None or context.ticks() + wait_s >= ends:
            raise error
        yield Sleep(wait_s)
        waited_s = wait_s
    raise AssertionError("count() has no end")


def _judged(this: _Call, outcome: Response | TaggersError) -> tuple[Any, TaggersError | None]:
    """The decoded answer, or the error that the outcome is."""
    if isinstance(outcome, TaggersError):
        return None, outcome
    errors = this.provider.errors
    this.request_id = errors.request_id(outcome) or this.request_id
    this.emulated = this.emulated or EMULATOR_HEADER in outcome.headers
    try:
        body = _decoded(this.provider, outcome)
    except ResponseError as unreadable:
        if outcome.ok:
            unreadable.status, unreadable.request_id = outcome.status, this.request_id
            return None, unreadable
        body = None
    return body, errors.find(body, outcome, this.settings.redact)


def _decoded(provider: Provider, response: Response) -> Any:
    """The answer's body; None for an empty one, which is how an upload or a deletion succeeds."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    plain = inflate(response.body, coding, provider.decode.max_bytes)
    return provider.decode(plain) if plain else None


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


def read_answer(provider: Provider, body: Any) -> tuple[list[Finding], list[str]]:
    """What the provider's `read` finds in an answer, and its warnings.

    Raises `MalformedResponse` with the path to the place that is not as documented.
    """
    try:
        found = list(provider.read(body))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        path = _place(provider, body)
        raise MalformedResponse(
            f"the answer is not of the documented shape at {path or 'its top'}: {_reason(error)}",
            path=path,
        ) from error
    findings = [item for item in found if not isinstance(item, str)]
    return findings, [item for item in found if isinstance(item, str)]


def _place(provider: Provider, body: Any) -> str:
    """The place that `read` looked at last: it reads once more, through a view that remembers."""
    places = [""]
    try:
        for _ in provider.read(traced(body, places.append)):
            pass
    except (LookupError, TypeError, ValueError, AttributeError):
        pass
    return places[-1]


def _reason(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
