"""Huawei's gateway, from the server's side: who may come in, how it says no, and its tokens.

Texts that are recorded or documented are the vendor's own, since clients look at them; what is
inferred says so in the dialects' `evidence`.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from taggers.plugin import Dialect, Incoming, Refusal, Response, Route, World

from ._sign import canonical, signature

__all__ = ["IAM", "answer", "verify", "write_error"]

CLOCK_S = 15 * 60
TOKEN_LIFE_S = 24 * 3600
MAX_BODY_BYTES = 12 * 1024 * 1024

_TEXTS = {
    "AIS.0011": "The request parameter is missing.",
    "AIS.0014": "The JSON format of the input data is incorrect.",
    "AIS.0015": "The image cannot be decoded from base64.",
    "AIS.0020": "The image size exceeds the limit.",
    "AIS.0026": "The token must be of a project.",
    "AIS.0029": "The image cannot be downloaded from the URL.",
    "AIS.0501": "The input parameter is invalid.",
    "AIS.0502": "The image format is not supported.",
    "AIS.0503": "The image is damaged.",
    "AIS.0504": "The image size does not meet requirements.",
    "APIG.0101": "The API does not exist or has not been published in the environment",
    "APIG.0201": "The request body is oversized.",
    "APIG.0308": "The throttling threshold has been reached: "
    "policy user over ratelimit,limit:10,time:1 second",
    "APIG.0310": "The project id in the path is not that of the credentials.",
    "IS.0002": "The type of a parameter is wrong.",
    "IS.0003": "Arguments of path can not be null.",
    "IS.0006": "The request body is too large.",
    "IS.0007": "The instance name does not exist.",
    "IS.0008": "The JSON format is incorrect.",
    "IS.0016": "The path is invalid.",
}

_STATUS = {"APIG.0101": 404, "APIG.0201": 413, "APIG.0301": 401, "APIG.0308": 429, "APIG.0310": 403}


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """The gateway's errors carry the request id in the body too; the services' do not."""
    said = {
        "error_code": refusal.code,
        "error_msg": refusal.message or _TEXTS.get(refusal.code, "The request failed."),
    }
    if refusal.code.startswith("APIG"):
        said["request_id"] = request_id
    status = refusal.status or _STATUS.get(refusal.code, 400)
    return answer(said, status, {"x-request-id": request_id})


def answer(said: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(said, ensure_ascii=False).encode()
    kind = {"content-type": "application/json;charset=UTF-8"}
    return Response(status=status, headers={**kind, **(headers or {})}, body=body)


def verify(incoming: Incoming, world: World) -> None:
    """A token of ours, or a signature made with the account's secret within 15 minutes."""
    if len(incoming.body) > MAX_BODY_BYTES:
        raise Refusal("APIG.0201")
    if "x-auth-token" in incoming.headers:
        _verify_token(incoming.headers["x-auth-token"], world)
    elif "authorization" in incoming.headers:
        _verify_signature(incoming, world)
    else:
        raise _unauthenticated("x-auth-token not found")
    project = re.match(r"/v\d/([^/]+)/", incoming.path)  # "/v1.0/" has none
    if project and project[1] != world.account.project_id:
        raise Refusal("APIG.0310")


def _unauthenticated(reason: str) -> Refusal:
    return Refusal("APIG.0301", f"Incorrect IAM authentication information: {reason}")


def _verify_token(token: str, world: World) -> None:
    if token not in world.tokens:
        raise _unauthenticated("decrypt token fail")
    ends, project = world.tokens[token]
    if world.now() >= ends:
        raise _unauthenticated("token expires")
    if project is None:
        raise Refusal("AIS.0026")


_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<key>[^,]+), *SignedHeaders=(?P<names>[^,]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


def _verify_signature(incoming: Incoming, world: World) -> None:
    given = _AUTHORIZATION.fullmatch(incoming.headers["authorization"])
    if given is None:
        raise _unauthenticated("the Authorization header is not that of SDK-HMAC-SHA256")
    if given["key"] != world.account.key_id:
        raise _unauthenticated(f"ak {given['key']} not exist")
    _verify_date(incoming.headers.get("x-sdk-date", ""), world.now())
    names = given["names"].split(";")
    if missing := [name for name in names if name not in incoming.headers]:
        raise _unauthenticated(f"signed header {missing[0]} not found")
    signed = {name: incoming.headers[name].strip() for name in names}
    sent = incoming.prepared
    if "x-sdk-date" in signed:
        expected = signature(sent.method, sent.url, signed, sent.body, world.account.secret)
        if expected == given["signature"]:
            return
    written = canonical(sent.method, sent.url, signed, hashlib.sha256(sent.body).hexdigest())
    flat = written.replace("\n", "|")
    raise _unauthenticated(f"verify aksk signature fail, canonicalRequest:{flat}")


def _verify_date(date: str, now: float) -> None:
    try:
        then = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise _unauthenticated("x-sdk-date is missing or malformed") from None
    if abs(then.timestamp() - now) > CLOCK_S:
        here = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        raise _unauthenticated(
            f"calc aksk signature fail:signature expired, signature time:{date},server time:{here}"
        )


def _give_token(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    """IAM's POST /v3/auth/tokens: the token itself stands in a header."""
    try:
        asked = incoming.json()["auth"]
        user = asked["identity"]["password"]["user"]
        given = (user["name"], user["password"], user["domain"]["name"])
    except (ValueError, LookupError, TypeError):
        return _iam_error(400, "The request body is invalid", "Bad Request")
    account = world.account
    if given != (account.user, account.password, account.domain):
        return _iam_error(401, "The username or password is wrong.", "Unauthorized")
    project = asked.get("scope", {}).get("project")
    if project and not {project.get("id"), project.get("name")} & {
        account.project_id,
        account.project_name,
    }:
        return _iam_error(401, "The project does not exist.", "Unauthorized")
    token = base64.b64encode(world.nonce().encode() * 40).decode()  # true ones are kilobytes long
    ends = world.now() + TOKEN_LIFE_S
    world.tokens[token] = (ends, account.project_id if project else None)
    said = {
        "token": {
            "expires_at": _iso(ends),
            "issued_at": _iso(world.now()),
            "methods": ["password"],
            "project": {"id": account.project_id, "name": account.project_name},
            "user": {"name": account.user, "domain": {"name": account.domain}},
        }
    }
    return answer(said, 201, {"x-subject-token": token})


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _iam_error(status: int, message: str, title: str) -> Response:
    return answer({"error": {"code": status, "message": message, "title": title}}, status)


IAM = Dialect(
    name="huawei-iam",
    vendor="Huawei Cloud",
    hosts=("iam.*.myhuaweicloud.com", "iam.myhuaweicloud.com"),
    routes=(Route(method="POST", path="/v3/auth/tokens"),),
    verify=lambda incoming, world: None,
    serve=_give_token,
    write_error=write_error,
    throttle_code="APIG.0308",
    evidence={"success": "documented", "errors": "inferred", "limits": "inferred"},
)
