"""A plan's files as texts."""

from __future__ import annotations

import ast

from .. import __version__, plugin
from ._exchanges import exchanges
from ._plan import Plan
from ._template import filled

__all__ = ["files"]

_HELP = {
    "api_key": "API key of the account",
    "user": "name of the account's user",
    "password": "password of that user",
    "access_key": "id of the account's key",
    "secret_key": "secret of that key",
}
"""What the settings are, for people."""

_AUTHORIZE = {
    "header": 'header("X-Api-Key", "api_key"),  # TODO: the header\'s name',
    "query": 'query("api_key", "api_key"),  # TODO: the parameter\'s name',
    "basic": 'basic("user", "password"),',
    "signed": "authorize,",
}

_ASKS = {
    ("json", "upload"): "POST /v1/tags, with the picture as base64 in JSON",
    ("json", "url"): "POST /v1/tags, with the picture's URL in JSON",
    ("xml", "upload"): "POST /v1/tags, with the picture as the body, answered in XML",
    ("xml", "url"): "GET /v1/tags, with the picture's URL as a parameter, answered in XML",
}

_IMAGE_RULES = {
    "upload": 'Rule(kind=errors.PayloadTooLarge, codes="too_large"),',
    "url": 'Rule(kind=errors.ImageSource, codes="url_not_reachable"),',
}

_IMPORTS = {
    "hashlib": "import hashlib",
    "hmac": "import hmac",
    "Iterator": "from collections.abc import Iterator",
    "Any": "from typing import Any",
}
"""What a provider imports besides taggers, by the names that it uses, in the usual order."""


def files(plan: Plan) -> dict[str, str]:
    """The texts of all files, by their paths in the plugin's folder."""
    words = _words(plan)
    tests = "test_signed.py" if plan.auth == "signed" else "test.py"
    return {
        "pyproject.toml": filled("pyproject.toml", words),
        "README.md": filled("README.md", words),
        f"{plan.module}.py": _provider(plan, words),
        f"test_{words['function']}.py": filled(tests, words),
        **exchanges(plan),
    }


def _words(plan: Plan) -> dict[str, str]:
    """What the templates name, as words."""
    variables = [_variable(plan, key) for key in plan.keys]
    return {
        "name": plan.name,
        "distribution": plan.distribution,
        "module": plan.module,
        "function": plan.module.removeprefix("taggers_"),
        "vendor": plan.vendor,
        "title": plan.title,
        "word": plan.vendor.lower(),
        "asks": _ASKS[plan.format, plan.takes],
        "version": __version__,
        "variables": " and ".join(f"`{variable}`" for variable in variables),
        "example": "cat.jpg" if plan.takes == "upload" else "https://example.com/cat.jpg",
        "mapping": filled(f"mapping_{plan.format}.md", {}).rstrip(),
    }


def _variable(plan: Plan, key: str) -> str:
    """The environment variable of a setting."""
    return f"{plan.vendor}_{key}".upper()


def _provider(plan: Plan, words: dict[str, str]) -> str:
    """The module with the provider. Its imports are those of the names that it uses."""
    pieces = {**_format(plan), **_input(plan), **_auth(plan)}
    body = filled("provider.py", {**words, **pieces})
    return f'"""{plan.title}.\n\n{words["asks"]}.\n"""\n\n{_imports(body)}\n\n{body}'


def _format(plan: Plan) -> dict[str, str]:
    """What follows from the format of the answers."""
    json = plan.format == "json"
    return {
        "read": filled(f"read_{plan.format}.py", {}),
        "decode": "" if json else '    decode=Xml(lists=("Tag", "Box")),\n',
        "ignored": "version" if json else "Answer.Version",
    }


def _input(plan: Plan) -> dict[str, str]:
    """What follows from how the picture is handed over."""
    size_limit = "max_base64_bytes" if plan.format == "json" else "max_bytes"
    return {
        "request": filled(f"request_{plan.format}_{plan.takes}.py", {}),
        "accepts": filled(f"accepts_{plan.takes}.py", {"size_limit": size_limit}),
        "image_rule": _IMAGE_RULES[plan.takes],
    }


def _auth(plan: Plan) -> dict[str, str]:
    """What follows from how one signs in."""
    settings = [
        filled("setting.py", {"key": key, "help": _HELP[key], "variable": _variable(plan, key)})
        for key in plan.keys
    ]
    keys = ", ".join(f'"{key}"' for key in plan.keys)
    return {
        "sign": filled("sign.py", {}) if plan.auth == "signed" else "",
        "settings": "".join(settings),
        "keys": f"{keys}," if len(plan.keys) == 1 else keys,
        "authorize": _AUTHORIZE[plan.auth],
    }


def _imports(body: str) -> str:
    """The import statements for the names in a module's body."""
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    standard = [line for name, line in _IMPORTS.items() if name in used]
    ours = "".join(f"    {name},\n" for name in plugin.__all__ if name in used)
    return "\n".join([*standard, "", f"from taggers.plugin import (\n{ours})\n"])
