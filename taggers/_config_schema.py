"""The JSON Schema (2020-12) of `taggers.toml`, for editors."""

from __future__ import annotations

from typing import Any

from ._config import ENDPOINT, REFERENCE, STRATEGIES
from ._registry import Registry
from ._serial import DIALECT
from ._settings import Setting

__all__ = ["config_schema"]


def config_schema(registry: Registry) -> dict[str, Any]:
    """The schema of `taggers.toml` with the providers that are installed."""
    services = [
        _service(provider.name, (*provider.settings, *([ENDPOINT] if provider.endpoint else [])))
        for provider in registry.all()
    ]
    return {
        "$schema": DIALECT,
        "title": "taggers.toml",
        "type": "object",
        "properties": {
            "default": {"type": "string", "description": "a provider or a route"},
            "trusted_hosts": {
                "type": "array",
                "items": {"type": "string"},
                "description": "hosts that may be sent your keys; only in your own file",
            },
            "providers": {"type": "object", "additionalProperties": {"oneOf": services}},
            "routes": {"type": "object", "additionalProperties": _ROUTE},
        },
        "additionalProperties": False,
    }


def _service(plugin: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "plugin": {"const": plugin},
            **{setting.name: _setting(setting) for setting in settings},
        },
        "required": ["plugin"],
        "additionalProperties": False,
    }


def _setting(setting: Setting) -> dict[str, Any]:
    """A value, or a reference to the environment in its place; of a secret, only the latter."""
    about = {"description": setting.help}
    if setting.secret:
        return {"type": "string", "pattern": f"^{REFERENCE.pattern}$", **about}
    value: dict[str, Any] = {"type": "string"}
    if setting.choices:
        value = {"enum": [*setting.choices, *((True, False) if setting.yes_or_no else ())]}
    elif setting.pattern:
        value["pattern"] = f"^({setting.pattern})$"
    if setting.many:
        return {"type": "array", "items": value, **about}
    reference = {"type": "string", "pattern": REFERENCE.pattern}
    return {"anyOf": [value, reference], **about}


_ROUTE = {
    "type": "object",
    "properties": {
        "strategy": {"enum": list(STRATEGIES)},
        "targets": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "paid_fallback": {"type": "boolean"},
    },
    "required": ["targets"],
    "additionalProperties": False,
}
