"""Tencent's own COS SDK, unmodified: uploads a picture, asks for its labels and deletes it."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from qcloud_cos import CosConfig, CosS3Client

from .crowd import in_threads
from .meter import Meter
from .task import BUCKET, Task


def _client(url: str) -> CosS3Client:
    config = CosConfig(
        Region="ap-guangzhou",
        SecretId="BENCHMARKID",
        SecretKey="benchmark-secret-key",
        Scheme="http",
        Domain=urlsplit(url).netloc,
        PoolConnections=64,
        PoolMaxSize=64,
    )
    return CosS3Client(config)


def _measure(task: Task) -> None:
    content, client = task.picture.read_bytes(), _client(task.url)

    def work() -> None:
        key = f"taggers/{secrets.token_hex(16)}.jpeg"
        client.put_object(Bucket=BUCKET, Key=key, Body=content)
        said = client.ci_image_detect_label(Bucket=BUCKET, Key=key, Scenes="web,camera,album,news")
        client.delete_object(Bucket=BUCKET, Key=key)
        assert sum(len(scene["Labels"]) for scene in said.values()) == 20

    in_threads(work, task.warm_up, task.at_a_time)
    with Meter(task).running():
        in_threads(work, task.calls, task.at_a_time)


if __name__ == "__main__":
    _measure(Task.given())
