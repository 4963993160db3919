"""A request's body, made piece by piece whenever it is needed: to be signed, and to be sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

import pybase64
from attrs import field, frozen

from ._secret import bare
from .errors import InvalidInput

__all__ = ["Base64", "Body", "as_body"]

PIECE_BYTES = 64 * 1024
"""No piece is larger: what is made of a picture stays in the processor's cache."""
_PICTURE_BYTES = PIECE_BYTES // 4 * 3


@frozen
class Base64:
    """Bytes that stand in a JSON request as base64 text, encoded only when the body is made."""

    content: bytes = field(repr=lambda content: f"<{len(content)} bytes>")

    def __len__(self) -> int:
        return (len(self.content) + 2) // 3 * 4

    def pieces(self) -> Iterator[bytes]:
        """The text, piece by piece."""
        whole = memoryview(self.content)
        for start in range(0, len(whole), _PICTURE_BYTES):
            yield pybase64.b64encode(whole[start : start + _PICTURE_BYTES])


@frozen(repr=False)
class Body:
    """The bytes of a request. A picture's base64 never stands in memory as a whole.

    `len()` is their number, iteration makes them in pieces of up to 256 KiB, and `bytes()` makes
    all of them at once.
    """

    parts: tuple[bytes | Base64, ...] = ()

    @classmethod
    def of_json(cls, value: Any) -> Body:
        """Compact UTF-8 JSON. Pictures are put between as base64, which needs no escaping.

        Raises `InvalidInput` for what JSON cannot hold: NaN, half of a surrogate pair.
        """
        pictures: list[Base64] = []

        def hold(item: Any) -> str:
            if not isinstance(item, Base64):
                raise TypeError(f"{type(item).__name__} cannot stand in a JSON request")
            pictures.append(item)
            return "\0"  # json.dumps writes it as an escape that is found again

        try:
            made = json.dumps(
                value, default=hold, ensure_ascii=False, allow_nan=False, separators=(",", ":")
            ).encode()
        except ValueError as error:
            why = bare(error)  # the error itself holds the whole request
        else:
            return cls(_between(made, pictures))
        raise InvalidInput(f"the request cannot be written as JSON: {why}") from why

    @classmethod
    def of_form(cls, form: Mapping[str, str | bytes]) -> tuple[str, Body]:
        """A form's boundary and body (RFC 7578). Bytes are files, under the name of their field."""
        fields = [
            (_disposition(name, value), value if isinstance(value, bytes) else value.encode())
            for name, value in form.items()
        ]
        boundary = cls(tuple(part for pair in fields for part in pair)).sha256[:32]
        opens, ends = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
        parts = [part for head, content in fields for part in (opens + head, content, b"\r\n")]
        return boundary, cls((*parts, ends))

    @cached_property
    def sha256(self) -> str:
        """Their SHA-256 in hex."""
        digest = hashlib.sha256()
        for piece in self:
            digest.update(piece)
        return digest.hexdigest()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for part in self.parts:
            if isinstance(part, Base64):
                yield from part.pieces()
            elif len(part) <= PIECE_BYTES:
                yield part
            else:
                whole = memoryview(part)
                for start in range(0, len(part), PIECE_BYTES):
                    yield whole[start : start + PIECE_BYTES]

    def __bytes__(self) -> bytes:
        return b"".join(self)

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def as_body(content: bytes | Body) -> Body:
    """The body that consists of these bytes; a body as it is."""
    if isinstance(content, Body):
        return content
    return Body((content,) if content else ())


def _between(made: bytes, pictures: list[Base64]) -> tuple[bytes | Base64, ...]:
    """The JSON with the pictures where their places are."""
    if not pictures:
        return (made,)
    texts = made.split(b'"\\u0000"')
    if len(texts) != len(pictures) + 1:
        raise TypeError("a string beside a picture in a JSON request may not be just a NUL")
    before = [texts[0] + b'"', *(b'"' + text + b'"' for text in texts[1:-1])]
    pairs: Iterable[tuple[bytes | Base64, ...]] = zip(before, pictures, strict=True)
    return (*chain.from_iterable(pairs), b'"' + texts[-1])


def _disposition(name: str, value: str | bytes) -> bytes:
    quoted = name.translate(_QUOTED)
    file = f'; filename="{quoted}"' if isinstance(value, bytes) else ""
    return f'Content-Disposition: form-data; name="{quoted}"{file}\r\n\r\n'.encode()


_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How a name in a form is written, as browsers do."""
