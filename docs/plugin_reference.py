"""Prints the reference of `taggers.plugin`, made of its docstrings and signatures:

python docs/plugin_reference.py > docs/plugin-reference.md
"""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import attrs

from taggers import errors, plugin

HEAD = """\
# Reference: `taggers.plugin`

Everything that a plugin imports. [CONTRIBUTING.md](../CONTRIBUTING.md) walks through a plugin from
beginning to end. This page is written anew by `python docs/plugin_reference.py`.
"""

SECTIONS = {
    "_provider": "The provider",
    "_image": "The picture",
    "_model": "What was asked for, and what was found",
    "_wire": "What goes over the wire",
    "_body": "The body of a request",
    "_decode": "How an answer is decoded",
    "_numbers": "Numbers and texts in an answer",
    "_settings": "Settings",
    "_money": "Money",
    "_auth": "Signing in",
    "_faults": "The vendor's errors",
    "_dialect": "The server's half, for the emulator",
}
"""The headings, by the module that a name is from."""

UNITS = {
    "px": "pixels",
    "bytes": "bytes",
    "s": "seconds",
    "at": "Unix time in seconds",
    "confidence": "0 to 1",
    "similarity": "0 to 1",
    "scores": "0 to 1",
    "aspect": "long edge by short edge",
    "pixels": "pixels",
    "box": "pixels",
    "x": "`unit`",
    "y": "`unit`",
    "width": "pixels",
    "height": "pixels",
    "BoundingBox.width": "`unit`",
    "BoundingBox.height": "`unit`",
    "orientation": "1 to 8, as in EXIF",
    "micros": "millionths of the currency",
    "limit": "tags",
    "Query.limit": "pictures",
    "concurrency": "calls at a time",
    "rate_per_s": "calls in a second",
    "units": "what the vendor bills",
    "page": "pictures",
    "status": "HTTP",
    "max_values": "values",
    "max_depth": "levels",
    "max_elements": "elements",
    "failures": "Unix times in seconds",
    "tokens": "Unix time in seconds, and the project",
}
"""The units of numbers, by the name of a field, its class and name, or its last word."""


def page() -> str:
    """The whole reference."""
    names = {name: getattr(plugin, name) for name in plugin.__all__}
    homes = {name: "" if name in BESIDES else _home(value) for name, value in names.items()}
    parts = [HEAD]
    for module, title in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(name, names[name]) for name in names if homes[name] == module]
    parts.append("\n## Besides\n")
    parts += [_entry(name, names[name]) for name in names if homes[name] not in SECTIONS]
    return "".join(parts)


def _home(value: Any) -> str:
    """The module of ours that defines something."""
    return str(getattr(value, "__module__", "")).rpartition(".")[2]


def _entry(name: str, value: Any) -> str:
    if value is errors:
        return f"\n### `errors`\n\n{_tree()}"
    if name in BESIDES:
        return f"\n### `{name}`\n\n{BESIDES[name]}\n"
    if not inspect.isclass(value):
        return f"\n### `{name}{_signature(value)}`\n\n{inspect.getdoc(value)}\n"
    head = f"{name}{_arguments(value)}"
    return f"\n### `{head}`\n\n{inspect.getdoc(value)}\n" + _fields(value) + _methods(value)


BESIDES = {
    "Steps": "`Generator[Request | Work | str, Any, Any]`: a job of several requests. It yields "
    "each, is sent\nits decoded body, and returns the body to read. A failed request is raised at "
    "its yield. A plain\ntext that it yields is a warning.",
    "evolve": "`attrs.evolve`: a frozen value with some of its fields changed, as in\n"
    '`evolve(PROVIDER, name="acme-scenes", request=…)`.',
    "hookimpl": "Marks a function as the implementation of a hook: `taggers_providers` or "
    "`taggers_dialects`.",
}
"""What has no docstring of ours."""


def _arguments(made: type) -> str:
    """What a plain class is made of; "" for a frozen value, whose fields are listed."""
    if attrs.has(made) or not {"__init__", "__new__"} & set(vars(made)):
        return ""
    return _signature(made).partition(" -> ")[0]


