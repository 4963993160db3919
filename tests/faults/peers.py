"""What other clients do when a call fails, as policies over the same raw client.

Only the rules of asking again are theirs: the connection, the server and the faults are the same.
Each is a function of `send`, which returns the status and the body or raises, and returns the
answer's bytes or raises `Failed`.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define

from taggers._transport import Progress, Transport
from taggers._wire import Prepared, prepare
from taggers.errors import DeadlineExceeded, TaggersError
from taggers.plugin import Base64, Request

from .outcome import Outcome, Task
from .pictures import picture

__all__ = ["POLICIES", "Quota", "ask"]

TIMEOUT_S = 2.5


class Failed(Exception):
    """The policy has given up."""


Send = Callable[[], Awaitable[tuple[int, bytes]]]
Policy = Callable[[Send, "Quota"], Awaitable[Any]]


@define
class Quota:
    """botocore's tokens for retries, which all calls of a client share."""

    tokens: int = 500

    def take(self, cost: int) -> bool:
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True


async def everything(send: Send, quota: Quota) -> Any:
    """Whatever goes wrong is tried again, three times in all."""
    for _ in range(3):
        try:
            status, body = await send()
            if status < 400:
                return json.loads(body)
        except (TaggersError, ValueError):
            continue
    raise Failed


async def cos_sdk(send: Send, quota: Quota) -> Any:
    """cos-python-sdk-v5's: one more try after an exception of the connection or a 5xx."""
    for last in (False, True):
        try:
            status, body = await send()
        except TaggersError:
            if last:
                raise Failed from None
            continue
        if status < 400:
            return _read(body)
        if status < 500 or last:
            raise Failed
    raise AssertionError("the last try ends it")


async def botocore_standard(send: Send, quota: Quota) -> Any:
    """botocore's standard mode: three tries after exceptions of the connection, time-outs, 500,
    502, 503, 504 and throttling, as long as the quota lasts."""
    cost = 0
    for attempt in range(3):
        try:
            status, body = await send()
        except TaggersError as error:
            cost = 10 if isinstance(error, DeadlineExceeded) else 5
        else:
            if status < 400:
                quota.tokens = min(500, quota.tokens + (cost or 1))
                return _read(body)
            if status not in (429, 500, 502, 503, 504):
                raise Failed
            cost = 5
        if attempt == 2 or not quota.take(cost):
            raise Failed
        await asyncio.sleep(random.random() * min(20, 2**attempt))
    raise AssertionError("the last try ends it")


POLICIES: dict[str, Policy] = {
    policy.__name__: policy for policy in (everything, cos_sdk, botocore_standard)
}


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Failed from None


async def ask(transport: Transport, quota: Quota, address: str, number: int, task: Task) -> Outcome:
    """How a call ends under a policy. It has no word on what was billed."""
    content = picture(number).content
    assert content is not None
    request = Request(path="/v2/soak/image/tagging", json={"image": Base64(content)})
    prepared = prepare(request, address)
    began = time.monotonic()
    try:
        said = await POLICIES[task.details["policy"]](lambda: _sent(transport, prepared), quota)
        right = [f"call {number}"] == [tag["tag"] for tag in said["result"]["tags"]]
        error = None
    except (Failed, LookupError, TypeError) as failed:
        error, right = type(failed).__name__, False
    return Outcome(
        call=number,
        error=error,
        typed=error is None,
        right=right,
        billed="not said",
        took_s=time.monotonic() - began,
    )


async def _sent(transport: Transport, prepared: Prepared) -> tuple[int, bytes]:
    progress = Progress()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await transport.send(prepared, 1 << 22, progress)
    except TimeoutError:
        raise DeadlineExceeded("time ran out") from None
    return answer.status, answer.body
