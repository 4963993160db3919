"""How an ImageSearch v1 library is filled, looked after and searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taggers.plugin import (
    Accepts,
    Base64,
    Image,
    LibraryCalls,
    Query,
    Request,
    Settings,
    Steps,
    evolve,
)

__all__ = ["ACCEPTS", "LIBRARY"]

PAGE = 100
"""The most matches that a request can ask for."""

ACCEPTS = Accepts(
    formats=("jpeg", "png", "bmp"),
    max_base64_bytes=10 * 1024 * 1024,
    min_edge_px=100,
    max_edge_px=2048,
)


def _request(method: str, call: str, settings: Settings, **body: Any) -> Request:
    path = "/v1/{project_id}/{instance_name}/image".format_map(settings) + call
    given = {name: value for name, value in body.items() if value not in (None, {})}
    return Request(method=method, path=path, json=given)


def _file(image: Image | None) -> Base64 | None:
    return None if image is None or image.content is None else Base64(image.content)


def _add(path: str, image: Image | None, labels: Mapping[str, str], settings: Settings) -> Request:
    return _request("POST", "", settings, path=path, file=_file(image), tags=dict(labels))


def _modify(path: str, labels: Mapping[str, str], settings: Settings) -> Request:
    return _request("PUT", "", settings, path=path, tags=dict(labels))


def _delete(path: str, settings: Settings) -> Request:
    return _request("DELETE", "", settings, path=path)  # with a body, as the vendor wants it


def _check(path: str, settings: Settings) -> Request:
    return _request("POST", "/check", settings, path=path)


def _search(query: Query, settings: Settings) -> Steps:
    """As many requests as it takes, of which each says how many matches there are in all."""
    pages: list[Any] = []
    for offset in range(0, query.limit, PAGE):
        if pages and offset >= int(pages[-1]["count"]):
            break
        pages.append((yield _page(query, offset, min(PAGE, query.limit - offset), settings)))
    return {**pages[0], "result": [match for page in pages for match in page["result"]]}


def _page(query: Query, offset: int, count: int, settings: Settings) -> Request:
    box = query.box and query.box.whole()
    return _request(
        "POST",
        "/search",
        settings,
        file=_file(query.image),
        path=query.path or (query.image.url if query.image else None),
        tags=dict(query.labels),
        is_crop=True if box else None,
        box=box and {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
        limit=count,
        offset=offset or None,
    )


LIBRARY = LibraryCalls(
    add=_add,
    accepts=evolve(ACCEPTS, sources=("content",)),
    modify=_modify,
    delete=_delete,
    check=_check,
    exists=lambda body: body["exist"] in (True, "true"),
    search=_search,
)
