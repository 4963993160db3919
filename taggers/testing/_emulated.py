"""The round trip through a provider's own dialect: what is read and written is read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from .._dialect import Account, Dialect, Incoming, NotEmulated, Refusal
from .._model import Result
from .._provider import Provider
from .._wire import Prepared
from ..errors import TaggersError
from ._exchange import NOW, Exchange, Mismatch, png
from ._reads import outcome_of, unraw

__all__ = ["check_round_trip"]

WHOLE = ("language", "native")


def check_round_trip(provider: Provider, exchange: Exchange, dialects: list[Dialect]) -> None:
    """A dialect lets the provider's own request in, signed as it is, and writes a result so that
    the provider reads the same again.

    Of the options it keeps those that leave an answer whole: what another one has cut off could not
    come back. `native` is one of them where the dialect knows it, and nothing is searched for.
    """
    own = next((dialect for dialect in dialects if dialect.provider == provider), None)
    try:
        searches = own is not None and own.answers_with != "tags"
        _check(provider, exchange, dialects, own, ("language",) if searches else WHOLE)
    except NotEmulated:
        _check(provider, exchange, dialects, own, ("language",))


def _check(
    provider: Provider,
    exchange: Exchange,
    dialects: list[Dialect],
    own: Dialect | None,
    whole: tuple[str, ...],
) -> None:
    account = Account()
    here = evolve(
        exchange,
        options={name: given for name, given in exchange.options.items() if name in whole},
        settings=_signing_in(provider, exchange, own.settings(account) if own else {}),
    )
    outcome, requests = here.play(provider)
    assert isinstance(outcome, Result)
    for written in _written(outcome, requests, exchange.picture.url, dialects):
        again = outcome_of(provider, here, provider.decode(written))
        if _found(again) != _found(outcome) and not outcome.images:  # it makes pictures of its own
            raise Mismatch(f"the dialect writes\n{again}\nfor\n{outcome}")


def _written(
    outcome: Result, requests: list[Prepared], url: str | None, dialects: list[Dialect]
) -> Iterator[bytes]:
    """What the dialects answer to the requests, where the result is to be written."""
    from ..emulator._answers import Answers, Fixture
    from ..emulator._service import Service

    fixtures = (Fixture(content=png(640, 480), url=url),) if url else ()
    service = Service(dialects=dialects, answers=Answers(fixtures), now=lambda: NOW)
    for prepared in requests:
        incoming = _incoming(prepared)
        dialect, names = service.find(incoming)
        if dialect is None:
            raise Mismatch(f"no dialect listens for {prepared.method} {incoming.path}")
        if dialect.write_result is None or dialect.read_request is None:
            service.respond(service.enter(incoming), incoming)
            continue
        try:
            dialect.verify(incoming, service.world)
        except Refusal as refusal:
            raise Mismatch(f"the dialect lets nobody in: {refusal}") from refusal
        asked = dialect.read_request(incoming, names, service.world)
        yield dialect.write_result(outcome, asked).body


def _signing_in(
    provider: Provider, exchange: Exchange, account: Mapping[str, str]
) -> dict[str, Any]:
    """The exchange's settings with the emulator's account in place of all secrets: one that the
    account does not set might be signed with before those that it does."""
    secrets = {setting.name for setting in provider.settings if setting.secret}
    kept = {name: given for name, given in exchange.settings.items() if name not in secrets}
    return {**kept, **account}


def _found(outcome: Result | TaggersError) -> Result | TaggersError:
    """What was found, without the warnings: they are about the answer that it was read from."""
    found = unraw(outcome)
    return evolve(found, warnings=()) if isinstance(found, Result) else found


def _incoming(prepared: Prepared) -> Incoming:
    parts = urlsplit(prepared.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers: dict[str, Any] = {**prepared.headers, "host": prepared.host}
    return Incoming(method=prepared.method, target=target, headers=headers, body=prepared.body)
