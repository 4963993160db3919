"""Huawei's gateway, from the server's side: who may come in, how it says no, and its tokens.

Texts that are recorded or documented are the vendor's own, since clients look at them; what is
inferred says so in the dialects' `evidence`.
"""

from __future__ import annotations

import base64
import datetime
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from taggers.plugin import (
    Dialect,
    Incoming,
    NotEmulated,
    Refusal,
    Response,
    Route,
    World,
)

from ._faults import ERRORS
from ._sign import canonical, signature

__all__ = ["IAM", "admit", "answer", "headers", "recognises", "verify", "write_error"]

CLOCK_S = 15 * 60
TOKEN_LIFE_S = 24 * 3600
LOCK_S = 5 * 60
MAX_FAILURES = 5
"""More refused signatures than this lock the key for a while."""

_TEXTS = {
    "AIS.0011": "The request parameter is missing or left empty.",
    "AIS.0014": "The JSON format of the input data is incorrect.",
    "AIS.0015": "Base64 decoding of the input data is incorrect.",
    "AIS.0020": "The size of the request body exceeds the upper limit.",
    "AIS.0022": "The URL is invalid.",
    "AIS.0026": "The token type is incorrect. The token of the project type must be used.",
    "AIS.0029": "Failed to download the file from the Internet. "
    "Check whether the URL of the file is correct and supported.",
    "AIS.0032": "The monthly free calls have been used up. "
    "To continue to use the service, top up your account.",
    "AIS.0501": "The input parameter is invalid.",
    "AIS.0502": "The image format is not supported.",
    "AIS.0503": "The image is damaged.",
    "AIS.0504": "The image size does not meet requirements.",
    "APIG.0101": "The API does not exist or has not been published in the environment",
    "APIG.0201": "The request body is oversized.",
    "APIG.0308": "The throttling threshold has been reached: "
    "policy user over ratelimit,limit:10,time:1 second",
    "APIG.0310": "The project is unavailable",
    "IS.0001": "The request parameter is missing or empty.",
    "IS.0002": "The type of the request parameter is not supported.",
    "IS.0003": "Arguments of path can not be null.",
    "IS.0004": "Exception verifying token.",
    "IS.0005": "The header is missing or empty.",
    "IS.0006": "The request body is too big.",
    "IS.0007": "Invalid instance name.",
    "IS.0008": "The JSON format of the input data is incorrect.",
    "IS.0009": "The request failed due to an internal error.",
    "IS.0010": "The request method is not allowed.",
    "IS.0011": "The user is not allowed to use the request method.",
    "IS.0012": "Operation timed out.",
    "IS.0013": "The token is empty.",
    "IS.0014": "Instance status is abnormal.",
    "IS.0015": "The model file does not exist.",
    "IS.0016": "The path is invalid.",
    "MMS.0001": "Request is unauthorized.",
    "MMS.0003": "Invalid parameter.",
    "MMS.1001": "Service instance not found.",
}
"""Documented (API reference, error codes) or recorded; the gateway's 0310 is inferred."""

_STATUS = {
    "AIP.0001": 403, "AIP.0003": 401, "AIP.0008": 405, "AIP.0500": 500,
    "0101": 404, "0103": 500, "0104": 500, "0105": 500, "0107": 500, "0201": 413, "0202": 502,
    "0203": 504, "0301": 401, "0302": 403, "0303": 401, "0304": 403, "0305": 401, "0306": 403,
    "0307": 401, "0308": 429, "0310": 403, "0311": 401, "0312": 401, "0313": 401, "0314": 403,
    "0401": 403, "0402": 403, "0404": 403, "0405": 403, "0501": 405, "0502": 405, "0601": 500,
    "0605": 500, "0606": 500, "0608": 500, "0609": 500, "0610": 502, "0611": 502, "0613": 503,
    "0615": 500, "0616": 500, "0617": 500, "0705": 500, "0802": 403,
}  # fmt: skip
"""By the code, or for the gateway by its number; every other code comes with 400."""


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """The gateway's errors carry the request id in the body too; the services' do not."""
    said = {
        "error_code": refusal.code,
        "error_msg": refusal.message or _TEXTS.get(refusal.code, "The request failed."),
    }
    if refusal.code.startswith("APIG"):
        said["request_id"] = request_id
    number = refusal.code.rpartition(".")[2] if refusal.code.startswith("APIG") else refusal.code
    status = refusal.status or _STATUS.get(number, 400)
    return answer(said, status, {"x-request-id": request_id})


