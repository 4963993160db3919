"""Huawei's ImageSearch v2, from the server's side: a search by a picture, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from taggers.plugin import (
    Asked,
    BoundingBox,
    Dialect,
    Image,
    Incoming,
    Match,
    NotEmulated,
    Refusal,
    Region,
    Response,
    Result,
    Route,
    World,
    errors,
)

from ._asked import json_body, picture, settings
from ._gate import admit, answer, headers, recognises, verify, write_error
from .image_search_v2 import PROVIDER, SEPARATOR

__all__ = [
    "SEARCH_V2",
    "SHARED_V2",
    "choices",
    "invalid",
    "item",
    "labels",
    "source",
    "wanted_picture",
]

SERVICE = "emulator"
MOST = 1000
"""The last neighbour that can be asked for: `offset` and `limit` together."""

LEAST_PX = 15
"""The shortest edge of an area."""

_BY_OTHERS = ("KEYWORD", "TEXT", "CATEGORY")
_PARTS = ("category", "collapse_key")


def _admit(incoming: Incoming, names: Mapping[str, str], world: World) -> None:
    admit(incoming, names, world)
    if names["service_name"] != SERVICE:
        raise Refusal("MMS.1001")


def _read(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    body = json_body(incoming, "MMS.0003")
    if body.get("search_type") in _BY_OTHERS:
        raise NotEmulated("a search by anything but a picture")
    if body.get("search_type") != "IMAGE":
        raise invalid("search_type")
    if body.get("custom_num_tags") or body.get("last_item"):
        raise NotEmulated("a search with custom_num_tags or last_item")
    limit, offset = _whole(body, "limit", 10, least=1), _whole(body, "offset", 0, least=0)
    if offset + limit > MOST:
        raise invalid("offset")
    more = {"limit": limit, "offset": offset, "min_score": _least(body), "tags": choices(body)}
    image = wanted_picture(body, world)
    return Asked(image=image, more={**more, **_optional(body, image)})


def invalid(name: str) -> Refusal:
    return Refusal("MMS.0003", f"Invalid parameter: {name}")


def _whole(body: dict[str, Any], name: str, default: int, *, least: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
        raise invalid(name)
    return value


def _least(body: dict[str, Any]) -> float:
    value = body.get("min_score", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise invalid("min_score")
    return value


def choices(body: dict[str, Any]) -> dict[str, list[str]]:
    """The values of which a neighbour must carry one, by key."""
    tags = body.get("custom_tags") or {}
    if not isinstance(tags, dict) or not all(map(_is_choice, tags.values())):
        raise invalid("custom_tags")
    return tags


def _is_choice(values: Any) -> bool:
    """Whether these are 1 to 32 texts of 1 to 64 characters."""
    return (
        isinstance(values, list)
        and 1 <= len(values) <= 32
        and all(isinstance(value, str) and 1 <= len(value) <= 64 for value in values)
    )


def _optional(body: dict[str, Any], image: Image) -> dict[str, Any]:
    """The area to search with, and whether to say what is in the picture."""
    optional = body.get("optional_params") or {}
    if not isinstance(optional, dict):
        raise invalid("optional_params")
    if any(optional.get(name) is not None for name in _PARTS) or optional.get("do_cls") is False:
        raise NotEmulated("a search within a category")
    if not isinstance(wanted := optional.get("do_det", True), bool):
        raise invalid("do_det")
    box = _area(optional.get("box"), image)
    return {"box": box, "do_det": wanted and box is None}


def _area(corners: Any, image: Image) -> BoundingBox | None:
    """The box between two corners of a picture, "x1,y1,x2,y2"."""
    if corners is None:
        return None
    if not isinstance(corners, str) or not re.fullmatch(r"\d+(,\d+){3}", corners):
        raise invalid("box")
    box = BoundingBox.from_corners(*map(int, corners.split(",")))
    if min(box.width, box.height) < LEAST_PX or not box.inside(image.width or 0, image.height or 0):
        raise invalid("box")
    return box


def wanted_picture(body: dict[str, Any], world: World) -> Image:
    try:
        found = picture(body, "image_base64", "image_url", world)
    except Refusal as refusal:
        if refusal.code == "AIS.0029":
            raise Refusal("ModelArts.4603", "Obtaining the file from the URL failed.") from None
        raise invalid("image_url" if body.get("image_url") else "image_base64") from None
    if (found.orientation or 1) != 1:
        raise invalid("image_base64")  # "must hold no information on rotation"
    return found


def _write(result: Result, asked: Asked) -> Response:
    more = asked.more
    found = [match for match in result.matches if _is_wanted(match, more)]
    page = found[more["offset"] : more["offset"] + more["limit"]]
    count = {"total_num": len(found), "return_num": len(page), "search_time": 0}
    seen = _seen(result) if more["do_det"] else {}
    items = [item(match) for match in page]
    return answer(
        {"result": "success", "data": {"items": items, "search_info": count, "image_info": seen}}
    )


def _is_wanted(match: Match, more: Mapping[str, Any]) -> bool:
    carried = all(match.labels.get(key) in values for key, values in more["tags"].items())
    return carried and (match.similarity or 0) >= more["min_score"]


def item(match: Match) -> dict[str, Any]:
    """A neighbour."""
    return {"id": match.path, "score": match.similarity, "source": source(match.labels)}


def source(labels: Mapping[str, str]) -> dict[str, Any]:
    """What is known of a picture. Where its labels are from is not known here, but for two names of
    the wire; those that are plain numbers are taken for custom_num_tags."""
    tags = dict(labels)
    said: dict[str, Any] = {"desc": tags.pop("desc")} if "desc" in tags else {}
    if "keywords" in tags:
        said["keywords"] = tags.pop("keywords").split(SEPARATOR)
    numbers = {key: float(text) for key, text in tags.items() if _is_number(text)}
    texts = {key: text for key, text in tags.items() if key not in numbers}
    return said | {"custom_tags": texts} | ({"custom_num_tags": numbers} if numbers else {})


def labels(body: dict[str, Any]) -> dict[str, str]:
    """What a request says of a picture, as labels: what `source` takes back."""
    tags, numbers = body.get("custom_tags") or {}, body.get("custom_num_tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(text, str) for text in tags.values()):
        raise invalid("custom_tags")
    if not isinstance(numbers, dict) or not all(map(_is_real, numbers.values())):
        raise invalid("custom_num_tags")
    said = {key: str(float(number)) for key, number in numbers.items()} | tags
    if desc := body.get("desc"):
        said["desc"] = str(desc)
    if keywords := body.get("keywords"):
        if not isinstance(keywords, list):
            raise invalid("keywords")
        said["keywords"] = SEPARATOR.join(map(str, keywords))
    return said


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number(text: str) -> bool:
    """Whether a number says all that the text does."""
    try:
        return str(float(text)) == text and text[-1].isdigit()
    except ValueError:
        return False


def _seen(result: Result) -> dict[str, Any]:
    """The places that have a tag, or none, and the main one: the first where none says so."""
    named = [(place, tag.name) for tag in result.tags for place in tag.regions]
    places: list[tuple[Region, str]] = [*((place, "") for place in result.regions), *named]
    objects = [_object(place, name) for place, name in places]
    main = next((index for index, (place, _) in enumerate(places) if place.kind == "main"), 0)
    return {**objects[main], "objects": objects} if objects else {"objects": []}


def _object(place: Region, name: str) -> dict[str, str]:
    """A place in pixels. Its `category` is left out: nobody here knows the numbers."""
    box = place.box
    corners = (box.x, box.y, box.x + box.width, box.y + box.height)
    written = ",".join(f"{side:.10g}" for side in corners)
    return {"box": written, **({"category_name": name} if name else {})}


SHARED_V2: dict[str, Any] = {
    "vendor": PROVIDER.vendor,
    "hosts": ("mms.*.myhuaweicloud.com",),
    "verify": verify,
    "recognises": recognises,
    "admit": _admit,
    "headers": headers,
    "write_error": write_error,
    "refusals": ((errors.InvalidInput, "MMS.0003"),),
    "throttle_code": "APIG.0308",
    "too_large_code": "APIG.0201",
}

SEARCH_V2 = Dialect(
    name=PROVIDER.name,
    provider=PROVIDER,
    routes=(Route(method="POST", path="/v2/{project_id}/mms/{service_name}/search"),),
    read_request=_read,
    write_result=_write,
    answers_with="both",
    settings=lambda account: {**settings(account), "service_name": SERVICE},
    evidence={"success": "documented", "errors": "inferred", "limits": "documented"},
    **SHARED_V2,
)
