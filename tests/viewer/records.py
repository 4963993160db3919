"""Small reports whose every number is known."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

Record = dict[str, Any]
Tags = dict[str, float | None]

NAMES = {"cat": "猫", "dog": "狗", "sea": "大海", "sky": "天空"}


def provider(name: str, *, emulated: bool = False, cost: list[Record] | None = None) -> Record:
    """A provider that answered twice."""
    return {
        "name": name,
        "plugin": name,
        "emulated": emulated,
        "answered": 2,
        "failed": 0,
        "errors": {},
        "tags_per_picture": 2.0,
        "vocabulary": 3,
        "latency_p50_s": 0.25,
        "latency_p95_s": 1.5,
        "billable_units": 2,
        "cost": cost,
        "cached": 0,
    }


def answer(labels: list[str], tags: Tags) -> Record:
    """An answer of tags with their confidences; a cat has a box."""
    box = {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.5, "confidence": None}
    return {
        "tags": [
            {
                "label": labels.index(text),
                "text": text,
                "confidence": confidence,
                "kind": None,
                "boxes": [box] if text == "cat" else [],
            }
            for text, confidence in tags.items()
        ],
        "regions": [],
        "verdicts": [],
        "duration_s": 0.25,
        "units": 1,
        "cached": False,
        "warnings": [],
    }


def failure(kind: str = "QuotaExceeded") -> Record:
    """What came instead of an answer."""
    return {"error": {"kind": kind, "message": "no more today"}}


def report(*rows: tuple[str, float | None, list[Tags | Record | None]], **more: Any) -> Record:
    """A report of pictures: the name, the disagreement, and what each provider said."""
    said = [one for _, _, row in rows for one in row if one and "error" not in one]
    labels = list(dict.fromkeys(text for tags in said for text in tags))
    count = max((len(row) for _, _, row in rows), default=0)
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    figure = {"value": 0.5, "n": 2}
    return {
        "format": "taggers-report/1",
        "title": "Two by two",
        "made": "2026-11-21T10:00:00+00:00",
        "version": "1.0",
        "k": 5,
        "providers": [provider(f"provider-{chr(97 + i)}") for i in range(count)],
        "labels": [_label(text) for text in labels],
        "pictures": [_picture(labels, *row) for row in rows],
        "agreement": {
            "pairs": [
                {"a": a, "b": b, "jaccard": figure, "overlap": figure, "rbo": figure, "boxes": None}
                for a, b in pairs
            ],
            "alpha": figure,
        },
        "quality": None,
    } | more


def _label(text: str) -> Record:
    names = {"en": text, "zh": NAMES[text]} if text in NAMES else {"en": text}
    links = [{"step": "names", "left": NAMES[text], "right": text}] if text in NAMES else []
    spellings = [{"text": text, "provider": "provider-a", "count": 1}]
    return {"id": text, "names": names, "spellings": spellings, "links": links}


def _picture(
    labels: list[str], name: str, disagreement: float | None, row: list[Tags | Record | None]
) -> Record:
    raw = [{"vendor": i, "words": ["猫"]} for i, _ in enumerate(row)]
    return {
        "id": f"sha-of-{name}",
        "source": f"/photos/{name}",
        "width": 400,
        "height": 300,
        "thumbnail": None,
        "disagreement": disagreement,
        "said": [one if not one or "error" in one else answer(labels, one) for one in row],
        "raw": base64.b64encode(gzip.compress(json.dumps(raw).encode())).decode(),
    }


def small() -> Record:
    """Two providers on two pictures: Jaccard 1/3 and 1, so 2/3; from 0.5 on 0 and 1, so 1/2."""
    return report(
        ("boat.jpg", 0.67, [{"cat": 0.9, "sea": 0.4}, {"sea": 0.8, "sky": 0.3}]),
        ("harbour.jpg", 0.0, [{"dog": 0.7}, {"dog": 0.6}]),
    )
