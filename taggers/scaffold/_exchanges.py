"""The two exchanges of a new plugin: a good answer, and a refusal."""

from __future__ import annotations

import json
from typing import Any

from ._plan import Plan
from ._template import filled

__all__ = ["exchanges"]

URL = "https://example.com/cats.jpg"
LIMIT = 2


def exchanges(plan: Plan) -> dict[str, str]:
    """The exchanges as texts, by their paths."""
    settings = {key: f"EXAMPLE-{key.upper()}" for key in plan.keys}
    image = {"width": 640, "height": 480} if plan.takes == "upload" else {"url": URL}
    words = {
        "name": plan.name,
        "settings": json.dumps(settings),
        "image": json.dumps(image),
        "limit": str(LIMIT),
    }
    texts = {}
    for name, limit in (("two_cats", LIMIT), ("wrong_key", None)):
        asked = json.dumps(_request(plan, limit, settings))
        answer = filled(f"{name}_{plan.format}.json", {}).rstrip()
        texts[f"exchanges/{name}.json"] = filled(
            f"{name}.json", {**words, "request": asked, "answer": answer}
        )
    return texts


def _request(plan: Plan, limit: int | None, settings: dict[str, str]) -> dict[str, Any]:
    """The request as `taggers.testing` shows it: decoded, with a placeholder for the picture."""
    asked = _asked_in_json(plan, limit) if plan.format == "json" else _asked_in_query(plan, limit)
    if plan.auth == "query":
        asked["query"] = {**asked.get("query", {}), **settings}
    return asked


def _asked_in_json(plan: Plan, limit: int | None) -> dict[str, Any]:
    picture = {"image": "<base64>"} if plan.takes == "upload" else {"url": URL}
    limited = {} if limit is None else {"limit": limit}
    return {"method": "POST", "path": "/v1/tags", "json": {**picture, **limited}}


def _asked_in_query(plan: Plan, limit: int | None) -> dict[str, Any]:
    limited = {} if limit is None else {"limit": str(limit)}
    if plan.takes == "url":
        return {"method": "GET", "path": "/v1/tags", "query": {"url": URL, **limited}}
    query = {"query": limited} if limited else {}
    return {"method": "POST", "path": "/v1/tags", **query, "content": "<picture>"}
