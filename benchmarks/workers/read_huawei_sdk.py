"""An answer as the objects of Huawei's SDK."""

from __future__ import annotations

from requests import Response

from ..answers import HUAWEI
from .huawei_sdk import client
from .one_after_another import repeat
from .task import Task

OBJECTS = "RunImageTaggingResponse"


def _measure(task: Task) -> None:
    asked = client("http://127.0.0.1")
    answer = Response()
    answer.status_code, answer.encoding, answer._content = 200, "utf-8", HUAWEI

    def work() -> None:
        said = asked.sync_response_handler(answer, OBJECTS, None, None)
        assert len(said.result.tags) == 20

    repeat(work, task)


if __name__ == "__main__":
    _measure(Task.given())
