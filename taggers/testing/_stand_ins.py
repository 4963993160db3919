"""Stand-ins for what tells whose call it was: the same for the same text, and of the same shape."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

from attrs import define, evolve, field, frozen

from .._image import Image
from .._provider import Provider
from .._settings import Secret, Setting, Settings
from ..errors import TaggersError
from ._exchange import png

__all__ = ["MIN_ID", "Hidden", "Scrub", "example", "example_settings", "hidden"]

MIN_ID = 8
"""An id of at least so many characters is looked for anywhere; a shorter one only as a word."""


@frozen
class Hidden:
    """A text that may not stand in an exchange: the setting it is the value of, and what stands
    there instead."""

    name: str
    text: str = field(repr=False)
    instead: str
    secret: bool = False


def hidden(provider: Provider, settings: Settings) -> Iterator[Hidden]:
    """The secrets and ids in a provider's settings, and the numbers in those ids, as the account's
    in a bucket's name. Choices and defaults tell nobody's account."""
    for setting, value in _chosen(provider, settings):
        for one in value if setting.many else (value,):
            instead = _instead(provider, setting, one)
            if isinstance(one, Secret):
                yield Hidden(setting.name, one.reveal(), instead, secret=True)
            elif one != instead:
                yield Hidden(setting.name, one, instead)
                yield from _parts(setting.name, one, instead)


def _parts(name: str, text: str, instead: str) -> Iterator[Hidden]:
    parts, others = (re.findall(r"[0-9A-Za-z]+", one) for one in (text, instead))
    if len(parts) == len(others) > 1:
        for part, other in zip(parts, others, strict=True):
            if len(part) >= MIN_ID and any(sign.isdigit() for sign in part):
                yield Hidden(name, part, other)


def example_settings(provider: Provider, settings: Settings) -> dict[str, Any]:
    """The settings that are not left at their default, with stand-ins for what is hidden."""
    return {
        setting.name: [_instead(provider, setting, one) for one in value]
        if setting.many
        else _instead(provider, setting, value)
        for setting, value in _chosen(provider, settings)
    }


def _chosen(provider: Provider, settings: Settings) -> Iterator[tuple[Setting, Any]]:
    for setting in provider.settings:
        value = settings.get(setting.name)
        if value is not None and value != setting.default:
            yield setting, value


def _instead(provider: Provider, setting: Setting, value: str | Secret) -> str:
    """What stands for one value: where the setting has a pattern, something that it takes."""
    if isinstance(value, Secret):
        return example(setting.name)
    if any(value in (*other.choices, other.default) for other in provider.settings):
        return value
    proposed = (like(value), "example", "0123456789abcdef")
    return next((it for it in proposed if setting.fault(it) is None), like(value))


def example(name: str) -> str:
    """The stand-in for a secret of this name."""
    return "EXAMPLE" + re.sub(r"\W|_", "", name).upper()


def like(text: str) -> str:
    """A text of the same shape that means nothing: digits count up, letters spell "example"."""
    if "://" in text:
        return f"{text.partition('://')[0]}://example.com"
    if re.fullmatch(r"[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        digits = cycle("0123456789abcdef")
        return re.sub(r"\w", lambda _: next(digits), text)
    return re.sub(r"\d+|[^\W\d_]+", _run_like, text)


def _run_like(run: re.Match[str]) -> str:
    signs = "1234567890" if run[0].isdecimal() else "EXAMPLE" if run[0].isupper() else "example"
    return "".join(islice(cycle(signs), len(run[0])))


@define
class Scrub:
    """Puts stand-ins into texts and JSON values.

    What is `known` goes wherever it stands, plain, percent-encoded or escaped. Request ids, e-mail
    addresses, home folders and pictures go by their looks.
    """

    known: Mapping[str, str]
    _written: dict[str, str] = field(init=False)
    _pattern: re.Pattern[str] = field(init=False)
    _numbers: dict[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        texts = {text: to for text, to in self.known.items() if text}
        self._written = {form: to for text, to in texts.items() for form in _forms(text)} | texts
        longest_first = sorted(self._written, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(_anywhere, longest_first), *_LOOKS]))

    @classmethod
    def of(cls, found: Iterable[Hidden], ids: Iterable[str]) -> Scrub:
        """A scrub for these texts, and for the ids of the call."""
        found = sorted(found, key=lambda one: one.secret)  # of one text, the secret's name counts
        made = cls({one.text: one.instead for one in found})
        numbered = {text: made._numbered(text) for text in ids if text not in made.known}
        return evolve(made, known={**made.known, **numbered}, numbers=made._numbers)

    def __call__(self, value: Any) -> Any:
        """The text, or the JSON value with all texts in it, names included; and with all ids that
        are written as numbers."""
        if isinstance(value, str):
            return self._pattern.sub(self._stand_in, _PICTURE.sub(_plain_picture, value))
        if isinstance(value, dict):
            return {self(name): self(inside) for name, inside in value.items()}
        if isinstance(value, list):
            return [self(item) for item in value]
        is_id = type(value) is int and self._written.get(str(value), "").isdecimal()
        return int(self._written[str(value)]) if is_id else value

    def _stand_in(self, found: re.Match[str]) -> str:
        text = found[0]
        if text in self._written:
            return self._written[text]
        if "@" in text:
            return "someone@example.com"
        if found["home"]:
            return f"{found['home']}example"
        return self._numbered(text)

    def _numbered(self, text: str) -> str:
        """Zeros in the text's shape, ending in the number of the ids so far."""
        if text not in self._numbers:
            digits = iter(reversed(str(len(self._numbers) + 1)))
            zeros = reversed(re.sub(r"[0-9A-Za-z]", "0", text))
            signs = [next(digits, "0") if sign == "0" else sign for sign in zeros]
            self._numbers[text] = "".join(reversed(signs))
        return self._numbers[text]


_LOOKS = (
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"(?P<home>/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})[^/\\\s\"'<>]+",
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])",
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])",
)
"""E-mail addresses, home folders, UUIDs, and hashes or ids in hex."""

_PICTURE = re.compile(r"[A-Za-z0-9+/_-]{64,}={0,2}")


def _plain_picture(found: re.Match[str]) -> str:
    """A small grey picture in place of one in base64, which shows the one that was sent."""
    try:
        content = base64.b64decode(found[0], altchars=b"-_" if set("-_") & set(found[0]) else None)
        Image.from_bytes(content)
    except (binascii.Error, TaggersError):
        return found[0]
    return base64.b64encode(png(8, 8)).decode()


def _forms(text: str) -> set[str]:
    """The ways in which a text is written within JSON, a URL or XML."""
    escaped = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    return {*escaped, quote(text, safe=""), quote(text), html.escape(text)}


def _anywhere(text: str) -> str:
    """The pattern of a known text; a short one is looked for as a word, lest it spoil others."""
    word = len(text) < MIN_ID
    return rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])" if word else re.escape(text)
