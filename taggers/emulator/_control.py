"""The control plane under `/_emulator/`: look at what happened, and say what shall go wrong."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from attrs import asdict
from litestar import Litestar, Request, Response, delete, get, post
from litestar.exceptions import ValidationException

from .. import __version__
from ..errors import TaggersError
from ._answers import Fixture, read_tags
from ._coverage import coverage
from ._faults import read_fault
from ._service import Service

__all__ = ["CONTROL", "control"]

CONTROL = "/_emulator"
AnyRequest = Request[Any, Any, Any]


def control(service: Service) -> Litestar:
    """The web service that looks after a `Service`."""

    @get(f"{CONTROL}/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "services": len(service.dialects)}

    @post(f"{CONTROL}/reset", status_code=200)
    async def reset() -> dict[str, str]:
        service.reset()
        return {"status": "ok"}

    @get(f"{CONTROL}/journal")
    async def journal() -> dict[str, Any]:
        return {"billed": service.billed, "calls": [asdict(call) for call in service.journal]}

    @get(f"{CONTROL}/faults")
    async def faults() -> list[dict[str, Any]]:
        return [{**asdict(item), "struck": struck} for item, struck in service.faults.listed()]

    @post(f"{CONTROL}/faults")
    async def add_fault(request: AnyRequest) -> dict[str, Any]:
        added = read_fault(await _table(request))
        service.faults.add(added)
        return asdict(added)

    @delete(f"{CONTROL}/faults")
    async def clear_faults() -> None:
        service.faults.clear()

    @get(f"{CONTROL}/fixtures")
    async def fixtures() -> list[dict[str, Any]]:
        return [
            {"name": item.name, "url": item.url, "tags": [tag.name for tag in item.tags]}
            for item in service.answers.fixtures
        ]

    @post(f"{CONTROL}/fixtures")
    async def add_fixture(request: AnyRequest) -> dict[str, Any]:
        added = _fixture(await _table(request))
        service.answers.fixtures.insert(0, added)
        return {"name": added.name, "url": added.url, "tags": len(added.tags)}

    @get(f"{CONTROL}/coverage", media_type="text/markdown")
    async def covered() -> str:
        return coverage(service.dialects)

    return Litestar(
        [health, reset, journal, faults, add_fault, clear_faults, fixtures, add_fixture, covered],
        exception_handlers={TaggersError: _explained},
        openapi_config=None,
    )


async def _table(request: AnyRequest) -> dict[str, Any]:
    table = await request.json()
    if not isinstance(table, dict):
        raise ValidationException("the body must be a JSON object")
    return table


def _fixture(data: dict[str, Any]) -> Fixture:
    """A picture (`content`, base64) or a rule (`name`) with its `tags`, `url` and `labels`."""
    try:
        content = base64.b64decode(data["content"], validate=True) if "content" in data else None
    except (binascii.Error, TypeError, ValueError) as error:
        raise ValidationException("content must be base64") from error
    return Fixture(
        content=content,
        name=data.get("name"),
        url=data.get("url"),
        labels=data.get("labels", {}),
        tags=tuple(read_tags(data.get("tags", []), "")),
    )


def _explained(_: AnyRequest, error: TaggersError) -> Response[dict[str, str]]:
    return Response({"detail": error.message}, status_code=400)
