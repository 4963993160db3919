"""For plugin authors: recorded exchanges, replayed through the real flow without any network.

An exchange is one JSON file beside a plugin:

    {
      "about": "where it is from, and what is special about it",
      "provider": "acme-tags",
      "settings": {"api_key": "example"},
      "options": {"limit": 5},
      "image": {"width": 640, "height": 480},
      "wire": [
        {
          "request": {"method": "POST", "path": "/v1/tags", "json": {"image": "<base64>"}},
          "response": {"status": 200, "json": {"labels": [{"text": "cat", "score": 0.98}]}}
        }
      ],
      "result": {"tags": [{"name": "cat", "confidence": 0.98}]}
    }

`image` is a plain picture of that size, or {"url": "…"}. In place of `result` may stand
`"error": {"kind": "RateLimited", …}`. A request's body is `json`, or `form` with its fields, or
`"content": "<picture>"`; a picture in a form is "<picture>" too. A response's body is `json`, or
`text` for anything else.
"""

from __future__ import annotations

import base64
import functools
import json
import struct
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import cattrs
from attrs import define, field, frozen

from .._dialect import Incoming
from .._flow import Context, Download, Effect, Enter, Flow, Sleep, Wait, call
from .._image import Image
from .._model import Options, Result
from .._provider import Provider, Work
from .._settings import Secret, Settings
from .._wire import Prepared, Response
from ..errors import TaggersError

__all__ = ["Exchange", "Mismatch", "exchanges", "png", "settings"]

NOW = 1_700_000_000.0
NONCE = "0123456789abcdef" * 2


class Mismatch(AssertionError):
    """A replayed exchange differs from the recorded one; the message shows both sides."""


@define
class _Clock:
    """Stands still but for the pauses that a call makes."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@frozen(kw_only=True)
class Exchange:
    """One recorded call: what was asked with what, what went over the wire, what came of it."""

    provider: str
    about: str
    wire: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict)
    image: Mapping[str, Any] = field(factory=dict)
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    name: str = ""

    @classmethod
    def load(cls, path: Path) -> Exchange:
        """The exchange in a file. Raises `Mismatch` with the file's name where it is none."""
        try:
            record = json.loads(path.read_text("utf-8"))
            for step in record["wire"]:
                step["request"], step["response"]["status"]
            return cls(**{**record, "wire": tuple(record["wire"]), "name": path.stem})
        except KeyError as error:
            raise Mismatch(f"{path} is no exchange: {error} is missing") from error
        except (ValueError, TypeError) as error:
            raise Mismatch(f"{path} is no exchange: {error}") from error

    def replay(self, provider: Provider) -> Result | TaggersError:
        """What the provider makes of the recorded answers.

        Raises `Mismatch` where it asks something else than was recorded, or less, or more.
        """
        outcome, made = self.play(provider)
        self._same([_shown(request) for request in made], [step["request"] for step in self.wire])
        return outcome

    def play(
        self, provider: Provider, answers: Sequence[Response] | None = None, **options: Any
    ) -> tuple[Result | TaggersError, list[Prepared]]:
        """What comes of the recorded answers, or of these, with these options besides the recorded
        ones; and the requests, whatever they are. Raises `Mismatch` where there are more requests
        than recorded answers; the last of other `answers` stands for all that follow."""
        made: list[Prepared] = []
        clock = _Clock()
        flow = self.flow(provider, ticks=clock, **options)
        return self._played(flow, clock, made, answers), made

    def check(self, provider: Provider) -> None:
        """Raises `Mismatch` where the outcome is not the recorded one."""
        outcome = self.replay(provider)
        if isinstance(outcome, Result):
            self._same(_without_defaults(outcome), self.result)
        else:
            facts = {**outcome.to_dict(), "retry": outcome.retry, "fallback": outcome.fallback}
            expected = self.error or {}
            self._same({name: facts.get(name) for name in expected or facts}, self.error)

    def _played(
        self,
        flow: Generator[Effect, Any, Any],
        clock: _Clock,
        made: list[Prepared],
        answers: Sequence[Response] | None,
    ) -> Any:
        """What a flow returns or raises, with the recorded outcomes of what it asks for."""
        try:
            effect = next(flow)
            while True:
                effect = flow.send(self._happened(effect, clock, made, answers))
        except StopIteration as stop:
            return stop.value
        except TaggersError as error:
            return error

    def _happened(
        self,
        effect: Effect,
        clock: _Clock,
        made: list[Prepared],
        answers: Sequence[Response] | None,
    ) -> Any:
        """The recorded outcome of an effect; a request is added to those made."""
        if isinstance(effect, Work):
            return effect.call()
        if isinstance(effect, Sleep):
            clock.seconds += effect.seconds
        if isinstance(effect, Sleep | Wait):
            return None
        if isinstance(effect, Enter):
            return self._played(effect.flow(), clock, made, answers)
        if isinstance(effect, Download):
            raise Mismatch(f"{self.name}: wants a download, of which an exchange has none")
        made.append(effect.prepared)
        if answers:
            return answers[min(len(made), len(answers)) - 1]
        if len(made) > len(self.wire):
            again = _shown(effect.prepared)
            raise Mismatch(f"{self.name}: asks once more than was recorded: {again}")
        return self.responses[len(made) - 1]

    @property
    def responses(self) -> list[Response]:
        """The recorded answers, in order."""
        return [_response(step["response"]) for step in self.wire]

    def flow(
        self,
        provider: Provider,
        image: Image | None = None,
        ticks: Callable[[], float] = lambda: 0.0,
        **options: Any,
    ) -> Flow:
        """The recorded call, to be driven; with these options besides the recorded ones, and about
        this picture where there is one."""
        context = Context(now=lambda: NOW, ticks=ticks, roll=lambda: 0.0, nonce=NONCE)
        return call(
            provider,
            image or self.picture,
            Options(**{**self.options, **options}),
            settings(provider, **self.settings),
            context,
        )

    @property
    def picture(self) -> Image:
        """The picture that was asked about, or a plain one of its size."""
        if "url" in self.image:
            return Image.from_url(self.image["url"])
        size = self.image.get("width", 640), self.image.get("height", 480)
        return Image.from_bytes(png(*size), source="picture.png")

    def _same(self, found: Any, expected: Any) -> None:
        if found != expected:
            shown = (json.dumps(side, ensure_ascii=False, indent=1) for side in (expected, found))
            raise Mismatch("{}: expected\n{}\nand found\n{}".format(self.name, *shown))


