"""An answer's bytes become a body: JSON or XML, within limits that are checked beforehand."""

from __future__ import annotations

import json
import math
import xml.parsers.expat
import zlib
from typing import Any

from attrs import Factory, define, frozen

from ._secret import bare
from .errors import MalformedResponse, ResponseTooLarge

__all__ = ["Decoder", "Json", "Xml", "inflate"]


@frozen
class Json:
    """Reads an answer as JSON. Numbers that no JSON may hold (NaN, 1e999) are refused.

    `max_values` is about memory: 4 MiB of empty lists would become 120 MB.
    """

    max_bytes: int = 4 * 1024 * 1024
    max_values: int = 200_000

    def __call__(self, body: bytes) -> Any:
        most = len(body)  # a value takes a byte at least
        if most > self.max_values and sum(map(body.count, _BEFORE_VALUES)) > self.max_values:
            raise ResponseTooLarge(f"the answer has more than {self.max_values:,} values")
        try:
            return json.loads(body, parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError) as error:
            why = bare(error)  # the error itself holds the whole answer
        raise MalformedResponse(f"the answer is not JSON{_hint(body)}") from why


_BEFORE_VALUES = (b",", b"[", b"{")


@frozen
class Xml:
    """Reads an answer as XML: elements become dictionaries of their children, by local name.

    `lists` names the elements that always become lists, also where there is only one. Attributes
    are kept under "@name", and text beside them or beside children under "#text". No document type
    is accepted, and size, depth and number of elements are capped while it is built.
    """

    lists: tuple[str, ...] = ()
    max_bytes: int = 1024 * 1024
    max_depth: int = 32
    max_elements: int = 50_000

    def __call__(self, body: bytes) -> Any:
        if hint := _hint(body):
            raise MalformedResponse(f"the answer is not XML{hint}")
        try:
            return _Tree(self).of(body)
        except (xml.parsers.expat.ExpatError, ValueError, LookupError) as error:
            why = bare(error)
        raise MalformedResponse("the answer is not XML") from why


@define(eq=False)
class _Tree:
    """An XML document while it is read: `node` is what is known of the element that is open,
    `texts` are the pieces of its text, and `above` is the same of those around it."""

    limits: Xml
    node: dict[str, Any] | None = None
    texts: list[str] = Factory(list)
    above: list[tuple[dict[str, Any] | None, list[str]]] = Factory(list)
    elements: int = 0

    def of(self, body: bytes) -> Any:
        """The document in these bytes. Raises what expat raises, and `ResponseError`s."""
        parser = xml.parsers.expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._enter
        parser.EndElementHandler = self._leave
        parser.CharacterDataHandler = self._read
        parser.Parse(body, True)
        return self.node

    def _refuse(self, *_: Any) -> None:
        raise MalformedResponse("the answer brings a document type (DTD), which is refused")

    def _enter(self, _name: str, attributes: dict[str, str]) -> None:
        above, limits = self.above, self.limits
        above.append((self.node, self.texts))
        self.elements += 1
        if len(above) > limits.max_depth or self.elements > limits.max_elements:
            raise ResponseTooLarge(
                f"the answer's XML is deeper than {limits.max_depth} levels "
                f"or has more than {limits.max_elements:,} elements"
            )
        self.node = {f"@{k}": text for k, text in attributes.items()} if attributes else None
        self.texts = []

    def _read(self, text: str) -> None:
        self.texts.append(text)

    def _leave(self, name: str) -> None:
        value, text = self.node, "".join(self.texts).strip()
        self.node, self.texts = self.above.pop()
        if value is not None and text:
            value["#text"] = text
        local = name.rpartition(":")[2] if ":" in name else name
        self._put(local, value or text or None)

    def _put(self, name: str, value: dict[str, Any] | str | None) -> None:
        """Notes a child of the element that is open. Several of a name become a list; names are
        local ones, since some bodies of the same vendor carry a namespace."""
        if (node := self.node) is None:
            node = self.node = {}
        if name not in node:
            node[name] = [value] if name in self.limits.lists else value
        elif isinstance(known := node[name], list):
            known.append(value)
        else:
            node[name] = [known, value]


Decoder = Json | Xml


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no JSON number")
    return value


def _hint(body: bytes) -> str:
    """What the unreadable bytes look like, in words."""
    if not body.strip():
        return " but empty"
    if body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return " but a web page: is there a proxy or a login page in between?"
    return ""


def inflate(body: bytes, coding: str, max_bytes: int) -> bytes:
    """The body without its content coding: "", "identity", "gzip" or "deflate", at most one.

    taggers asks for identity; this is for servers that compress all the same. Raises
    `ResponseTooLarge` before more than `max_bytes` are made.
    """
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise MalformedResponse(f"the answer is encoded as {coding!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = inflater.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise MalformedResponse(f"the answer is no {coding}") from error
    if len(plain) > max_bytes:
        del plain  # which the error's traceback would keep
        raise ResponseTooLarge(f"the answer has more than {max_bytes:,} bytes")
    if not inflater.eof:
        raise MalformedResponse(f"the answer's {coding} is cut short")
    if inflater.unused_data:
        raise MalformedResponse(f"the answer goes on after its {coding}")
    return plain
