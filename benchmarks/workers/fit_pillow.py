"""A photograph made to fit, by Pillow as most programs use it: decoded whole, then resized."""

from __future__ import annotations

import io

from PIL import Image

from .one_after_another import repeat
from .task import Task


def _measure(task: Task) -> None:
    content = task.picture.read_bytes()

    def work() -> None:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        factor = 2048 / max(picture.size)
        size = round(picture.width * factor), round(picture.height * factor)
        picture.resize(size, Image.Resampling.LANCZOS).save(io.BytesIO(), "jpeg", quality=90)

    repeat(work, task)


if __name__ == "__main__":
    _measure(Task.given())
