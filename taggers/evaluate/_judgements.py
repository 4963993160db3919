"""Judgements: what a person said to labels of pictures, as the report's viewer writes them down.

{"format": "taggers-judgements/1", "judgements": [
  {"picture": SHA-256 or source, "label": id, "text": a spelling, "answer": "yes"|"no"|"unsure"}
]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidInput

__all__ = ["read_judgements"]

FORMAT = "taggers-judgements/1"
_ANSWERS = {"yes": True, "no": False, "unsure": None}


def read_judgements(path: Path) -> Mapping[str, Mapping[str, bool]]:
    """By picture, whether each label judged is right, by its id. Of two judgements of the same the
    later one counts, and what somebody is unsure of is not known.

    Raises `InvalidInput` with the place of the first mistake.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document.get("format") != FORMAT:
            raise ValueError(f"its format is {document.get('format')!r}, not {FORMAT!r}")
        judgements = list(document["judgements"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} is no file of judgements: {error}", scope="call") from error
    found: dict[str, dict[str, bool]] = {}
    for number, judgement in enumerate(judgements):
        picture, label, answer = _judgement(judgement, f"{path}: judgements[{number}]")
        labels = found.setdefault(picture, {})
        labels.pop(label, None)
        if answer is not None:
            labels[label] = answer
    return found


def _judgement(judgement: Any, place: str) -> tuple[str, str, bool | None]:
    try:
        picture, label, said = (judgement[name] for name in ("picture", "label", "answer"))
        if not isinstance(picture, str) or not isinstance(label, str):
            raise TypeError("picture and label must be texts")
        return picture, label, _ANSWERS[said]
    except (LookupError, TypeError) as error:
        raise InvalidInput(f"{place} is no judgement: {error!r}", scope="call") from error
