"""Results as JSON values and back, and the JSON Schema of both ways."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Mapping
from typing import Any

import cattrs

from ._errors import InvalidInput
from ._model import Result

__all__ = ["from_dict", "to_dict"]


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(bytes, lambda raw: base64.b64encode(raw).decode())
    converter.register_structure_hook(bytes, lambda text, _: base64.b64decode(text, validate=True))
    return converter


def to_dict(result: Result) -> dict[str, Any]:
    record: dict[str, Any] = _converter().unstructure(result)
    return record


def from_dict(kind: type[Result], record: Mapping[str, Any]) -> Result:
    try:
        return _converter().structure(record, kind)
    except cattrs.BaseValidationError as error:
        faults = "; ".join(cattrs.transform_error(error))
        raise InvalidInput(f"this is no record of a Result: {faults}") from error
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidInput(f"this is no record of a Result: {error}") from error
