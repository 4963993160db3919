"""Twelve canaries, and a watch that sees them wherever they come up."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from taggers import AsyncTagger, Result, TaggersError
from taggers._secret import inner_base64

__all__ = ["CANARIES", "Leak", "Watch"]

ROOT = Path(__file__).parents[2]
OURS = (str(ROOT / "taggers"), str(ROOT / "plugins"))
PLACES_FOR_KEYS = ("keys.toml", "credentials")
"""Files in which a secret belongs."""
PART = 10
"""So many characters at either end of a canary are as bad as all of it."""
ALIKE = 5
"""So many errors of a kind from one place are looked at in each test."""


def _canary(name: str, length: int, more: str = "") -> str:
    """A text like a key, the same in every process, that stands in no file. `more` is what has to
    be escaped somewhere."""
    digest = hashlib.sha512(f"canary {name}".encode()).digest()
    letters = b64encode(digest * (1 + length // 80)).decode().replace("+", "x").replace("/", "y")
    return letters[: length // 2] + more + letters[length // 2 : length]


CANARIES: Mapping[str, str] = {
    "ak": _canary("ak", 20).upper(),
    "sk": _canary("sk", 40),
    "security_token": _canary("security_token", 400, "/+=="),
    "auth_token": _canary("auth_token", 900, "+/-="),
    "password": _canary("password", 24, "p/w&\"'%<é\\ "),
    "secret_id": _canary("secret_id", 36),
    "secret_key": _canary("secret_key", 32),
    "token": _canary("token", 300, "+/="),
    "api_key": _canary("api_key", 39, "-_"),
    "api_secret": _canary("api_secret", 32),
    "access_token": _canary("access_token", 160, "./-"),
    "pat": _canary("pat", 32),
}
"""One secret for every kind of setting that is one, by its name."""


@attrs.frozen
class Leak:
    """A canary that was seen: which one, and where."""

    name: str
    where: str


def _forms(text: str) -> Iterator[str]:
    """What is found wherever the text is: its ends, which nothing escapes, and its codes."""
    content = text.encode()
    yield from (text[:PART], text[-PART:], text[::-1][:PART])
    yield from (content.hex()[: 2 * PART], content.hex()[: 2 * PART].upper())
    for offset in range(3):
        yield inner_base64(content, offset)[: PART + 2]


_FORMS = [(name, form) for name, text in CANARIES.items() for form in _forms(text)]
_WATCHES: list[Watch] = []


def _looking() -> list[Watch]:
    """The watches that are entered, unless one of them looks alone."""
    return [watch for watch in _WATCHES if watch.alone] or list(_WATCHES)


@attrs.define(eq=False)
class Watch:
    """Looks for canaries while it is entered: in all that is logged, in every error of taggers and
    every result, in what children are started with and say, and in the files that are written.
    What else there is to look at is given to `look`. `alone`: no other watch looks meanwhile.
    """

    alone: bool = False
    leaks: list[Leak] = attrs.field(factory=list)
    looked_at: Counter[str] = attrs.field(factory=Counter)
    errors: list[TaggersError] = attrs.field(factory=list)
    written: set[str] = attrs.field(factory=set)
    _ends: contextlib.ExitStack = attrs.field(factory=contextlib.ExitStack)

    def look(self, text: str | bytes, where: str) -> None:
        """Notes each canary that stands in a text; `where` begins with a word for its kind."""
        if self in _WATCHES and self not in _looking():
            return
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        self.looked_at[where.partition(" ")[0]] += 1
        for name in dict.fromkeys(name for name, form in _FORMS if form in text):
            self.leaks.append(Leak(name, where))

    def look_at_error(self, error: BaseException) -> None:
        """Looks at an error: its words, arguments and attributes, those of its causes and contexts,
        and the variables of all frames of taggers and its plugins that it came through."""
        for one in _with_causes(error):
            where = f"error {type(error).__name__}: {type(one).__name__}"
            self.look(f"{one} {one!r} {one.args!r} {vars(one)!r}", where)
            self.look("".join(traceback.format_exception(one)), f"{where}, printed")
            for line in _variables(one):
                self.look(line, f"{where}, {line.partition(' = ')[0]}")
            for name in ("doc", "object", "request", "request_info", "headers"):
                with contextlib.suppress(Exception):
                    self.look(_told(getattr(one, name, None)), f"{where}, its {name}")
        if isinstance(error, TaggersError):
            self.look(json.dumps(error.to_dict(), default=repr), "error as JSON")

    def look_at_result(self, result: Result) -> None:
        """Looks at a result, as it is shown and as it is written."""
        self.look(repr(result), "result shown")
        self.look(json.dumps(result.to_dict(), default=repr), "result as JSON")

    def settle(self) -> None:
        """Looks at the errors and files that came up since it was last asked to."""
        errors, self.errors = self.errors, []
        alike = Counter[Any]()
        for error in errors:
            kind = (type(error), type(error.__cause__), _raised(error))
            alike[kind] += 1
            if alike[kind] <= ALIKE:
                self.look_at_error(error)
        files, self.written = self.written, set()
        for name in files:
            path = Path(name)
            if path.name not in PLACES_FOR_KEYS and path.is_file():
                with contextlib.suppress(OSError):
                    self.look(path.read_bytes(), f"file {path.name}")

    def __enter__(self) -> Watch:
        self._ends.callback(self.settle)
        self._ends.enter_context(_logged(self))
        self._ends.enter_context(_told_of(self))
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that it came from or came up beside."""
    seen: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen[id(one)] = one
            waiting += [one.__cause__, one.__context__]
    yield from seen.values()


