"""Checks of whole calls, through the real client and a real server on this machine."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from attrs import evolve

from .._client import AsyncTagger
from .._model import Provenance, Result
from .._policy import Policy
from .._provider import Provider
from .._registry import Registry
from .._sync import Tagger
from .._wire import Response
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch
from ._server import PATIENCE_S, Replayer

__all__ = ["CALLS", "check_echo"]

POLICY = Policy(throttle_s=0.01, deadline_s=PATIENCE_S)
CANARY = "CANARY-{}-0f3c9ab1d27e"
SPENT = Response(status=503, headers={"content-type": "text/plain"}, body=b"busy")


def _counts_attempts(provider: Provider, exchange: Exchange) -> None:
    """Each request on the wire is one attempt in the result; what was refused is asked again."""
    with Replayer([SPENT, *exchange.responses]) as server:
        outcome = _tagged(provider, exchange, server)
        attempts = outcome.provenance.attempts if isinstance(outcome, Result) else outcome.attempts
        if len(attempts) != len(server.requests):
            raise Mismatch(f"{len(server.requests)} requests, and attempts say {attempts}")
        if [503, exchange.responses[0].status] != [attempt.status for attempt in attempts][:2]:
            raise Mismatch(f"a 503 is not asked again: {attempts}")


def _says_the_same_asynchronously(provider: Provider, exchange: Exchange) -> None:
    """`Tagger` and `AsyncTagger` give the same, and both what was recorded."""
    with Replayer(exchange.responses) as one, Replayer(exchange.responses) as other:
        sync = _tagged(provider, exchange, one)
        async_ = asyncio.run(_tagged_async(provider, exchange, other))
        if _timeless(sync) != _timeless(async_):
            raise Mismatch(f"Tagger gives {sync!r}, and AsyncTagger {async_!r}")
        if one.requests and [method for method, _ in one.requests] != [
            step["request"]["method"] for step in exchange.wire
        ]:
            raise Mismatch(f"the server was asked for {one.requests}")


def _keeps_secrets(provider: Provider, exchange: Exchange) -> None:
    """No secret stands in a result or in the log, and those in the exchange are examples."""
    secrets = _canaries(provider, exchange)
    with Replayer(exchange.responses) as server, _logged() as log:
        outcome = _tagged(provider, exchange, server, **secrets)
    written = json.dumps(outcome.to_dict(), default=str)
    _check_hidden(secrets, "a result", f"{outcome!r} {outcome!s} {written}")
    _check_hidden(secrets, "the log", log.getvalue())
    for name in secrets:
        if "example" not in str(exchange.settings[name]).lower():
            raise Mismatch(f"the exchange's {name} may be a real one: let it hold the word example")


def check_echo(provider: Provider, exchange: Exchange) -> None:
    """A vendor that says the secrets again, in an error, does not bring them into ours."""
    secrets = _canaries(provider, exchange)
    said = " ".join(secrets.values())
    for body in (
        json.dumps({"message": said, "error": {"message": said}}),
        f"<Error>{said}</Error>",
    ):
        echo = Response(status=401, headers={"x-request-id": said}, body=body.encode())
        with Replayer([echo]) as server, _logged() as log:
            outcome = _tagged(provider, exchange, server, **secrets)
        if not isinstance(outcome, TaggersError):
            raise Mismatch(f"HTTP 401 is taken for a good answer: {outcome}")
        shown = "".join(traceback.format_exception(outcome))
        _check_hidden(secrets, "an error", f"{shown} {outcome!r} {json.dumps(outcome.to_dict())}")
        _check_hidden(secrets, "the log", log.getvalue())


def _canaries(provider: Provider, exchange: Exchange) -> dict[str, str]:
    """A value that can be found again for each secret that the exchange sets."""
    return {
        setting.name: CANARY.format(setting.name)
        for setting in provider.settings
        if setting.secret and exchange.settings.get(setting.name)
    }


def _check_hidden(secrets: Mapping[str, str], where: str, text: str) -> None:
    for name, secret in secrets.items():
        coded = base64.b64encode(secret.encode()).decode().rstrip("=")
        for form in (secret, quote(secret, safe=""), coded, secret.encode().hex()):
            if form in text:
                raise Mismatch(f"the secret {name} stands in {where}")


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, by anybody, at DEBUG."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def _tidies_up(provider: Provider, exchange: Exchange) -> None:
    """A call that is cancelled at any request leaves nothing open: what the whole call deletes is
    deleted."""
    for held in range(len(exchange.wire)):
        with Replayer(exchange.responses, held) as server:
            asyncio.run(_cancelled(provider, exchange, server))
            left = _left(exchange, server.requests)
        if left:
            raise Mismatch(f"cancelled at request {held + 1}, it leaves {', '.join(left)} behind")


async def _cancelled(provider: Provider, exchange: Exchange, server: Replayer) -> None:
    """Cancels the call when the server has got the request that it holds."""
    task = asyncio.create_task(_tagged_async(provider, exchange, server))
    if not await asyncio.to_thread(server.reached.wait, PATIENCE_S):
        raise Mismatch(f"a request never came: {server.requests}")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        raise Mismatch("a cancelled call ended in another way")


def _left(exchange: Exchange, requests: list[tuple[str, str]]) -> list[str]:
    """What was put on the server and not deleted, by a call that deletes what it puts."""
    deletes = any(step["request"]["method"] == "DELETE" for step in exchange.wire)
    put = {path for method, path in requests if method == "PUT"} if deletes else set()
    return sorted(put - {path for method, path in requests if method == "DELETE"})


def _tagged(
    provider: Provider, exchange: Exchange, server: Replayer, **settings: Any
) -> Result | TaggersError:
    arguments = {**exchange.settings, **settings, "endpoint": server.url}
    registry = Registry.of(provider)
    with Tagger(provider.name, registry=registry, policy=POLICY, **arguments) as tagger:
        try:
            return tagger.tag(exchange.picture, **exchange.options)
        except TaggersError as error:
            return error


async def _tagged_async(
    provider: Provider, exchange: Exchange, server: Replayer
) -> Result | TaggersError:
    arguments = {**exchange.settings, "endpoint": server.url}
    registry = Registry.of(provider)
    async with AsyncTagger(provider.name, registry=registry, policy=POLICY, **arguments) as tagger:
        try:
            return await tagger.tag(exchange.picture, **exchange.options)
        except TaggersError as error:
            return error


def _timeless(outcome: Result | TaggersError) -> Any:
    """The outcome without what the clock, chance and the server's address say."""
    if isinstance(outcome, TaggersError):
        return type(outcome), outcome.message, outcome.code
    same = evolve(outcome, provenance=Provenance(plugin=outcome.provenance.plugin))
    return re.sub("[0-9a-f]{32}", "nonce", repr(same))


CALLS: Mapping[str, Callable[[Provider, Exchange], None]] = {
    "counts attempts": _counts_attempts,
    "says the same asynchronously": _says_the_same_asynchronously,
    "keeps secrets": _keeps_secrets,
    "tidies up": _tidies_up,
}
"""What is checked of the whole call of every exchange."""
