"""An answer as taggers' `Result`: what a call does from the answer's bytes on."""

from __future__ import annotations

from collections.abc import Iterator

from taggers import Image, Options, Result
from taggers._effects import Context
from taggers._flow import Flow, call
from taggers._wire import Response

from ..answers import HUAWEI, TENCENT
from .meter import Meter
from .providers import target
from .task import Task

ANSWERS = {
    "huawei": Response(status=200, headers={"content-type": "application/json"}, body=HUAWEI),
    "tencent": Response(status=200, headers={"content-type": "application/xml"}, body=TENCENT),
}


def _asked(task: Task) -> Iterator[Flow]:
    """So many calls that wait for their answer; the one more is to warm up."""
    asked, image = target(task), Image.from_url("http://127.0.0.1:9/a.jpg")
    for _ in range(task.calls + 1):
        context = Context(roll=lambda: 0.5, nonce="0" * 32)
        flow = call(asked.provider, image, Options(), asked.settings, context)
        next(flow)
        yield flow


def _result(flow: Flow, answer: Response) -> Result:
    try:
        flow.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise AssertionError("the call wants something else")


def _measure(task: Task) -> None:
    first, *others = _asked(task)
    answer = ANSWERS[task.vendor]
    assert len(_result(first, answer).tags) == 20
    with Meter(task).running():
        for flow in others:
            _result(flow, answer)


if __name__ == "__main__":
    _measure(Task.given())
