"""taggers' call with the reliability policy taken out: no gate, limits, breaker, retries, caps,
deadline or route; the same picture, signature, transport, reading and `Result`."""

from __future__ import annotations

import asyncio
import time

from taggers import Image, Options, Result
from taggers._keep import keep
from taggers._model import Provenance, Tag
from taggers._prepare import Fitted, fits
from taggers._reading import read_answer
from taggers._resolve import Target
from taggers._transport import Progress, Transport
from taggers._wire import prepare

from .crowd import in_tasks
from .meter import Meter
from .providers import target
from .task import Task


async def _tagged(asked: Target, transport: Transport, content: bytes) -> Result:
    provider, settings, options = asked.provider, asked.settings, Options()
    assert provider.request is not None
    assert provider.authorize is not None
    address = provider.address(settings) or ""
    image = Image.open(content)
    assert fits(image, provider.accepts)
    fitted = Fitted(image)
    provider.accepts.check(image)
    prepared = prepare(provider.request(image, options, settings), address)
    signed = provider.authorize(prepared, settings, time.time())
    answer = await transport.send(signed, provider.decode.max_bytes, Progress())
    body = settings.scrubbed(provider.decode(answer.body), answer.body)
    assert provider.errors.find(body, answer, settings.redact) is None
    found, said = read_answer(provider, body)
    findings, adjusted = keep([fitted.restored(item) for item in found], options, provider, image)
    return Result(
        provider=provider.name,
        image=image.facts,
        tags=tuple(item for item in findings if isinstance(item, Tag)),
        provenance=Provenance(plugin=provider.name, endpoint=address),
        warnings=(*said, *adjusted),
        raw=body,
    )


async def _measure(task: Task) -> None:
    content, asked, transport = task.picture.read_bytes(), target(task), Transport()

    async def work() -> None:
        assert len((await _tagged(asked, transport, content)).tags) == 20

    await in_tasks(work, task.warm_up, task.at_a_time)
    with Meter(task).running():
        await in_tasks(work, task.calls, task.at_a_time)
    await transport.aclose()


if __name__ == "__main__":
    asyncio.run(_measure(Task.given()))
