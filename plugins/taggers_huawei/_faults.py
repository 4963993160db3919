"""Every error code of Huawei's image services and of the gateway before them.

The vendor documents HTTP 400 for all of them and its gateway sends others, so the code decides.
Sources: Image Recognition and ImageSearch API references, "Error Codes"; API Gateway, "Error
Codes" (checked 2026-11); of ImageSearch v2's (imagesearch_02_0043, MMS) only what a search can meet
and was readable there. The gateway writes the same numbers after APIG and after APIGW.
"""

from __future__ import annotations

import re
from typing import Any

from taggers.plugin import Errors, Rule, VendorError, Window, errors

__all__ = ["ERRORS"]


def _gateway(*numbers: str) -> str:
    return " ".join(f"APIG*.{number}" for number in numbers)


_RULES = (
    # 0301 is one code for everything that can be wrong with a credential.
    Rule(
        kind=errors.ClockSkew,
        codes=_gateway("0301"),
        message=r"signature expired|server time",
        hint="set this machine's clock; it may be 15 minutes off at most",
    ),
    Rule(kind=errors.TokenExpired, codes=_gateway("0301"), message=r"token.*(expire|must be upd)"),
    # A token of ours may have been revoked; one that the user gave is not asked for again.
    Rule(
        kind=errors.Authentication,
        codes=_gateway("0301"),
        message=r"token",
        retry="refresh-once",
        hint="the token is not one of this region and project, or has been revoked",
    ),
    Rule(
        kind=errors.CredentialLocked,
        codes=_gateway("0301"),
        message=r"reach the limit|locked",
        hint="too many failed attempts lock the key for five minutes",
    ),
    Rule(
        kind=errors.AccountSuspended,
        codes=_gateway("0301"),
        message=r"arrear|frozen|suspend|restricted",
    ),
    Rule(
        kind=errors.Authentication,
        codes=_gateway("0301"),
        hint="check ak and sk (or auth_token), and that they belong to this region",
    ),
    # 0201 is seven different failures, told apart by the status alone.
    Rule(kind=errors.PayloadTooLarge, codes=_gateway("0201"), status=(413,)),
    Rule(kind=errors.OutcomeUnknown, codes=_gateway("0201"), status=(504,), fallback="no"),
    Rule(kind=errors.Unavailable, codes=_gateway("0201"), status=(502, 503)),
    Rule(kind=errors.ServerFault, codes=_gateway("0201"), status=(500,)),
    Rule(kind=errors.InvalidRequest, codes=_gateway("0201")),
    Rule(kind=errors.RateLimited, codes=_gateway("0308") + " AIS.0031"),
    Rule(
        kind=errors.EndpointGone,
        codes=_gateway("0101") + " AIS.0005 AIP.0004",
        hint="the region or path is wrong, or Huawei has closed this service",
    ),
    Rule(
        kind=errors.ClockSkew,
        codes=_gateway("0303"),
        message=r"time:",
        scope="credential",
    ),
    Rule(kind=errors.Authentication, codes=_gateway("0303"), retry="clock-once"),
    Rule(kind=errors.TokenExpired, codes=_gateway("0307")),
    Rule(
        kind=errors.Authentication,
        codes="AIS.0002 ModelArts.0203 ModelArts.4102 ModelArts.4103 AIP.0001 IS.0004",
        retry="refresh-once",
        hint="get a new token: it lives for 24 hours and must be of this project",
    ),
    Rule(
        kind=errors.Authentication,
        codes=_gateway("0305", "0311", "0312", "0313") + " ModelArts.4101 IS.0013",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes="AIS.0026",
        hint="the token must be of a project, not of a domain",
        scope="credential",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes=_gateway("0204", "0205", "0310", "0607", "0612") + " IS.0007 IS.0015 MMS.1001",
        scope="call",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes="ModelArts.4201 ModelArts.4202",
        scope="endpoint",
    ),
    Rule(kind=errors.ConfigurationError, codes="ModelArts.4702 AIP.0018", scope="account"),
    Rule(
        kind=errors.PermissionDenied,
        codes="AIP.0003",
        hint="check project_id: it must be of the region that is asked",
    ),
    Rule(
        kind=errors.PermissionDenied,
        codes=_gateway("0302", "0304", "0306", "0314", "0401", "0402", "0404", "0405", "0802")
        + " ModelArts.4203",
    ),
    Rule(kind=errors.PermissionDenied, codes="AIS.0028 IS.0011 MMS.0002", scope="call"),
    Rule(
        kind=errors.NotSubscribed,
        codes="ModelArts.4204",
        hint="the service is not enabled, or the region or the URL is wrong",
    ),
    Rule(
        kind=errors.NotSubscribed,
        codes="AIS.0004 AIS.0007 AIP.0015 MMS.0001",
        hint="enable the service in Huawei's console, for this region",
    ),
    Rule(kind=errors.AccountSuspended, codes="AIS.0027 ModelArts.4106"),
    Rule(
        kind=errors.AccountSuspended,
        codes=_gateway("0502"),
        fallback="no",
        scope="call",
    ),
    Rule(kind=errors.QuotaExhausted, codes="AIS.0032"),
    Rule(kind=errors.QuotaExhausted, codes=_gateway("0501"), fallback="no", scope="call"),
    Rule(kind=errors.OutcomeUnknown, codes=_gateway("0203") + " IS.0012", fallback="no"),
    Rule(
        kind=errors.Unavailable,
        codes=_gateway(
            "0202", "0605", "0606", "0608", "0609", "0610", "0611", "0613", "0615", "0616", "0617"
        ),
    ),
    Rule(kind=errors.Unavailable, codes="IS.0014", fallback="no", scope="call"),
    Rule(
        kind=errors.ServerFault,
        codes=_gateway("0103", "0104", "0105", "0107", "0601", "0705")
        + " AIS.0003 AIS.0506 ModelArts.4107 AIP.0500",
    ),
    Rule(kind=errors.ServerFault, codes="IS.0009", fallback="no", scope="call"),
    Rule(
        kind=errors.ServerFault,
        codes="AIS.0105 AIS.0206 AIS.0505",
        retry="once",
        scope="image",
    ),
    Rule(kind=errors.PayloadTooLarge, codes="AIS.0020 AIS.0023 ModelArts.4104 ModelArts.4705"),
    Rule(kind=errors.PayloadTooLarge, codes="IS.0006", fallback="no", scope="call"),
    Rule(kind=errors.ImageDimensions, codes="AIS.0205 AIS.0504"),
    Rule(kind=errors.UnsupportedImage, codes="AIS.0025 AIS.0503", fallback="no"),
    Rule(
        kind=errors.UnsupportedImage,
        codes="AIS.0021 AIS.0201 AIS.0202 AIS.0204 AIS.0502",
    ),
    Rule(
        kind=errors.ImageSource,
        codes="AIS.0022 AIS.0029 ModelArts.4601 ModelArts.4603",
        retry="inline-once",
        hint="Huawei could not fetch the URL; send the picture itself",
    ),
    Rule(kind=errors.ImageSource, codes="ModelArts.4704", retry="once"),
    Rule(kind=errors.ImageSource, codes="AIS.0024 ModelArts.4703"),
    Rule(kind=errors.ImageSource, codes="ModelArts.4706", fallback="no"),
    Rule(kind=errors.ImageSource, codes="IS.0016", fallback="no", scope="call"),
    Rule(kind=errors.NotFound, codes="AIS.0030 AIP.0017"),
    Rule(kind=errors.InvalidRequest, codes="AIP.0011", scope="account"),
    Rule(
        kind=errors.InvalidRequest,
        codes="AIS.0010 AIS.0011 AIS.0012 AIS.0013 AIS.0014 AIS.0015 AIS.0203 AIS.0501 "
        "ModelArts.4105 AIP.0005 AIP.0006 AIP.0007 AIP.0008 AIP.0009 AIP.0010 AIP.0012 AIP.0013 "
        "AIP.0014 AIP.0016 AIP.0019 AS.0001 IS.0001 IS.0002 IS.0003 IS.0005 IS.0008 IS.0010 "
        "MMS.0003 " + _gateway("0106", "0602"),
    ),
    # IAM answers with codes of its own or, from Keystone, with the HTTP status as the code.
    # A wrong password is never tried twice: the account would be locked.
    Rule(kind=errors.Authentication, codes="IAM.* 401", status=(401,)),
    Rule(kind=errors.PermissionDenied, codes="IAM.* 403", status=(403,)),
    Rule(
        kind=errors.RateLimited,
        codes="IAM.* 429",
        status=(429,),
        retry="never",
        fallback="no",
        scope="credential",
    ),
)


def where(body: Any) -> VendorError | None:
    """The error in an answer. Four shapes occur; a good answer has none of their keys."""
    if not isinstance(body, dict):
        return None
    inner = body["error"] if isinstance(body.get("error"), dict) else body
    code = inner.get("error_code") or inner.get("errorCode") or inner.get("code")
    if not isinstance(code, str | int):
        return None
    message = inner.get("error_msg") or inner.get("errorMsg") or inner.get("message") or ""
    request_id = body.get("request_id")
    return VendorError(str(code), str(message), str(request_id) if request_id else None)


_WINDOW = re.compile(r"(?:limit:\s*(\d+)\s*,\s*)?time:\s*(\d+)\s*(second|minute|hour|day)", re.I)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def window(message: str) -> Window | None:
    """The throttling window that the gateway names: "limit:5,time:1 minute"."""
    found = _WINDOW.search(message)
    if found is None:
        return None
    return Window(float(found[2]) * _SECONDS[found[3].lower()], int(found[1] or 0) or None)


ERRORS = Errors(
    where=where,
    rules=_RULES,
    request_id_header="x-request-id",
    window=window,
)