def _raised(error: BaseException) -> tuple[str, int] | None:
    """The file and line in which an error was raised."""
    *_, last = (None, *traceback.walk_tb(error.__traceback__))
    return (last[0].f_code.co_filename, last[1]) if last else None


def _variables(error: BaseException) -> Iterator[str]:
    """The variables of the frames of ours, as crash reporters send them."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(OURS):
            place = f"{Path(frame.f_code.co_filename).name}:{line}"
            for name, value in frame.f_locals.items():
                with contextlib.suppress(Exception):
                    yield f"{place} {name} = {value!r}"


def _told(value: Any) -> str:
    return f"{value!r} {vars(value)!r}" if hasattr(value, "__dict__") else repr(value)


@contextlib.contextmanager
def _logged(watch: Watch) -> Iterator[None]:
    """Every record of every logger, and all that is said by `warnings`."""

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = self.format(record)
            watch.look(f"{said} {record.args!r}", f"log {record.name} {record.levelname}")

    root, listener = logging.getLogger(), Listener(0)
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    logging.captureWarnings(False)
    try:
        yield
    finally:
        root.removeHandler(listener)
        root.setLevel(level)


@contextlib.contextmanager
def _told_of(watch: Watch) -> Iterator[None]:
    """What the hooks below come across."""
    _install()
    _WATCHES.append(watch)
    try:
        yield
    finally:
        _WATCHES.remove(watch)


_installed = False


def _install() -> None:
    """Listens to what the process does; such hooks stay for as long as it lives."""
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_audited)
        _after(
            TaggersError, "__init__", lambda this, _: [w.errors.append(this) for w in _looking()]
        )
        _after_tag()
        _after(subprocess.Popen, "communicate", _heard)


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHES:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if isinstance(path, str) and (writes or flags & (os.O_WRONLY | os.O_RDWR)):
            for watch in _looking():
                watch.written.add(path)
    elif event == "sqlite3.connect":
        for watch in _looking():
            watch.written |= {f"{arguments[0]}{ending}" for ending in ("", "-wal")}
    elif event == "subprocess.Popen":
        for watch in _looking():
            watch.look(repr(arguments[:2]), f"child {Path(str(arguments[0])).name}: its arguments")


def _made(error: TaggersError, _: None) -> None:
    for watch in _looking():
        watch.errors.append(error)


def _heard(_: Any, said: Any) -> None:
    for text in said or ():
        for watch in _looking() if text else ():
            watch.look(text, "child what it says")


def _after(kind: type, name: str, told: Any) -> None:
    """Tells of every call of a method, with what it returned."""
    method = getattr(kind, name)

    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        returned = method(self, *arguments, **named)
        told(self, returned)
        return returned

    setattr(kind, name, called)


def _after_tag() -> None:
    tag = AsyncTagger.tag

    async def called(self: Any, *arguments: Any, **named: Any) -> Result:
        result = await tag(self, *arguments, **named)
        for watch in _looking():
            watch.look_at_result(result)
        return result

    AsyncTagger.tag = called  # type: ignore[method-assign]