def exchanges(folder: Path) -> list[Exchange]:
    """All exchanges in a folder and below it, in the order of their names."""
    return [Exchange.load(path) for path in sorted(folder.rglob("*.json"))]


def settings(provider: Provider, **values: Any) -> Settings:
    """A provider's settings with these values, its defaults, and None for the rest."""
    return Settings(
        {
            setting.name: Secret(value) if setting.secret and value is not None else value
            for setting in provider.settings
            for value in (values.get(setting.name, setting.default),)
        }
        | {name: value for name, value in values.items() if name == "endpoint"}
    )


@functools.cache
def png(width: int, height: int) -> bytes:
    """A plain grey PNG of this size in pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def _shown(prepared: Prepared) -> dict[str, Any]:
    """A request as an exchange records it: decoded, and without headers that only sign it."""
    parts = urlsplit(prepared.url)
    shown: dict[str, Any] = {"method": prepared.method, "path": unquote(parts.path)}
    if parts.query:
        shown["query"] = _by_name(
            parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
        )
    incoming = Incoming(method="", target="", headers=prepared.headers, body=prepared.body)
    if form := incoming.form():
        shown["form"] = {name: _field(value) for name, value in form.items()}
    elif prepared.body[:1] in (b"{", b"["):
        shown["json"] = _without_pictures(json.loads(prepared.body))
    elif prepared.body:
        shown["content"] = "<picture>"
    return shown


def _by_name(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Parameters by name; one that stands several times has a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _field(value: bytes) -> str:
    """A field of a form as text, or what stands for the picture."""
    if value.startswith(b"\x89PNG"):
        return "<picture>"
    text = value.decode(errors="replace")
    return "<base64>" if text.startswith(_PNG_BASE64) else text


def _without_pictures(value: Any) -> Any:
    """JSON values with "<base64>" in place of every picture, however deep it stands."""
    if isinstance(value, dict):
        return {name: _without_pictures(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_without_pictures(item) for item in value]
    return "<base64>" if isinstance(value, str) and value.startswith(_PNG_BASE64) else value


_PNG_BASE64 = "iVBORw0KGgo"
"""How a PNG begins in base64."""


def _response(record: Mapping[str, Any]) -> Response:
    text = record["text"] if "text" in record else json.dumps(record.get("json"))
    return Response(status=record["status"], headers=record.get("headers", {}), body=text.encode())


@functools.cache
def _compact() -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=True)
    converter.register_unstructure_hook(bytes, lambda raw: base64.b64encode(raw).decode())
    return converter


def _without_defaults(result: Result) -> dict[str, Any]:
    """What a result says, for reading: without provenance, `raw`, and fields left at default."""
    record: dict[str, Any] = json.loads(json.dumps(_compact().unstructure(result)))
    said = {name: record[name] for name in _SAID if name in record}
    units = record["provenance"].get("billable_units", 0)
    return said if units == 1 else {**said, "billable_units": units}


_SAID = ("tags", "regions", "matches", "verdicts", "images", "warnings")
