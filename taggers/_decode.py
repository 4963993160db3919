"""An answer's bytes become a body: JSON or XML, within limits that are checked beforehand."""

from __future__ import annotations

import json
import math
import re
import xml.parsers.expat
import zlib
from collections.abc import Callable
from typing import Any

from attrs import frozen

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
    are kept under "@name". No document type is accepted, and size, depth and number of elements
    are capped while it is read.
    """

    lists: tuple[str, ...] = ()
    max_bytes: int = 1024 * 1024
    max_depth: int = 32
    max_elements: int = 50_000

    def __call__(self, body: bytes) -> Any:
        import xmltodict

        if hint := _hint(body):
            raise MalformedResponse(f"the answer is not XML{hint}")
        how: dict[str, Any] = {"force_list": self.lists}
        if _PREFIXED.search(body):
            how = {"force_list": self._is_list, "postprocessor": _local}
        try:
            return xmltodict.parse(body, expat=self, **how)
        except (xml.parsers.expat.ExpatError, ValueError, LookupError) as error:
            why = bare(error)
        raise MalformedResponse("the answer is not XML") from why

    def ParserCreate(self, *how: Any) -> Any:  # noqa: N802
        """Expat's parser, as xmltodict asks for it, behind a guard."""
        return _Guarded(xml.parsers.expat.ParserCreate(*how), self)

    def _is_list(self, path: Any, key: str, value: Any) -> bool:
        return key.rpartition(":")[2] in self.lists


_PREFIXED = re.compile(rb"<[^<>\s:!?]*:")


class _Guarded:
    """A parser that refuses a document type, and looks at depth and number of elements before
    xmltodict makes anything of one."""

    def __init__(self, parser: Any, limits: Xml) -> None:
        parser.StartDoctypeDeclHandler = _refuse
        self.__dict__.update(parser=parser, limits=limits)

    def __setattr__(self, name: str, handler: Any) -> None:
        if name == "StartElementHandler":
            handler = _counted(handler, self.limits)
        setattr(self.parser, name, handler)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parser, name)


def _refuse(*_: Any) -> None:
    raise MalformedResponse("the answer brings a document type (DTD), which is refused")


def _counted(start: Any, limits: Xml) -> Callable[[str, Any], None]:
    """xmltodict's handler for the start of an element, which knows the `path` to it."""
    path, elements = start.__self__.path, 0

    def enter(name: str, attributes: Any) -> None:
        nonlocal elements
        elements += 1
        if elements > limits.max_elements or len(path) >= limits.max_depth:
            raise ResponseTooLarge(
                f"the answer's XML is deeper than {limits.max_depth} levels "
                f"or has more than {limits.max_elements:,} elements"
            )
        start(name, attributes)

    return enter


Decoder = Json | Xml


def _local(_path: Any, key: str, value: Any) -> tuple[str, Any]:
    """The entry under its local name: some bodies of the same vendor carry a namespace."""
    if ":" in key and not key.startswith("@"):
        key = key.rpartition(":")[2]
    return key, value


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
