"""A file as the signed body of a request, as taggers makes it."""

from __future__ import annotations

from taggers import Image, Options
from taggers._wire import prepare

from .one_after_another import repeat
from .providers import target
from .task import Task


def _measure(task: Task) -> None:
    asked = target(task)
    provider, settings = asked.provider, asked.settings
    address = provider.address(settings) or ""
    assert provider.request is not None
    assert provider.authorize is not None
    request, authorize = provider.request, provider.authorize

    def work() -> None:
        image = Image.open(task.picture)
        prepared = prepare(request(image, Options(), settings), address)
        assert "authorization" in authorize(prepared, settings, 1_800_000_000.0).headers

    repeat(work, task)


if __name__ == "__main__":
    _measure(Task.given())
