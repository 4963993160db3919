"""The pictures that are tagged: JPEGs made anew, the same in every run."""

from __future__ import annotations

import functools
import io
import random
from pathlib import Path

from PIL import Image

__all__ = ["photograph", "sized", "write_all"]

KB, MB = 1000, 1_000_000
SIZES = {"8kb": 8 * KB, "150kb": 150 * KB, "200kb": 200 * KB, "7500kb": 7500 * KB}


@functools.cache
def photograph(width: int, height: int) -> bytes:
    """A JPEG of this size with as much in it as a photograph: soft noise in three colours."""
    coarse = (max(width // 6, 8), max(height // 6, 8))
    noise = random.Random(7).randbytes(3 * coarse[0] * coarse[1])
    made = io.BytesIO()
    picture = Image.frombytes("RGB", coarse, noise)
    picture.resize((width, height), Image.Resampling.BICUBIC).save(made, "jpeg", quality=88)
    return made.getvalue()


def sized(length: int) -> bytes:
    """A JPEG of 640 × 480 pixels and just so many bytes, most of which are noise."""
    plain = io.BytesIO()
    Image.new("RGB", (640, 480)).save(plain, "jpeg")
    head = plain.getvalue()[:-2]
    noise = random.Random(7).randbytes(length - len(head) - 2).replace(b"\xff", b"\xfe")
    return head + noise + b"\xff\xd9"


def write_all(folder: Path) -> None:
    """Writes every picture into a folder, by name."""
    for name, length in SIZES.items():
        (folder / f"{name}.jpg").write_bytes(sized(length))
    (folder / "12mp.jpg").write_bytes(photograph(4032, 3024))
