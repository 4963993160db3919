"""Whether a text that has to stay secret stands in a record after all, in any encoding."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, unquote_plus

from .._secret import MIN_SECRET, inner_base64
from ._stand_ins import MIN_ID, Hidden

__all__ = ["leak"]

MIN_FOLDED = 12
"""A text of so many characters is recognised in upper and lower case alike."""
MIN_PARTED, PART = 16, 10
"""Of a text of at least so many characters, any so many in a row are too many."""
LAYERS = 3
"""How many encodings around each other are taken off: JSON in a URL in XML, say."""


def leak(record: Any, secrets: Iterable[Hidden]) -> tuple[str, str] | None:
    """The name of the first text that stands in a JSON value, and its encoding; None for none."""
    views = _views("\n".join([*_texts(record), json.dumps(record)]))
    inside = _inside(views)
    for one in secrets:
        least = MIN_SECRET if one.secret else MIN_ID
        if len(one.text) < least or one.text == one.instead:
            continue
        for encoding, pattern in _patterns(one.text):
            if any(pattern.search(view) for view in views):
                return one.name, encoding
        if any(one.text in view for view in inside):
            return one.name, "several encodings"
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inside in value.items():
            yield name
            yield from _texts(inside)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _views(text: str) -> set[str]:
    """The text, and what it says when escapes are taken off it, and without white space."""
    views = {text}
    for _ in range(LAYERS):
        views |= {taken_off(view) for view in views for taken_off in _ESCAPES}
    return views | {re.sub(r"\s+", "", view) for view in views}


def _inside(views: set[str]) -> set[str]:
    """What stands in codes within a text, and in codes within those."""
    found, inside = set[str](), views
    for _ in range(LAYERS):
        inside = {"\n".join(dict.fromkeys(part for view in inside for part in _decoded(view)))}
        found |= inside
    return found


def _decoded(text: str) -> Iterator[str]:
    """What stands in the text's runs of base64, base32 and hex, also where it is compressed."""
    for pattern, decode in _RUNS:
        for run in pattern.findall(text):
            with contextlib.suppress(ValueError):
                yield from _read(decode(run))


def _read(content: bytes) -> Iterator[str]:
    if content[:2] in (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        with contextlib.suppress(zlib.error):
            content = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, 1 << 20)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield content.decode(encoding, "ignore")


def _unbase64(run: str) -> bytes:
    return base64.urlsafe_b64decode(run.replace("+", "-").replace("/", "_") + "=" * (-len(run) % 4))


def _unbase32(run: str) -> bytes:
    return base64.b32decode(run + "=" * (-len(run) % 8), casefold=True)


_RUNS = (
    (re.compile(r"[A-Za-z0-9+/_-]{8,}"), _unbase64),
    (re.compile(r"[A-Z2-7]{8,}|[a-z2-7]{8,}"), _unbase32),
    (re.compile(r"(?:[0-9a-fA-F]{2}){4,}"), bytes.fromhex),
)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", _sign, text)


def _sign(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return {"n": "\n", "r": "\r", "t": "\t"}.get(escape[3], escape[3])


_ESCAPES = (unquote, unquote_plus, html.unescape, _unescaped)


def _patterns(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The encodings that are not taken off but looked for, by name."""
    folded = re.IGNORECASE if len(text) >= MIN_FOLDED else 0
    content = text.encode("utf-8", "surrogatepass")
    yield "plain text or escaped", re.compile(re.escape(text), folded)
    if len(text) >= MIN_PARTED:
        parts = {text[at : at + PART] for at in range(len(text) - PART + 1)}
        yield "a part of it", re.compile("|".join(map(re.escape, sorted(parts))))
    yield "reversed", re.compile(re.escape(text[::-1]), folded)
    yield "hex", re.compile(r"[\s:-]?".join(f"{byte:02x}" for byte in content), re.IGNORECASE)
    for offset in range(3):
        inner = inner_base64(content, offset)
        yield "base64", re.compile(re.escape(inner))
        urlsafe = inner.translate(str.maketrans("+/", "-_"))
        yield "URL-safe base64", re.compile(re.escape(urlsafe))
