"""A picture's file in its parts: segments, chunks or blocks. Nothing is decoded.

What breaks off or is damaged ends the parts; no file raises anything here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["HEADS", "PARTS", "Part", "scan_end"]

Part = tuple[bytes, int, int]
"""A piece of a file: its kind, and where it begins and ends, head and checksum included."""


_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def _jpeg(content: bytes) -> Iterator[Part]:
    """A JPEG's segments by their markers, without the coded pixels between them."""
    at = 2
    while content[at : at + 1] == b"\xff":
        kind = content[at : at + 2]
        if kind == b"\xff\xff":  # a marker may be preceded by any number of these
            at += 1
            continue
        if kind == b"\xff\xd9":
            yield kind, at, at + 2
            return
        if len(content) < at + 4:
            return
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        yield kind, at, end
        at = scan_end(content, end) if kind == b"\xff\xda" else end


def scan_end(content: bytes, start: int) -> int:
    """Where the coded pixels end that begin here. 0xFF in them is stuffed, or a restart marker."""
    found = _MARKER.search(content, start)
    return found.start() if found else len(content)


def _png(content: bytes) -> Iterator[Part]:
    at = 8 if content.startswith(b"\x89PNG") else len(content)
    while len(content) >= at + 8:
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, at, at + 12 + length
        if kind == b"IEND":
            return
        at += 12 + length


def _webp(content: bytes) -> Iterator[Part]:
    at, ends = 12, 0
    if len(content) >= 12 and content.startswith(b"RIFF"):
        ends = 8 + struct.unpack_from("<I", content, 4)[0]
    while min(len(content), ends) >= at + 8:
        kind, length = struct.unpack_from("<4sI", content, at)
        yield kind, at, at + 8 + length + length % 2
        at += 8 + length + length % 2


def _gif(content: bytes) -> Iterator[Part]:
    """A GIF's blocks; the colour table of the whole is the first."""
    if not content.startswith(b"GIF") or len(content) < 13:
        return
    end = 13 + _table_bytes(content[10])
    yield b"table", 13, end
    while (at := end) < len(content):
        kind, end = content[at : at + 1], at + 1
        if kind == b"!":
            kind, end = content[at : at + 2], _blocks_end(content, at + 2)
        elif kind == b"," and len(content) > at + 9:
            end = _blocks_end(content, at + 11 + _table_bytes(content[at + 9]))
        elif kind != b";":
            return
        yield kind, at, end
        if kind == b";":
            return


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(content: bytes, at: int) -> int:
    """Where a row of sub-blocks ends, which an empty one closes."""
    while at < len(content) and content[at]:
        at += 1 + content[at]
    return at + 1


PARTS = {"jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _gif}
HEADS = {"jpeg": 2, "png": 8, "webp": 12, "gif": 13}
"""By format: what walks its parts, and how many bytes stand before the first."""
