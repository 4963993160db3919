"""A photograph made to fit, by taggers."""

from __future__ import annotations

import taggers._remake  # noqa: F401 - so that it is not Pillow's import that is measured
from taggers import Image
from taggers._prepare import fit
from taggers.plugin import Accepts

from .one_after_another import repeat
from .task import Task

ACCEPTS = Accepts(formats=("jpeg",), max_edge_px=2048)


def _measure(task: Task) -> None:
    content = task.picture.read_bytes()

    def work() -> None:
        made = fit(Image.from_bytes(content), ACCEPTS).image
        assert 1900 < max(made.width or 0, made.height or 0) <= 2048

    repeat(work, task)


if __name__ == "__main__":
    _measure(Task.given())
