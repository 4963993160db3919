"""The providers of taggers as the workers ask them: at the responder, with no limits in the way."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from taggers import _limits
from taggers._config import Config, Service
from taggers._keys import Keys
from taggers._registry import installed
from taggers._resolve import Target, resolve

from .task import BUCKET, PROJECT, Task

__all__ = ["config", "target"]

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "huawei": (
        "huawei-tagging-v2",
        {"ak": "BENCHMARKAK", "sk": "benchmark-secret-key", "project_id": PROJECT},
    ),
    "tencent": (
        "tencent-detect-label",
        {
            "secret_id": "BENCHMARKID",
            "secret_key": "benchmark-secret-key",
            "bucket": BUCKET,
            "region": "ap-guangzhou",
            "scenes": ["web", "camera", "album", "news"],
        },
    ),
}
LIMITS = _limits.Limits(concurrency=1024, rate_per_s=1_000_000)
"""More than any heat asks for: a vendor's limits would be measured otherwise."""


def config(task: Task) -> Config:
    """The configuration whose default provider is the task's vendor."""
    plugin, settings = SETTINGS[task.vendor]
    service = Service(task.vendor, plugin, {**settings, "endpoint": task.url}, limits=LIMITS)
    return Config(default=task.vendor, services={task.vendor: service})


def target(task: Task) -> Target:
    """That provider, ready to be asked, at an address where nobody has to be."""
    task = evolve(task, url=task.url or "http://127.0.0.1:9")
    return resolve(task.vendor, config(task), Keys.load(), installed())
