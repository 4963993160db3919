"""Fonts that have the glyphs: no text is drawn as a row of empty boxes."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence

from attrs import evolve, frozen
from PIL import Image, ImageDraw, ImageFont, features

from ..errors import LocalResourceError

__all__ = ["Fonts", "Words"]

MISSING = "\uffff"
"""A code point that never becomes a character, so that every font draws its sign for "missing"."""

PROBE_PX = 16

KNOWN_FILES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
    "C:/Windows/Fonts/simsun.ttc",
    "C:/Windows/Fonts/segoeui.ttf",
)
"""Where fonts with many glyphs lie, Chinese ones first, if there is no fc-match to ask."""


@frozen
class Words:
    """A text and a font that has all its glyphs."""

    text: str
    font: ImageFont.FreeTypeFont

    @property
    def width(self) -> float:
        """How wide it is drawn, in px."""
        return self.font.getlength(self.text)

    def within(self, width: float) -> Words:
        """The same words, cut and ended with "..." where they are wider than this."""
        if self.width <= width + 0.5:  # widths are fractions of a pixel, and sums of them inexact
            return self
        for end in range(len(self.text) - 1, 0, -1):
            shorter = evolve(self, text=self.text[:end].rstrip() + "...")
            if shorter.width <= width:
                return shorter
        return evolve(self, text="")


class Face:
    """One font at the size in which it is probed for glyphs."""

    def __init__(self, font: ImageFont.FreeTypeFont) -> None:
        self._font = font
        self._missing = _drawn(font, MISSING)

    def covers(self, text: str) -> bool:
        """Whether the font has a glyph for every character."""
        return all(self._has(character) for character in set(text) if not character.isspace())

    def words(self, text: str, size_px: int) -> Words:
        """The text in this font, which covers it."""
        # Raqm joins Arabic letters and orders right-to-left text; basic layout draws both wrong.
        layout = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
        return Words(text, self._font.font_variant(size=size_px, layout_engine=layout))

    def _has(self, character: str) -> bool:
        if unicodedata.category(character) == "Cs":  # half of a pair, which cannot be drawn at all
            return False
        return _drawn(self._font, character) != self._missing


class Fonts:
    """The fonts of one drawing: the `chosen` files, Pillow's own, then this machine's.

    Pillow's own covers Latin letters, so English looks the same everywhere. Raises
    `LocalResourceError` where a chosen file is no font.
    """

    def __init__(self, *chosen: str | None) -> None:
        self._faces = [_chosen(path) for path in chosen if path]
        bundled = ImageFont.load_default(PROBE_PX)
        if isinstance(bundled, ImageFont.FreeTypeFont):
            self._faces.append(Face(bundled))

    def words(self, texts: Sequence[str], size_px: int) -> Words:
        """The first of these texts that a font can draw, each the same in another language.

        Raises `LocalResourceError` where no font can draw any.
        """
        for text in map(_printable, texts):
            if face := self._face(text):
                return face.words(text, size_px)
        raise LocalResourceError(
            f"no font on this machine can draw {texts[0]!r}",
            hint="install one that can (for Chinese, Debian's fonts-noto-cjk or "
            "fonts-wqy-microhei), or name one: --font FILE, or TAGGERS_FONT=FILE",
        )

    def _face(self, text: str) -> Face | None:
        for face in self._faces:
            if face.covers(text):
                return face
        for path, index in _machine_fonts(text):
            found = _loaded(path, index)
            if found is not None and found.covers(text):
                self._faces.append(found)
                return found
        return None


def _printable(text: str) -> str:
    """The text in one line, without characters that only control how others are shown."""
    line = " ".join(text.split())
    return "".join(
        character for character in line if unicodedata.category(character) not in ("Cc", "Cf")
    )


def _chosen(path: str) -> Face:
    found = _loaded(path)
    if found is None:
        raise LocalResourceError(f"{path} is no font that can be read")
    return found


def _loaded(path: str, index: int = 0) -> Face | None:
    try:
        basic = ImageFont.Layout.BASIC  # which draws each character alone, as probing needs it
        return Face(ImageFont.truetype(path, PROBE_PX, index, layout_engine=basic))
    except OSError:
        return None


def _machine_fonts(text: str) -> Iterator[tuple[str, int]]:
    """Files that may have the glyphs, and which font of the file; the most likely first."""
    if found := _fontconfig(text):
        yield found
    for path in KNOWN_FILES:
        yield path, 0


def _fontconfig(text: str) -> tuple[str, int] | None:
    """What fontconfig holds for the best font for these characters."""
    command = shutil.which("fc-match")
    if command is None:
        return None
    wanted = " ".join(f"{ord(character):x}" for character in sorted(set(text)))
    pattern = f"sans:lang=zh:charset={wanted}"
    try:
        answer = subprocess.run(  # noqa: S603 - the pattern is made of hex digits
            [command, "-f", "%{index} %{file}", pattern],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    index, _, path = answer.stdout.partition(" ")
    return (path, int(index) & 0xFFFF) if index.isdecimal() and path else None


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    picture = Image.new("L", (3 * PROBE_PX, 3 * PROBE_PX))
    ImageDraw.Draw(picture).text((PROBE_PX, PROBE_PX), character, fill=255, font=font)
    return picture.tobytes()
