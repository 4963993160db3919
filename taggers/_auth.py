"""The usual ways to sign in, each as an `authorize` function for a `Provider`.

Vendors with a signature of their own keep it in their plugin.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from attrs import evolve

from ._settings import Settings
from ._wire import Prepared, encode

__all__ = ["basic", "header", "query"]

Authorize = Callable[[Prepared, Settings, float], Prepared]


def header(name: str, setting: str, template: str = "{}") -> Authorize:
    """Sends a secret in a header; `template` says how: "Bearer {}", "Key {}"."""

    def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
        return prepared.with_headers({name: template.format(settings.secret(setting))})

    return authorize


def query(name: str, setting: str) -> Authorize:
    """Sends a secret as a parameter of the URL."""

    def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
        parts = urlsplit(prepared.url)
        added = f"{encode(name)}={encode(settings.secret(setting) or '')}"
        both = f"{parts.query}&{added}" if parts.query else added
        return evolve(prepared, url=urlunsplit(parts._replace(query=both)))

    return authorize


def basic(user: str, password: str) -> Authorize:
    """Sends two settings as HTTP basic authentication (RFC 7617)."""

    def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
        pair = ":".join(_text(settings[name]) for name in (user, password))
        token = base64.b64encode(pair.encode()).decode()
        return prepared.with_headers({"authorization": f"Basic {token}"})

    return authorize


def _text(value: Any) -> str:
    return value if isinstance(value, str) else value.reveal()