class _Bare(str):
    """A text that a signature shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _signature(called: Any) -> str:
    """The arguments of a function and what it returns, as they stand in the source."""
    whole = inspect.signature(called)
    shown = [
        one.replace(annotation=_bare(one.annotation), default=_shown(one.default))
        for one in whole.parameters.values()
        if one.name not in ("self", "cls")
    ]
    return str(whole.replace(parameters=shown, return_annotation=_bare(whole.return_annotation)))


def _bare(value: Any) -> Any:
    """An annotation or a default that shows itself as it stands in the source."""
    if value is inspect.Parameter.empty or value is None:
        return value
    if isinstance(value, type):
        return _Bare(value.__name__)
    return _Bare(getattr(value, "__forward_arg__", value))


def _shown(default: Any) -> Any:
    return _bare(default) if isinstance(default, type) else default


def _fields(made: type) -> str:
    """The table of a frozen value's fields."""
    if not attrs.has(made):
        return ""
    rows = [
        f"| `{one.name}` | `{_typed(one)}` | {_unit(made, one)} | {_default(one)} |\n"
        for one in attrs.fields(made)
        if not one.name.startswith("_")
    ]
    return "\n| field | type | unit | default |\n|---|---|---|---|\n" + "".join(rows)


def _typed(one: attrs.Attribute[Any]) -> str:
    return str(one.type).replace("|", "\\|")


def _unit(made: type, one: attrs.Attribute[Any]) -> str:
    """The unit of a field of numbers; "" for all others. Raises `LookupError` where a number's is
    not known."""
    numbers = re.search(r"\b(int|float)\b", str(one.type))
    if not numbers or str(one.type).startswith("Callable"):
        return ""
    names = (f"{made.__name__}.{one.name}", one.name, one.name.rpartition("_")[2])
    found = next((UNITS[name] for name in names if name in UNITS), None)
    if found is None:
        raise LookupError(f"{names[0]} is a number of no known unit: name it in UNITS")
    return found


def _default(one: attrs.Attribute[Any]) -> str:
    if one.default is attrs.NOTHING:
        return "required"
    made = getattr(one.default, "factory", None)
    if made is not None:
        return f"`{ {dict: '{}', list: '[]'}.get(made, made.__name__ + '()') }`"
    return "does nothing" if callable(one.default) else f"`{one.default!r}`"


def _methods(made: type) -> str:
    """A class's own public methods and properties, one line each."""
    lines = "".join(_method(name, value) for name, value in _own(made))
    return f"\n{lines}" if lines else ""


def _own(made: type) -> Iterator[tuple[str, Any]]:
    kinds = (types.FunctionType, classmethod, staticmethod, property, functools.cached_property)
    for name, value in vars(made).items():
        if not name.startswith("_") and isinstance(value, kinds) and value.__doc__:
            yield name, value


def _method(name: str, value: Any) -> str:
    plain = getattr(value, "__func__", value)
    says = " ".join((inspect.getdoc(plain) or "").split())
    return f"* `{name}{_signature(plain) if inspect.isfunction(plain) else ''}`: {says}\n"


def _tree() -> str:
    """The tree of errors, and what each class usually means."""
    head, _, rest = (inspect.getdoc(errors) or "").partition("\n\n")
    tree, _, after = rest.partition("\n\n")
    facts = ("outcome", "billed", "scope", "retry", "fallback")
    rows = [
        f"| `{name}` | {' | '.join(str(getattr(getattr(errors, name), fact)) for fact in facts)} |"
        for name in errors.__all__
    ]
    table = "\n".join([f"| class | {' | '.join(facts)} |", "|---|---|---|---|---|---|", *rows])
    says = inspect.getdoc(errors.TaggersError)
    usual = "What is usual for each:"
    return (
        "\n\n".join(
            [head, f"```text\n{textwrap.dedent(tree)}\n```", after, str(says), usual, table]
        )
        + "\n"
    )


if __name__ == "__main__":
    print(page(), end="")
