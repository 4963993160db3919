"""A large JPEG as its brightness and its colours apart: a third of the memory. It needs Pillow.

Pillow keeps four bytes for each pixel. The brightness alone takes one, and the colours, which a
JPEG mostly has at half the width and height, half of one. The file is written in strips, so that
the whole picture never stands in memory with its pixels complete.
"""

from __future__ import annotations

import io
import math
from typing import Any, BinaryIO

from attrs import define, field
from PIL import Image as Pillow

from ._parts import PARTS

__all__ = ["Planes"]

ROWS = 256
"""The rows of a strip: whole blocks of 16, and even in the widest JPEG fewer than the 65,536 blocks
that a restart interval cannot have."""


@define
class Planes:
    """A picture as JPEG's Y, and as its Cb and Cr of half the width and height, rounded up.

    It has those methods of Pillow's images that are needed to turn, resize and write it.
    """

    luma: Pillow.Image
    chroma: tuple[Pillow.Image, ...]
    info: dict[str | tuple[int, int], Any] = field(factory=dict)

    @classmethod
    def decoded(cls, luma: Pillow.Image, chroma: Pillow.Image) -> Planes:
        """The planes of a JPEG, grey or RGB to Pillow, which is opened twice and not yet read.

        It may have been drafted, alike, to a half or less.
        """
        width, height = luma.size
        chroma.draft(None, (width // 2, height // 2))
        colours = chroma.convert("YCbCr")
        chroma.close()
        planes = colours.getchannel("Cb"), colours.getchannel("Cr")
        del colours
        luma.load()
        return cls(luma, planes)

    @classmethod
    def converted(cls, picture: Pillow.Image) -> Planes:
        """The planes of a picture in whatever colours."""
        luma = Pillow.new("L", picture.size)
        chroma = tuple(Pillow.new("L", _half(picture.size)) for _ in range(2))
        width, height = picture.size
        for top in range(0, height, 16):
            strip = picture.crop((0, top, width, min(top + 16, height))).convert("RGB")
            first, *others = strip.convert("YCbCr").split()
            luma.paste(first, (0, top))
            for plane, part in zip(chroma, others, strict=True):
                plane.paste(part.resize(_half(part.size), Pillow.Resampling.BOX), (0, top // 2))
        return cls(luma, chroma)

    @property
    def size(self) -> tuple[int, int]:
        return self.luma.size

    def transpose(self, method: Pillow.Transpose) -> Planes:
        """Turns these very planes, so that there are never two of all."""
        self.luma = self.luma.transpose(method)
        self.chroma = tuple(plane.transpose(method) for plane in self.chroma)
        return self

    def resize(self, size: tuple[int, int], resample: Pillow.Resampling) -> Planes:
        chroma = tuple(plane.resize(_half(size), resample) for plane in self.chroma)
        return Planes(self.luma.resize(size, resample), chroma, self.info)

    def padded(self, size: tuple[int, int]) -> Planes:
        """The picture in the upper left corner of a white one."""
        fresh = [Pillow.new("L", size, 255)]
        fresh += [Pillow.new("L", _half(size), 128) for _ in self.chroma]
        for plane, own in zip(fresh, (self.luma, *self.chroma), strict=True):
            plane.paste(own)
        return Planes(fresh[0], tuple(fresh[1:]), self.info)

    def save(self, file: BinaryIO, format: str, **options: Any) -> None:
        """Writes the picture as Pillow does; a JPEG has 4:2:0 subsampling and restart markers."""
        if format == "jpeg":
            self._write_jpeg(file, **options)
        else:
            whole = self._strip(0, self.size[1]).convert("RGB")
            whole.info = self.info
            whole.save(file, format, **options)

    def _write_jpeg(self, file: BinaryIO, **options: Any) -> None:
        """Writes one JPEG whose restart intervals are the scans of its strips, one after another.

        The coding starts afresh after each restart marker, as it does in a file of its own.
        """
        width, height = self.size
        interval = math.ceil(width / 16) * (ROWS // 16)
        for number, top in enumerate(range(0, height, ROWS)):
            strip = self._strip(top, min(top + ROWS, height))
            made = io.BytesIO()
            strip.save(made, "jpeg", subsampling="4:2:0", restart_marker_blocks=interval,
                       icc_profile=self.info.get("icc_profile"), **options)  # fmt: skip
            head, scan = _head_and_scan(made.getvalue(), height)
            file.write(head if number == 0 else bytes((0xFF, 0xD0 + (number - 1) % 8)))
            file.write(scan)
        file.write(b"\xff\xd9")

    def _strip(self, top: int, bottom: int) -> Pillow.Image:
        width = self.size[0]
        box = (0, top / 2, width / 2, bottom / 2)
        size = (width, bottom - top)
        chroma = (plane.resize(size, Pillow.Resampling.NEAREST, box) for plane in self.chroma)
        return Pillow.merge("YCbCr", (self.luma.crop((0, top, width, bottom)), *chroma))


def _half(size: tuple[int, int]) -> tuple[int, int]:
    return math.ceil(size[0] / 2), math.ceil(size[1] / 2)


def _head_and_scan(content: bytes, height: int) -> tuple[bytes, bytes]:
    """What stands before a JPEG's coded pixels, saying that the picture is this high, and these
    pixels up to the end's marker."""
    head = bytearray()
    for kind, start, end in PARTS["jpeg"](content):
        part = bytearray(content[start:end])
        if kind == b"\xff\xc0":  # the frame: marker, length, bits for each sample, height, width
            part[5:7] = height.to_bytes(2, "big")
        head += part
        if kind == b"\xff\xda":
            return content[:2] + bytes(head), content[end:-2]
    raise ValueError("a JPEG without a scan")
