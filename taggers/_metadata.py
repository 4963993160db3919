"""What a picture's file says besides its pixels: how it lies, where and by whom it was taken.

All of it is read from the file's own segments, chunks and boxes; nothing is decoded.
"""

from __future__ import annotations

import struct
from itertools import islice

from ._parts import HEADS, PARTS, scan_end

__all__ = ["coded_colours", "holds_any", "orientation", "without"]

MAX_CHUNKS = 4096
"""So many chunks are looked at for the orientation: 32 KB of their heads."""
MAX_EXIF_BYTES = 32 * 1024


def orientation(content: bytes, format_: str) -> int:
    """How the picture lies, as EXIF counts it (1 to 8), for "png", "webp", "heic" and "avif".

    It is 1 where nothing, or nothing sensible, is said. At most 64 KB are looked at.
    """
    if format_ in ("heic", "avif"):
        return _turned_by_boxes(content[: 64 * 1024])
    kind = b"eXIf" if format_ == "png" else b"EXIF"
    for found, start, end in islice(PARTS[format_](content), MAX_CHUNKS):
        if found == kind:
            exif = content[start + 8 : min(end, start + MAX_EXIF_BYTES)]
            return _in_exif(exif.removeprefix(b"Exif\0\0"))
    return 1


def holds_any(content: bytes, format_: str) -> bool:
    """Whether the file may hold metadata. Its parts' heads are looked at, and nothing is copied.

    TIFF, HEIC and AVIF always count as such.
    """
    if format_ not in PARTS:
        return format_ != "bmp"
    end = 0
    for kind, start, end in PARTS[format_](content):  # noqa: B007
        if not _is_picture(kind, content[start : start + 16]):
            return True
    return 0 < end < len(content)


def without(content: bytes, format_: str) -> bytes | None:
    """The same picture, pixel for pixel, without its metadata; None for a format of which taggers
    cannot do that. What a file holds after the picture's end goes too. Colour profiles stay."""
    if format_ not in PARTS:
        return content if format_ == "bmp" else None
    kept, end = [content[: HEADS[format_]]], HEADS[format_]
    for kind, start, end in PARTS[format_](content):
        if _is_picture(kind, content[start : start + 16]):
            kept.append(content[start:end])
        if kind == b"\xff\xda":
            kept.append(content[end : (end := scan_end(content, end))])
    if format_ == "webp":
        return _webp_again(kept)
    return b"".join(kept)


def coded_colours(content: bytes, format_: str) -> str | None:
    """What is special about the colours, in words: "CMYK", "16 bits" or "transparency"; None for
    plain ones. Of PNG, WebP and JPEG only."""
    if format_ == "jpeg":
        frames = (start for kind, start, _ in PARTS["jpeg"](content) if kind[1] in _FRAMES)
        start = next(frames, None)
        return "CMYK" if start is not None and content[start + 9 : start + 10] == b"\4" else None
    if format_ == "png" and content[24:25] == b"\x10":
        return "16 bits"
    clear = (
        content[25:26] in (b"\4", b"\6")
        or any(kind == b"tRNS" for kind, _, _ in PARTS["png"](content))
        if format_ == "png"
        else format_ == "webp" and _webp_is_clear(content)
    )
    return "transparency" if clear else None


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG markers under which the size and the number of colours stand."""


_KEPT = frozenset(
    b"tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs hIST sPLT cICP mDCV cLLI acTL fcTL fdAT "  # PNG
    b"VP8X ALPH ANIM ANMF ICCP".split()  # WebP
) | {b"VP8 ", b"VP8L", b"IHDR", b"PLTE", b"IDAT", b"IEND", b"table", b",", b";"}


def _is_picture(kind: bytes, start: bytes) -> bool:
    """Whether a part is needed to show the picture. Whatever is not known to be, is metadata."""
    if kind[:1] == b"!":  # of GIF; an application's block is metadata, but for how often it repeats
        return kind in (b"!\x01", b"!\xf9") or start[3:].startswith(b"NETSCAPE2.0")
    if kind[:1] != b"\xff":
        return kind in _KEPT
    if kind == b"\xff\xe2":
        return start[4:].startswith(b"ICC_PROFILE\0")
    return kind in (b"\xff\xe0", b"\xff\xee") or not (0xE0 <= kind[1] <= 0xEF or kind[1] == 0xFE)


def _webp_again(kept: list[bytes]) -> bytes:
    """The parts as one file again, which claims no metadata and has the right length."""
    made = bytearray(b"".join(kept))
    struct.pack_into("<I", made, 4, len(made) - 8)
    if made[12:16] == b"VP8X":
        made[20] &= ~(0x08 | 0x04)  # EXIF, XMP
    return bytes(made)


def _webp_is_clear(content: bytes) -> bool:
    if content[12:16] == b"VP8X":
        return bool(content[20] & 0x10)
    return content[12:16] == b"VP8L" and bool(content[24] & 0x10)


def _in_exif(exif: bytes) -> int:
    """The orientation in an EXIF block, which is a small TIFF."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, first)
        for index in range(count):
            entry = struct.unpack_from(order + "HHIH", exif, first + 2 + 12 * index)
            if entry[:3] == (0x0112, 3, 1):
                return entry[3] if 1 <= entry[3] <= 8 else 1
    except struct.error:
        pass
    return 1


def _turned_by_boxes(head: bytes) -> int:
    """The orientation that HEIF's boxes `irot` and `imir` mean (ISO 23008-12, 6.5.10 and 6.5.12).

    They are those of the first item that has any; EXIF says nothing about a HEIF's pixels.
    """
    turns, mirror = _byte_of(b"irot", head), _byte_of(b"imir", head)
    quarter = (turns or 0) & 3
    if mirror is None:
        return (1, 8, 3, 6)[quarter]
    return (2, 7, 4, 5)[quarter] if mirror & 1 else (4, 5, 2, 7)[quarter]


def _byte_of(kind: bytes, head: bytes) -> int | None:
    at = head.find(b"\0\0\0\x09" + kind)
    return head[at + 8] if 0 <= at < len(head) - 8 else None
