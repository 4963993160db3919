"""Checks of what a provider asks: its options are honoured, and its limits kept."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from .._flow import Send
from .._image import Image
from .._model import Result
from .._provider import Accepts, Provider
from .._wire import Prepared
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch, png, settings

__all__ = ["ASKS", "check_hosts", "check_limits"]

NOBODYS = "qaa"
"""A language that nobody offers: ISO 639-2 keeps the code for private use."""


def _honours_limit(provider: Provider, exchange: Exchange) -> None:
    """At most so many tags come; a provider that says it applies the limit asks for it."""
    result, one = _asked(provider, exchange, limit=1)
    if isinstance(result, Result) and len(result.tags) > 1:
        raise Mismatch(f"limit=1, and {len(result.tags)} tags came")
    _check_applies(provider, "limit", one, _asked(provider, exchange, limit=2)[1])


def _honours_min_confidence(provider: Provider, exchange: Exchange) -> None:
    """No tag comes of a lower confidence; a provider that applies it asks for it."""
    result, high = _asked(provider, exchange, min_confidence=0.99)
    for tag in result.tags if isinstance(result, Result) else ():
        if tag.confidence is not None and tag.confidence < 0.99:
            raise Mismatch(f"min_confidence=0.99, and this came: {tag}")
    _check_applies(
        provider, "min_confidence", high, _asked(provider, exchange, min_confidence=0.5)[1]
    )


def _honours_language(provider: Provider, exchange: Exchange) -> None:
    """The names come in the language that is asked for, or a warning says that they do not."""
    languages = provider.offers.languages
    asked = [_asked(provider, exchange, language=language)[1] for language in languages]
    if len(languages) > 1:
        _check_applies(provider, "language", asked[0], asked[1])
    result = _asked(provider, exchange, language=NOBODYS)[0]
    if isinstance(result, Result) and result.tags:
        speaks = all(NOBODYS in tag.names for tag in result.tags)
        if not speaks and not any("language" in warning for warning in result.warnings):
            raise Mismatch("a language that nobody offers is ignored without a warning")


def _asked(
    provider: Provider, exchange: Exchange, **options: Any
) -> tuple[Result | TaggersError, list[Prepared]]:
    """The outcome with one option, in place of those that the exchange has."""
    return evolve(exchange, options={}).play(provider, **options)


def _check_applies(
    provider: Provider, option: str, one: list[Prepared], other: list[Prepared]
) -> None:
    """An option changes the request exactly where the provider says that it applies it."""
    says, does = option in provider.offers.applies, one != other
    if says and not does:
        raise Mismatch(f"Offers.applies names {option}, and the request does not change with it")
    if does and not says:
        raise Mismatch(f"the request changes with {option}, which Offers.applies does not name")


def _merges_native(provider: Provider, exchange: Exchange) -> None:
    """What stands in `native` is sent to the vendor."""
    requests = _asked(provider, exchange, native={"xTaggersNative": "7"})[1]
    if requests and not any(
        "xTaggersNative" in request.url or b"xTaggersNative" in request.body for request in requests
    ):
        raise Mismatch("native={...} is not part of any request: merge it last")
    for name, value in _plain(requests):
        body = _asked(provider, exchange, native={name: f"{value}7"})[1][-1].body
        if json.loads(body).get(name) != f"{value}7":
            raise Mismatch(f"native={{{name!r}: …}} does not replace that: merge it last")


def _plain(requests: list[Prepared]) -> list[tuple[str, Any]]:
    """The first parameter, if any, of the last request, where that is a JSON object."""
    body = requests[-1].body if requests else b""
    found = json.loads(body) if body[:1] == b"{" else {}
    plain = [(name, value) for name, value in found.items() if isinstance(value, int | float)]
    return plain[:1]


def _sends_its_keys(provider: Provider, exchange: Exchange) -> None:
    """Every secret that the exchange sets changes what is sent: it is in it, or in a signature."""
    sent = exchange.play(provider)[1]
    for setting in provider.settings:
        given = exchange.settings.get(setting.name)
        if not (setting.secret and given and sent):
            continue
        other = evolve(exchange, settings={**exchange.settings, setting.name: f"{given}X"})
        if other.play(provider)[1] == sent:
            raise Mismatch(f"{setting.name} changes nothing in any request: let authorize send it")


ASKS = {
    "sends its keys": _sends_its_keys,
    "honours limit": _honours_limit,
    "honours min_confidence": _honours_min_confidence,
    "honours language": _honours_language,
    "merges native": _merges_native,
}
"""What is checked of the requests of every exchange that has a result."""


def check_hosts(provider: Provider, exchange: Exchange) -> None:
    """Where the provider sends secrets is one of its own hosts."""
    given = settings(provider, **{**exchange.settings, "endpoint": None})
    host = urlsplit(provider.address(given) or "").hostname or ""
    secret = any(setting.secret for setting in provider.settings)
    if secret and host and not any(fnmatch.fnmatchcase(host, own) for own in provider.hosts):
        raise Mismatch(f"the endpoint's host, {host}, is none of Provider.hosts")


def check_limits(provider: Provider, exchange: Exchange) -> None:
    """A picture that breaks a limit is refused, with the limit's own error, and nothing is sent."""
    for about, image in _too_much(provider.accepts):
        flow = exchange.flow(provider, image, prepare="never")
        try:
            effect = next(flow)
        except TaggersError as error:
            if error.outcome != "not sent":
                raise Mismatch(f"{about} is refused, and said to be {error.outcome}") from error
        else:
            what = "is sent" if isinstance(effect, Send) else "is worked on"
            raise Mismatch(f"{about} {what}, which Accepts forbids")
        finally:
            flow.close()


def _too_much(accepts: Accepts) -> Iterator[tuple[str, Image]]:
    """A picture for each limit, which it breaks."""
    fine = max(accepts.min_edge_px or 0, 64)
    picture = evolve(Image.from_bytes(png(fine, fine)), format=(*accepts.formats, "png")[0])
    if "content" not in accepts.sources:
        yield "a picture where only URLs are taken", picture
        return
    if "url" not in accepts.sources:
        yield "a URL where only pictures are taken", Image.from_url("https://a.example/b.png")
    yield "a picture of another format", evolve(picture, format="xcf")
    for limit in (accepts.max_bytes, (accepts.max_base64_bytes or 0) // 4 * 3):
        padded = (picture.content or b"") + bytes(limit or 0)
        if limit:
            yield "a picture of too many bytes", evolve(picture, content=padded)
    if (least := accepts.min_edge_px or 0) > 1:
        yield "a picture that is too small", evolve(picture, width=least - 1)
    if accepts.max_edge_px:
        yield "a picture that is too large", evolve(picture, width=accepts.max_edge_px + 1)
    if accepts.max_aspect:
        yield (
            "a picture that is too long",
            evolve(picture, width=int(fine * accepts.max_aspect) + 1),
        )
    if accepts.max_pixels:
        yield (
            "a picture of too many pixels",
            evolve(picture, width=accepts.max_pixels // fine + 1, height=fine),
        )
