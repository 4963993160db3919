"""What a provider has to know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import frozen

from ._secret import Secret, holds, redact, scrubbed

__all__ = ["Secret", "Setting", "Settings"]


class Settings(Mapping[str, Any]):
    """A provider's settings by name: texts, lists of texts, and `Secret`s; None where unset."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Settings({self._values!r})"

    def secret(self, name: str) -> str | None:
        """The text of a secret setting; None where it is unset."""
        value = self._values[name]
        return None if value is None else value.reveal()

    def with_values(self, values: Mapping[str, Any]) -> Settings:
        """The same settings with these in place of their own."""
        return Settings({**self._values, **values})

    def redact(self, text: str) -> str:
        """The text without any of the secrets in it, however they are written; one under four
        characters is no secret."""
        return redact(text, self._secrets)

    def scrubbed(self, body: Any, content: bytes) -> Any:
        """The body that was made of this content, without any of the secrets in it; one under eight
        characters may stand there by chance."""
        return scrubbed(body, self._secrets) if holds(content, self._secrets) else body

    @cached_property
    def _secrets(self) -> list[Secret]:
        return [value for value in self._values.values() if isinstance(value, Secret)]


@frozen
class Setting:
    """One thing that a provider has to know.

    * `env`: the environment variable that it is read from where nothing else sets it;
    * `default`: used last; None: it stays unset, which is an error where `required`;
    * `choices`: the only values allowed; of a choice between "yes" and "no", true and false are
      other words; `pattern`: what a value must match, whole;
    * `many`: a list of texts; `secret`: never shown, never in a configuration file.
    """

    name: str
    help: str
    env: str | None = None
    default: Any = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    required: bool = False
    many: bool = False
    secret: bool = False

    @property
    def yes_or_no(self) -> bool:
        """Whether the only choices are "yes" and "no"."""
        return set(self.choices) == {"yes", "no"}

    def plain(self, value: Any) -> Any:
        """The value in the setting's own words."""
        if self.yes_or_no and isinstance(value, bool):
            return "yes" if value else "no"
        return value

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value, in words; None where nothing is."""
        if self.many:
            if not isinstance(value, list | tuple):
                example = f"; write [{_quoted(value)}]" if isinstance(value, str) else ""
                return f"must be a list of texts, not {_shown(value)}{example}"
            return next((fault for item in value if (fault := self._item_fault(item))), None)
        return self._item_fault(self.plain(value))

    def _item_fault(self, value: Any) -> str | None:
        if self.secret:
            return _secret_fault(value)
        if not isinstance(value, str) or not value:
            return f"must be a text, not {_shown(value)}"
        if self.choices and value not in self.choices:
            return f"{_shown(value)} is none of {', '.join(self.choices)}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"{_shown(value)} does not look like one (it must match {self.pattern})"
        return None


def _secret_fault(value: Any) -> str | None:
    """What is wrong with a secret, of which nothing is shown. What no key holds would only come to
    light when it is to be sent, in errors that quote it."""
    if not isinstance(value, str) or not value:
        return "is not a text"
    if _CONTROL.search(value):
        return "holds a line break, or another character that no key has"
    return None


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _quoted(text: str) -> str:
    return f'"{text}"'


def _shown(value: Any) -> str:
    return "an empty text" if value == "" else repr(value)
