"""The JSON Schema (2020-12) of `taggers.toml`, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._config import ENDPOINT, REFERENCE
from ._config_keys import (
    BATCH,
    BUDGET,
    HOSTS,
    POLICY,
    PROFILE,
    ROUTE,
    SERVICE,
    STORE,
    WHEN,
    Amount,
    Key,
    Number,
)
from ._registry import Registry
from ._serial import DIALECT
from ._settings import Setting

__all__ = ["config_schema"]


def config_schema(registry: Registry) -> dict[str, Any]:
    """The schema of `taggers.toml` with the providers that are installed."""
    services = {
        provider.name: _service(
            provider.name, (*provider.settings, *([ENDPOINT] if provider.endpoint else []))
        )
        for provider in registry.all()
    }
    ours = {name: {"$ref": f"#/$defs/{name}"} for name in services}
    others = [{"$ref": f"#/$defs/{name}", "required": ["plugin"]} for name in services]
    return {
        "$schema": DIALECT,
        "title": "taggers.toml",
        "type": "object",
        "properties": {
            "default": {"type": "string", "minLength": 1, "description": "a provider or a route"},
            "profile": _key(PROFILE),
            "trusted_hosts": _key(HOSTS),
            "policy": _table(POLICY),
            "store": _table(STORE),
            "batch": _table(BATCH),
            "budgets": {"type": "object", "additionalProperties": _table(BUDGET)},
            "prices": _PRICES,
            "providers": {
                "type": "object",
                "properties": ours,
                "additionalProperties": {"oneOf": others},
            },
            "routes": {"type": "object", "additionalProperties": _ROUTE},
        },
        "additionalProperties": False,
        "$defs": services,
    }


def _service(plugin: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "plugin": {"const": plugin},
            **{name: _key(key) for name, key in SERVICE.items()},
            **{setting.name: _setting(setting) for setting in settings},
        },
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
        value = {"type": "array", "items": value}
    reference = {"type": "string", "pattern": REFERENCE.pattern}
    return {"anyOf": [value, reference], **about}


def _table(keys: Mapping[str, Key], **others: Any) -> dict[str, Any]:
    """The schema of a table with these keys."""
    return {
        "type": "object",
        "properties": {**{name: _key(key) for name, key in keys.items()}, **others},
        "required": [name for name, key in keys.items() if key.required],
        "additionalProperties": False,
    }


def _key(key: Key) -> dict[str, Any]:
    return {**key.schema(), "description": key.help}


def _goes_with(strategy: str, key: str) -> dict[str, Any]:
    """That a key is there for a strategy alone."""
    return {
        "if": {"required": [key]},
        "then": {"properties": {"strategy": {"const": strategy}}, "required": ["strategy"]},
    }


_ROUTE = {
    **_table(ROUTE, when={"type": "array", "items": _table(WHEN), "minItems": 1}),
    "allOf": [
        _goes_with("weighted", "weights"),
        _goes_with("condition", "when"),
        {
            "if": {"properties": {"strategy": {"const": "condition"}}, "required": ["strategy"]},
            "then": {"required": ["when"]},
        },
    ],
}
_PRICES = {
    "type": "object",
    "properties": {"cny_per_usd": _key(Number(help="how many yuan a dollar is worth"))},
    "additionalProperties": _key(Amount(help="what a billable unit of this provider costs")),
}