def answer(said: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(said, ensure_ascii=False).encode()
    kind = {"content-type": "application/json;charset=UTF-8"}
    return Response(status=status, headers={**kind, **(headers or {})}, body=body)


def headers(request_id: str) -> dict[str, str]:
    """What every answer of the gateway carries."""
    return {"x-request-id": request_id}


def recognises(incoming: Incoming) -> bool:
    """Whether a request is signed, or carries a token, in the way of Huawei's gateway."""
    signed = incoming.headers.get("authorization", "").startswith("SDK-HMAC-SHA256 ")
    return signed or "x-auth-token" in incoming.headers


def verify(incoming: Incoming, world: World) -> None:
    """A token of ours, or a signature made with the account's secret within 15 minutes."""
    if "x-auth-token" in incoming.headers:
        _verify_token(incoming.headers["x-auth-token"], world)
    elif "authorization" in incoming.headers:
        _verify_signature(incoming, world)
    else:
        raise _unauthenticated("x-auth-token not found")


def admit(incoming: Incoming, names: Mapping[str, str], world: World) -> None:
    """The project in the path, and the one in a header, must be the account's."""
    projects = (names.get("project_id"), incoming.headers.get("x-project-id"))
    if any(project not in (None, world.account.project_id) for project in projects):
        raise Refusal("APIG.0310")


def _unauthenticated(reason: str) -> Refusal:
    return Refusal("APIGW.0301", f"Incorrect IAM authentication information: {reason}")


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
    if len([at for at in world.failures if at > world.now() - LOCK_S]) > MAX_FAILURES:
        raise _unauthenticated("AK access failed to reach the limit,forbidden")
    try:
        _verify_made(incoming, given["names"].split(";"), given["signature"], world)
    except Refusal:
        world.failures.append(world.now())
        raise
    world.failures.clear()


def _verify_made(incoming: Incoming, names: list[str], made: str, world: World) -> None:
    """The date, the session token, and the signature over the headers of these names."""
    _verify_date(incoming.headers.get("x-sdk-date", ""), world.now())
    if incoming.headers.get("x-security-token") != world.account.session_token:
        raise _unauthenticated("the security token is missing or wrong")
    if missing := [name for name in names if name not in incoming.headers]:
        raise _unauthenticated(f"signed header {missing[0]} not found")
    signed = {name: incoming.headers[name].strip() for name in names}
    sent = incoming.prepared
    body = sent.content.sha256
    said = signed.get("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
    if "x-sdk-date" in signed and said in ("UNSIGNED-PAYLOAD", body):
        expected = signature(sent.method, sent.url, signed, body, world.account.secret)
        if hmac.compare_digest(expected, made):
            return
    flat = canonical(sent.method, sent.url, signed, body).replace("\n", "|")
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
    account = world.account
    try:
        asked = incoming.json()["auth"]
        user = asked["identity"]["password"]["user"]
        given = (user["name"], user["password"], user["domain"]["name"])
        project = asked.get("scope", {}).get("project")
        known = project is None or _is_project(project, world)
        if asked["identity"]["methods"] != ["password"]:
            raise NotEmulated("signing in to IAM other than by password")
    except (ValueError, LookupError, TypeError, AttributeError):
        return _iam_error(400, "The request body is invalid", "Bad Request")
    if given != (account.user, account.password, account.domain):
        return _iam_error(401, "The username or password is wrong.", "Unauthorized")
    if not known:
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


def _is_project(project: Mapping[str, Any], world: World) -> bool:
    """Whether a scope names the account's project: by its id, its name, or both."""
    account = world.account
    ours = {"id": account.project_id, "name": account.project_name}
    given = {name: project[name] for name in ours if name in project}
    return bool(given) and all(ours[name] == value for name, value in given.items())


def _list_projects(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    """IAM's GET /v3/projects, where the vendor's SDKs look up a project's id by its name."""
    project = {"id": world.account.project_id, "name": world.account.project_name}
    wanted = incoming.query.get("name", project["name"])
    return answer({"projects": [project] if wanted == project["name"] else [], "links": {}})


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _iam_error(status: int, message: str, title: str) -> Response:
    return answer({"error": {"code": status, "message": message, "title": title}}, status)


def _iam(name: str, route: Route, serve: Any, verify: Any) -> Dialect:
    return Dialect(
        name=name,
        vendor="Huawei Cloud",
        hosts=("iam.*.myhuaweicloud.com", "iam.myhuaweicloud.com"),
        routes=(route,),
        verify=verify,
        recognises=recognises,
        serve=serve,
        write_error=write_error,
        errors=ERRORS,
        headers=lambda request_id: {"x-iam-trace-id": request_id},
        throttle_code="APIG.0308",
        too_large_code="APIG.0201",
        evidence={"success": "documented", "errors": "inferred", "limits": "inferred"},
    )


IAM = [
    _iam(
        "huawei-iam",
        Route(method="POST", path="/v3/auth/tokens"),
        _give_token,
        lambda incoming, world: None,
    ),
    _iam("huawei-iam-projects", Route(method="GET", path="/v3/projects"), _list_projects, verify),
]
