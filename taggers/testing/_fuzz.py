"""Answers that nobody would send, made of those that somebody did. It needs Hypothesis."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve

from .._extras import from_extra
from .._model import Result
from .._provider import Provider
from .._wire import Response
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch
from ._leaves import Path, replaced, without
from ._reads import sound

__all__ = ["check_fuzzed"]

RAW = "\x02"
"""Stands in a body for one of `TOKENS`, which JSON's own writer would not write."""
TOKENS = (
    "1e999", "-1e999", "NaN", "-Infinity", "1e-999", "-0", "123456789012345678901234567890",
    '"1e999"', '"NaN"', '"１２"', '"0x10"', '"1_0"', '"1,5"', '" 5 "', '"-1"', '"\\ud800"',
    '"\\u0000"', '"' + "x" * 2000 + '"', "[[[[[[[[[]]]]]]]]]", '{"":{"":""}}', "True", "'a'", "",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 101, 1e9, "", "a", "0.5", "97", [], {}, [None], [[]],
    {"a": 1}, [0.5, "b"],
)  # fmt: skip
MARKUP = ("<a>", "</a>", "<!DOCTYPE a>", "&b;", "&#0;", "<![CDATA[", "")
STATUSES = (204, 302, 400, 401, 403, 404, 413, 429, 500, 503, 504)


def check_fuzzed(provider: Provider, recorded: list[Exchange], examples: int) -> None:
    """Whatever an answer is, a call ends in a sound `Result` or in one of our errors.

    `examples` are so many answers, each a recorded one with a place removed, doubled or replaced
    by something of another kind, cut short, or with other bytes in it.
    """
    with from_extra("testing", "fuzzing"):
        import hypothesis
        from hypothesis import strategies
    if not recorded:
        raise Mismatch("there is no exchange to make answers of")

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategies.data())
    def fuzzed(data: Any) -> None:
        choose = _choosing(data, strategies)
        exchange = choose(recorded)
        _check(provider, exchange, _altered(exchange.responses, choose))

    fuzzed()


Choose = Callable[[Any], Any]
"""Chooses one of a sequence."""


def _choosing(data: Any, strategies: Any) -> Choose:
    def choose(of: Any) -> Any:
        return of[data.draw(strategies.integers(0, len(of) - 1))]

    return choose


def _check(provider: Provider, exchange: Exchange, answers: list[Response]) -> None:
    try:
        outcome: Result | TaggersError = exchange.play(provider, answers)[0]
        sound(outcome)
    except Exception as error:
        shown = [(answer.status, answer.body[:2000]) for answer in answers]
        raise Mismatch(f"{exchange.name}: {type(error).__name__}: {error}\n{shown}") from error


def _altered(responses: list[Response], choose: Choose) -> list[Response]:
    """The answers, of which one is another."""
    at = choose(range(len(responses)))
    old = responses[at]
    body = old.body.decode(errors="replace")
    other = _other_json if _is_json(body) else _other_xml
    fresh = other(body, choose).encode(errors="replace")
    if choose(range(8)) == 7:
        fresh = _other_bytes(fresh, choose)
    return [
        *responses[:at],
        evolve(old, body=fresh, status=choose((*[old.status] * 30, *STATUSES))),
        *responses[at + 1 :],
    ]


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def _other_json(text: str, choose: Choose) -> str:
    body, token = json.loads(text), choose(TOKENS)
    for _ in range(choose((1, 1, 1, 2, 3))):
        places = list(_places(body))
        body = choose(CHANGES)(body, choose(places), choose)
    return json.dumps(body).replace(json.dumps(RAW), token)


def _places(body: Any, path: Path = ()) -> Any:
    yield path
    if isinstance(body, dict | list):
        for step in body if isinstance(body, dict) else range(len(body)):
            yield from _places(body[step], (*path, step))


def _at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def _removed(body: Any, path: Path, choose: Choose) -> Any:
    return without(body, path) if path else None


def _wrapped(body: Any, path: Path, choose: Choose) -> Any:
    inside = _at(body, path)
    return replaced(body, path, choose(([inside], {"a": inside}, [inside] * 50, str(inside))))


def _emptied(body: Any, path: Path, choose: Choose) -> Any:
    return replaced(body, path, choose(VALUES))


def _raw(body: Any, path: Path, choose: Choose) -> Any:
    return replaced(body, path, RAW)


def _grafted(body: Any, path: Path, choose: Choose) -> Any:
    """With a part of it at another place of it."""
    return replaced(body, path, _at(body, choose(list(_places(body)))))


CHANGES = (_removed, _wrapped, _emptied, _raw, _grafted)


def _other_xml(text: str, choose: Choose) -> str:
    """With elements and texts left out, doubled or replaced."""
    tokens = re.findall(r"<[^>]*>|[^<]+", text) or [""]
    for _ in range(choose((1, 1, 2, 3))):
        at = choose(range(len(tokens)))
        token = choose((*TOKENS, *MARKUP, tokens[at] * 2, choose(tokens)))
        tokens[at] = token.strip('"')
    return "".join(tokens)


def _other_bytes(body: bytes, choose: Choose) -> bytes:
    """Cut short, or with a byte that is another."""
    at = choose(range(len(body) + 1))
    if choose((True, False)):
        return body[:at]
    return body[:at] + bytes((choose(range(256)),)) + body[at + 1 :]
