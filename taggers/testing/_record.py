"""A call that was watched, written down as an exchange that names nobody, is short and replays."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from .._decode import Json, inflate
from .._flow import MAX_SKEW_S
from .._model import Options, Result
from .._provider import Provider
from .._resolve import Target
from .._settings import Secret
from .._wire import Prepared, Response
from ..errors import TaggersError
from ._exchange import NONCE, NOW, Exchange, Mismatch, _shown, _without_defaults
from ._lean import item_count, lean
from ._recording import Answered, NotRecorded, Recording
from ._stand_ins import MIN_ID, Hidden, Scrub, example, example_settings, hidden

__all__ = ["Record", "example_address", "own_host", "record"]

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_IDS = 1000
URL = "https://example.com/picture.jpg"
_ID = re.compile(r".*(request|trace|log|session)[_-]?id", re.IGNORECASE)
"""The name of a field that holds an id of the call."""


@frozen(kw_only=True)
class Record:
    """An exchange as it goes into a file, whose it is, what may not stand in it, and how many items
    of its answers' lists were left out."""

    content: dict[str, Any]
    provider: Provider
    hidden: tuple[Hidden, ...] = field(repr=False)
    left_out: int


def record(seen: Recording, target: Target, options: Options) -> Record:
    """The exchange of a call, as short as it can be.

    Requests and outcome are those of a replay with stand-ins. Raises `NotRecorded` where the replay
    is not like the call, or an answer is too deep.
    """
    try:
        return _recorded(seen, target, options)
    except RecursionError:
        raise NotRecorded("an answer is nested too deeply to be written down") from None


def _recorded(seen: Recording, target: Target, options: Options) -> Record:
    provider = evolve(target.provider, name=target.plugin)
    found = tuple(_hidden(seen, target))
    scrub = Scrub.of(found, islice(_ids(seen, provider), MAX_IDS))
    whole = Exchange(
        provider=provider.name,
        about="",
        settings=example_settings(provider, target.settings),
        options=_options(options),
        image=_picture(seen, target),
        wire=tuple({"response": _written(one, scrub)} for one in seen.answered),
    )
    _check_alike(seen, whole, provider)
    short = lean(whole, provider)
    return Record(
        content=_content(short, provider),
        provider=provider,
        hidden=found,
        left_out=item_count(whole) - item_count(short),
    )


def example_address(target: Target) -> str | None:
    """The vendor's own endpoint, with stand-ins in it."""
    settings = {**target.settings, **example_settings(target.provider, target.settings)}
    return target.provider.address({**settings, "endpoint": None})


def own_host(target: Target) -> str | None:
    """The host that is asked in place of the vendor's, unless it is this machine."""
    host = urlsplit(target.settings.get("endpoint") or "").hostname
    return None if host in ("localhost", "127.0.0.1", "::1") else host


def _hidden(seen: Recording, target: Target) -> Iterator[Hidden]:
    """All that would tell whose call it was, but for what is known by its looks."""
    yield from hidden(target.provider, target.settings)
    for session in seen.sessions:
        for name, value in session.settings.items():
            text = value.reveal() if isinstance(value, Secret) else str(value)
            yield Hidden(name, text, example(name), secret=True)
    yield Hidden("the upload's name", seen.nonce, NONCE)
    if len(home := str(Path.home())) > 1:
        yield Hidden("the home folder", home, "/home/example")
    if host := own_host(target):
        yield Hidden("endpoint", host, "example.com")
    if seen.image.url is not None:
        yield Hidden("the picture's URL", seen.image.url, _url(seen.image.url, target))


def _options(options: Options) -> dict[str, Any]:
    """The options that were given, of those that say something about a tag."""
    given = {name: getattr(options, name) for name in ("limit", "min_confidence", "language")}
    return {name: value for name, value in given.items() if value is not None}


def _picture(seen: Recording, target: Target) -> dict[str, Any]:
    if seen.image.url is not None:
        return {"url": _url(seen.image.url, target)}
    return {"width": seen.image.width, "height": seen.image.height}


def _url(url: str, target: Target) -> str:
    """An example's URL; one at the vendor's own server where the picture lies there."""
    address = target.provider.address(target.settings) or ""
    at_vendor = urlsplit(url).hostname == urlsplit(address).hostname
    return f"{example_address(target)}/picture.jpg" if at_vendor else URL


