"""Huawei's own SDK, unmodified, many threads at a time: it has no async half of its own."""

from __future__ import annotations

import base64
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkimage import v2

from .crowd import in_threads
from .meter import Meter
from .task import PROJECT, Task

__all__ = ["client", "tagged"]


def client(url: str) -> Any:
    """The SDK's client."""
    credentials = BasicCredentials("BENCHMARKAK", "benchmark-secret-key", PROJECT)
    return v2.ImageClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def tagged(asked: Any, content: bytes) -> Any:
    """The SDK's objects for a picture."""
    body = v2.ImageTaggingReq(image=base64.b64encode(content).decode())
    return asked.run_image_tagging(v2.RunImageTaggingRequest(body=body))


def _measure(task: Task) -> None:
    content, asked = task.picture.read_bytes(), client(task.url)

    def work() -> None:
        assert len(tagged(asked, content).result.tags) == 20

    in_threads(work, task.warm_up, task.at_a_time)
    with Meter(task).running():
        in_threads(work, task.calls, task.at_a_time)


if __name__ == "__main__":
    _measure(Task.given())
