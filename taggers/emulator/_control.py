"""The control plane under `/_emulator/`: look at what happened, and say what shall go wrong."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from attrs import asdict, evolve
from litestar import Litestar, Request, Response, delete, get, post, put

from .. import __version__
from .._image import Image
from ..errors import ConfigurationError, TaggersError
from ._answers import Fixture, read_fixture
from ._coverage import coverage
from ._faults import read_fault, read_limits
from ._service import Service

__all__ = ["CONTROL", "control"]

CONTROL = "/_emulator"
AnyRequest = Request[Any, Any, Any]


def control(service: Service) -> Litestar:
    """The web service that looks after a `Service`."""
    return Litestar(
        [*_looking(service), *_failing(service), *_telling(service)],
        exception_handlers={TaggersError: _explained},
        openapi_config=None,
        logging_config=None,  # it would replace the handlers of the program around it
    )


def _looking(service: Service) -> list[Any]:
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

    @get(f"{CONTROL}/coverage", media_type="text/markdown")
    async def covered() -> str:
        return coverage(service.dialects)

    return [health, reset, journal, covered]


def _failing(service: Service) -> list[Any]:
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

    @get(f"{CONTROL}/limits")
    async def limits() -> dict[str, Any]:
        return asdict(service.faults.limits)

    @put(f"{CONTROL}/limits")
    async def set_limits(request: AnyRequest) -> dict[str, Any]:
        service.faults.limits = read_limits(await _table(request))
        return asdict(service.faults.limits)

    return [faults, add_fault, clear_faults, limits, set_limits]


def _telling(service: Service) -> list[Any]:
    @get(f"{CONTROL}/fixtures")
    async def fixtures() -> list[dict[str, Any]]:
        return [_shown(item) for item in service.answers.fixtures]

    @post(f"{CONTROL}/fixtures")
    async def add_fixture(request: AnyRequest) -> dict[str, Any]:
        added = _fixture(await _table(request))
        service.answers.fixtures.insert(0, added)
        service.world.library.update(service.answers.library())
        return _shown(added)

    @delete(f"{CONTROL}/fixtures")
    async def forget_fixtures() -> None:
        service.answers.reset()

    return [fixtures, add_fixture, forget_fixtures]


async def _table(request: AnyRequest) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the body is no JSON: {error}") from error


def _fixture(table: Any) -> Fixture:
    """A picture (`content`, base64) or a rule, as in a file of fixtures."""
    if not isinstance(table, dict) or "content" not in table:
        return read_fixture(table, "")
    rest = {name: value for name, value in table.items() if name != "content"}
    try:
        content = base64.b64decode(table["content"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ConfigurationError("content: must be base64") from error
    return evolve(read_fixture(rest, ""), content=Image.from_bytes(content).content)


def _shown(item: Fixture) -> dict[str, Any]:
    tags = None if item.tags is None else [tag.name for tag in item.tags]
    return {"name": item.name, "url": item.url, "tags": tags}


def _explained(_: AnyRequest, error: TaggersError) -> Response[dict[str, str]]:
    return Response({"detail": error.message}, status_code=400)
