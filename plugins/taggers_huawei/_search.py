"""Huawei ImageSearch v1, from the server's side: a library of pictures that is really searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from taggers.plugin import (
    Asked,
    BoundingBox,
    Dialect,
    Image,
    Incoming,
    Refusal,
    Response,
    Result,
    Route,
    World,
    errors,
)

from . import image_search
from ._account import HOSTS
from ._asked import json_body, picture, settings
from ._faults import ERRORS
from ._gate import admit, answer, headers, recognises, verify, write_error

__all__ = ["SEARCH"]

INSTANCE = "emulator"
MAX_LABELS = 10


def _admit(incoming: Incoming, names: Mapping[str, str], world: World) -> None:
    admit(incoming, names, world)
    if names["instance_name"] != INSTANCE:
        raise Refusal("IS.0007")


def _read_search(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    body = json_body(incoming, "IS.0008")
    limit, offset = body.get("limit", 10), body.get("offset", 0)
    for value, least, most in ((limit, 1, 100), (offset, 0, 2**31)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Refusal("IS.0002")
    labels = _labels(body)
    if not labels and not body.get("file") and not body.get("path"):
        raise Refusal("IS.0003")
    more = {"limit": limit, "offset": offset, "tags": labels, "box": _box(body)}
    return Asked(image=_wanted(body, world), more=more)


def _wanted(body: dict[str, Any], world: World) -> Image:
    """The picture to compare with: a file, or one of the library; by tags alone there is none."""
    path = body.get("path")
    if body.get("file"):
        return _picture(body, world)
    if path is None:
        return Image.from_url("https://emulator.invalid/none")
    if path in world.library:
        return Image.from_bytes(world.library[path][0], source=str(path))
    raise Refusal("IS.0016")


def _picture(body: dict[str, Any], world: World) -> Image:
    try:
        return picture(body, "file", "path", world)
    except Refusal as refusal:
        raise Refusal({"AIS.0015": "IS.0002", "AIS.0029": "IS.0016"}[refusal.code]) from None


def _labels(body: dict[str, Any]) -> dict[str, str]:
    labels = body.get("tags") or {}
    if not isinstance(labels, dict) or len(labels) > MAX_LABELS:
        raise Refusal("IS.0002")
    return {str(name): str(value) for name, value in labels.items()}


def _box(body: dict[str, Any]) -> BoundingBox | None:
    """The area to search with: whole numbers; without `is_crop` it is left alone."""
    box = body.get("box")
    if box is None:
        return None
    given = box if isinstance(box, dict) else {}
    sides = [given.get(name) for name in ("x", "y", "width", "height")]
    whole = [side for side in sides if isinstance(side, int) and not isinstance(side, bool)]
    if len(whole) != 4 or whole[2] < 1 or whole[3] < 1:
        raise Refusal("IS.0002")
    x, y, width, height = whole
    return BoundingBox(x, y, width, height) if body.get("is_crop") else None


def _write_search(result: Result, asked: Asked) -> Response:
    wanted = asked.more["tags"].items()
    found = [match for match in result.matches if wanted <= match.labels.items()]
    start = asked.more["offset"]
    page = found[start : start + asked.more["limit"]]
    listed = [
        {"path": match.path, "sim": match.similarity, "tags": dict(match.labels)} for match in page
    ]
    return answer({"count": len(found), "result": listed})


def _path(incoming: Incoming) -> tuple[dict[str, Any], str]:
    body = json_body(incoming, "IS.0008")
    if not isinstance(path := body.get("path"), str) or not path:
        raise Refusal("IS.0003")
    return body, path


def _add(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, path = _path(incoming)
    image = _picture(body, world)
    image_search.PROVIDER.accepts.check(image)
    world.library[path] = (image.content or b"", _labels(body))
    return answer({"result": "Success"})


def _modify(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    body, path = _path(incoming)
    world.library[path] = (_kept(path, world)[0], _labels(body))
    return answer({"result": "Success"})


def _delete(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    _, path = _path(incoming)
    _kept(path, world)
    del world.library[path]
    return answer({"result": "Success"})


def _check(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    _, path = _path(incoming)
    return answer({"exist": "true" if path in world.library else "false"})


def _kept(path: str, world: World) -> tuple[bytes, Mapping[str, str]]:
    if path not in world.library:
        raise Refusal("IS.0016")
    return world.library[path]


_AT = "/v1/{project_id}/{instance_name}/image"
_SHARED: dict[str, Any] = {
    "vendor": image_search.PROVIDER.vendor,
    "hosts": HOSTS,
    "verify": verify,
    "recognises": recognises,
    "admit": _admit,
    "headers": headers,
    "write_error": write_error,
    "refusals": ((errors.PayloadTooLarge, "IS.0006"), (errors.InvalidInput, "IS.0002")),
    "throttle_code": "APIG.0308",
    "too_large_code": "IS.0006",
}


def _serving(
    name: str,
    method: str,
    path: str,
    serve: Callable[[Incoming, Mapping[str, str], World], Response],
) -> Dialect:
    return Dialect(
        name=f"huawei-image-search-{name}",
        routes=(Route(method=method, path=_AT + path),),
        serve=serve,
        errors=ERRORS,
        evidence={"success": "documented", "errors": "inferred", "limits": "inferred"},
        **_SHARED,
    )


SEARCH = [
    Dialect(
        name=image_search.PROVIDER.name,
        provider=image_search.PROVIDER,
        routes=(Route(method="POST", path=f"{_AT}/search"),),
        read_request=_read_search,
        write_result=_write_search,
        answers_with="matches",
        settings=lambda account: {**settings(account), "instance_name": INSTANCE},
        evidence={"success": "documented", "errors": "inferred", "limits": "documented"},
        **_SHARED,
    ),
    _serving("add", "POST", "", _add),
    _serving("modify", "PUT", "", _modify),
    _serving("delete", "DELETE", "", _delete),
    _serving("check", "POST", "/check", _check),
]
