"""A script as a user of Huawei's SDK writes it: one picture in, its tags out."""

from __future__ import annotations

from .huawei_sdk import client, tagged
from .task import Task


def _print(task: Task) -> None:
    for tag in tagged(client(task.url), task.picture.read_bytes()).result.tags:
        print(tag.tag, tag.confidence)


if __name__ == "__main__":
    _print(Task.given())
