"""What other clients do when a call fails, as policies over the same raw client.

Only the rules of asking again are theirs: the connection, the server and the faults are the same.
Each is a function of `send`, which returns the status and the body or raises, and returns the
answer's bytes or raises `Failed`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define

from taggers._transport import Progress, Transport
from taggers._wire import Prepared, prepare
from taggers.errors import DeadlineExceeded, ResponseError, TaggersError
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

    def release(self, cost: int) -> None:
        self.tokens = min(500, self.tokens + cost)


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
    """cos-python-sdk-v5's (1.9.44, `CosS3Client.send_request`): three more tries, 1, 2 and 3 s
    later, after a lost connection, a time-out or a 5xx; a 4xx and an answer cut short end it."""
    for attempt in range(4):
        await asyncio.sleep(attempt)
        try:
            status, body = await send()
        except ResponseError:
            raise Failed from None
        except TaggersError:
            continue
        if status < 400:
            return _read(body)
        if status < 500:
            raise Failed
    raise Failed


async def botocore_standard(send: Send, quota: Quota) -> Any:
    """botocore's standard mode (1.44, `botocore.retries.standard`): two more tries after anything
    that the connection does, 500, 502, 503, 504 and throttling, as long as the quota lasts."""
    paid = 1
    for attempt in range(3):
        status, body = 0, b""
        with contextlib.suppress(TaggersError):
            status, body = await send()
        if 0 < status < 400:
            quota.release(paid)
            return _read(body)
        paid = 5 if status == 429 else 14
        if status not in (0, 429, 500, 502, 503, 504) or attempt == 2 or not quota.take(paid):
            raise Failed
        scale_s = 1.0 if status == 429 else 0.05
        await asyncio.sleep(random.random() * min(20.0, scale_s * 2**attempt))
    raise Failed


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
