"""Our values as JSON and back, and the JSON Schema (2020-12) of that."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import attrs

from .errors import InvalidInput

if typing.TYPE_CHECKING:
    import cattrs

__all__ = ["DIALECT", "as_json", "from_dict", "json_schema", "to_dict", "to_record"]

T = TypeVar("T")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def _converter(*, lean: bool = False) -> cattrs.Converter:
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=lean)
    converter.register_unstructure_hook(bytes, lambda raw: base64.b64encode(raw).decode())
    converter.register_structure_hook(bytes, lambda text, _: base64.b64decode(text, validate=True))
    return converter


def as_json(value: Any) -> str:
    """The value as one line of JSON that any file can hold: half a surrogate pair is escaped."""
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", json.dumps(value, ensure_ascii=False))


_HALF = re.compile("[\ud800-\udfff]")


def to_dict(value: Any) -> dict[str, Any]:
    """The value as plain JSON values; bytes as base64."""
    record: dict[str, Any] = _converter().unstructure(value)
    return record


def to_record(value: Any) -> dict[str, Any]:
    """The value as `to_dict` has it, without what is as it is by default: half as long, and made in
    half the time. `from_dict` takes it back."""
    record: dict[str, Any] = _converter(lean=True).unstructure(value)
    return record


def from_dict(kind: type[T], record: Mapping[str, Any]) -> T:
    """The value that `to_dict` made this record of. Raises `InvalidInput` with every mistake."""
    import cattrs

    try:
        return _converter().structure(record, kind)
    except cattrs.BaseValidationError as error:
        faults = "; ".join(cattrs.transform_error(error))
    except (binascii.Error, TypeError, ValueError) as error:
        faults = str(error)
    raise InvalidInput(f"this is no record of a {kind.__name__}: {faults}")


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """The schema of `to_dict` of this class, made from the class itself."""
    definitions: dict[str, Any] = {}
    top = _of(kind, definitions)
    return {"$schema": DIALECT, "title": kind.__name__, **top, "$defs": definitions}


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one annotation; classes go into `definitions`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return {}
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_of(argument, definitions) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # named first: a class may hold itself
        definitions[kind.__name__] = _of_class(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    bytes: {"type": "string", "contentEncoding": "base64"},
}


def _of_class(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = attrs.fields(kind)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n\n")[0].replace("\n    ", " "),
        "properties": {field.name: _of(hints[field.name], definitions) for field in fields},
        "required": [field.name for field in fields],
        "additionalProperties": False,
    }