def _ids(seen: Recording, provider: Provider) -> Iterator[str]:
    """The ids that the vendor gave the call."""
    header = provider.errors.request_id_header
    for one in seen.answered:
        found = [one.response.headers.get(header, "")] if header else []
        with contextlib.suppress(TaggersError):  # what cannot be read names no fields
            found += _ids_in(provider.decode(_plain(one.response)))
        yield from (text for text in found if len(text) >= MIN_ID)


def _ids_in(body: Any) -> Iterator[str]:
    if isinstance(body, list):
        for item in body:
            yield from _ids_in(item)
    elif isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str) and _ID.fullmatch(name):
                yield value
            yield from _ids_in(value)


def _plain(response: Response) -> bytes:
    coding = response.headers.get("content-encoding", "").strip().lower()
    return inflate(response.body, coding, MAX_BODY_BYTES)


class _Headers(dict[str, str]):
    """Headers that remember which of them were looked at."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)


def _written(one: Answered, scrub: Scrub) -> dict[str, Any]:
    """An answer as an exchange holds it. Its date is only of interest where a clock is wrong, and
    is then as far from the replay's as it was."""
    headers = {name: scrub(value) for name, value in one.response.headers.items()}
    for name in ("content-encoding", "date"):
        headers.pop(name, None)
    if abs(one.skew_s) > MAX_SKEW_S:
        headers["date"] = formatdate(NOW + one.skew_s, usegmt=True)
    plain = _plain(one.response)
    head = {"status": one.response.status, "headers": _Headers(headers)}
    try:
        return {**head, "json": scrub(Json()(plain))}
    except TaggersError:
        return {**head, "text": scrub(plain.decode("utf-8", "replace"))}


def _check_alike(seen: Recording, whole: Exchange, provider: Provider) -> None:
    """Raises `NotRecorded` where a replay asks for something else than the call did, or ends
    otherwise. The message says nothing of what was answered: secrets may stand there."""
    try:
        outcome, made = whole.play(provider)
    except Mismatch:
        raise NotRecorded("a replay asks for more than the call did") from None
    if [_outline(one.prepared) for one in seen.answered] != [_outline(one) for one in made]:
        raise NotRecorded("a replay asks for something else than the call did")
    was, now = _size(seen.outcome), _size(outcome)
    if was != now:
        raise NotRecorded(
            f"the call ended in {was}, and its replay ends in {now}",
            hint="is the value of a setting a common word, which was taken out of the answer?",
        )


def _outline(prepared: Prepared) -> tuple[str, set[str], set[str]]:
    """What a request has in common with that of a replay: its method, and the names in it."""
    shown = _shown(prepared)
    return shown["method"], set(shown.get("query", ())), set(shown.get("json", ()))


def _size(outcome: Result | TaggersError | None) -> str:
    """An outcome in few words, without any of the vendor's."""
    if not isinstance(outcome, Result):
        return type(outcome).__name__
    counts = {name: len(getattr(outcome, name)) for name in _FINDINGS}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"


_FINDINGS = ("tags", "regions", "matches", "verdicts", "images")


def _content(short: Exchange, provider: Provider) -> dict[str, Any]:
    """The exchange with the requests and the outcome of its replay, and the headers it needs."""
    outcome, made = short.play(provider)
    wire = [
        {"request": _shown(request), "response": _with_seen_headers(step["response"])}
        for request, step in zip(made, short.wire, strict=True)
    ]
    given = {"settings": dict(short.settings), "options": dict(short.options)}
    return {
        "provider": short.provider,
        **{name: values for name, values in given.items() if values},
        "image": dict(short.image),
        "wire": wire,
        **_expected(outcome),
    }


def _with_seen_headers(response: Mapping[str, Any]) -> dict[str, Any]:
    headers = response["headers"]
    seen = {name: text for name, text in headers.items() if name in headers.seen}
    kept = {**response, "headers": seen}
    return {name: value for name, value in kept.items() if name != "headers" or value}


def _expected(outcome: Result | TaggersError) -> dict[str, Any]:
    """The outcome as an exchange holds it; hints are for people, and may change."""
    if isinstance(outcome, Result):
        return {"result": _without_defaults(outcome)}
    facts = {**outcome.to_dict(), "retry": outcome.retry, "fallback": outcome.fallback}
    for name in ("provider", "hint"):
        facts.pop(name)
    return {"error": {name: fact for name, fact in facts.items() if fact is not None}}
