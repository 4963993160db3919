"""Huawei's ImageSearch v2, from the server's side: what is in its library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from taggers.plugin import Dialect, Incoming, Match, NotEmulated, Response, Route, World

from ._asked import json_body
from ._faults import ERRORS
from ._gate import answer
from ._search_v2 import SHARED_V2, choices, invalid, item, labels, source, wanted_picture
from .image_search_v2 import PROVIDER

__all__ = ["DATA_V2"]

MOST = 100
"""The most pictures that a request lists or deletes."""


def _asked(incoming: Incoming) -> tuple[dict[str, Any], str | None]:
    """The request's body, and the id in it; None where pictures are chosen by their tags."""
    body = json_body(incoming, "MMS.0003")
    item_id = body.get("item_id")
    if item_id is not None and not (isinstance(item_id, str) and 1 <= len(item_id) <= 256):
        raise invalid("item_id")
    if body.get("custom_num_tags") and item_id is None:
        raise NotEmulated("a choice by custom_num_tags")
    return body, item_id


def _one(incoming: Incoming) -> tuple[dict[str, Any], str]:
    body, item_id = _asked(incoming)
    if item_id is None:
        raise invalid("item_id")
    return body, item_id


def _add(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, item_id = _one(incoming)
    if body.get("optional_params"):
        raise NotEmulated("adding a part of a picture, or to a category")
    image = wanted_picture(body, world)
    PROVIDER.accepts.check(image)
    if body.get("force") is True or item_id not in world.library:
        world.library[item_id] = (image.content or b"", labels(body))
    return answer({"result": "success", "data": {"image_info": {"objects": []}}})


def _check(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, item_id = _asked(incoming)
    if item_id is None:
        return answer({"result": "success", "data": _page(body, world)})
    there = item_id in world.library
    about = {"item_info": source(world.library[item_id][1])} if there else {}
    return answer({"result": "success", "data": {"existed": there, **about}})


def _page(body: dict[str, Any], world: World) -> dict[str, Any]:
    """The pictures that carry the tags, from behind the one that ended the page before."""
    limit = body.get("limit", 10)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise invalid("limit")
    found = sorted(_chosen(body, world))
    after = (body.get("last_item") or {}).get("id", "")
    page = [path for path in found if path > after][:limit]
    count: dict[str, Any] = {"total_num": len(found), "return_num": len(page)}
    if page:
        count["last_item"] = {"score": 1.0, "id": page[-1]}
    listed = [item(Match(path, 1.0, world.library[path][1])) for path in page]
    return {"items": listed, "check_info": count}


def _chosen(body: dict[str, Any], world: World) -> Iterator[str]:
    wanted = choices(body)
    if not wanted:
        raise invalid("item_id")
    for path, (_, carried) in world.library.items():
        if all(carried.get(key) in values for key, values in wanted.items()):
            yield path


def _update(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, item_id = _one(incoming)
    if item_id not in world.library:
        raise invalid("item_id")
    world.library[item_id] = (world.library[item_id][0], labels(body))
    return answer({"result": "success"})


def _delete(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, item_id = _asked(incoming)
    found = sorted(_chosen(body, world)) if item_id is None else [item_id]
    if item_id is not None and item_id not in world.library:
        if body.get("force") is not True:
            raise invalid("item_id")
        found = []
    for path in found[:MOST]:
        del world.library[path]
    gone = [{"id": path} for path in found[:MOST]]
    count = {"total_num": len(found), "delete_num": len(gone)}
    return answer({"result": "success", "data": {"items": gone, "delete_info": count}})


def _serving(name: str, serve: Callable[[Incoming, Mapping[str, str], World], Response]) -> Dialect:
    path = f"/v2/{{project_id}}/mms/{{service_name}}/data/{name}"
    return Dialect(
        name=f"{PROVIDER.name}-{name}",
        routes=(Route(method="POST", path=path),),
        serve=serve,
        errors=ERRORS,
        evidence={"success": "documented", "errors": "inferred", "limits": "documented"},
        **SHARED_V2,
    )


DATA_V2 = [
    _serving("add", _add),
    _serving("check", _check),
    _serving("update", _update),
    _serving("delete", _delete),
]
