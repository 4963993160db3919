"""How an ImageSearch v2 library is filled, looked after and searched.

POST /v2/{project_id}/mms/{service_name}/data/add, …/check, …/update, …/delete (API reference; the
vendor's SDK 3.1.219, 2026-11). Searches alone are billed, and what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taggers.plugin import Base64, Image, LibraryCalls, Query, Request, Settings, Steps, errors

__all__ = ["LIBRARY"]

MOST_FOUND, MOST_LISTED = 1000, 100
"""The most matches of a search, and of a request that lists those with some labels."""


def _request(call: str, settings: Settings, *, units: int = 0, **body: Any) -> Request:
    path = "/v2/{project_id}/mms/{service_name}/".format_map(settings) + call
    given = {name: value for name, value in body.items() if value not in (None, {})}
    return Request(path=path, json=given, units=units)


def _picture(image: Image) -> dict[str, Any]:
    if image.content is None:
        return {"image_url": image.url}
    return {"image_base64": Base64(image.content)}


def _add(path: str, image: Image | None, labels: Mapping[str, str], settings: Settings) -> Request:
    picture = {"image_url": path} if image is None else _picture(image)
    # Without `force` a picture that is there stays, and the answer does not tell.
    return _request(
        "data/add", settings, force=True, item_id=path, custom_tags=dict(labels), **picture
    )


def _modify(path: str, labels: Mapping[str, str], settings: Settings) -> Request:
    return _request("data/update", settings, item_id=path, custom_tags=dict(labels))


def _delete(path: str, settings: Settings) -> Request:
    return _request("data/delete", settings, item_id=path)


def _check(path: str, settings: Settings) -> Request:
    return _request("data/check", settings, item_id=path)


def _search(query: Query, settings: Settings) -> Steps:
    if query.path is not None:
        raise errors.NotSupported(
            "a library is searched by a picture or by labels here, not by a path",
            outcome="not sent",
            scope="call",
        )
    if query.image is None:
        return (yield from _listed(query, settings))
    if query.limit > MOST_FOUND:
        yield f"no more than {MOST_FOUND} matches can be had"
    box = query.box and query.box.whole()
    area = box and f"{box.x},{box.y},{box.x + box.width},{box.y + box.height}"
    return (
        yield _request(
            "search",
            settings,
            units=1,
            search_type="IMAGE",
            **_picture(query.image),
            limit=min(query.limit, MOST_FOUND),
            custom_tags=_choices(query.labels),
            optional_params={"box": area} if area else {"do_det": True},
        )
    )


def _listed(query: Query, settings: Settings) -> Steps:
    """All that carry the labels, in pages of which each tells where the next begins."""
    items: list[Any] = []
    after = None
    while True:
        page = yield _request(
            "data/check",
            settings,
            custom_tags=_choices(query.labels),
            limit=min(MOST_LISTED, query.limit - len(items)),
            last_item=after,
        )
        found = page["data"].get("items") or []
        items += found
        after = (page["data"].get("check_info") or {}).get("last_item")
        if not found or after is None or len(items) >= query.limit:
            return {**page, "data": {"items": items}}


def _choices(labels: Mapping[str, str]) -> dict[str, list[str]]:
    """The labels as a filter: for each key, the values of which one must be there."""
    return {name: [value] for name, value in labels.items()}


LIBRARY = LibraryCalls(
    add=_add,
    modify=_modify,
    delete=_delete,
    check=_check,
    exists=lambda body: body["data"]["existed"] is True,
    search=_search,
)
