"""Secrets, which do not show themselves, and what takes them out of texts that others wrote.

redact(text, secrets)     a vendor's text, which may quote the key that it refused
scrubbed(body, secrets)   a vendor's decoded answer
bare(error)               an error without the text, URL or request that it is about
"""

from __future__ import annotations

import base64
import html
import json
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus, urlsplit

from .errors import TaggersError

__all__ = [
    "MIN_SECRET",
    "Secret",
    "bare",
    "holds",
    "inner_base64",
    "names_only",
    "no_variables",
    "redact",
    "scrubbed",
    "without_query",
]

MIN_SECRET = 4
"""A secret of fewer characters is none: it would be found in any text."""
MIN_SCRUBBED = 8
"""A secret of fewer characters stays in an answer, where it may just be a word; and its codes stay
everywhere."""


class Secret:
    """A text that does not show itself: not in `repr`, `str`, a log, a pickle or JSON."""

    __slots__ = ("__forms", "__marks", "__text")

    def __init__(self, text: str) -> None:
        self.__text = text
        self.__forms: tuple[str, ...] | None = None
        self.__marks: frozenset[bytes] | None = None

    def reveal(self) -> str:
        """The text itself, for signing and sending."""
        return self.__text

    def _forms(self) -> tuple[str, ...]:
        """Every way in which the text is written: plain, escaped and in codes, the longest first;
        none of a text that is too short to be a secret."""
        if self.__forms is None:
            self.__forms = tuple(sorted(set(_written(self.__text)), key=len, reverse=True))
        return self.__forms

    def _marks(self) -> frozenset[bytes]:
        """Of these one is in a content wherever the text may be: its longest part that nothing
        escapes, or one of its codes; none of a text that may stand somewhere by chance."""
        if self.__marks is None:
            self.__marks = frozenset(_signs(self.__text))
        return self.__marks

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__text == other.__text

    def __hash__(self) -> int:
        return hash(self.__text)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is not pickled; pass its name and look it up there")

    def __getstate__(self) -> NoReturn:
        self.__reduce_ex__(0)


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """The text without any of the secrets in it, however they are written."""
    found = [form for secret in secrets for form in secret._forms() if form in text]
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def holds(content: bytes, secrets: Iterable[Secret]) -> bool:
    """Whether one of the secrets may stand in the content: a quick look before `scrubbed`."""
    return any(mark in content for secret in secrets for mark in secret._marks())


def scrubbed(body: Any, secrets: Iterable[Secret]) -> Any:
    """The JSON value without any of the secrets in its texts and names."""
    return _scrubbed(body, [secret for secret in secrets if secret._marks()])


def _scrubbed(body: Any, secrets: list[Secret]) -> Any:
    if isinstance(body, str):
        return redact(body, secrets)
    if isinstance(body, dict):
        return {redact(name, secrets): _scrubbed(value, secrets) for name, value in body.items()}
    if isinstance(body, list):
        return [_scrubbed(item, secrets) for item in body]
    return body


def bare(error: BaseException) -> Exception:
    """The error as a cause that may be kept: its kind and its words, and nothing that it is about.
    Many hold the whole text that could not be read."""
    kind = type(error)
    if isinstance(error, OSError) and error.errno is not None:
        known = type(error) if kind.__module__ in ("builtins", "socket", "ssl") else OSError
        return known(error.errno, error.strerror or kind.__name__)
    return ValueError(f"{kind.__name__}: {error}")


@contextmanager
def no_variables() -> Iterator[None]:
    """Takes the variables out of the frames that an error of ours has come through. Crash reporters
    send them, and an error that is kept would keep the picture."""
    try:
        yield
    except TaggersError as error:
        shown: BaseException | None = error
        while shown is not None:
            traceback.clear_frames(shown.__traceback__)
            shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
        raise


def without_query(url: str) -> str:
    """The URL as it may be shown: its query may hold a key or a signature, and what comes before
    the host a password. Any other text stays as it is."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "***"
    return parts._replace(netloc=host, query="***" if parts.query else "", fragment="").geturl()


def names_only(named: Mapping[str, Any]) -> str:
    """A mapping as it may be shown: what its values are called."""
    return f"<{', '.join(named)}>"


def inner_base64(content: bytes, offset: int) -> str:
    """The base64 that these bytes have wherever they begin so many bytes into a group of three:
    only the letters that no neighbour has a part in."""
    encoded = base64.b64encode(b"\0" * offset + content).decode()
    return encoded[-(-offset * 8 // 6) : (offset + len(content)) * 8 // 6]


def _written(text: str) -> Iterator[str]:
    if len(text) < MIN_SECRET:
        return
    yield from _escaped(text)
    if len(text) >= MIN_SCRUBBED:
        yield from _coded(text)


def _escaped(text: str) -> Iterator[str]:
    """The text as it stands in a JSON, a URL, a URL within a URL, or XML."""
    written = json.dumps(text)[1:-1]
    yield from (text, text.replace("/", "\\/"), html.escape(text), ascii(text)[1:-1])
    yield from (written, written.replace("/", "\\/"), json.dumps(text, ensure_ascii=False)[1:-1])
    try:
        once = {quote(text, safe=""), quote(text), quote_plus(text)}
    except UnicodeEncodeError:  # half of a surrogate pair, which no URL holds
        return
    for url in {*once, *(quote(url) for url in once)}:
        yield url
        yield re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), url)


def _coded(text: str) -> Iterator[str]:
    content = text.encode("utf-8", "surrogatepass")
    yield from (content.hex(), content.hex().upper())
    for offset in range(3):
        inner = inner_base64(content, offset)
        yield from (inner, inner.translate(_URLSAFE))


_URLSAFE = str.maketrans("+/", "-_")


def _signs(text: str) -> Iterator[bytes]:
    if len(text) < MIN_SCRUBBED:
        return
    parts = re.findall("[0-9A-Za-z]+", text)
    yield max(parts, key=len, default="").encode()
    yield from (code.encode() for code in _coded(text))
