"""What a new plugin is to be: its name, and how the vendor is asked."""

from __future__ import annotations

import re
from typing import Any

from attrs import field, frozen, validators

from ..errors import ConfigurationError

__all__ = ["AUTHS", "FORMATS", "INPUTS", "Plan"]

FORMATS = ("json", "xml")
INPUTS = ("upload", "url")
AUTHS = {
    "header": ("api_key",),
    "query": ("api_key",),
    "basic": ("user", "password"),
    "signed": ("access_key", "secret_key"),
}
"""The ways to sign in, and the settings that each needs."""

MAX_NAME_LENGTH = 40


def _usable(_: Any, __: Any, name: str) -> None:
    """Raises `ConfigurationError` for a name that PyPI, Python or taggers would not take."""
    if len(name) > MAX_NAME_LENGTH:
        raise ConfigurationError(
            f"{name[:MAX_NAME_LENGTH]}… is too long for a provider's name: "
            f"at most {MAX_NAME_LENGTH} characters"
        )
    proper = _proper(name)
    if not name or name != proper:
        proposal = f"; try {proper!r}" if proper else ""
        raise ConfigurationError(
            f"{name!r} cannot be a provider's name: it is made of a-z, 0-9 and single hyphens, "
            f"begins with a letter, and not with 'taggers'{proposal}"
        )


def _proper(name: str) -> str:
    """The name as it would be allowed; empty where nothing of it is."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    while words and (words[0] == "taggers" or words[0][0].isdigit()):
        del words[0]
    return "-".join(words)


@frozen(kw_only=True)
class Plan:
    """A plugin with one provider called `name`, for a vendor that answers in `format`, signs in by
    `auth`, and `takes` an upload or a URL.

    Raises `ConfigurationError` for a name that no provider can have.
    """

    name: str = field(validator=_usable)
    format: str = field(default="json", validator=validators.in_(FORMATS))
    auth: str = field(default="header", validator=validators.in_(AUTHS))
    takes: str = field(default="upload", validator=validators.in_(INPUTS))

    @property
    def keys(self) -> tuple[str, ...]:
        """The settings that signing in needs."""
        return AUTHS[self.auth]

    @property
    def distribution(self) -> str:
        """What PyPI and pip call it."""
        return f"taggers-{self.name}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.distribution.replace("-", "_")

    @property
    def vendor(self) -> str:
        """The company, as far as the name tells."""
        return self.name.partition("-")[0].capitalize()

    @property
    def title(self) -> str:
        """What a person calls the provider."""
        return f"{self.vendor} {self.name.partition('-')[2].replace('-', ' ') or 'tags'}"
