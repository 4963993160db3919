"""What Huawei's services have in common, from the server's side: the parts of a request."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from taggers.plugin import Account, Image, Incoming, Refusal, World, evolve

__all__ = ["json_body", "number", "one_of", "picture", "settings"]


def settings(account: Account) -> dict[str, str]:
    session = {"security_token": account.session_token} if account.session_token else {}
    keys = {"ak": account.key_id, "sk": account.secret, "project_id": account.project_id}
    return {**keys, **session}


def json_body(incoming: Incoming, code: str) -> dict[str, Any]:
    try:
        body = incoming.json()
    except ValueError:
        raise Refusal(code) from None
    if not isinstance(body, dict):
        raise Refusal(code)
    return body


def one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...], code: str) -> str | None:
    value = body.get(name)
    if value is None or value in allowed:
        return value
    raise Refusal(code)


def number(
    body: dict[str, Any], name: str, least: float, most: float, lenient: bool
) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, bool) and isinstance(value, int | float) and least <= value <= most:
        return value
    if lenient:
        return None
    raise Refusal("AIS.0501")


def picture(body: dict[str, Any], content: str, url: str, world: World) -> Image:
    """The picture of a request; its bytes come before its URL. An empty text is none."""
    if given := body.get(content):
        try:
            return Image.from_bytes(base64.b64decode(given, validate=True), source="a request")
        except (binascii.Error, TypeError, ValueError):
            raise Refusal("AIS.0015") from None
    if address := body.get(url):
        found = world.fetch(str(address))
        if found is None:
            raise Refusal("AIS.0029")
        return evolve(Image.from_bytes(found, source=str(address)), url=str(address))
    raise Refusal("AIS.0011")
